"""A workbook that a person corrected and saved in LibreOffice, which writes every part of it anew.

`saved_by_libreoffice.xlsx` is what `write_workbook` made of the rows below, with two cells of web01 corrected, after
`soffice --headless --convert-to "xlsx:Calc MS Excel 2007 XML"` of LibreOffice had read and saved it. Its table is a
small one of its own, so that it stays true whatever the platform's tables become.
"""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from sqlalchemy import MetaData, Table

from flow_pipelines.edit_changes import Changes, changes_in, read_workbook
from flow_pipelines.edit_workbook import About
from flow_pipelines.edits import SetDraft
from flow_pipelines.tables.contract import conform
from flow_pipelines.tables.declaration import (
    BOOLEAN,
    DECIMAL,
    IDENTIFIER,
    INTEGER,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    editable,
    optional,
    required,
)

WORKBOOK = Path(__file__).with_name("saved_by_libreoffice.xlsx")
ABOUT = About("acme/dc-exit", "discovery/servers", "11111111-1111-4111-8111-111111111111", 3)
SERVERS = Table(
    "servers",
    MetaData(),
    required("server_id", IDENTIFIER, "The server.", sources=["inputs"]),
    required("name", TEXT, "Its name.", sources=["inputs"]),
    editable(optional("owner", TEXT, "Who answers for it.", sources=["inputs"])),
    editable(optional("cpu_count", INTEGER, "Its processors.", sources=["inputs"])),
    editable(optional("memory_mib", DECIMAL, "Its memory in MiB.", sources=["inputs"])),
    editable(optional("is_template", BOOLEAN, "Whether it is a template.", sources=["inputs"])),
    editable(optional("ip_addresses", TEXT_LIST, "Its addresses.", sources=["inputs"])),
    editable(optional("last_seen", TIMESTAMP, "When it was seen.", sources=["inputs"])),
    schema="discovery",
    info={"key": ("server_id",), "entity": "server", "subtype": None, "label": "name"},
)
WORDS = ("=1+1", '=HYPERLINK("http://x")', " spaced ", "two\nlines", "漢字 & <b>")
OWNERS = ("Ann", "007", "1e5", "TRUE", "1.10.2026", *WORDS)


def rows() -> pd.DataFrame:
    """What was exported: whatever a spreadsheet likes to turn into something else."""
    found = [
        {
            "server_id": f"00000000-0000-4000-8000-{number:012d}",
            "name": f"web{number:02d}",
            "owner": owner,
            "cpu_count": None if number % 4 == 3 else 4**number,
            "memory_mib": None if number % 3 == 2 else 8192.1 + 0.2 * number,
            "is_template": (True, False, None)[number % 3],
            "ip_addresses": [f"10.1.2.{place}" for place in range(number % 3)],
            "last_seen": datetime(2026, 5, 1, 12, 30, number, 123456, tzinfo=UTC) if number % 2 else None,
        }
        for number, owner in enumerate(OWNERS, start=1)
    ]
    return conform(pd.DataFrame(found), SERVERS)


def test_what_a_person_changed_is_found_and_nothing_else() -> None:
    changes = changes_in(read_workbook(WORKBOOK), rows(), SERVERS)
    server = "00000000-0000-4000-8000-000000000001"
    assert changes == Changes(
        [
            SetDraft("discovery/servers", server, "owner", "Jane Doe", "Ann"),
            SetDraft("discovery/servers", server, "cpu_count", 16, 4),
        ],
        [],
        [],
    )


def test_it_still_says_what_it_was_exported_from() -> None:
    assert read_workbook(WORKBOOK).about == ABOUT
    with zipfile.ZipFile(WORKBOOK) as parts:
        assert b"LibreOffice" in parts.read("docProps/app.xml")
