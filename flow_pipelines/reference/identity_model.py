"""When records are one asset and which source is believed, as data.

Belongs here: the loader of `identity_model.yaml`. Does not: applying the model (`discovery/identity/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import Path
from typing import Any

from flow_pipelines.reference.documents import read_yaml

MODEL = Path(__file__).with_name("identity_model.yaml")


@dataclass(frozen=True)
class Level:
    """How often a comparison comes out like this: `m` for records of one asset, `u` for those of different ones."""

    m: float
    u: float

    @property
    def bits(self) -> float:
        """What it adds to the log odds, base 2."""
        return log2(self.m / self.u)


@dataclass(frozen=True)
class DetailFold:
    """How rows about parts of a machine fill an attribute of the machine from `source`; see the model's comments."""

    attribute: str
    source: str
    how: str
    of: str | None = None


@dataclass(frozen=True)
class TrustGroup:
    """Attributes about which formats are trusted in one order."""

    name: str
    trust: tuple[str, ...]
    attributes: tuple[str, ...]

    def rank(self, source_format: str) -> int:
        """Return the place of a format; formats that are not listed share the last one."""
        return self.trust.index(source_format) if source_format in self.trust else len(self.trust)


@dataclass(frozen=True)
class Bundle:
    """Attributes that survive together; `lead` decides whether two records tell the same, not their `wording`."""

    name: str
    lead: tuple[str, ...]
    wording: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True)
class Disagreement:
    """Values of one attribute that certain values of another attribute deny."""

    attribute: str
    values: tuple[str, ...]
    other: str
    other_values: tuple[str, ...]


@dataclass(frozen=True)
class Survivorship:
    """Which value of an attribute is kept; see the comments of `identity_model.yaml`."""

    groups: tuple[TrustGroup, ...]
    bundles: tuple[Bundle, ...]
    extremes: dict[str, str]
    of_the_source: frozenset[str]
    numeric_tolerance: float
    disagreements: tuple[Disagreement, ...]

    def group_of(self, attribute: str) -> TrustGroup:
        """Return the group that an attribute belongs to; the last one holds all that are not listed."""
        return next((group for group in self.groups if attribute in group.attributes), self.groups[-1])

    def bundle_of(self, attribute: str) -> Bundle | None:
        """Return the bundle that an attribute belongs to, if any."""
        return next((bundle for bundle in self.bundles if attribute in bundle.attributes), None)


@dataclass(frozen=True)
class Exports:
    """How exports of one source are told over time; see the comments of `identity_model.yaml`.

    Attributes:
        instances: Format to the header and the attribute that name the system it comes from.
        least_column_likeness: Share of columns that two exports of one source have in common.
        least_overlap: Share of the smaller export's assets that the other one mentions too.
        least_share_of_full: Share of a source's known assets that a full export mentions.
    """

    instances: dict[str, dict[str, str]]
    least_column_likeness: float
    least_overlap: float
    least_share_of_full: float


@dataclass(frozen=True)
class Candidates:
    """Which pairs of assets are told as perhaps one, see the comments of `identity_model.yaml`."""

    least_probability: float
    most_of_type: int


@dataclass(frozen=True)
class IdentityModel:
    """The whole model; see the comments of `identity_model.yaml`."""

    version: int
    prior: float
    accept: float
    candidates: Candidates
    comparisons: dict[str, dict[str, Level]]
    most_records_per_key: int
    external_id_spaces: dict[str, str]
    long_external_id: int
    listings: frozenset[str]
    no_evidence: dict[str, tuple[str, ...]]
    name_suffixes: tuple[str, ...]
    least_typo_letters: int
    exports: Exports
    export_times: dict[str, tuple[str, str]]
    parted_exports: dict[str, re.Pattern[str]]
    details: dict[str, tuple[DetailFold, ...]]
    natural_keys: dict[str, tuple[str, ...]]
    membership_relations: frozenset[str]
    survivorship: Survivorship

    @property
    def prior_bits(self) -> float:
        """Log odds, base 2, of a pair before any comparison."""
        return log2(self.prior / (1 - self.prior))


@cache
def identity_model() -> IdentityModel:
    """Load the model."""
    data: dict[str, Any] = read_yaml(MODEL.read_text(encoding="utf-8"))
    scalars = ("version", "prior", "accept", "most_records_per_key", "long_external_id", "least_typo_letters")
    return IdentityModel(
        **{name: data[name] for name in scalars},
        candidates=Candidates(**data["candidates"]),
        comparisons={
            name: {level: Level(**share) for level, share in levels.items()}
            for name, levels in data["comparisons"].items()
        },
        external_id_spaces=data["external_id_spaces"],
        listings=frozenset(data["listings"]),
        no_evidence={kind: tuple(values) for kind, values in data["no_evidence"].items()},
        name_suffixes=tuple(data["name_suffixes"]),
        exports=Exports(**data["exports"]),
        export_times={source_format: tuple(place) for source_format, place in data["export_times"].items()},
        parted_exports={name: re.compile(part, re.IGNORECASE) for name, part in data["parted_exports"].items()},
        details={
            record_type: tuple(
                DetailFold(fold["attribute"], fold["from"], fold["how"], fold.get("of")) for fold in folds
            )
            for record_type, folds in data["details"].items()
        },
        natural_keys={asset_type: tuple(kinds) for asset_type, kinds in data["natural_keys"].items()},
        membership_relations=frozenset(data["membership_relations"]),
        survivorship=_survivorship(data["survivorship"]),
    )


def _survivorship(data: dict[str, Any]) -> Survivorship:
    return Survivorship(
        groups=tuple(
            TrustGroup(group["name"], tuple(group["trust"]), tuple(group["attributes"])) for group in data["groups"]
        ),
        bundles=tuple(
            Bundle(bundle["name"], *(tuple(bundle[part]) for part in ("lead", "wording", "attributes")))
            for bundle in data["bundles"]
        ),
        extremes=data["extremes"],
        of_the_source=frozenset(data["of_the_source"]),
        numeric_tolerance=data["numeric_tolerance"],
        disagreements=tuple(
            Disagreement(one["attribute"], tuple(one["values"]), one["other"], tuple(one["other_values"]))
            for one in data["disagreements"]
        ),
    )
