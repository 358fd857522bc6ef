from __future__ import annotations

import pytest

from flow_pipelines.reference.attributes import attribute_named
from flow_pipelines.reference.source_formats import (
    SheetTemplate,
    detect,
    normalise_header,
    source_formats,
    template_for,
)
from flow_pipelines.tables.discovery import RECORD_TYPES


def named(template: SheetTemplate) -> str:
    return f"{template.source_format}-{template.sheet or template.record_type}"


@pytest.mark.parametrize("template", source_formats(), ids=named)
def test_a_template_speaks_of_attributes_and_record_types_that_exist(template: SheetTemplate) -> None:
    assert template.record_type in RECORD_TYPES
    for column in template.columns.values():
        if column.attribute:
            assert not attribute_named(column.attribute).derived
            assert bool(column.unit) <= bool(attribute_named(column.attribute).unit)


@pytest.mark.parametrize("template", source_formats(), ids=named)
def test_the_full_header_of_a_sheet_is_recognised_as_that_sheet(template: SheetTemplate) -> None:
    detection = detect(list(template.columns), template.sheet)
    assert detection.template is template
    assert detection.confidence > 0.7


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("*Memory (In MB)", "memory (in mb)"),
        ("IP_Address", "IP Address"),
        ("\ufeffVM", " vm "),
        ("Free %  ", "free %"),
        ("NIC  label*", "nic_label"),
    ],
)
def test_spellings_of_one_header_are_equal(left: str, right: str) -> None:
    assert normalise_header(left) == normalise_header(right)


def test_a_custom_attribute_does_not_hide_the_sheet() -> None:
    headers = ["VM", "Powerstate", "Provisioned MiB", *(f"custom {number}" for number in range(40))]
    assert detect(headers, "vInfo").record_type == "server"


def test_the_name_of_a_sheet_alone_proves_nothing() -> None:
    assert detect(["Month", "Budget", "Actual"], "vInfo").source_format == "generic"
    assert detect(["Month", "Budget", "Actual"], None, file_name="RVTools_tabvInfo.csv").source_format == "generic"


def test_the_name_of_a_file_breaks_a_tie() -> None:
    headers = ["sys_id", "name", "operational_status"]
    assert detect(headers, None, file_name="cmdb_ci_db_instance.csv").record_type == "database"
    assert detect(headers, None, file_name="cmdb_ci_server.csv").record_type == "server"


def test_a_template_is_found_by_sheet_or_by_record_type() -> None:
    disk = template_for("rvtools", "vDisk", "server_disk")
    assert disk is not None
    assert disk.columns["capacity mib"].unit == "MiB"
    assert template_for("rvtools", None, "server_disk") is disk
    assert template_for("servicenow", None, "cluster") is None
    assert template_for("generic", None, "server") is None
