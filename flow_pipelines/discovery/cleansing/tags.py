"""Tags: what the tags of a machine say about it (its application, owner, environment), by what their keys are called.

Belongs here: reading a tag's key like a header. Does not: splitting cells into tags (`words.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from flow_pipelines.discovery.cleansing.cells import Cleansed
from flow_pipelines.discovery.cleansing.columns import cleanse_column
from flow_pipelines.discovery.cleansing.draft import Draft, Objects, objects
from flow_pipelines.reference.aliases import attribute_of_header
from flow_pipelines.reference.attributes import AttributeType, Subject, attribute_named
from flow_pipelines.settings import EngagementSettings

# A tag says who a machine is for; what it is and how large, its own columns say.
TOLD_BY_TAGS = frozenset({Subject.APPLICATION, Subject.BUSINESS})
BETWEEN_KEY_AND_VALUE = ":"
PAIR = "tag_from_key_and_value"
TOLD = "told_by_tag"


def derive_tags(draft: Draft) -> None:
    """Make a tag of each pair of a key and a value."""
    if "tag_key" not in draft.attributes or "tag_value" not in draft.attributes:
        return
    pairs = zip(draft.attributes["tag_key"].found, draft.attributes["tag_value"].found, strict=True)
    tags = ([f"{key}{BETWEEN_KEY_AND_VALUE}{value}"] if key and value else None for key, value in pairs)
    draft.derive("tags", objects(tags, len(draft.raw)), PAIR)


def derive_from_tags(draft: Draft, settings: EngagementSettings) -> None:
    """Fill attributes that no column tells from tags whose key is a name of theirs.

    Of several tags for one attribute the first in the order of the alphabet counts, of lists all.
    """
    if "tags" not in draft.attributes:
        return
    told: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for position, tags in enumerate(draft.attributes["tags"].found):
        for tag in tags or ():
            key, _, value = tag.partition(BETWEEN_KEY_AND_VALUE)
            attribute = _attribute_of(key) if value else None
            if attribute:
                told[attribute][position].append(value)
    for attribute, values in sorted(told.items()):
        draft.derive(attribute, _cleansed(attribute, values, len(draft.raw), settings), TOLD)


@lru_cache(maxsize=8192)
def _attribute_of(key: str) -> str | None:
    match = attribute_of_header(key, record_type="server")
    is_told = match is not None and attribute_named(match.attribute).subject in TOLD_BY_TAGS
    return match.attribute if match and is_told and match.attribute != "tags" else None


def _cleansed(attribute: str, values: dict[int, list[str]], count: int, settings: EngagementSettings) -> Objects:
    is_list = attribute_named(attribute).type is AttributeType.TEXT_LIST
    cells = {position: ", ".join(listed) if is_list else listed[0] for position, listed in values.items()}
    distinct = sorted(set(cells.values()))
    cleansed: Sequence[Cleansed] = cleanse_column(distinct, attribute, None, settings)
    found = {cell: result.value for cell, result in zip(distinct, cleansed, strict=True)}
    return objects((found[cells[row]] if row in cells else None for row in range(count)), count)
