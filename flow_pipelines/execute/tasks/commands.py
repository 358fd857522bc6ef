"""The commands of steps: templates filled in with names that are safe to paste.

Belongs here: putting names and regions into templates. Does not: the templates (`reference/execution_templates.yaml`).
"""

from __future__ import annotations

from string import Formatter
from typing import Any

import pandas as pd

from flow_pipelines.reference.execution_templates import METHOD, execution_templates

# Letters, digits, dots, hyphens and underscores, not beginning with a hyphen: no shell reads anything else into it.
PLAIN = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?"
INSTEAD = "$SERVER"
ANY = "any"


def plain_host_names(names: pd.Series[Any]) -> pd.Series[Any]:
    """Return names as they may stand in a command: those that are no plain host names as a variable."""
    texts = names.astype("string")
    return texts.where(texts.str.fullmatch(PLAIN).fillna(value=False), INSTEAD)


def commands_of(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the command of each row; None where there is none, or its cloud is not known.

    Args:
        rows: command (a name of the templates, missing if none), provider, is_windows, region, host_name, dns_name.
    """
    found = pd.Series(None, index=rows.index, dtype=object)
    names = {"server": plain_host_names(rows["host_name"]), "name": plain_host_names(rows["dns_name"])}
    values = {**names, "region": rows["region"].astype("string").fillna("$REGION")}
    groups = rows[rows["command"].notna() & (rows["command"] != METHOD)].groupby(
        ["command", "provider", "is_windows"], dropna=False, sort=False
    )
    for _, own in groups:
        command, provider, is_windows = own[["command", "provider", "is_windows"]].astype(object).iloc[0]
        template = _template(str(command), provider if isinstance(provider, str) else None, bool(is_windows))
        if template:
            filled = _filled(template, {name: one.loc[own.index] for name, one in values.items()})
            found.loc[own.index] = filled
    return found


def _template(command: str, provider: str | None, is_windows: bool) -> str | None:
    texts = execution_templates().commands[command]
    wanted = [f"{one}{suffix}" for one in (provider, ANY) for suffix in ((" windows", "") if is_windows else ("",))]
    return next((texts[name] for name in wanted if name in texts), None)


def _filled(template: str, values: dict[str, pd.Series[Any]]) -> Any:  # noqa: ANN401  (a column, or one text)
    text: Any = ""
    for literal, field, _, _ in Formatter().parse(template):
        text = text + literal + (values[field] if field else "")
    return text
