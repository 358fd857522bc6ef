"""Templates of virtual machines, which are no servers: also where a source that can't tell lists one as a server.

Belongs here: telling which records are about templates. Does not: joining records to assets (`resolution.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from flow_pipelines.discovery.identity.keys import read_serial, read_uuid, travelling_id

# What tells one machine from every other, whatever it is called, and how sources are compared by it.
IDENTIFIERS: dict[str, Callable[[str], str]] = {
    "vm_uuid": read_uuid,
    "bios_uuid": read_uuid,
    "serial_number": lambda text: "".join(read_serial(text)),
    "external_id": travelling_id,
}


def are_templates(cleansed_records: pd.DataFrame) -> pd.Series[bool]:
    """Tell which records are about templates.

    Args:
        cleansed_records: Rows of `discovery/cleansed_records`.

    Returns:
        Under their index: the record says so itself, or it describes a server without saying whether it is one and
        shares a UUID, serial number or external id with a template. An identifier that a machine has too, a clone
        for one, tells nothing.
    """
    is_stated = cleansed_records["is_template"].fillna(value=False).astype(bool)
    if not is_stated.any():
        return is_stated
    keys = _keys(cleansed_records)
    says_no = cleansed_records.index[cleansed_records["is_template"].notna() & ~is_stated]
    of_templates = set(keys[keys.index.isin(is_stated.index[is_stated])]) - set(keys[keys.index.isin(says_no)])
    shares = cleansed_records.index.isin(keys.index[keys.isin(of_templates)])
    can_be = (cleansed_records["record_type"] == "server") & cleansed_records["is_template"].isna()
    return is_stated | (can_be & shares)


def _keys(records: pd.DataFrame) -> pd.Series[str]:
    """Return all identifiers in comparable form, each under the index of its record."""
    columns = records.reindex(columns=list(IDENTIFIERS))
    told = [columns[name].dropna().astype("str").map(read) for name, read in IDENTIFIERS.items()]
    keys: pd.Series[str] = pd.concat(told).astype("str")
    return keys.loc[keys != ""]
