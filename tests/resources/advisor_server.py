"""A language model that says what a test wants: an OpenAI-compatible server on loopback, with a script of replies."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Chooser = Callable[[dict[str, Any]], str]
# A line of a script: status, headers and body of a reply to a request, and after how many seconds of silence.
Reply = tuple[int, dict[str, str], bytes, float]
INPUT_TOKENS, OUTPUT_TOKENS = 900, 60


@dataclass
class Model:
    """What the server was sent, and what it says: the replies of the script in turn, the last one again and again."""

    url: str
    script: list[Callable[[dict[str, Any]], Reply]]
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def reply(self, request: dict[str, Any], headers: dict[str, str]) -> Reply:
        turn = min(len(self.requests), len(self.script) - 1)
        self.requests.append(request)
        self.headers.append(headers)
        return self.script[turn](request)


def questions_in(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the questions that a request asks."""
    user = request["messages"][-1]["content"]
    found, _ = json.JSONDecoder().raw_decode(user[user.index('{"q0"') :])
    return dict(found)


def answers_to(request: dict[str, Any], choose: Chooser) -> str:
    return json.dumps(
        {
            name: {"choice": choose(question), "confidence": 0.9, "reason": "it says so"}
            for name, question in questions_in(request).items()
        }
    )


def first(question: dict[str, Any]) -> str:
    return str(question["choices"][0])


def chat(text: object, *, usage: bool = True, after: float = 0.0) -> Reply:
    """Return a reply of the endpoint that says a text."""
    counted = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS}
    body = {"choices": [{"message": {"role": "assistant", "content": text}}], **({"usage": counted} if usage else {})}
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode(), after


def good(request: dict[str, Any]) -> Reply:
    return chat(answers_to(request, first))


def saying(text: object) -> Callable[[dict[str, Any]], Reply]:
    return lambda _: chat(text)


def failing(status: int, body: bytes = b'{"error": "sk-secret was refused"}', **headers: str) -> Callable[..., Reply]:
    return lambda _: (status, {name.replace("_", "-"): value for name, value in headers.items()}, body, 0.0)


def hanging(seconds: float) -> Callable[[dict[str, Any]], Reply]:
    return lambda request: chat(answers_to(request, first), after=seconds)


@contextmanager
def serving(*script: Callable[[dict[str, Any]], Reply]) -> Iterator[Model]:
    """Serve a script for as long as the block runs."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions", self.path
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body, after = model.reply(request, dict(self.headers))
            over.wait(after)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        model = Model(f"http://127.0.0.1:{server.server_address[1]}/v1", list(script))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield model
        finally:
            over.set()
            server.shutdown()
