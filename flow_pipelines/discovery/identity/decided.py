"""Which records are one asset because a person said so: merges and splits, done over in their order on every run.

Belongs here: changing the model's clusters by people's decisions, and what became of each. Does not: the model's own
clusters (`clusters.py`), and whether a merge or split may be decided at all (`resources/edits.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from flow_pipelines.discovery.identity.clusters import Cluster, Link, Refusal
from flow_pipelines.edits import Edit, EditOutcome


@dataclass
class _Group:
    """The records of one asset while decisions are done over."""

    members: set[int]
    decisions: list[str] = field(default_factory=list)
    is_decided: bool = False
    is_split_off: bool = False


def decide(
    clusters: Sequence[Cluster], records: pd.DataFrame, details: Mapping[int, Sequence[str]], edits: Sequence[Edit]
) -> tuple[list[Cluster], tuple[EditOutcome, ...]]:
    """Change the model's clusters of one asset type by merges and splits.

    A decision is about the asset that a record is in at that moment, so that a later one outranks an earlier one.

    Args:
        clusters: As the model found them.
        records: The records by position, with record_id and name.
        details: Record ids of details that were folded into a record, by its position; they go where it goes.
        edits: Merges and splits, in order.

    Returns:
        The clusters as decided, ordered by their first record, every record in exactly one; and the outcomes of those
        edits whose records are among these.
    """
    if not edits:
        return list(clusters), ()
    places = dict(zip(records["record_id"], range(len(records)), strict=True))
    places |= {one: place for place, record_ids in details.items() for one in record_ids}
    names = records["name"].tolist()
    groups = _Groups(clusters)
    outcomes = []
    for edit in edits:
        told = [edit.entity_id, edit.new_value] if edit.kind == "merge" else [edit.entity_id]
        found = [places[str(record_id)] for record_id in told if str(record_id) in places]
        if len(found) < len(told) or not _are_still(edit, [names[place] for place in found]):
            continue
        changed = groups.merge(edit, *found) if edit.kind == "merge" else groups.split(edit, *found)
        outcomes.append(EditOutcome(edit.edit_id, "applied" if changed else "agreed", None))
    return groups.clusters(), tuple(outcomes)


class _Groups:
    """Clusters that people change; a record is always in exactly one."""

    def __init__(self, clusters: Sequence[Cluster]) -> None:
        self._model = clusters
        self._group_of: dict[int, _Group] = {}
        for one in clusters:
            group = _Group(set(one.members))
            self._group_of.update(dict.fromkeys(one.members, group))

    def clusters(self) -> list[Cluster]:
        """Return the clusters, ordered by their first record."""
        links_of: dict[int, list[Link]] = {}
        for link in (link for one in self._model for link in one.links):
            group = self._group_of[link.left]
            if group is self._group_of[link.right]:
                links_of.setdefault(id(group), []).append(link)
        groups = {id(group): group for group in self._group_of.values()}
        refusals_of: dict[int, list[Refusal]] = {}
        for one in self._model:
            group = self._group_of[one.members[0]]
            apart = [refusal for refusal in one.refusals if refusal.other not in group.members]
            refusals_of.setdefault(id(group), []).extend(apart)
        found = [
            Cluster(
                tuple(sorted(group.members)),
                tuple(sorted(links_of.get(identity, ()), key=lambda link: -link.probability)),
                tuple(group.decisions),
                group.is_decided,
                group.is_split_off,
                tuple(refusals_of.get(identity, ())),
            )
            for identity, group in groups.items()
        ]
        return sorted(found, key=lambda one: one.members)

    def merge(self, edit: Edit, left: int, right: int) -> bool:
        """Put the assets of two records together; returns whether they were apart."""
        one, other = self._group_of[left], self._group_of[right]
        if one is other:
            return False
        said = list(dict.fromkeys([*one.decisions, *other.decisions, f"merged by {edit.actor} ({edit.reason})"]))
        is_split_off = one.is_split_off and other.is_split_off
        merged = _Group(one.members | other.members, said, is_decided=True, is_split_off=is_split_off)
        self._group_of.update(dict.fromkeys(merged.members, merged))
        return True

    def split(self, edit: Edit, place: int) -> bool:
        """Take a record out of its asset; returns whether it was in one with others."""
        rest = self._group_of[place]
        if len(rest.members) == 1:
            return False
        rest.members.remove(place)
        by_whom = f"split off by {edit.actor} ({edit.reason})"
        rest.decisions.append(f"another record {by_whom}")
        self._group_of[place] = _Group({place}, [by_whom], is_decided=True, is_split_off=True)
        return True


def _are_still(edit: Edit, names: Sequence[str | None]) -> bool:
    """Tell whether the records are what they were called when the decision was made.

    A record's id is its place in a file. A new export of that file may have another machine in this place.
    """
    told = edit.old_value if edit.kind == "merge" else [edit.new_value]
    if not isinstance(told, list) or len(told) != len(names):
        return True
    return all(
        not isinstance(then, str) or not isinstance(now, str) or then.casefold() == now.casefold()
        for then, now in zip(told, names, strict=True)
    )
