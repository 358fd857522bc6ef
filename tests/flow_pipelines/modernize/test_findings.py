"""Findings of static analysis: every file is accounted for, and its application found or the reason told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flow_pipelines.modernize.findings.read import read_findings
from flow_pipelines.modernize.gates import finding_problems
from tests.flow_pipelines.assess.estates import SCOPE, asset_id
from tests.flow_pipelines.modernize.estates import landed

KONVEYOR = """
- name: eap8/eap7
  description: Rules for EAP
  tags: [EJB XML]
  violations:
    javax-to-jakarta-import-00001:
      description: Replace the javax.ejb import with jakarta.ejb
      category: mandatory
      labels: [konveyor.io/target=eap8]
      incidents:
      - uri: file:///opt/input/source/src/Order.java
        message: Replace it
        codeSnip: "password=hunter2"
        lineNumber: 3
      - uri: file:///opt/input/source/src/Item.java
        message: Replace it
      effort: 1
    local-storage-00001:
      description: Files are written to the local disk
      category: optional
      incidents: []
      effort: 3
  insights:
    uses-ejb:
      description: It uses EJB
      incidents: [{uri: "file:///a"}]
  errors: {broken-rule: could not parse}
- name: discovery
  unmatched: [x]
"""
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "CodeQL", "rules": [
                {"id": "js/xss", "defaultConfiguration": {"level": "error"}, "properties": {"tags": ["security"]}}
            ]}},
            "versionControlProvenance": [{"repositoryUri": "https://git.example/shop/order-portal.git"}],
            "results": [
                {"ruleId": "js/xss", "ruleIndex": 0, "message": {"text": "password=abcdefghijk here"},
                 "locations": [
                     {"physicalLocation": {"artifactLocation": {"uri": "a.js"}, "region": {"startLine": 7}}}
                 ]},
                {"ruleId": "js/xss", "message": {"text": "again"}, "suppressions": [{"kind": "inSource"}]},
                {"ruleId": "other", "message": {"text": "without a level"}},
                "no result",
            ],
        }
    ],
}  # fmt: skip
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "metadata": {"component": {"name": "Billing"}, "tools": {"components": [{"name": "syft"}]}},
    "components": [{"bom-ref": "log4j", "group": "org.apache", "name": "log4j-core", "version": "2.14.1"}],
    "vulnerabilities": [
        {"id": "CVE-2021-44228", "ratings": [{"severity": "low"}, {"severity": "critical"}],
         "affects": [{"ref": "log4j"}], "description": "Remote code"},
        {"id": "CVE-1", "ratings": [{"severity": "high"}], "analysis": {"state": "false_positive"}},
    ],
}  # fmt: skip
WORKLOADS = ("Order Portal", "Billing", "Claims", "Claims-", "Erp")


def read(folder: Path, files: Mapping[str, object]) -> pd.DataFrame:
    plan = pd.DataFrame(
        {
            "workload_id": [asset_id(name) for name in WORKLOADS],
            "workload_name": list(WORKLOADS),
            "source_entity_ids": [[asset_id(name)] for name in WORKLOADS],
        }
    )
    found = read_findings(landed(folder, files), plan, scope=SCOPE)
    assert finding_problems(files, plan, found) == []
    return found


def told(found: pd.DataFrame, *columns: str) -> set[tuple[object, ...]]:
    return set(found[list(columns)].itertuples(index=False, name=None))


def test_konveyors_violations_are_findings_with_effort_and_places(tmp_path: Path) -> None:
    found = read(tmp_path, {"Order Portal/output.yaml": KONVEYOR}).set_index("rule")
    first = found.loc["javax-to-jakarta-import-00001"]
    assert (first["severity"], first["place_count"], first["effort_points"]) == ("mandatory", 2, 1)
    assert (first["category"], first["location"]) == ("eap8/eap7", "file:///opt/input/source/src/Order.java:3")
    assert (first["workload_name"], first["tool"]) == ("Order Portal", "Konveyor analyzer")
    assert found.loc["local-storage-00001", "severity"] == "optional"
    assert found.loc["uses-ejb", "severity"] == "information"
    assert found.loc["broken-rule", "severity"] == "unreadable"


def test_sarif_levels_come_from_result_rule_or_standard(tmp_path: Path) -> None:
    found = read(tmp_path, {"results.sarif": SARIF})
    assert set(found["workload_name"]) == {"Order Portal"}
    assert told(found, "rule", "severity", "stated_severity") == {
        ("js/xss", "mandatory", "error"),
        ("js/xss", "information", "error"),  # suppressed
        ("other", "optional", "warning"),
        ("result", "unreadable", None),
    }
    assert "abcdefghijk" not in str(found.to_dict()), "a scanner quotes the secrets that it finds"


def test_vulnerabilities_of_an_sbom_are_findings_about_its_components(tmp_path: Path) -> None:
    found = read(tmp_path, {"bom.json": SBOM})
    assert told(found, "workload_name", "rule", "component", "severity", "tool") == {
        ("Billing", "CVE-2021-44228", "org.apache/log4j-core 2.14.1", "mandatory", "syft"),
        ("Billing", "CVE-1", None, "information", "syft"),
    }


@pytest.mark.parametrize(
    ("file", "workload"),
    [
        ("order-portal-results.sarif", "Order Portal"),
        ("Order_Portal.sarif", "Order Portal"),
        ("orderportal/results.json", "Order Portal"),
        ("Ordr Portal.sarif", "Order Portal"),
        ("billing.sarif.json", "Billing"),
        ("erp.json", "Erp"),
        ("err.json", None),
        ("claims.json", None),
        ("output.json", None),
        ("Order Portal 2.json", None),
    ],
)
def test_the_files_name_tells_the_application_as_surely_as_names_do(
    file: str, workload: str | None, tmp_path: Path
) -> None:
    found = read(tmp_path, {file: {"version": "2.1.0", "runs": [{"results": []}]}}).iloc[0]
    assert found["workload_name"] == workload
    assert found["rule"] == "no findings", "a file without findings is in the table too"
    assert ("is its name" in found["joined_by"]) == (workload is not None)
    if file == "claims.json":
        assert "Claims or Claims-" in found["joined_by"]


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("a.json", "{", "no JSON"),
        ("a.json", {"some": "thing"}, "no known format"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "a: &a [x]\nb: [*a, *a]\n", "alias"),
        ("a.yaml", "- " * 100 + "x", "nested too deeply"),
        ("a.yaml", "!!python/object/apply:os.system ['echo']", "no YAML that is read"),
        ("a.json", b"\xff\xff\xff", "not UTF-8"),
        ("a.json", {"runs": []}, "no run of a tool"),
    ],
)
def test_what_can_not_be_read_is_told_and_the_rest_goes_on(
    file: str, content: object, reason: str, tmp_path: Path
) -> None:
    found = read(tmp_path, {file: content, "billing.sarif": SARIF})
    broken = found[found["source_file"] == file]
    assert broken["severity"].tolist() == ["unreadable"]
    assert reason in broken["message"].iloc[0]
    assert (found["source_file"] == "billing.sarif").sum() == 4


def test_the_same_files_give_the_same_rows_in_whatever_order(tmp_path: Path) -> None:
    files = {"b.json": SBOM, "a/output.yaml": KONVEYOR, "c.sarif": SARIF}
    one = read(tmp_path / "1", files)
    other = read(tmp_path / "2", dict(reversed(files.items())))
    pd.testing.assert_frame_equal(one, other)
    assert one["code_finding_id"].is_unique


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["runs", "results", "tool", "driver", "rules", "name", "violations", "incidents", "bomFormat",
                 "vulnerabilities", "affects", "ratings", "metadata", "component", "components", "locations", "message"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)  # fmt: skip
SHELLS = st.sampled_from(["runs", "bom", "konveyor"])


@settings(max_examples=80, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(DOCUMENTS, SHELLS)
def test_no_document_whatever_its_shape_breaks_the_reading(document: object, shell: str) -> None:
    wrapped = {
        "runs": {"runs": [document, {"results": [document], "tool": document}]},
        "bom": {"bomFormat": "CycloneDX", "vulnerabilities": [document], "components": document, "metadata": document},
        "konveyor": [{"name": "x", "violations": document}, {"name": "y", "violations": {"r": document}}],
    }[shell]
    with tempfile.TemporaryDirectory() as folder:
        assert len(read(Path(folder), {"a.json": json.dumps(wrapped)})) >= 1
