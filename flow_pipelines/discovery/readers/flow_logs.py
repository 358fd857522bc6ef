"""Flow logs: Zeek's logs and the VPC flow logs of AWS, whose lines follow rules of their own.

Belongs here: telling such a log by its first lines, and its records where DuckDB can't split them. Does not: what the
columns mean and which rows are left out (`source_formats.yaml`), and the fold (`connections.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from flow_pipelines.discovery.readers.table import Record
from flow_pipelines.discovery.readers.text import TextLayout, detect_encoding, open_text, text_lines
from flow_pipelines.reference.record_types import normalise_header
from flow_pipelines.reference.source_formats import flow_log_fields

SAMPLE_LINES = 50
ZEEK_STARTS = ("#separator ", "#fields")
# The default fields of AWS, which logs without a header have.
DEFAULT_FIELDS = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol"),
    *("packets", "bytes", "start", "end", "action", "log-status"),
)
# What CloudWatch writes before each line.
INGESTED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ")
DEFAULT_LINE = re.compile(
    r"\d+ (\d{12}|unknown|-) \S+ ([\d.]+|[0-9a-f:.]+|-) ([\d.]+|[0-9a-f:.]+|-)( (\d+|-)){7}"
    r" (ACCEPT|REJECT|-) (OK|NODATA|SKIPDATA)( \S+)*"
)
# Of the first lines so many must be what they seem; the others may be cut off.
LEAST_SHARE = 0.8
# A header of AWS has at least an address at each end and something about the traffic.
FEWEST_FIELDS = 3


@dataclass(frozen=True)
class FlowLog:
    """How a flow log is to be read.

    Attributes:
        layout: Its encoding and what separates its cells.
        header: The names of its columns.
        header_number: The line that names them; 0 if it is among the comments or there is none.
        comment: What lines start with that are about the log itself; empty if there are none.
        unset: Cells that stand for no value.
    """

    layout: TextLayout
    header: list[str]
    header_number: int = 0
    comment: str = ""
    unset: tuple[str, ...] = ("-",)


def detect_flow_log(path: Path) -> FlowLog | None:
    """Return how a text file is to be read if it is a flow log."""
    encoding = detect_encoding(path)
    with open_text(path, encoding) as file:
        lines = [line.rstrip("\r\n") for line in islice(text_lines(file), SAMPLE_LINES)]
    filled = [(number, line.lstrip("\ufeff")) for number, line in enumerate(lines, start=1) if line.strip()]
    if not filled:
        return None
    if filled[0][1].startswith(ZEEK_STARTS):
        return _zeek([line for _, line in filled], encoding)
    return _with_header(*filled[0], encoding) or _without_header([line for _, line in filled], encoding)


def _zeek(lines: list[str], encoding: str) -> FlowLog | None:
    # The first header counts: a file of several days has several.
    told = dict(re.split(r"[ \t]", line[1:], maxsplit=1) for line in reversed(lines) if re.match(r"#\w+[ \t]", line))
    separator = told.get("separator", "\\x09")
    code = re.fullmatch(r"\\x([0-9a-fA-F]{2})", separator)
    delimiter = chr(int(code[1], 16)) if code else separator
    header = _zeek_fields(told.get("fields", ""), delimiter)
    if len(delimiter) != 1 or len(header) <= 1:
        return None
    unset = tuple(re.split(r"[ \t]", told[key])[-1] for key in ("unset_field", "empty_field") if told.get(key))
    return FlowLog(TextLayout(encoding, delimiter), header, comment="#", unset=unset or ("-", "(empty)"))


def _zeek_fields(text: str, delimiter: str) -> list[str]:
    return text.strip(delimiter).split(delimiter)


def _with_header(number: int, line: str, encoding: str) -> FlowLog | None:
    header = line.split(" ")
    known = flow_log_fields()
    if len(header) < FEWEST_FIELDS or not all(normalise_header(field) in known for field in header):
        return None
    return FlowLog(TextLayout(encoding, " "), header, number)


def _without_header(lines: list[str], encoding: str) -> FlowLog | None:
    whole = lines[:-1] if len(lines) > 1 else lines
    ingested = [INGESTED.match(line) for line in whole]
    bodies = [line[found.end() if found else 0 :] for line, found in zip(whole, ingested, strict=True)]
    fitting = [line for line in bodies if DEFAULT_LINE.fullmatch(line)]
    if len(fitting) < LEAST_SHARE * len(whole):
        return None
    fields = fitting[0].count(" ") + 1
    further = [f"field {number}" for number in range(len(DEFAULT_FIELDS) + 1, fields + 1)]
    header = [*(["ingestion time"] if any(ingested) else []), *DEFAULT_FIELDS, *further]
    return FlowLog(TextLayout(encoding, " "), header)


def has_one_header(path: Path, log: FlowLog) -> bool:
    """Tell whether all lines have the same columns: logs of several days in one file may not."""
    if not log.comment:
        return True
    with open_text(path, log.layout.encoding) as file:
        return all(
            _zeek_fields(line[len("#fields") :].rstrip("\r\n"), log.layout.delimiter) == log.header
            for line in text_lines(file)
            if line.startswith("#fields")
        )


def flow_log_records(path: Path, log: FlowLog) -> Iterator[Record]:
    """Yield the data records of a flow log under the columns of its first header, whatever its later ones say."""
    places: list[int] | None = None
    with open_text(path, log.layout.encoding) as file:
        for number, line in enumerate(text_lines(file), start=1):
            text = line.rstrip("\r\n")
            if log.comment and text.startswith("#fields"):
                fields = _zeek_fields(text[len("#fields") :], log.layout.delimiter)
                places = [fields.index(name) if name in fields else -1 for name in log.header]
            elif number > log.header_number and not (log.comment and text.startswith(log.comment)):
                cells = ["" if cell in log.unset else cell for cell in text.split(log.layout.delimiter)]
                if places and len(cells) > max(places):
                    cells = [cells[place] if place >= 0 else "" for place in places]
                yield Record(number, cells)
