"""What the engagement's target clouds do not take as it is.

Belongs here: applying the rules to servers. Does not: the rules (`reference/target_support.yaml`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from flow_pipelines.discovery.debt.findings import no_findings
from flow_pipelines.reference.target_support import SupportRule, target_support

CATEGORY = "target"


def target_findings(inventory: pd.DataFrame, targets: Sequence[str]) -> pd.DataFrame:
    """Find the servers that a target does not take as they are.

    A server that one target does not take while another one of the engagement's does is conditional: it moves there.
    A rule about something that a server does not state makes no finding.

    Args:
        inventory: The rows of `discovery/inventory`.
        targets: The names of the engagement's targets.

    Returns:
        Findings, see `findings.COLUMNS`: at most one per server and target, by the first rule that holds, those that
        are unsupported before those that are conditional.
    """
    servers = inventory[inventory["asset_type"] == "server"]
    found = [one for name in targets for one in _of_target(servers, name)]
    if not found:
        return no_findings()
    findings = pd.concat(found, ignore_index=True)
    findings = findings.sort_values("status", key=lambda status: status != "unsupported", kind="stable")
    findings = findings.drop_duplicates(["asset_id", "target"])
    refusing = findings["status"].eq("unsupported").groupby(findings["asset_id"]).transform("sum")
    elsewhere = (findings["status"] == "unsupported") & (refusing < len(set(targets)))
    findings["status"] = findings["status"].mask(elsewhere, "conditional")
    findings["remedy"] = findings["remedy"].mask(
        elsewhere, findings["remedy"] + "; or move it to another of the engagement's targets"
    )
    findings["remedy"] += "."
    return findings.reset_index(drop=True)


def _of_target(servers: pd.DataFrame, name: str) -> list[pd.DataFrame]:
    target = target_support().targets[name]
    found = []
    for rule in target.rules:
        holds = _holds(servers, rule)
        if holds is None or not holds.any():
            continue
        concerned = servers[holds]
        stated = [f"{column.replace('_', ' ')} " + concerned[column].astype("str") for column in _columns(rule)]
        evidence = stated[0]
        for further in stated[1:]:
            evidence = evidence + ", " + further
        found.append(
            pd.DataFrame(
                {
                    "asset_id": concerned["asset_id"],
                    "category": CATEGORY,
                    "target": name,
                    "subject": target.title,
                    "status": rule.status,
                    "check_name": f"{name}_{rule.name}",
                    "evidence": evidence,
                    "fact": target.title + ": " + rule.says + "; this server states " + evidence + ".",
                    "fact_source": rule.source,
                    "fact_date": rule.as_of,
                    "remedy": rule.remedy,
                },
                dtype=object,
            )
        )
    return found


def _columns(rule: SupportRule) -> list[str]:
    return [*rule.where, *rule.above]


def _holds(servers: pd.DataFrame, rule: SupportRule) -> pd.Series[bool] | None:
    """Return the servers of which a rule holds; None if the inventory has not all the columns that it asks for."""
    if not set(_columns(rule)) <= set(servers.columns):
        return None
    holds = pd.Series(data=True, index=servers.index)
    for column, values in rule.where.items():
        holds &= servers[column].isin(values)
    for column, least in rule.above.items():
        holds &= (servers[column] > least).fillna(value=False).astype(bool)
    return holds
