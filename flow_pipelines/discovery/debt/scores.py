"""What all debt of an asset and of an application comes to.

Belongs here: the parts of a score by category, and the score in words. Does not: what single findings weigh
(`findings.py`), the weights (`reference/tech_debt_weights.yaml`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from flow_pipelines.discovery.debt.findings import labels, severities
from flow_pipelines.discovery.debt.graph import DEPENDENCY, PROTOCOL, sees_servers
from flow_pipelines.discovery.debt.machines import HARDWARE, UTILIZATION, physical_machines, utilization
from flow_pipelines.discovery.debt.targets import CATEGORY as TARGET
from flow_pipelines.reference.tech_debt_weights import tech_debt_weights

APPLICATION = "application"


def debt_scores(
    inventory: pd.DataFrame,
    dependencies: pd.DataFrame,
    findings: pd.DataFrame,
    *,
    listed: pd.DataFrame,
    has_targets: bool,
) -> pd.DataFrame:
    """Score every asset and every application.

    A category's part is the highest score of its findings; 0 if it was judged and nothing was found; empty if there
    was nothing to judge it by. An application's part follows from its assets' parts.

    Args:
        inventory: The rows of `discovery/inventory`.
        dependencies: The rows of `discovery/dependencies`.
        findings: Findings with asset_id, category and score.
        listed: The products in use, for what was judged: asset_id and category.
        has_targets: Whether the engagement names targets.

    Returns:
        The rows of `discovery/debt_scores`, one per asset.
    """
    categories = list(tech_debt_weights().categories)
    assets = inventory.set_index("asset_id", drop=False)
    highest = findings.astype({"score": "float64"}).pivot_table(
        index="asset_id", columns="category", values="score", aggfunc="max", observed=True
    )
    parts = highest.reindex(index=assets.index, columns=categories).astype("float64")
    judged = _judged(assets, dependencies, listed, has_targets=has_targets)[categories]
    parts = parts.mask(parts.isna() & judged, 0.0)
    counts = findings["asset_id"].value_counts().reindex(assets.index, fill_value=0)
    parts, counts, sizes = _with_applications(assets, parts, counts)
    score = _combined(parts)
    rows = pd.DataFrame(
        {
            "asset_id": assets["asset_id"],
            "asset_name": labels(assets),
            "asset_type": assets["asset_type"],
            "score": score,
            "severity": severities(score),
            "finding_count": counts,
            "asset_count": sizes,
            **{f"{category}_score": parts[category].round(1) for category in categories},
        }
    )
    return rows.assign(reason=_reasons(parts, sizes, assets["asset_type"])).reset_index(drop=True)


def _judged(
    assets: pd.DataFrame, dependencies: pd.DataFrame, listed: pd.DataFrame, *, has_targets: bool
) -> pd.DataFrame:
    """Return which categories there was something to judge by, for each asset."""
    judged = pd.DataFrame(data=False, index=assets.index, columns=list(tech_debt_weights().categories))
    for category, ids in listed.groupby("category")["asset_id"]:
        judged[str(category)] = assets.index.isin(ids)
    is_server = assets["asset_type"] == "server"
    judged[TARGET] = is_server & (assets["os_product"].notna() | assets["architecture"].notna()) & has_targets
    dated = physical_machines(assets)
    dated = dated[dated[["purchase_date", "installed_date", "warranty_end_date"]].notna().any(axis="columns")]
    judged[HARDWARE] = assets.index.isin(dated.index)
    judged[UTILIZATION] = is_server & utilization(assets).notna().any(axis="columns")
    has_service = assets["asset_type"].isin(["server", "database"])
    judged[DEPENDENCY] = has_service & sees_servers(assets, dependencies)
    observed = dependencies.loc[dependencies["origin"] == "network", "target_id"]
    judged[PROTOCOL] = assets.index.isin(observed)
    return judged


def _with_applications(
    assets: pd.DataFrame, parts: pd.DataFrame, counts: pd.Series[int]
) -> tuple[pd.DataFrame, pd.Series[int], pd.Series[int]]:
    """Give applications the parts and counts that follow from their assets; and say how many assets each row is of."""
    is_application = assets["asset_type"] == APPLICATION
    members = assets.loc[~is_application, ["application_ids"]].explode("application_ids").dropna()
    sizes = pd.Series(1, index=assets.index).mask(is_application, 0)
    if members.empty:
        return parts, counts, sizes
    application, member = members["application_ids"].astype(object).to_numpy(), members.index
    of_members = parts.loc[member].groupby(application)
    worst = tech_debt_weights().application.worst
    together = worst * of_members.max() + (1 - worst) * of_members.mean()
    own = parts[is_application.to_numpy()]
    # What is found on the application itself counts as it is, if it is worse than what its assets come to.
    merged = together.reindex(own.index).combine(own, np.fmax)[list(parts.columns)]
    parts = pd.concat([parts[~is_application.to_numpy()], merged]).loc[assets.index]
    counts = counts.add(counts.loc[member].groupby(application).sum(), fill_value=0).reindex(assets.index).astype(int)
    sizes = sizes.add(pd.Series(1, index=application).groupby(level=0).sum(), fill_value=0)
    return parts, counts, sizes.reindex(assets.index).astype(int)


def _combined(parts: pd.DataFrame) -> pd.Series[float]:
    weights = pd.Series(tech_debt_weights().categories)
    kept = 1 - parts.fillna(0.0) * weights / 100
    return (100 * (1 - kept.prod(axis="columns"))).clip(lower=0, upper=100).round(1)


def _reasons(parts: pd.DataFrame, sizes: pd.Series[int], asset_types: pd.Series[str]) -> list[str]:
    """Say what a score is made of, gravest first, and what could not be judged; equal patterns share one sentence."""
    names = [category.replace("_", " ") for category in parts.columns]
    weights = list(tech_debt_weights().categories.values())
    rows = parts.round(1).to_numpy()
    sentences: dict[bytes, str] = {}
    reasons = []
    for row, size, asset_type in zip(rows, sizes.tolist(), asset_types.tolist(), strict=True):
        key = row.tobytes()
        if key not in sentences:
            sentences[key] = _sentence(row.tolist(), names, weights)
        of = f"Of its {size:,} assets: " if asset_type == APPLICATION and size else ""
        reasons.append(of + sentences[key])
    return reasons


def _sentence(row: list[float], names: list[str], weights: list[float]) -> str:
    known = sorted(
        ((weight * part, part, name) for part, name, weight in zip(row, names, weights, strict=True) if part == part),  # noqa: PLR0124  (not a number)
        key=lambda one: (-one[0], one[2]),
    )
    found = [f"{name} {part:g}" for _, part, name in known if part > 0]
    clear = [name for _, part, name in known if part == 0]
    silent = [name for part, name in zip(row, names, strict=True) if part != part]  # noqa: PLR0124  (not a number)
    said = ["Highest finding by category: " + ", ".join(found) + "." if found else "Nothing found."]
    if clear:
        said.append("Without debt: " + ", ".join(clear) + ".")
    if silent:
        said.append("Nothing to judge by: " + ", ".join(silent) + ".")
    return " ".join(said)
