"""Where the language model is, as the environment names it.

Belongs here: reading and checking `FLOW_ADVISOR_...` (`installation.py` lists them). Does not: whether an engagement
wants it asked (`flow_pipelines/settings_advice.py`), and asking it (`crews.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flow_pipelines.errors import AdvisorError

REQUEST: Mapping[str, Any] = {"temperature": 0, "max_tokens": 4000, "response_format": {"type": "json_object"}}
OUTPUT_LIMITS = ("max_tokens", "max_completion_tokens")
# What a request is made of; parameters that changed it would make it another request than the one that was checked.
RESERVED = frozenset({"model", "messages", "stream", "tools", "tool_choice", "functions", "n"})


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint, `POST {url}/chat/completions`, and the model to ask there.

    Attributes:
        model: The model's name there.
        url: Its base URL; None if only kept answers are to be used.
        key: The key to it; empty if it wants none. In no text that this object is turned into.
        request: Parameters of every request, as they are sent.
    """

    model: str
    url: str | None = None
    key: str = field(default="", repr=False)
    request: Mapping[str, Any] = field(default_factory=lambda: REQUEST)


def longest_output(request: Mapping[str, Any]) -> int | None:
    """Return the most tokens that a reply may have; None if no parameter of a request limits it."""
    return min((request[name] for name in OUTPUT_LIMITS if request.get(name) is not None), default=None)


def configured_endpoint(environment: Mapping[str, str]) -> Endpoint | None:
    """Return the endpoint that an environment names; None if it names no model and no URL.

    Raises:
        AdvisorError: What it says can't work. The message names the variable, never the key.
    """
    named = {name: environment.get(f"FLOW_ADVISOR_{name}", "").strip() for name in ("URL", "MODEL", "KEY", "REQUEST")}
    if not named["URL"] and not named["MODEL"]:
        return None
    if not named["MODEL"]:
        raise AdvisorError(
            "FLOW_ADVISOR_URL is set and FLOW_ADVISOR_MODEL is not.",
            remedy="Set FLOW_ADVISOR_MODEL to the model's name at that endpoint, or unset FLOW_ADVISOR_URL.",
        )
    url, key = _checked_url(named["URL"]) if named["URL"] else None, _checked_key(named["KEY"])
    if url and key and not _is_private(url):
        raise AdvisorError(
            "FLOW_ADVISOR_URL is plain http to another machine, which would be sent FLOW_ADVISOR_KEY in the clear.",
            remedy="Use https; or, if the endpoint wants no key, unset FLOW_ADVISOR_KEY.",
        )
    return Endpoint(
        model=named["MODEL"],
        url=url,
        key=key,
        request=_checked_request(named["REQUEST"]) if named["REQUEST"] else REQUEST,
    )


def _checked_url(text: str) -> str:
    remedy = (
        "Write the base URL of an OpenAI-compatible endpoint, such as https://host/v1, and the key in a variable of \
its own, FLOW_ADVISOR_KEY."
    )
    try:
        url = urlsplit(text)
        is_usable = url.scheme in {"http", "https"} and bool(url.hostname) and (url.port or 1) > 0
    except ValueError as error:  # its words would repeat the URL, which may hold a password
        raise AdvisorError("FLOW_ADVISOR_URL is not a URL.", remedy=remedy) from error.__cause__
    if not is_usable or any(not char.isprintable() or char.isspace() for char in text):
        raise AdvisorError("FLOW_ADVISOR_URL is not an http or https URL.", remedy=remedy)
    if "@" in url.netloc or url.query or url.fragment:
        raise AdvisorError("FLOW_ADVISOR_URL holds a login, a query or a fragment.", remedy=remedy)
    return text.rstrip("/")


def _is_private(url: str) -> bool:
    """Tell whether nobody between here and the endpoint can read what is sent: it is encrypted or on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name
        return False


def _checked_key(key: str) -> str:
    if key.isascii() and all(char.isprintable() and not char.isspace() for char in key):
        return key
    raise AdvisorError(
        "FLOW_ADVISOR_KEY holds characters that no header can carry.",
        remedy="Set it to the key alone: printable ASCII without blanks.",
    )


def _checked_request(text: str) -> dict[str, Any]:
    remedy = f"Write the parameters of a request as a JSON object, such as {json.dumps(REQUEST)}."
    try:
        request = json.loads(text, parse_constant=_refuse_constant)
        json.dumps(request, ensure_ascii=False, allow_nan=False).encode()  # half a character can't be sent, nor 1e999
    except (ValueError, RecursionError) as error:
        raise AdvisorError(f"FLOW_ADVISOR_REQUEST is not JSON that can be sent: {error}.", remedy=remedy) from error
    if not isinstance(request, dict):
        raise AdvisorError("FLOW_ADVISOR_REQUEST is not a JSON object.", remedy=remedy)
    if reserved := sorted(RESERVED & request.keys()):
        raise AdvisorError(f"FLOW_ADVISOR_REQUEST may not set {', '.join(reserved)}.", remedy=remedy)
    for name in OUTPUT_LIMITS:
        limit = request.get(name)
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise AdvisorError(f"FLOW_ADVISOR_REQUEST sets {name} to no positive whole number.", remedy=remedy)
    return request


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
