"""A language model behind an OpenAI-compatible endpoint, asked within a hard budget.

Belongs here: the request, what it may cost, what came back. Does not: what is asked (`advice_prompt.py`) and the crew
that asks (`crews.py`). Runs in the crews' own process only, where `httpx` is installed.

Nothing that an endpoint says gets into an error: its words may repeat what it was sent.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from resources.advisor_endpoint import Endpoint, longest_output

# A model takes seconds to answer 20 questions; and the run that waits can't be ended before this.
LONGEST_REQUEST = 60.0
LARGEST_REPLY = 4_000_000
# Statuses that ask to come back later, how often that is done, and how long it is waited if the endpoint doesn't say.
LATER, REPEATS, FIRST_WAIT = frozenset({429, 503}), 2, 1.0
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


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


@dataclass
class _Received:
    """What came back of a request; `failure` is the reason, a word of ours, if it didn't come back whole."""

    status: int = 0
    retry_after: str = ""
    content: bytearray = field(default_factory=bytearray)
    failure: str = ""
    is_sent: bool = True

    @property
    def is_success(self) -> bool:
        return self.status // 100 == 2  # noqa: PLR2004  (the statuses of success)

    @property
    def is_refused(self) -> bool:
        return self.status // 100 == 4  # noqa: PLR2004  (the statuses of a request that is at fault)


@dataclass(frozen=True)
class _Told:
    """What a reply of a chat says, as it says it: nothing of it is checked yet."""

    text: object
    input_tokens: object
    output_tokens: object


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
            self.budget.take_request(len(body) + (longest_output(self.endpoint.request) or 0))
            self.tell(1, 0, 0)
            received = self._post(body)
            told = _told_by(received)
            self._charge(received, told, len(body))
            if received.failure:
                raise NoReplyError(received.failure)
            if received.status not in LATER or repeat == REPEATS:
                break
            self._wait(_seconds(received.retry_after, FIRST_WAIT * 2**repeat), received.status)
        if not received.is_success:
            raise NoReplyError(f"http_{received.status}")
        if told is None:
            raise NoReplyError("not_a_reply")
        if not isinstance(told.text, str) or not told.text.strip():
            raise NoReplyError("no_text")
        return told.text.encode("utf-8", "replace").decode()

    def _post(self, body: bytes) -> _Received:
        headers = {"Content-Type": "application/json"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        seconds = max(0.001, min(LONGEST_REQUEST, self.budget.seconds))
        ends, received = time.monotonic() + seconds, _Received()
        url = f"{self.endpoint.url}/chat/completions"
        try:
            with self.client.stream("POST", url, content=body, headers=headers, timeout=seconds) as response:
                received.status = response.status_code
                received.retry_after = response.headers.get("Retry-After", "")
                for chunk in response.iter_bytes():
                    received.content += chunk
                    if len(received.content) > LARGEST_REPLY:
                        received.failure = "reply_too_large"
                    elif time.monotonic() > ends:
                        received.failure = "timed_out"
                    if received.failure:
                        break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            received.failure = "timed_out" if isinstance(error, httpx.TimeoutException) else "unreachable"
            received.is_sent = not isinstance(error, NEVER_SENT)
        return received

    def _wait(self, seconds: float, status: int) -> None:
        if seconds > self.budget.seconds:
            raise NoReplyError(f"http_{status}")
        time.sleep(seconds)

    def _charge(self, received: _Received, told: _Told | None, sent: int) -> None:
        """Charge what a request took: what the endpoint counts, or else the most that it can have been.

        A refused request (4xx) and one that never left cost nothing; whether any other was read, nobody knows.
        """
        if not received.is_sent or received.is_refused:
            return
        most = len(received.content)
        if (limit := longest_output(self.endpoint.request)) is not None:
            most = min(most, limit)
        input_tokens = sent if told is None else _count(told.input_tokens, sent)
        output_tokens = most if told is None else _count(told.output_tokens, most)
        self.budget.tokens -= input_tokens + output_tokens
        self.tell(0, input_tokens, output_tokens)


def _told_by(received: _Received) -> _Told | None:
    """Return what a reply says; None if there is none, or it is none of a chat."""
    if received.failure or not received.is_success:
        return None
    try:
        reply = json.loads(received.content)
        text, usage = reply["choices"][0]["message"]["content"], reply.get("usage") or {}
        return _Told(text, usage.get("prompt_tokens"), usage.get("completion_tokens"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _count(told: object, otherwise: int) -> int:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**31 else otherwise


def _seconds(retry_after: str, otherwise: float) -> float:
    """Return the seconds of a Retry-After header; a date in it is not worth reading, it is waited as without one."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else otherwise
