"""Names of machines and applications: the forms in which they are compared, and when two are close.

Belongs here: reading and comparing names. Does not: what follows from it (`pairs.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from rapidfuzz.distance import OSA

from flow_pipelines.reference.identity_model import identity_model

ADDRESS = re.compile(r"[\d.]+|[0-9a-f]*:[0-9a-f:.]*")
DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}")
REMARK = re.compile(r"\s*[(\[{].*$")
WORDS = re.compile(r"[^\W\d_]+|\d+")


def split_host(text: str, *, is_host: bool, domains: Collection[str]) -> tuple[str, str]:
    """Split what a source calls a machine into its host name and its domain.

    Args:
        text: The name as the source writes it.
        is_host: Whether the source says that it is a host name, so that all behind the first dot is a domain. In a
            free name that holds only if it looks like a domain: `erp.prod` may be a name.
        domains: Domains known to be some, lower case.

    Returns:
        Host name and domain, lower case; the domain is empty if none is told, both are if it is an address.
    """
    name = " ".join(text.casefold().split()).rstrip(".")
    if ADDRESS.fullmatch(name):
        return "", ""
    host, _, rest = name.partition(".")
    if rest and host and " " not in name and (is_host or rest in domains or DOMAIN.fullmatch(rest)):
        return host, rest
    return name, ""


def base_name(name: str) -> str:
    """Strip a remark in brackets and what people put behind a name: `web01 (dmz)`, `web01-old` are `web01`."""
    plain = " ".join(REMARK.sub("", name).casefold().split())
    host, _ = split_host(_suffix().sub("", plain), is_host=False, domains=())
    return _suffix().sub("", host)


@cache
def _suffix() -> re.Pattern[str]:
    suffixes = "|".join(re.escape(suffix) for suffix in identity_model().name_suffixes)
    return re.compile(rf"(?:[-_. ]+(?:{suffixes}))+$")


def words_of(name: str) -> list[str]:
    """Return the runs of letters and of digits in a name, lower case."""
    return WORDS.findall(name.casefold())


def compact(name: str) -> str:
    """Return the letters and digits of a name, lower case: `Claims-Portal` and `ClaimsPortal` are the same."""
    return "".join(words_of(name))


def are_close(name: str, other: str) -> bool:
    """Tell whether two names may be one name written twice.

    They are if only separators differ, or if one word differs by one letter that was dropped, added, replaced or
    swapped with its neighbour. Numbers must be equal to the digit: `web01` and `web02` are never close.
    """
    words, others = words_of(name), words_of(other)
    numbers, other_numbers = ([word for word in one if word.isdigit()] for one in (words, others))
    if numbers != other_numbers or not words:
        return False
    if "".join(words) == "".join(others):
        return True
    differing = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    if len(words) != len(others) or len(differing) != 1:
        return False
    word, typed = differing[0]
    return (
        max(len(word), len(typed)) >= identity_model().least_typo_letters
        and OSA.distance(word, typed, score_cutoff=1) <= 1
    )


def any_close(names: Collection[str], others: Collection[str]) -> bool:
    """Tell whether one of the names is close to one of the others."""
    return any(name == other or are_close(name, other) for name in names for other in others)
