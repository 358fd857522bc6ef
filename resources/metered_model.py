"""A language model behind an OpenAI-compatible endpoint, asked within a hard budget.

Belongs here: the request, what it may cost, what came back. Does not: what is asked (`advice_prompt.py`) and the crew
that asks (`crews.py`). Runs in the crews' own process only, where `httpx` is installed.

Nothing that an endpoint says gets into an error: its words may repeat what it was sent.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from resources.advisor_endpoint import Endpoint

# A model takes seconds to answer 20 questions; and the run that waits can't be ended before this.
LONGEST_REQUEST = 60.0
LARGEST_REPLY = 4_000_000
# Statuses that ask to come back later, how often that is done, and how long it is waited if the endpoint doesn't say.
LATER, REPEATS, FIRST_WAIT = frozenset({429, 503}), 2, 1.0
OUTPUT_LIMITS = ("max_tokens", "max_completion_tokens")


class NoReplyError(Exception):
    """There is no reply; the reason is a word of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def is_spent_budget(self) -> bool:
        """Whether there is none because the budget allows no request."""
        return self.reason.startswith("budget_of_")


@dataclass
class Budget:
    """What may still be spent. Unit of the deadline: seconds of the monotonic clock."""

    requests: int
    tokens: int
    deadline: float

    @property
    def seconds(self) -> float:
        """Seconds left."""
        return self.deadline - time.monotonic()

    def take_request(self, most_tokens: int) -> None:
        """Take a request out of the budget.

        Args:
            most_tokens: The most that it can cost.

        Raises:
            NoReplyError: It is spent.
        """
        left = {"requests": self.requests - 1, "tokens": self.tokens - most_tokens, "seconds": self.seconds}
        if spent := [name for name, rest in left.items() if rest < 0]:
            raise NoReplyError(f"budget_of_{spent[0]}")
        self.requests -= 1


@dataclass(frozen=True)
class MeteredModel:
    """A model, its budget, and who is told what is spent.

    Attributes:
        endpoint: Where it is; its URL is set.
        budget: What may be spent.
        client: Sends the requests.
        tell: Takes the number of requests, input tokens and output tokens that were spent just now.
    """

    endpoint: Endpoint
    budget: Budget
    client: httpx.Client
    tell: Callable[[int, int, int], None]

    def reply(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return what the model says to messages of a `role` and a `content` each.

        Raises:
            NoReplyError: The budget is spent, or the endpoint gives no reply.
        """
        request = {**self.endpoint.request, "model": self.endpoint.model, "messages": list(messages)}
        body = json.dumps(request, ensure_ascii=False).encode()
        for repeat in range(REPEATS + 1):
            # No token is shorter than a byte, so this is the most that a request can cost before it is known.
            self.budget.take_request(len(body) + self._longest_output)
            self.tell(1, 0, 0)
            status, retry_after, content = self._post(body)
            if status not in LATER or repeat == REPEATS:
                break
            self._wait(_seconds(retry_after, FIRST_WAIT * 2**repeat), status)
        if status // 100 != 2:  # noqa: PLR2004  (the statuses of success)
            raise NoReplyError(f"http_{status}")
        return self._text_of(content, len(body))

    @property
    def _longest_output(self) -> int:
        limits = [limit for name in OUTPUT_LIMITS if isinstance(limit := self.endpoint.request.get(name), int)]
        return min(limits, default=0)

    def _post(self, body: bytes) -> tuple[int, str, bytes]:
        headers = {"Content-Type": "application/json"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        seconds = max(0.001, min(LONGEST_REQUEST, self.budget.seconds))
        ends, content = time.monotonic() + seconds, bytearray()
        url = f"{self.endpoint.url}/chat/completions"
        try:
            with self.client.stream("POST", url, content=body, headers=headers, timeout=seconds) as response:
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST_REPLY:
                        raise NoReplyError("reply_too_large")
                    if time.monotonic() > ends:
                        raise NoReplyError("timed_out")
                return response.status_code, response.headers.get("Retry-After", ""), bytes(content)
        except httpx.TimeoutException:
            self._spend(len(body), 0)  # whether it was read, nobody knows
            raise NoReplyError("timed_out") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise NoReplyError("unreachable") from None

    def _wait(self, seconds: float, status: int) -> None:
        if seconds > self.budget.seconds:
            raise NoReplyError(f"http_{status}")
        time.sleep(seconds)

    def _text_of(self, content: bytes, sent: int) -> str:
        try:
            reply = json.loads(content)
            text, usage = reply["choices"][0]["message"]["content"], reply.get("usage") or {}
            sent_tokens, received_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            self._spend(sent, 0)
            raise NoReplyError("not_a_reply") from None
        # An endpoint that doesn't count is charged the most that it can have been.
        self._spend(_count(sent_tokens, sent), _count(received_tokens, len(content)))
        if not isinstance(text, str) or not text.strip():
            raise NoReplyError("no_text")
        return text.encode("utf-8", "replace").decode()

    def _spend(self, input_tokens: int, output_tokens: int) -> None:
        self.budget.tokens -= input_tokens + output_tokens
        self.tell(0, input_tokens, output_tokens)


def _count(told: object, otherwise: int) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**31 else otherwise


def _seconds(retry_after: str, otherwise: float) -> float:
    """Return the seconds of a Retry-After header; a date in it is not worth reading, it is waited as without one."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else otherwise
