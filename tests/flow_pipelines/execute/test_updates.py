"""What people and tools tell of tasks: which task, which state, when; what is impossible is told with its reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from flow_pipelines.execute.updates.gates import received_problems, update_problems
from flow_pipelines.execute.updates.judge import Outcome, fates_of, judge_updates, outcome_beside
from flow_pipelines.execute.updates.told import Refusal
from flow_pipelines.reference.task_states import task_states
from flow_pipelines.reference.update_formats import is_update_header
from flow_pipelines.row_files import FileRow, read_rows
from flow_pipelines.settings import EngagementSettings
from flow_pipelines.tables.execute.progress import STATES
from tests.flow_pipelines.execute.telling import (
    SCOPE,
    UTC_SETTINGS,
    ZURICH,
    changes,
    inventory,
    judged,
    programme,
    reasons,
    rows_of,
    task,
)


def cells(name: str, state: str, at: str = "2026-03-04T10:00Z", **more: str) -> dict[str, str]:
    return {"task": name, "state": state, "at": at, **more}


ROWS = st.fixed_dictionaries(
    {
        "task": st.sampled_from(["crm: test", "crm: cutover", "web01: test boot", "nothing"]),
        "state": st.sampled_from([*STATES, "erledigt", "purple"]),
        "at": st.sampled_from(
            [f"2026-03-0{day}T0{hour}:00Z" for day in (1, 2, 3) for hour in range(1, 5)] + ["soon", "2027-01-01"]
        ),
        "by": st.sampled_from(["Ann", "Bob"]),
        "rehearsal": st.sampled_from(["", "yes", "no"]),
    }
)


@pytest.mark.parametrize(
    ("word", "state"),
    [("started", "in progress"), ("IN PROGRESS", "in progress"), ("Completed", "done"), ("erledigt", "done"),
     ("läuft", "in progress"),
     ("terminé", "done"), ("Failed", "failed"), ("on hold", "blocked"), ("n/a", "skipped")],
)  # fmt: skip
def test_a_state_is_told_in_many_words(word: str, state: str) -> None:
    assert changes(judged([cells("crm: cutover", word)])) == [("crm: cutover", state, "2026-03-04 10:00")]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-04T10:00:00Z", "2026-03-04 10:00"),
        ("2026-03-04T10:00:00+02:00", "2026-03-04 08:00"),
        ("2026-03-04 10:00", "2026-03-04 09:00"),  # without a zone, by the clocks of Zurich
        ("2026-07-04 10:00", "2026-07-04 08:00"),  # in summer
        ("04.03.2026 10:00 Uhr", "2026-03-04 09:00"),
        ("3/4/2026 10:00 PM", "2026-04-03 20:00"),  # day first, by the settings
        ("46085", "2026-03-04 16:00"),  # a spreadsheet's day: the end of its working hours
        ("46085.0", "2026-03-04 16:00"),
        ("46085.5", "2026-03-04 11:00"),
        ("2026-03-04T10:00+14:00", "2026-03-03 20:00"),
        ("1772618400", "2026-03-04 10:00"),
        ("4 mars 2026", "2026-03-04 16:00"),
    ],
)
def test_a_moment_is_read_with_and_without_zone_and_time(written: str, moment: str) -> None:
    far = EngagementSettings(as_of=date(2026, 12, 31), schedule=ZURICH.schedule)
    assert changes(judged([cells("crm: cutover", "done", written)], settings=far)) == [("crm: cutover", "done", moment)]


def test_of_two_things_told_of_one_day_without_a_time_the_begin_comes_first() -> None:
    result = judged([cells("crm: test", "done", "2026-03-04"), cells("crm: test", "started", "2026-03-04")])
    assert [(state, at) for _, state, at in changes(result)] == [
        ("in progress", "2026-03-04 08:00"),
        ("done", "2026-03-04 16:00"),
    ]


def test_a_file_that_writes_the_month_first_in_one_row_does_so_in_all() -> None:
    told = [cells("crm: test", "started", "3/4/2026 10:00"), cells("crm: cutover", "started", "3/24/2026 10:00")]
    assert [at for _, _, at in changes(judged(told, settings=UTC_SETTINGS))] == ["2026-03-04 10:00", "2026-03-24 10:00"]


def test_a_file_says_the_same_whether_or_not_its_first_rows_were_received_before() -> None:
    first, more = cells("crm: test", "done", "25/03/2026"), cells("crm: prepare", "done", "04/05/2026")
    american = EngagementSettings(as_of=date(2026, 6, 30), date_order="month first")
    once, twice = (
        judge_updates(rows_of(*files), programme(), inventory(), scope=SCOPE, settings=american)
        for files in ([[first, more]], [[first], [first, more]])
    )
    assert changes(once) == changes(twice)
    assert [at for name, _, at in changes(twice) if name == "crm: prepare"] == ["2026-05-04 17:00"]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"Task": "CRM - Cutover"}, "crm: cutover"),
        ({"Task id": SCOPE.id_of("task", "crm: test")}, "crm: test"),
        ({"Server": "WEB01.corp.example", "Step": "test boot"}, "web01: test boot"),
        ({"Server": "web02", "Task": "Cutover"}, "web02: cut over"),
        ({"Host": "web01", "Step": "replication"}, "web01: first copy"),
        ({"Server": "db01", "Step": "go-live"}, "db01: cutover"),  # the only server of its workload
        ({"Application": "CRM", "Step": "cut over"}, "crm: cutover"),
        ({"Item": "crm", "Step": "validation"}, "crm: validate"),
        ({"Welle": "2", "Schritt": "Änderung genehmigt"}, "Wave 2: change approved"),
        ({"Aufgabe": "Welle 2: change approved"}, "Wave 2: change approved"),
        ({"Item": "Wave 2", "Step": "change approved"}, "Wave 2: change approved"),
    ],
)
def test_a_task_is_found_by_id_name_or_thing_and_step(told: dict[str, str], name: str) -> None:
    result = judged([{**told, "Status": "done", "at": "2026-03-04T10:00Z"}])
    assert [one[0] for one in changes(result)] == [name], reasons(result)


@pytest.mark.parametrize("wave", ["2", "2.0", "Wave 2", "wave 02", "Welle 2", "WAVE-2"])
def test_a_wave_is_told_by_its_number_in_many_ways(wave: str) -> None:
    told = {"Wave": wave, "Step": "change approved", "State": "done"}
    assert [one[0] for one in changes(judged([told]))] == ["Wave 2: change approved"]


@pytest.mark.parametrize("wave", ["Wave 2 of 5", "Wave 2 (2026)", "2/5", "first", "9" * 5000, "-2", "2.5"])
def test_a_wave_that_is_no_number_is_refused_as_it_is_written(wave: str) -> None:
    ((code, reason),) = reasons(judged([{"Wave": wave, "Step": "change approved", "State": "done"}]))
    assert (code, f"{wave!r} is no number of a wave" in reason) == ("wave_unclear", True)


@pytest.mark.parametrize("number", ["9" * 5000, "99999"])
def test_a_number_of_a_wave_without_end_is_an_unknown_task(number: str) -> None:
    told = [
        cells(f"wave {number}: change approved", "done"),
        {"number": "CHG1", "short_description": f"Wave {number}", "state": "Scheduled", "cmdb_ci": ""},
    ]
    assert [code for code, _ in reasons(judged(told))] == ["task_unknown", "task_unknown"]


@pytest.mark.parametrize("thing", ["Server", "Workload", "Item"])
def test_what_is_told_of_an_unknown_thing_is_not_taken_for_its_wave(thing: str) -> None:
    told = {thing: "web99", "Wave": "2", "Step": "change approved", "State": "done"}
    ((code, reason),) = reasons(judged([told]))
    assert (code, "there is no 'web99: change approved'" in reason) == ("task_unknown", True)


def test_an_id_and_a_name_of_two_tasks_are_refused() -> None:
    told = cells("crm: cutover", "done", **{"task id": SCOPE.id_of("task", "crm: test")})
    ((code, reason),) = reasons(judged([told]))
    assert code == "task_ambiguous"
    assert "its id is that of 'crm: test', and its name that of 'crm: cutover'" in reason


def test_a_name_of_another_domain_is_another_server() -> None:
    told = {"Server": "web01.other.example", "Step": "test boot", "State": "done"}
    assert [code for code, _ in reasons(judged([told]))] == ["task_unknown"]
    bare = inventory().assign(fqdn=None)
    result = judge_updates(rows_of([told]), programme(), bare, scope=SCOPE, settings=UTC_SETTINGS)
    assert [one[0] for one in changes(result)] == ["web01: test boot"]


def test_what_is_told_of_one_server_is_not_taken_for_its_whole_workload() -> None:
    ((code, reason),) = reasons(judged([{"Server": "web01", "Step": "validate", "Status": "done"}]))
    assert (code, "no step of 'web01' is called 'validate'" in reason) == ("task_unknown", True)


def test_a_task_that_several_may_be_is_rejected_with_the_candidates() -> None:
    twins = programme(
        task("crm: test", task_id=SCOPE.id_of("task", "1")), task("CRM: test", task_id=SCOPE.id_of("task", "2"))
    )
    ((code, reason),) = reasons(judged([cells("crm: test", "done")], tasks=twins))
    assert code == "task_ambiguous"
    assert "crm: test (" in reason
    assert "CRM: test (" in reason


def test_an_unknown_task_is_rejected_with_the_likest_names() -> None:
    ((code, reason),) = reasons(judged([cells("crm: cutovr", "done")]))
    assert code == "task_unknown"
    assert reason.startswith("week.csv, row 1: ")
    assert "crm: cutover" in reason


def test_an_impossible_change_is_rejected_and_says_what_the_task_was_since_when() -> None:
    result = judged(
        [
            cells("crm: cutover", "done", "2026-03-04T22:10Z"),
            cells("crm: cutover", "started", "2026-03-05T08:00Z"),
            cells("crm: cutover", "rolled back", "2026-03-06T08:00Z"),
        ]
    )
    assert [state for _, state, _ in changes(result)] == ["done", "rolled back"]
    ((code, reason),) = reasons(result)
    assert code == "impossible_change"
    assert "the task was done since 2026-03-04 22:10 UTC" in reason
    assert "in progress on 2026-03-05 08:00 UTC" in reason


def test_what_comes_late_lands_in_its_place() -> None:
    in_order = [("started", "08"), ("failed", "09"), ("started", "10"), ("done", "11")]
    told = [cells("crm: test", state, f"2026-03-04T{hour}:00Z") for state, hour in in_order]
    assert changes(judged(told[::-1])) == changes(judged(told))
    assert len(judged(told).updates) == 4
    without_retry = judged([told[0], told[1], told[3]])
    assert [code for code, _ in reasons(without_retry)] == ["impossible_change"]


def test_a_dry_run_changes_no_state_and_may_be_done_again() -> None:
    told = [
        cells("crm: cutover", state, at, rehearsal="yes")
        for at in ("2026-03-01T08:00Z", "2026-03-08T08:00Z")
        for state in ("started", "done")
    ]
    result = judged([*told, cells("crm: cutover", "started", "2026-03-10T08:00Z")])
    assert result.updates["is_rehearsal"].sum() == 4
    real = result.updates[~result.updates["is_rehearsal"]]
    assert real[["previous_state", "state"]].to_numpy().tolist() == [["planned", "in progress"]]


def test_what_is_still_to_come_does_not_count_until_as_of_has_reached_it() -> None:
    told = [cells("crm: test", "done", "2026-09-01T08:00Z")]
    assert [code for code, _ in reasons(judged(told))] == ["not_yet"]
    later = EngagementSettings(as_of=date(2026, 9, 1))
    assert len(judged(told, settings=later).updates) == 1


def test_a_state_that_the_task_is_in_already_is_counted_and_no_change() -> None:
    result = judged([cells("crm: test", "started"), cells("crm: test", "in progress", "2026-03-04T12:00Z")])
    assert (len(result.updates), len(result.rejected), result.repeated) == (1, 0, 1)


def test_servers_of_application_migration_service_tell_their_steps() -> None:
    told = [
        {"sourceServerID": "s-1", "hostname": "web01", "lifeCycle.state": "READY_FOR_CUTOVER"},
        {"sourceServerID": "s-2", "hostname": "web02", "lifeCycle.state": "CUTTING_OVER"},
        {"sourceServerID": "s-3", "hostname": "db01", "lifeCycle.state": "DISCONNECTED"},
    ]
    result = judged(told)
    assert {(name, state) for name, state, _ in changes(result)} == {
        ("web01: test boot", "done"),
        ("web02: cut over", "in progress"),
    }
    assert [code for code, _ in reasons(result)] == ["says_nothing"]


def test_jobs_of_migration_tools_tell_begin_and_end() -> None:
    aws = {"Job ID": "mgnjob-1", "Job type": "START_TEST", "Server name": "web01", "status": "COMPLETED",
           "creationDateTime": "2026-03-04T08:00:00Z", "endDateTime": "2026-03-04T08:40:00Z"}  # fmt: skip
    azure = {"EndTime": "9/16/20 11:57:33 AM", "FriendlyName": "Migrate", "Id": "/Subscriptions/x/replicationJobs/997e",
             "Name": "997e2a92", "ScenarioName": "Migrate", "StartTime": "9/16/20 11:27:32 AM", "State": "Failed",
             "StateDescription": "Failed", "TargetInstanceType": "ProtectionEntity", "TargetObjectName": "web02",
             "Type": "Microsoft.RecoveryServices/vaults/replicationJobs"}  # fmt: skip
    clean_up = {**azure, "ScenarioName": "TestFailoverCleanup", "State": "Succeeded"}
    result = judged([aws, azure, clean_up], settings=UTC_SETTINGS)
    assert changes(result) == [
        ("web02: cut over", "in progress", "2020-09-16 11:27"),
        ("web02: cut over", "failed", "2020-09-16 11:57"),
        ("web01: test boot", "in progress", "2026-03-04 08:00"),
        ("web01: test boot", "done", "2026-03-04 08:40"),
    ]
    assert [code for code, _ in reasons(result)] == ["says_nothing"]


def test_a_change_of_servicenow_approves_a_wave_or_cuts_a_workload_over() -> None:
    change = {
        "number": "CHG1",
        "short_description": "",
        "state": "",
        "cmdb_ci": "",
        "work_start": "",
        "work_end": "",
        "close_code": "",
    }
    told = [
        change | {"short_description": "Cutover of wave 2", "state": "Scheduled",
                  "sys_updated_on": "2026-03-01 10:00:00"},
        change | {"number": "CHG2", "cmdb_ci": "crm", "state": "Closed", "close_code": "Successful",
                  "work_start": "2026-03-07 08:00:00", "work_end": "2026-03-07 11:00:00"},
        change | {"number": "CHG3", "cmdb_ci": "db01", "state": "3", "close_code": "Backed out",
                  "work_start": "2026-03-07 08:00:00", "work_end": "2026-03-07 12:00:00"},
    ]  # fmt: skip
    assert changes(judged(told, settings=UTC_SETTINGS)) == [
        ("Wave 2: change approved", "done", "2026-03-01 10:00"),
        ("crm: cutover", "in progress", "2026-03-07 08:00"),
        ("db01: cutover", "in progress", "2026-03-07 08:00"),
        ("crm: cutover", "done", "2026-03-07 11:00"),
        ("db01: cutover", "rolled back", "2026-03-07 12:00"),
    ]


@pytest.mark.parametrize(
    ("column", "share", "state"),
    [("% complete", "1", "in progress"), ("% complete", "100", "done"), ("Progress", "100 %", "done"),
     ("Progress", "1 %", "in progress"), ("Percent complete", "1.0", "in progress"), ("Progress", "0.5", "in progress"),
     ("Fortschritt", "0", "planned"), ("Progress", "1", None), ("Progress", "101", None)],
)  # fmt: skip
def test_one_percent_is_not_all_of_it(column: str, share: str, state: str | None) -> None:
    result = judged([{"Task": "crm: test", column: share}])
    assert [one for _, one, _ in changes(result)] == ([state] if state not in {None, "planned"} else [])
    assert [code for code, _ in reasons(result)] == (["state_unknown"] if state is None else [])


def test_what_ends_before_it_begins_is_refused() -> None:
    told = {"Task": "crm: test", "State": "done", "Started": "2026-03-05T08:00Z", "Finished": "2026-03-04T08:00Z"}
    ((code, reason),) = reasons(judged([told]))
    assert (code, "done on 2026-03-04 08:00 UTC, before it began on 2026-03-05" in reason) == (
        "ends_before_it_begins",
        True,
    )
    evening = told | {"Started": "2026-03-05T20:00Z", "Finished": "2026-03-05"}
    assert {at for _, _, at in changes(judged([evening]))} == {"2026-03-05 20:00"}


def test_a_job_that_a_tool_runs_again_says_nothing_new_unless_it_fails() -> None:
    job = {"TargetObjectName": "web01", "ScenarioName": "TestMigrate", "State": "Succeeded", "Name": "1"}
    runs = [
        job | {"StartTime": f"2026-03-0{day}T08:00Z", "EndTime": f"2026-03-0{day}T09:00Z", "State": state}
        for day, state in ((1, "Succeeded"), (2, "Succeeded"), (3, "Failed"))
    ]
    cut_over = runs[0] | {"ScenarioName": "Migrate"}
    result = judged([*runs, cut_over, cut_over | {"ScenarioName": "CompleteMigration"}])
    assert [code for code, _ in reasons(result)] == ["says_nothing"]
    assert result.repeated == 3
    assert [one[:2] for one in changes(result)] == [
        ("web01: cut over", "in progress"),
        ("web01: test boot", "in progress"),
        ("web01: cut over", "done"),
        ("web01: test boot", "done"),
        ("web01: test boot", "failed"),
    ]


def test_one_more_row_is_judged_beside_all_that_is_kept() -> None:
    """As `flow task set` does: whatever it says of the row, the next run says too."""
    begun, back = cells("crm: cutover", "started"), cells("crm: cutover", "rolled back", "2026-03-04T11:00Z")
    late = cells("crm: cutover", "skipped", "2026-03-04T10:30Z")

    def outcome(kept: list[dict[str, str]], more: dict[str, str]) -> Outcome:
        row = rows_of([*kept, more]).to_dict("records")[-1]
        return outcome_beside(row, rows_of(kept), programme(), inventory(), settings=ZURICH)

    assert outcome([begun], back).fate == "accepted", "the run will know of what no run has judged yet"
    assert isinstance(outcome([], back).fate, Refusal)
    assert outcome([begun], cells("crm: cutover", "started", "2026-03-04T12:00Z")).fate == "repeated"
    assert outcome([begun, back], late).undone == ("week.csv, row 2: rolled back",)


@settings(max_examples=30)
@given(st.lists(ROWS, max_size=8, unique_by=str), ROWS)
def test_what_is_said_of_one_more_row_is_what_the_run_says(kept: list[dict[str, str]], more: dict[str, str]) -> None:
    whole = rows_of([*(one for one in kept if one != more), more])
    row = whole.to_dict("records")[-1]
    outcome = outcome_beside(row, whole.iloc[:-1], programme(), inventory(), settings=ZURICH)
    result = judge_updates(whole, programme(), inventory(), scope=SCOPE, settings=ZURICH)
    assert ("rejected" if isinstance(outcome.fate, Refusal) else outcome.fate) == result.fates[row["content_id"]][-1]
    assert fates_of(whole, programme(), inventory(), settings=ZURICH) == result.fates


CHANGE = {"number": "CHG1", "state": "Closed", "work_start": "2026-03-07 08:00:00", "work_end": "2026-03-07 11:00:00"}


@pytest.mark.parametrize(
    ("of_change", "name"),
    [
        ({"cmdb_ci": "crm"}, "crm: cutover"),
        ({"correlation_id": SCOPE.id_of("task", "crm: cutover"), "cmdb_ci": "Some service"}, "crm: cutover"),
        ({"Correlation ID": SCOPE.id_of("task", "web01: cut over")}, "web01: cut over"),
    ],
)
def test_a_change_of_a_thing_is_about_that_whatever_wave_its_title_names(of_change: dict[str, str], name: str) -> None:
    """As `flow export servicenow` writes them: "Wave 1: crm: cutover", with a CI and the task's id."""
    told = CHANGE | {"short_description": "Wave 1: crm: cutover", "close_code": "Unsuccessful"} | of_change
    result = judged([told])
    assert [(one, state) for one, state, _ in changes(result)] == [(name, "in progress"), (name, "failed")]
    unknown = judged([told | {"cmdb_ci": "other", "correlation_id": "", "Correlation ID": "PRB-1"}])
    assert [code for code, _ in reasons(unknown)] == ["task_unknown", "task_unknown"]


@pytest.mark.parametrize(
    ("code", "state"),
    [("Successful with issues", "done"), ("Erfolgreich", "done"), ("Nicht erfolgreich", "failed"), ("Failed", "failed"),
     ("Not implemented", "skipped"), ("Cancelled", "skipped"), ("Backed out", "rolled back"), ("Échec", "failed")],
)  # fmt: skip
@pytest.mark.parametrize("over", ["Closed", "Abgeschlossen", "3"])
def test_a_change_that_is_over_ended_as_its_close_code_says(over: str, code: str, state: str) -> None:
    result = judged([CHANGE | {"state": over, "cmdb_ci": "crm", "Abschlusscode": code}])
    assert changes(result)[-1][:2] == ("crm: cutover", state)


@pytest.mark.parametrize("code", ["Backed Out - Failed", "In progress", "42"])
def test_a_close_code_that_is_not_known_is_refused_and_never_taken_for_success(code: str) -> None:
    result = judged([CHANGE | {"cmdb_ci": "crm", "close_code": code}])
    assert changes(result) == []
    ((reason_code, reason),) = reasons(result)
    assert (reason_code, f"{code!r} is no outcome that is known" in reason) == ("state_unknown", True)


def test_a_sheet_that_names_tasks_is_no_export_of_a_tool() -> None:
    told = {"Number": "7", "Task": "crm: test", "State": "done", "Actual start": "2026-03-04T08:00Z"}
    job = {"Name": "Migrate", "Item": "web01", "Task": "web01: test boot", "State": "done",
           "Start time": "2026-03-04T08:00Z"}  # fmt: skip
    assert {one[0] for one in changes(judged([told, job]))} == {"crm: test", "web01: test boot"}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"Colour": "red", "Size": "9"}, "kind_unknown"),
        (cells("crm: test", "purple"), "state_unknown"),
        (cells("crm: test", ""), "state_unknown"),
        (cells("crm: test", "done", "soon"), "time_unreadable"),
        (cells("crm: test", "done", "2026-03-04T10:00+99:99"), "time_unreadable"),
        (cells("crm: test", "done", rehearsal="perhaps"), "rehearsal_unclear"),
        ({"task id": "no-such-id", "state": "done"}, "task_unknown"),
    ],
)
def test_what_a_row_does_not_tell_is_rejected_with_a_remedy(told: dict[str, str], code: str) -> None:
    result = judged([told])
    assert [one for one, _ in reasons(result)] == [code]
    assert result.rejected["remedy"].notna().all()
    assert result.rejected["cells"].tolist() == [told]


def test_csv_and_workbooks_of_any_encoding_delimiter_and_title_are_read(tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_bytes(
        "Bericht KW 10\n\nAufgabe;Status;Zeitpunkt;Von;Notiz\ncrm: test;läuft;04.03.2026 10:00;Jörg;\n".encode("cp1252")
    )
    (tmp_path / "fr.csv").write_bytes("Tâche\tÉtat\tDate\ncrm: validate\tterminé\t05/03/2026\n".encode("utf-16"))
    with Workbook(str(tmp_path / "book.xlsx")) as book:
        sheet = book.add_worksheet("Updates")
        sheet.write_row(0, 0, ["Server", "Step", "Status", "Actual start", "Actual end"])
        sheet.write_row(1, 0, ["web01", "test boot", "Done"])
        sheet.write_datetime(
            1, 3, pd.Timestamp("2026-03-04 08:00"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
        sheet.write_datetime(
            1, 4, pd.Timestamp("2026-03-04 09:00"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
        book.add_worksheet("Empty")
    told = [
        row for name in ("de.csv", "fr.csv", "book.xlsx") for row in read_rows(tmp_path / name, name, is_update_header)
    ]
    result = judged(told)
    assert changes(result) == [
        ("web01: test boot", "in progress", "2026-03-04 07:00"),
        ("web01: test boot", "done", "2026-03-04 08:00"),
        ("crm: test", "in progress", "2026-03-04 09:00"),
        ("crm: validate", "done", "2026-03-05 16:00"),
    ], reasons(result)
    assert set(result.updates["told_by"]) == {"Jörg", "Ann"}


# Some of which tell the order of day and month, and some of which take it from those.
DATED = st.builds(
    cells,
    st.sampled_from(["crm: test", "crm: cutover"]),
    st.just("done"),
    st.sampled_from(["04/05/2026", "05/04/2026", "03/25/2026", "25/03/2026"]),
    rehearsal=st.just("yes"),  # every one of which counts
)


def weekly(rows: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[list[list[dict[str, str]]]]:
    """Draw files as people send them: each week the rows of the week before and some more."""
    return st.lists(rows, min_size=1, max_size=10).flatmap(
        lambda told: st.lists(st.integers(1, len(told)).map(lambda end: told[:end]), min_size=1, max_size=3)
    )


MEANING = ["task_id", "previous_state", "state", "happened_at", "is_rehearsal"]


def meaning(updates: pd.DataFrame) -> list[tuple[object, ...]]:
    return sorted(updates[MEANING].itertuples(index=False, name=None))


@settings(max_examples=80)
@given(weekly(ROWS) | weekly(DATED), st.data())
def test_any_order_and_repetition_of_files_and_rows_gives_the_same_changes(
    files: list[list[dict[str, str]]], data: st.DataObject
) -> None:
    repeated = data.draw(st.lists(st.sampled_from(files), max_size=2))
    again = [data.draw(st.permutations(file)) for file in data.draw(st.permutations([*files, *repeated]))]
    first, second = (
        judge_updates(rows_of(*told), programme(), inventory(), scope=SCOPE, settings=ZURICH) for told in (files, again)
    )
    assert meaning(first.updates) == meaning(second.updates)
    assert sorted(first.updates["update_id"]) == sorted(second.updates["update_id"])
    assert sorted(first.rejected["update_id"]) == sorted(second.rejected["update_id"])


@settings(max_examples=30)
@given(st.lists(ROWS, max_size=14))
def test_every_row_has_one_fate_and_no_state_jumps(told: list[dict[str, str]]) -> None:
    raw, tasks = rows_of(told), programme()
    result = judge_updates(raw, tasks, inventory(), scope=SCOPE, settings=UTC_SETTINGS)
    assert set(result.fates) == set(raw["content_id"])
    assert all(len(fates) == 1 for fates in result.fates.values())
    assert len(result.updates) + len(result.rejected) + result.repeated == len(raw)
    assert received_problems(raw, result) == []
    assert update_problems(tasks, result.updates) == []
    real = result.updates[~result.updates["is_rehearsal"]].sort_values("happened_at")
    for _, rows in real.groupby("task_id"):
        assert all(task_states().may_follow(*pair) for pair in zip(rows["previous_state"], rows["state"], strict=True))


def test_the_gate_finds_lost_rows_and_states_that_jump() -> None:
    raw = rows_of([cells("crm: test", "started"), cells("crm: test", "done", "2026-03-05")])
    result = judge_updates(raw, programme(), inventory(), scope=SCOPE, settings=UTC_SETTINGS)
    assert update_problems(programme(), result.updates.iloc[::-1].iloc[:0]) == []
    assert "impossible" in update_problems(programme(), result.updates[result.updates["state"] == "done"])[0]
    assert "do not exist" in update_problems(programme().iloc[:0], result.updates)[0]
    more = rows_of([cells("crm: test", "started"), cells("crm: prepare", "done")])
    assert any("lost" in problem for problem in received_problems(more, result))


def test_a_file_that_cannot_be_read_is_rejected_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "notes.csv").write_text("hello\n", encoding="utf-8")
    told = [row for name in ("scan.pdf", "notes.csv") for row in read_rows(tmp_path / name, name, is_update_header)]
    result = judged([*told, FileRow("flow task", cells("crm: test", "done"))])
    assert len(result.updates) == 1
    assert all(reason.startswith(("scan.pdf: ", "notes.csv: ")) for _, reason in reasons(result))
