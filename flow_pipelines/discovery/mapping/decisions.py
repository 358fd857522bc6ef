"""What was decided about one column, and why, in words.

Belongs here: the shape of a decision and its reason. Does not: deciding (`attribute_mapping.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flow_pipelines.discovery.mapping.evidence import Candidate, ScoredColumn
from flow_pipelines.discovery.mapping.sheets import SheetColumn
from flow_pipelines.discovery.mapping.value_profiles import ColumnProfile
from flow_pipelines.reference.aliases import means_nothing_known
from flow_pipelines.reference.cell_parts import cell_parts
from flow_pipelines.reference.mapping_model import mapping_model
from flow_pipelines.reference.source_formats import TemplateColumn

Status = Literal["applied", "proposed", "unmapped"]

# Value evidence beyond which the reason says that values speak for or against a mapping: a factor of about e.
TELLING = 1.0
MOST_KINDS_NAMED = 2
LEAST_SHARE_NAMED = 0.1
KIND_WORDS = {
    "ip": "IP addresses",
    "mac": "MAC addresses",
    "uuid": "UUIDs",
    "hex": "hexadecimal ids",
    "email": "e-mail addresses",
    "url": "web addresses",
    "timestamp": "points in time",
    "date": "dates",
    "boolean": "yes or no",
    "bit": "0 or 1",
    "percent": "percentages",
    "quantity": "numbers with a unit",
    "small": "numbers up to 256",
    "medium": "numbers up to 65,535",
    "large": "numbers up to 100 million",
    "huge": "numbers above 100 million",
    "decimal": "decimal numbers",
    "fqdn": "dotted names",
    "version": "versions",
    "pair": "key-value pairs",
    "path": "paths",
    "reference": "object references",
    "code": "codes",
    "word": "single words",
    "phrase": "short texts",
    "sentence": "sentences",
}


@dataclass(frozen=True)
class Decision:
    """What was decided about one column.

    Attributes:
        column: The column.
        profile: What its values look like.
        status: What becomes of it; None for a known column that no attribute fits.
        scored: Its candidates, if it has any.
        attribute: The attribute; None if unmapped.
        confidence: Probability that it is right; 0 if unmapped.
        runner_up: The next best attribute; the best one if unmapped.
        runner_up_confidence: Its probability.
        candidates: The attributes that it may hold, the most probable first.
        template: What the format's template says.
        other_column: The column that feeds the attribute instead.
        part: The part of each cell that feeds the attribute, or the part of its value that the cell is.
    """

    column: SheetColumn
    profile: ColumnProfile
    status: Status | None
    scored: ScoredColumn | None = None
    attribute: str | None = None
    confidence: float = 0.0
    runner_up: str | None = None
    runner_up_confidence: float | None = None
    candidates: tuple[str, ...] = ()
    template: TemplateColumn | None = None
    other_column: str | None = None
    part: str | None = None

    @property
    def method(self) -> str:
        """How it was decided, as in table `attribute_mappings`."""
        if self.candidate:
            return self.candidate.method
        return "likeness" if self.part else "none"

    @property
    def candidate(self) -> Candidate | None:
        """The evidence for its attribute."""
        return self.scored.candidates.get(self.attribute) if self.scored and self.attribute else None


def reason_of(decision: Decision, source_format: str, unit_reason: str | None) -> str:
    """Say why, in words that a person understands."""
    if decision.part:
        return _part_sentence(decision)
    sentences = [_header_sentence(decision, source_format), _value_sentence(decision)]
    if decision.other_column:
        sentences.append(f"Column {decision.other_column!r} fits that attribute better, so this one is not applied.")
    if unit_reason:
        sentences.append(f"Unit from the values: {unit_reason}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _part_sentence(decision: Decision) -> str:
    if decision.part in cell_parts().joined:
        return f"{decision.column.header!r} holds the {decision.part}; another column holds the rest of the value."
    return f"Its cells say several things; the {decision.part} in them is taken."


def _header_sentence(decision: Decision, source_format: str) -> str:
    header, candidate = decision.column.header, decision.candidate
    if candidate is None:
        return _nothing_sentence(decision, source_format)
    if candidate.method == "template":
        return f"A column of the known format {source_format}."
    if candidate.method == "alias":
        return f"{header!r} is a known name of {candidate.attribute}."
    if candidate.likeness > mapping_model().weights.neutral_likeness:
        return f"{header!r} is like the name {candidate.name!r} ({candidate.likeness:.0%})."
    return f"{header!r} says little; the values do."


def _nothing_sentence(decision: Decision, source_format: str) -> str:
    if decision.status is None:
        return f"A known column of {source_format} that no attribute fits."
    if means_nothing_known(decision.column.header):
        return f"{decision.column.header!r} is a known header that no attribute fits."
    return f"Header and values together point to no attribute clearly enough ({_kinds(decision.profile)})."


def _value_sentence(decision: Decision) -> str:
    candidate, profile = decision.candidate, decision.profile
    if candidate is None or not profile.meaningful:
        return ""
    kinds = _kinds(profile)
    if candidate.value_evidence >= TELLING:
        return f"Its values fit ({kinds})."
    if candidate.value_evidence <= -TELLING:
        return f"Its values speak against it ({kinds})."
    return f"Its values neither prove nor refute it ({kinds})."


def _kinds(profile: ColumnProfile) -> str:
    """Name the commonest kinds of values."""
    if not profile.kinds:
        return "only placeholders"
    ranked = sorted(profile.kinds.items(), key=lambda item: (-item[1], item[0]))[:MOST_KINDS_NAMED]
    named = [(kind, share) for kind, share in ranked if share >= LEAST_SHARE_NAMED] or ranked[:1]
    return ", ".join(f"{share:.0%} {KIND_WORDS[kind]}" for kind, share in named)
