"""Names that clouds and Terraform accept, made of names that people gave.

Belongs here: turning any text into such a name, and keeping names apart. Does not: what is named.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
# Networks of Google take 63 letters; the longest ending that is added has 18.
LONGEST = 40
SHORT, LONG = 8, 32


def plain_name(text: str) -> str:
    """Return a text as lower-case letters, digits and inner hyphens, of at most 40 letters, beginning with a letter.

    Texts that differ in case, blanks and punctuation alone have the same name. One of which letters are lost, or which
    is cut, ends in a hash of the text, so that it stays apart from others.
    """
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    name = NOT_IN_NAMES.sub("-", bare).strip("-")
    is_whole = not any(letter.isalnum() and not letter.isascii() for letter in bare)
    if name and not name[0].isalpha():
        name = f"n-{name}"
    if name and is_whole and len(name) <= LONGEST:
        return name
    return _with_hash(name, text, LONGEST)


def shortened(name: str, longest: int) -> str:
    """Return a plain name within so many letters; one that is cut ends in a hash of the whole, to stay apart."""
    return name if len(name) <= longest else _with_hash(name, name, longest)


def names_apart(texts: Mapping[str, str]) -> dict[str, str]:
    """Return a name for each key, no two the same: the plain one of its text, with a hash of the key where it must.

    Args:
        texts: By a key of its own, what people call a thing. The order does not matter.
    """
    names = {key: plain_name(text) for key, text in texts.items()}
    for length in (SHORT, LONG):
        counts = Counter(names.values())
        names = {
            key: name if counts[name] == 1 else f"{plain_name(texts[key])[:LONGEST]}-{_hash(key, length)}"
            for key, name in names.items()
        }
    return names


def _with_hash(name: str, text: str, longest: int) -> str:
    return f"{name[: longest - SHORT - 1].strip('-') or 'n'}-{_hash(text)}"


def _hash(text: str, length: int = SHORT) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
