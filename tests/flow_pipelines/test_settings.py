from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flow_pipelines.errors import SettingsError
from flow_pipelines.settings import EngagementSettings, parse_settings, read_settings, with_people
from flow_pipelines.settings_schedule import Person

TODAY = date(2026, 6, 30)


def test_nothing_set_means_the_defaults_as_of_today() -> None:
    assert parse_settings("", origin="file", today=TODAY) == EngagementSettings(as_of=TODAY)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("as_of: 2025-01-31\ndomains: [corp.example.com]\n", encoding="utf-8-sig")
    settings = read_settings(file, today=TODAY)
    assert (settings.as_of, settings.domains) == (date(2025, 1, 31), ("corp.example.com",))


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings("mapping_threshold: 2\nnoise_port: [1]\ndate_order: sometimes\n", origin="my.yaml", today=TODAY)
    for word in ("my.yaml", "mapping_threshold", "noise_port", "date_order"):
        assert word in str(caught.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "a: [", "as_of: someday", "as_of: 2026-13-40"])
def test_what_is_no_mapping_of_settings_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, origin="my.yaml", today=TODAY)
    assert "\n" not in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_bytes("domains: [müller.example]\n".encode("cp1252"))
    with pytest.raises(SettingsError, match="not in UTF-8"):
        read_settings(file, today=TODAY)


def test_the_manual_names_every_setting_and_its_default() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in EngagementSettings.model_fields.items():
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{name}` |"))
        if is_model(field):
            assert untold(field, row) == []
        elif field.default not in {(), None} and not field.is_required():
            assert row.startswith(f"| `{name}` | `{field.default}` |")


def is_model(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def untold(field: FieldInfo, row: str) -> list[str]:
    """List the settings within a setting that a row of the manual tells no word or another default of."""
    found = []
    for name, inner in field.annotation.model_fields.items():  # type: ignore[union-attr]
        if is_model(inner):
            found += untold(inner, row)
        else:
            default = inner.default
            shown = f"{default:g}" if isinstance(default, float) else default
            told = f"`{name}` (" if default in {(), None} else f"`{name}` (`{shown}`"
            found += [] if told in row else [told]
    return found


def test_a_black_out_that_ends_before_it_begins_is_refused_by_name() -> None:
    text = "waves: {blackouts: [{begin: 2027-01-08, end: 2026-12-15, reason: year-end close}]}"
    with pytest.raises(SettingsError, match="'year-end close' ends on 2026-12-15"):
        parse_settings(text, origin="my.yaml", today=TODAY)


def test_people_of_a_sheet_take_the_place_of_those_who_were_named_and_must_fit_the_roles() -> None:
    text = "schedule: {people: [{name: Ann, role: tester}], roles: [{role: architect, people: 1}]}"
    settings = parse_settings(text, origin="test", today=TODAY)
    changed = with_people(settings, [Person(name="Bob", role="architect", skills=("linux",))])
    assert [one.name for one in changed.schedule.people] == ["Bob"]
    assert changed.schedule.roles == settings.schedule.roles
    with pytest.raises(SettingsError, match="of the role architect, 2 are named and 1 are said"):
        with_people(settings, [Person(name=name, role="architect") for name in ("Bob", "Cid")])
