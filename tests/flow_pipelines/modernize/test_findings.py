"""Findings of static analysis: every file is accounted for, and its application found or the reason told."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flow_pipelines.modernize.findings import documents, yaml_documents
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
        ("a.yaml", "!!python/object/apply:os.system ['echo']", "no known format"),
        ("a.yaml", "a: [", "no YAML"),
        ("a.yaml", "a: 1\n---\nb: 1\n", "several documents"),
        ("a.yaml", "a: 1\na: 2\n", "'a' is there twice"),
        ("a.yaml", "? [a]\n: 1\n", "a key is no text"),
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


# What means more than its letters to YAML, to Python, to a database, or to a sum.
ODD = st.sampled_from(
    ["1e999", ".inf", "-.nan", "1e9", "-100000", "9" * 400, "0x" + "f" * 5000, "59:59:59", "00110", "yes", "~", "",
     "\x01", "\ud800", "9.8", "0", "-1", "1_000", "2001-01-01", "<<", "=", "critical", "error", "absent", "mandatory"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | ODD
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["runs", "results", "tool", "driver", "rules", "name", "violations", "incidents", "bomFormat",
                 "vulnerabilities", "affects", "ratings", "metadata", "component", "components", "locations", "message",
                 "effort", "category", "lineNumber", "uri", "score", "severity", "ruleId", "ruleIndex", "rule", "index",
                 "toolComponent", "extensions", "suppressions", "status", "baselineState", "errors", "insights", "id"]
            )
            | ODD,
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)  # fmt: skip
SHELLS = st.sampled_from(["runs", "bom", "konveyor"])


def as_yaml(document: object) -> str:
    """Return a document as YAML whose scalars stand there bare or behind a tag, as whoever writes it by hand may do."""
    if isinstance(document, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {as_yaml(value)}" for key, value in document.items()) + "}"
    if isinstance(document, list):
        return "[" + ", ".join(map(as_yaml, document)) + "]"
    if not isinstance(document, str) or not BARE.fullmatch(document):
        return json.dumps(document)
    return f"{TAGS[len(document) % len(TAGS)]} {document}"


BARE = re.compile(r"[\w.]+(?::\d+)*", re.ASCII)
TAGS = ("", "!!bool", "!!timestamp", "!!int", "!!float", "!!python/name:os", "!!binary", "!x")


@settings(max_examples=150, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(DOCUMENTS, SHELLS, st.sampled_from(["a.json", "a.yaml"]))
def test_no_document_whatever_its_shape_breaks_the_reading_or_what_rests_on_it(
    document: object, shell: str, name: str
) -> None:
    wrapped = {
        "runs": {"runs": [document, {"results": [document], "tool": document}]},
        "bom": {"bomFormat": "CycloneDX", "vulnerabilities": [document], "components": document, "metadata": document},
        "konveyor": [
            {"name": "x", "violations": document},
            {"name": "y", "violations": {"r": document, "s": {"category": "mandatory", "effort": document}}},
        ],
    }[shell]
    content = json.dumps(wrapped) if name == "a.json" else as_yaml(wrapped)
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder), {name: content})
    assert len(found) >= 1
    assert found["effort_points"].dropna().between(0, 1_000).all()


@pytest.mark.parametrize("effort", ["1e999", ".inf", "1e9", "-100000", "1" + "0" * 400, "maybe", "!!int ''"])
def test_an_effort_that_is_no_number_of_points_is_told_and_the_finding_stays(effort: str, tmp_path: Path) -> None:
    text = f"- name: x\n  violations:\n    r: {{category: mandatory, effort: {effort}, incidents: [{{uri: a}}]}}\n"
    found = read(tmp_path, {"Billing.yaml": text})
    assert told(found, "rule", "severity", "place_count") == {("r", "mandatory", 1), ("r", "unreadable", 1)}
    assert found["effort_points"].isna().all()
    assert found.loc[found["severity"] == "unreadable", "message"].str.contains("no number of points").all()


def test_names_of_rules_are_texts_whatever_yaml_makes_of_them(tmp_path: Path) -> None:
    rules = ("00110", "yes", "1e3", "2001-01-01", "0x1F", "59:59:59", "~")
    lines = [f"    {rule}: {{category: optional, effort: 1}}" for rule in rules]
    found = read(tmp_path, {"Billing.yaml": "\n".join(["- name: 007", "  violations:", *lines])})
    assert set(found["rule"]) == set(rules)
    assert (set(found["category"]), set(found["effort_points"])) == ({"007"}, {1.0})


def test_what_has_no_name_that_can_be_stored_is_told_without_one(tmp_path: Path) -> None:
    run = {"tool": {"driver": {"name": "\x01"}}, "results": [{"ruleId": "\x02"}]}
    found = read(tmp_path, {"a.yaml": "- name: x\n  violations: {'': {}}\n", "b.json": {"runs": [run]}})
    assert told(found, "tool", "rule") == {
        ("Konveyor analyzer", "without a name"),
        ("unnamed tool", "without a rule"),
    }


def test_a_document_of_too_many_values_is_told_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_documents, "MOST_VALUES", 1_000)
    monkeypatch.setattr(documents, "MOST_JSON_VALUES", 1_000)
    text = "[" + "[]," * 2_000 + "[]]"
    found = read(tmp_path, {"a.yaml": text, "b.json": text})
    assert told(found, "severity") == {("unreadable",)}
    assert found["message"].str.contains("values").all()


def test_numbers_of_a_document_are_no_arithmetic(tmp_path: Path) -> None:
    # To the base of 60, as YAML 1.1 reads them, they are quadratic: 14 s for these, hours for 5 MB.
    sexagesimal = "59" + ":59" * 200_000
    found = read(tmp_path, {"a.yaml": f"- name: x\n  violations: {{r: {{effort: {sexagesimal}}}}}\n"})
    assert set(found["severity"]) == {"information", "unreadable"}


def test_a_rule_of_sarif_is_found_by_its_id_wherever_the_tool_keeps_it(tmp_path: Path) -> None:
    rules = [{"id": "js/other", "defaultConfiguration": {"level": "note"}, "shortDescription": {"text": "Other"}}]
    sqli = {"id": "js/sqli", "defaultConfiguration": {"level": "error"}, "shortDescription": {"text": "Injection"}}
    twin = {"id": "js/other", "defaultConfiguration": {"level": "error"}, "shortDescription": {"text": "Twin"}}
    tool = {"driver": {"name": "CodeQL", "rules": rules}, "extensions": [{"rules": [sqli, twin]}]}
    results = [
        {"ruleId": "js/sqli", "ruleIndex": 0},
        {"ruleId": "js/sqli/part"},
        {"ruleId": "js/other", "rule": {"index": 1, "toolComponent": {"index": 0}}},
        {"ruleId": "js/unknown", "ruleIndex": 0},
        {"ruleIndex": 0},
    ]
    found = read(tmp_path, {"a.sarif": {"runs": [{"tool": tool, "results": results}]}})
    assert told(found, "rule", "severity", "message") == {
        ("js/sqli", "mandatory", "Injection"),
        ("js/sqli/part", "mandatory", "Injection"),
        ("js/other", "mandatory", "Twin"),
        ("js/unknown", "optional", None),
        ("js/other", "potential", "Other"),
    }


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        ({}, "mandatory"),
        ({"baselineState": "absent"}, "information"),
        ({"baselineState": "new"}, "mandatory"),
        ({"suppressions": [{"kind": "inSource"}]}, "information"),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, "mandatory"),
        ({"suppressions": [{"status": "accepted"}, {"status": "underReview"}]}, "mandatory"),
        ({"kind": "pass"}, "information"),
    ],
)
def test_results_that_are_gone_or_suppressed_ask_for_nothing(
    facts: dict[str, object], severity: str, tmp_path: Path
) -> None:
    result = {"ruleId": "r", "level": "error", **facts}
    found = read(tmp_path, {"a.sarif": {"runs": [{"results": [result]}]}})
    assert found["severity"].tolist() == [severity]


@pytest.mark.parametrize(
    ("ratings", "stated"),
    [
        ([{"score": 9.8, "method": "CVSSv31"}], "critical"),
        ([{"score": 7}], "high"),
        ([{"score": 4.0, "severity": "unknown"}], "medium"),
        ([{"score": 3.9}], "low"),
        ([{"score": 9.8, "severity": "low"}], "low"),
        ([{"score": 2.0}, {"severity": "high"}], "high"),
        ([{"score": 9.8, "method": "OWASP"}], "unknown"),
        ([{"score": 98}], "unknown"),
    ],
)
def test_a_vulnerability_is_as_grave_as_its_word_or_its_score_says(
    ratings: list[object], stated: str, tmp_path: Path
) -> None:
    bom = {"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-1", "ratings": ratings}]}
    assert read(tmp_path, {"a.json": bom})["stated_severity"].tolist() == [stated]
