"""Words: values of closed lists, booleans, lists of names, free text.

Belongs here: cells whose value is a word. Does not: the words themselves (`reference/vocabularies.yaml`).
"""

from __future__ import annotations

import re

from flow_pipelines.discovery.cleansing.cells import Cleansed, quoted, rule
from flow_pipelines.reference.vocabularies import vocabularies

NAME_SEPARATORS = re.compile(r"\s*[,;|\n]\s*")
TAG = re.compile(r"\s*([^:=]+?)\s*[:=]\s*(.*?)\s*")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def known_word(cell: str, vocabulary: str) -> Cleansed:
    """Cleanse a cell of a closed list."""
    value = vocabularies().value(vocabulary, cell)
    if value is None:
        return Cleansed(None, rule(f"{vocabulary}_word"), f"{quoted(cell)} is no known {vocabulary.replace('_', ' ')}")
    return Cleansed(value, None if value == cell else rule(f"{vocabulary}_word"))


def boolean(cell: str, attribute: str) -> Cleansed:
    """Cleanse yes and no in any language known, or the attribute's own words for them (`physical`)."""
    value = vocabularies().value("boolean", cell)
    if value is None and attribute in vocabularies().values:
        value = vocabularies().value(attribute, cell)
    if value is None:
        return Cleansed(None, rule("boolean_word"), f"{quoted(cell)} is neither yes nor no")
    return Cleansed(value == "true", None if cell.strip().casefold() == value else rule("boolean_word"))


def names(cell: str) -> Cleansed:
    """Cleanse a list of names: trimmed, each once whatever its case, sorted."""
    kept: dict[str, str] = {}
    for part in sorted(" ".join(name.split()) for name in NAME_SEPARATORS.split(cell)):
        if part and not vocabularies().is_missing(part):
            kept.setdefault(part.casefold(), part)
    values = sorted(kept.values())
    return Cleansed(values or None, None if ", ".join(values) == cell else rule("name_list"))


def tags(cell: str) -> Cleansed:
    """Cleanse a list of tags to `key:value`."""
    kept = set()
    for part in filter(None, NAME_SEPARATORS.split(cell.strip())):
        matched = TAG.fullmatch(part)
        kept.add(f"{matched.group(1)}:{matched.group(2)}" if matched else part)
    values = sorted(kept)
    return Cleansed(values or None, None if ", ".join(values) == cell else rule("tag_list"))


def mail(cell: str) -> Cleansed:
    """Cleanse an e-mail address, which may stand among other words."""
    found = MAIL.search(cell)
    if found is None:
        return Cleansed(None, rule("e_mail"), f"{quoted(cell)} holds no e-mail address")
    value = found.group().casefold()
    return Cleansed(value, None if value == cell else rule("e_mail"))


def person(cell: str) -> Cleansed:
    """Cleanse a person's or team's name; an e-mail address behind it is cut off (`mail` reads it)."""
    value = " ".join(re.sub(rf"[<(\[]?\s*{MAIL.pattern}\s*[>)\]]?", " ", cell).split()) or cell.strip()
    return Cleansed(value, None if value == cell else rule("person_name"))


def text(cell: str) -> Cleansed:
    """Cleanse free text: trimmed, space folded."""
    value = " ".join(cell.split())
    return Cleansed(value or None, None if value == cell else rule("white_space"))
