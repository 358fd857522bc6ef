"""Details of machines: the rows about disks, partitions, adapters, processors and memory, folded into their machine.

Belongs here: finding the machine that a detail row is about, and what it adds to the machine's record. Does not:
which machines of several sources are one (`clusters.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from flow_pipelines.discovery.identity.grouping import lists_of
from flow_pipelines.discovery.identity.templates import are_templates
from flow_pipelines.reference.identity_model import DetailFold, identity_model

IDENTITY = ("vm_uuid", "external_id", "virtual_center", "name", "fqdn", "host_name")
# What a detail row and its machine must have in common, the surest first. Only with the UUID may several machines fit
# (a machine listed twice); without it, a name that two machines have finds none of them.
MATCHES = (
    ("vm_uuid", "external_id", "name"),
    ("vm_uuid", "name"),
    ("vm_uuid",),
    ("external_id", "virtual_center"),
    ("name", "virtual_center"),
    ("external_id",),
    ("name",),
    ("fqdn",),
    ("host_name",),
)


@dataclass(frozen=True)
class Machines:
    """The machines of all sources, each with its details folded in.

    Attributes:
        records: Rows of `cleansed_records` that are servers and no templates, filled from their details, ordered by
            record id, with a fresh index.
        details: Record ids of details: position of the machine in `records` to the ids, sorted.
    """

    records: pd.DataFrame
    details: dict[int, list[str]]


def fold_details(cleansed_records: pd.DataFrame) -> Machines:
    """Fold the details of machines into the machines' own records, and leave templates out.

    A detail row belongs to a machine of the same export. Of rows whose machine has no record of its own (its row was
    rejected, its sheet not exported) the first stands in for it: the hypervisor lists the machine, so it exists.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`.

    Returns:
        The machines. Detail rows that name no machine at all are not among them.
    """
    is_detail = cleansed_records["record_type"].isin(list(identity_model().details))
    details = _with_export(cleansed_records.loc[is_detail, _columns_of_details()])
    records = cleansed_records[cleansed_records["record_type"] == "server"]
    owners = _owners(details, _with_export(records))
    stand_ins = _stand_ins(details[owners.isna()])
    owners = owners.fillna(_owners(details[owners.isna()], stand_ins))
    records = pd.concat([records, cleansed_records.loc[stand_ins.index].assign(record_type="server")])
    is_template = are_templates(cleansed_records)
    records = records[~is_template.loc[records.index]].sort_values("record_id", ignore_index=True)
    details = details.assign(machine=owners.map(pd.Series(records.index, index=records["record_id"])))
    details = details[details["machine"].notna()].sort_values("record_id").astype({"machine": "int64"})
    for record_type, folds in identity_model().details.items():
        of_type = details[details["record_type"] == record_type]
        # Most estates have few kinds of details: a fifth of the time of a small one.
        for fold in folds if len(of_type) else ():
            _fill(records, of_type, fold)
    apart = details[details["record_id"] != records["record_id"].take(details["machine"].to_numpy()).to_numpy()]
    return Machines(records, lists_of(apart["machine"], apart["record_id"]))


def _columns_of_details() -> list[str]:
    sources = {fold.source for folds in identity_model().details.values() for fold in folds}
    own = ["record_id", "source_file", "landing_number", "source_format", "record_type", "row_count"]
    return list(dict.fromkeys([*own, *IDENTITY, *sorted(sources)]))


def _with_export(records: pd.DataFrame) -> pd.DataFrame:
    """Add the columns by which details and machines are matched."""
    exports = [
        f"{source_format}\n{_export(name, source_format)}"
        for name, source_format in zip(records["source_file"], records["source_format"], strict=True)
    ]
    landings = records["landing_number"].fillna(0).astype("int64")
    # Versions of a file, the newest first: sheets in files of their own need not all have landed anew.
    age = landings.groupby(records["source_file"]).rank("dense", ascending=False).astype("int64").astype("str")
    added = {f"match_{name}": records[name].astype("str").str.casefold().str.strip() for name in IDENTITY}
    export = pd.Series(exports, index=records.index, dtype="str") + "\n" + age
    return records.assign(export=export, **added)


@lru_cache(maxsize=65536)
def _export(source_file: str, source_format: str) -> str:
    """Return what the files of one export are called alike: RVTools_tabvInfo.csv and RVTools_tabvDisk.csv are one."""
    apart = identity_model().parted_exports.get(source_format)
    return (apart.sub("", source_file) if apart else source_file).casefold()


def _owners(details: pd.DataFrame, machines: pd.DataFrame) -> pd.Series[Any]:
    """Return the record id of the machine that each detail row is about, missing if none; index as `details`."""
    owners = pd.Series(index=details.index, dtype="object")
    machines = machines.sort_values("record_id")
    for columns in MATCHES:
        keys = ["export", *(f"match_{name}" for name in columns)]
        rest = details.loc[owners.isna(), keys].dropna()
        if rest.empty:
            continue
        known = machines[[*keys, "record_id"]].dropna()
        known = known.drop_duplicates(keys, keep="first" if "vm_uuid" in columns else False)
        found = rest.merge(known, how="left", on=keys).set_axis(rest.index)["record_id"]
        owners = owners.fillna(found)
    return owners


def _stand_ins(orphans: pd.DataFrame) -> pd.DataFrame:
    """Return one detail row for each machine that has no record of its own."""
    naming = ["match_vm_uuid", "match_external_id", "match_name", "match_fqdn", "match_host_name"]
    named = orphans[orphans[naming].notna().any(axis="columns")]
    named = named.sort_values("record_id")
    first_name = named["match_name"]
    for column in ("match_external_id", "match_fqdn", "match_host_name"):
        first_name = first_name.fillna(named[column])
    by_name = named["match_virtual_center"].fillna("") + "\n" + first_name
    keys = pd.DataFrame({"export": named["export"], "machine": named["match_vm_uuid"].fillna(by_name)})
    return named[~keys.duplicated()]


def _fill(machines: pd.DataFrame, details: pd.DataFrame, fold: DetailFold) -> None:
    """Fill one attribute of the machines from their details, in place."""
    told = details.loc[details[fold.source].notna(), ["machine", "source_file", "row_count", fold.source]]
    if told.empty:
        return
    if fold.how == "union":
        united = machines[fold.attribute].tolist()
        for position, lists in lists_of(told["machine"], told[fold.source]).items():
            own = united[position] if isinstance(united[position], list) else []
            united[position] = sorted({value for one in [*lists, own] for value in one})
        machines[fold.attribute] = pd.Series(united, index=machines.index, dtype="object")
        return
    folded = _folded(told, machines, fold).reindex(machines.index).astype(machines[fold.attribute].dtype)
    machines[fold.attribute] = machines[fold.attribute].where(machines[fold.attribute].notna(), folded)


def _folded(told: pd.DataFrame, machines: pd.DataFrame, fold: DetailFold) -> pd.Series[Any]:
    """Return what the details come to, by the position of their machine."""
    if fold.how in {"sum", "count"}:
        # A machine's parts are in one file; a second file with the same ones is a later or earlier export.
        told = told[told["source_file"] == told.groupby("machine")["source_file"].transform("max")]
    groups = told.groupby("machine")[fold.source]
    if fold.how == "average":
        weights = told["row_count"].astype(float)
        weighted = (told[fold.source].astype(float) * weights).groupby(told["machine"]).sum()
        return weighted / weights.groupby(told["machine"]).sum()
    if fold.of is not None:
        whole = machines[fold.of].reindex(groups.min().index).astype(float)
        rest = (whole - groups.min().astype(float)).clip(lower=0.0)
        return rest if fold.how == "rest_of" else 100 * rest / whole
    by_name = {"sum": groups.sum, "count": groups.count, "first": groups.first, "highest": groups.max}
    return by_name[fold.how]()
