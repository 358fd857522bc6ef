"""What becomes of answers: columns of advice, and ordinary edits once a person accepts them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from flow_pipelines.advice.acceptance import OpenAdvice, acceptance, merged_candidates, open_advice
from flow_pipelines.advice.answers import decided_rows, undecided, with_advice
from flow_pipelines.advice.questions import Advice, Question
from flow_pipelines.edits import MergeDraft, SetDraft, apply_edits
from flow_pipelines.scope import Scope
from flow_pipelines.tables import output_tables
from flow_pipelines.tables.advice import ADVICE_COLUMNS
from flow_pipelines.tables.contract import conform
from tests.flow_pipelines.assess.estates import server
from tests.flow_pipelines.assess.treatment.deciding import TREATMENTS, decide
from tests.flow_pipelines.discovery.identity.sources import BIOS, Sources
from tests.flow_pipelines.editing import edit, merge

MAPPINGS = "discovery/attribute_mappings"
SCOPE = Scope("acme", "dc-exit")
TABLE = output_tables()[TREATMENTS]
CANDIDATES = output_tables()["discovery/identity_candidates"]


def advice(choice: str, confidence: float = 0.9, reason: str = "two facts say so") -> Advice:
    return Advice(choice, confidence, reason, "gpt-x", "f" * 64)


def opened_mapping(choice: str) -> list[OpenAdvice]:
    """The open advice of a column that is proposed as owner."""
    row_id = SCOPE.id_of("mapping", "Owner of box")
    row = {
        "mapping_id": row_id,
        "source_file": "servers.csv",
        "source_format": "generic",
        "record_type": "server",
        "source_column": "Owner of box",
        "attribute": "owner",
        "status": "proposed",
        "method": "likeness",
        "confidence": 0.5,
        "reason": "its header",
        "filled_rows": 3,
        "candidates": ["owner"],
    }
    frame = conform(pd.DataFrame([row]), output_tables()[MAPPINGS])
    return open_advice(
        with_advice(frame, output_tables()[MAPPINGS], {row_id: advice(choice)}), output_tables()[MAPPINGS], [], set()
    )


@pytest.fixture
def treatments() -> pd.DataFrame:
    return decide([server("web1"), server("web2")]).treatments


def test_advice_stands_beside_its_row_and_changes_nothing_else(treatments: pd.DataFrame) -> None:
    row_id = treatments["workload_id"][0]
    told = with_advice(treatments, TABLE, {row_id: advice("replatform"), "of another table": advice("retire")})
    rest = [name for name in treatments.columns if name not in ADVICE_COLUMNS]
    pd.testing.assert_frame_equal(told[rest], treatments[rest])
    assert told["advice"].tolist() == ["replatform", None]
    assert told["advice_confidence"].tolist()[0] == 0.9
    assert told["advice_key"].tolist() == ["f" * 64, None]


def test_a_row_that_a_person_has_decided_is_not_asked_about(treatments: pd.DataFrame) -> None:
    first, second = treatments["workload_id"]
    decided = decided_rows(TABLE, [edit("set", first, "retain", "rehost", column="treatment", table_key=TREATMENTS)])
    questions = [Question(one, {}, ("rehost", "retain")) for one in (second, first)]
    assert [one.row_id for one in undecided(questions, decided)] == [second]


def test_accepted_advice_is_an_ordinary_edit_signed_by_the_model_and_the_person(treatments: pd.DataFrame) -> None:
    row_id = treatments["workload_id"][0]
    told = with_advice(treatments, TABLE, {row_id: advice("replatform")})
    (found,) = open_advice(told, TABLE, [], set())
    signed = acceptance(found, "Ann")
    assert signed.actor == "advice: gpt-x, accepted by Ann"
    assert "two facts say so (confidence 0.90, advice ffffffffffff)" in signed.reason
    assert signed.draft == SetDraft(TREATMENTS, row_id, "treatment", "replatform", seen="rehost")
    made = edit("set", row_id, "replatform", "rehost", column="treatment", table_key=TREATMENTS, actor=signed.actor)
    frame, _ = apply_edits(treatments, TABLE, [made])
    assert frame["treatment"].tolist() == ["replatform", "rehost"]
    assert open_advice(told, TABLE, [made], set()) == []


def test_no_opinion_can_not_be_accepted_but_of_a_column_it_says_that_it_holds_nothing(
    treatments: pd.DataFrame,
) -> None:
    row_id = treatments["workload_id"][0]
    (found,) = open_advice(with_advice(treatments, TABLE, {row_id: advice("none")}), TABLE, [], set())
    assert not found.can_be_accepted
    (column,) = opened_mapping("none")
    assert column.can_be_accepted
    assert acceptance(column, "Ann").draft == SetDraft(MAPPINGS, column.row_id, "attribute", None, seen="owner")


def test_no_opinion_and_what_holds_anyhow_are_accepted_by_their_key_only(treatments: pd.DataFrame) -> None:
    row_id, treatment = treatments["workload_id"][0], treatments["treatment"][0]
    (same,) = open_advice(with_advice(treatments, TABLE, {row_id: advice(treatment)}), TABLE, [], set())
    (other,) = open_advice(with_advice(treatments, TABLE, {row_id: advice("replatform")}), TABLE, [], set())
    assert (same.can_be_accepted, same.can_be_accepted_unseen) == (True, False)
    assert other.can_be_accepted_unseen
    assert not opened_mapping("none")[0].can_be_accepted_unseen


def test_a_column_is_mapped_as_proposed_where_advice_says_the_same() -> None:
    assert opened_mapping("owner")[0].can_be_accepted_unseen


def test_other_advice_on_a_row_has_another_key(treatments: pd.DataFrame) -> None:
    row_id = treatments["workload_id"][0]
    answers = [advice("replatform"), advice("retain"), replace(advice("retain"), key="e" * 64)]
    told = [with_advice(treatments, TABLE, {row_id: one}) for one in answers]
    keys = [open_advice(one, TABLE, [], set())[0].short_key for one in (*told, told[0])]
    assert len(set(keys)) == 3
    assert keys[0] == keys[3]


def test_a_pair_that_is_one_is_merged_and_then_no_longer_open() -> None:
    sources = Sources()
    one = sources.vm("web01", bios_uuid=BIOS, ip_addresses=["10.1.2.3"])
    other = sources.vm("clone07", bios_uuid=BIOS, ip_addresses=["10.1.2.4"])
    result = sources.resolve().result
    candidate_id = result.identity_candidates["candidate_id"][0]
    told = with_advice(result.identity_candidates, CANDIDATES, {candidate_id: advice("same")})
    (found,) = open_advice(told, CANDIDATES, [], set())
    draft = acceptance(found, "Ann").draft
    assert isinstance(draft, MergeDraft)
    assert {draft.asset, draft.other} == set(result.inventory["asset_id"])
    assert draft.records is not None
    assert set(draft.records) == {one, other}
    merged = merged_candidates(told, result.inventory, [merge(one, other)])
    assert open_advice(told, CANDIDATES, [], merged) == []
    apart = with_advice(result.identity_candidates, CANDIDATES, {candidate_id: advice("different")})
    (kept,) = open_advice(apart, CANDIDATES, [], set())
    assert acceptance(kept, "Ann").draft == SetDraft(
        "discovery/identity_candidates", candidate_id, "verdict", "different", seen="undecided"
    )
