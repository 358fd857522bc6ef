"""What holds of every mapping, whatever the records say."""

from __future__ import annotations

from datetime import date
from random import Random

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flow_pipelines.discovery.attribute_mapping import map_attributes
from flow_pipelines.reference.attributes import AttributeType, attribute_named
from flow_pipelines.scope import Scope
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.discovery import RECORD_TYPES

SCOPE = Scope("acme", "dc-exit")
SETTINGS = EngagementSettings(as_of=date(2026, 3, 2))
DECISION = ["source_column", "record_type", "attribute", "status", "method", "confidence", "runner_up",
            "runner_up_confidence", "source_unit", "filled_rows", "example", "reason"]  # fmt: skip

headers = st.sampled_from(
    ["VM", "Name", "Server", "Host name", "Owner", "Technical owner", "Contact", "Memory", "RAM GB", "Memory (MB)",
     "IP", "IP 2", "Address", "Type", "Status", "Env.", "Disk total", "Application", "Notes", "src_ip", "dst", "Port",
     "sys_id", "parent", "child", "Colour", "Betriebssystem", "Powerstate", "DNS Name", "Annotation"]
) | st.text(min_size=1, max_size=12)  # fmt: skip
cells = st.sampled_from(
    ["srv01", "srv02.corp.example", "10.0.0.1", "10.0.0.2, fe80::1", "4", "8192", "16 GB", "12.5%", "0.3", "Production",
     "Windows Server 2016", "Maria Keller", "maria@corp.example", "2024-03-01", "yes", "n/a", "poweredOn", "tcp",
     "env:prod, owner:it", "London", "1e999", "9" * 400]
) | st.text(min_size=1, max_size=20)  # fmt: skip
rows = st.lists(st.dictionaries(headers, cells, min_size=1, max_size=8), min_size=1, max_size=12)
formats = st.sampled_from(
    [("generic", None), ("rvtools", "vInfo"), ("servicenow", None), ("network_connections", None)]
)


@st.composite
def imported(draw: st.DrawFn) -> pd.DataFrame:
    """Records of one or two files."""
    listed = []
    for file in draw(st.lists(st.sampled_from(["a.csv", "b.xlsx"]), min_size=1, max_size=2, unique=True)):
        source_format, sheet = draw(formats)
        record_type = draw(st.sampled_from(RECORD_TYPES))
        listed += [
            {
                "record_id": SCOPE.id_of("record", file, number),
                "source_file": file,
                "sheet": sheet,
                "row_number": number,
                "row_count": draw(st.integers(1, 3)),
                "source_format": source_format,
                "record_type": draw(st.sampled_from([record_type, "server"])),
                "raw_values": raw,
            }
            for number, raw in enumerate(draw(rows), start=2)
        ]
    return pd.DataFrame(listed)


few = settings(max_examples=7, suppress_health_check=[HealthCheck.too_slow])


@few
@given(imported())
def test_every_column_of_every_sheet_has_exactly_one_row_and_its_rows_are_counted(records: pd.DataFrame) -> None:
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    filled: dict[tuple[str, str], int] = {}
    for record in records.itertuples():
        for header in record.raw_values:
            filled[record.source_file, header] = filled.get((record.source_file, header), 0) + record.row_count
    counted = {(row.source_file, row.source_column): row.filled_rows for row in mappings.itertuples()}

    assert counted == filled
    assert len(mappings) == len(filled)


@few
@given(imported())
def test_confidences_are_probabilities_that_agree_with_the_status(records: pd.DataFrame) -> None:
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    applied, unmapped = (mappings[mappings["status"] == status] for status in ("applied", "unmapped"))

    assert mappings["confidence"].between(0, 1).all()
    assert mappings["runner_up_confidence"].dropna().between(0, 1).all()
    assert (applied["confidence"] >= SETTINGS.mapping_threshold - 1e-4).all()
    assert (unmapped["confidence"] == 0).all()
    assert (mappings["attribute"].isna() == (mappings["status"] == "unmapped")).all()
    assert (mappings["runner_up"].isna() | (mappings["runner_up"] != mappings["attribute"])).all()


@few
@given(imported())
def test_no_attribute_but_lists_is_fed_twice_unless_the_format_says_so(records: pd.DataFrame) -> None:
    mappings = map_attributes(records, scope=SCOPE, settings=SETTINGS)
    applied = mappings[(mappings["status"] == "applied")]
    for _, sheet in applied.groupby("source_file"):
        templated = set(sheet.loc[sheet["method"] == "template", "attribute"])
        others = sheet.loc[sheet["method"] != "template", "attribute"]
        single = [one for one in others if attribute_named(one).type is not AttributeType.TEXT_LIST]

        assert len(single) == len(set(single))
        assert templated.isdisjoint(single)


@few
@given(imported(), st.randoms(use_true_random=False))
def test_the_order_of_records_and_of_their_cells_does_not_matter(records: pd.DataFrame, random: Random) -> None:
    order = list(range(len(records)))
    random.shuffle(order)
    shuffled = records.iloc[order].assign(
        raw_values=[dict(reversed(raw.items())) for raw in records["raw_values"].iloc[order]]
    )

    pd.testing.assert_frame_equal(
        map_attributes(shuffled, scope=SCOPE, settings=SETTINGS),
        map_attributes(records, scope=SCOPE, settings=SETTINGS),
    )


@few
@given(imported())
def test_a_files_name_changes_nothing_but_ids(records: pd.DataFrame) -> None:
    renamed = records.assign(source_file=records["source_file"].str.upper() + ".bak")
    one, other = (
        map_attributes(frame, scope=SCOPE, settings=SETTINGS)
        .sort_values(["source_file", "source_column"])
        .reset_index(drop=True)[DECISION]
        for frame in (records, renamed)
    )

    pd.testing.assert_frame_equal(one, other)
