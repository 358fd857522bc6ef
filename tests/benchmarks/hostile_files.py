"""Hostile files: exports that were cut, shuffled, wrongly encoded, or made to do harm, the same for the same number.

Belongs here: making one such file. Does not: importing it (`fuzz.py`, `test_hostile_files.py`).
"""

from __future__ import annotations

import gzip
import io
import json
import random
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import xlsxwriter

HEADER = ["Server name", "IP address", "Operating system", "Memory (GB)", "Disks", "Notes"]
ROWS = [[f"srv{i:02}", f"10.0.0.{i}", "RHEL 8", str(4 * i), "2", f"rack {i}; Zürich"] for i in range(1, 25)]
CONNECTION_HEADER = ["timestamp", "src_ip", "src_port", "dst_ip", "dst_port", "protocol", "bytes"]
CONNECTIONS = [
    ["2025-01-01 10:00:00", f"10.0.0.{i % 5}", str(50000 + i), "10.0.1.1", "443", "tcp", str(i)] for i in range(40)
]
FLOWS = [
    f"2 123456789010 eni-{i:08} 10.0.0.{i % 5} 10.0.1.1 {50000 + i} 443 6 2 {i} 1735689600 1735689660 ACCEPT OK"
    for i in range(30)
]
ZEEK_FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state"
ZEEK = [f"1735689600.5 C{i} 10.0.0.{i % 5} 50000 10.0.1.1 443 tcp ssl 0.1 {i} - SF" for i in range(30)]
OBJECTS = [
    {
        "hostname": row[0],
        "ips": [row[1]],
        "os": {"name": "RHEL", "version": "8"},
        "ram_gb": 16,
        "disks": [{"name": "sda", "size_gb": 50}, {"name": "sdb", "size_gb": 100}],
    }
    for row in ROWS
]
HOSTILE_CELLS = [
    b"=cmd|' /C calc'!A0",
    b"@SUM(1+1)*cmd",
    b"\x00",
    b"\x00" * 500,
    b"\xff\xfe\x00\xd8",
    b"&lol;&#0;&#x41;",
    b"../../etc/passwd",
    b'"',
    b'""",,"\r\n"',
    b"\r",
    b"\x1f\x1e\x1d\x1c",
    b"9" * 5000,
    b"1e999999999",
    b"NaN",
    b'"\\ud800"',
    b"[" * 3000,
    b'{"a":' * 3000,
    b"\xe2\x80\xa8\xef\xbb\xbf\xc2\xa0",
    b"x" * 200_000,
    b"'; DROP TABLE clients; --",
    b"$path ${width} {0} %s",
]
STARTS = [b"", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{", b"[[", b"#fields\t"]
FAR_CELLS = [
    b'<c r="XFD1048576"><v>1</v></c>',
    b"<c r='XFD1048576'><v>1</v></c>",
    b'<x:c s="1" r="XFD1048576"><v>1</v></x:c>',
]
LARGEST_CELL = 10 << 20
ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "cp1252", "cp850", "mac-roman", "latin-1"]
DELIMITERS = [",", ";", "\t", "|"]


def _delimited(header: list[str], rows: list[list[str]], delimiter: str, end: str = "\n") -> bytes:
    return (end.join(delimiter.join(row) for row in [header, *rows]) + end).encode()


def _workbook() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, header, rows in (("Servers", HEADER, ROWS), ("Flows", CONNECTION_HEADER, CONNECTIONS)):
            sheet = book.add_worksheet(name)
            for number, row in enumerate([header, *rows]):
                sheet.write_row(number, 0, row)
    return content.getvalue()


def _parquet(statement: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as database:
        target = Path(folder) / "rows"
        database.execute(f"COPY ({statement}) TO '{target}' (FORMAT parquet)")
        return target.read_bytes()


def _zip(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


@cache
def whole_files() -> dict[str, bytes]:
    """One undamaged file of each kind."""
    texts = {
        "comma": _delimited(HEADER, ROWS, ","),
        "lying_separator_line": b"sep=;\r\n" + _delimited(HEADER, ROWS, "\t", "\r\n"),
        "tab": _delimited(HEADER, ROWS, "\t", "\r"),
        "connections": _delimited(CONNECTION_HEADER, CONNECTIONS, ","),
        "flows": "\n".join(FLOWS).encode(),
        "zeek": "\n".join(
            ["#separator \\x09", "#fields\t" + ZEEK_FIELDS.replace(" ", "\t"), *(z.replace(" ", "\t") for z in ZEEK)]
        ).encode(),
        "json": json.dumps({"servers": OBJECTS}, indent=1).encode(),
        "list": json.dumps(OBJECTS).encode(),
        "lines": "\n".join(map(json.dumps, OBJECTS)).encode(),
        "zeek_lines": "\n".join(
            json.dumps(dict(zip(ZEEK_FIELDS.split(), row.split(), strict=True))) for row in ZEEK
        ).encode(),
    }
    binary = {
        "workbook": _workbook(),
        "parquet": _parquet(
            "SELECT 'srv' || i AS hostname, i * 1.5 AS ram_gb, [{'size_gb': i}] AS disks FROM range(9) t(i)"
        ),
        "flow_parquet": _parquet(
            "SELECT '10.0.0.' || i AS src_ip, '10.0.1.1' AS dst_ip, 443 AS dst_port FROM range(9) t(i)"
        ),
    }
    return {
        **texts,
        **binary,
        "gzip": gzip.compress(texts["comma"], mtime=0),
        "zip": _zip({"servers.csv": texts["comma"], "a/flows.log": texts["flows"], "book.xlsx": binary["workbook"]}),
    }


def hostile_file(number: int) -> tuple[str, bytes]:
    """Make one file.

    Args:
        number: Says which; the same number gives the same file.

    Returns:
        What it is, and its bytes.
    """
    chance = random.Random(number)  # noqa: S311  (no secret)
    if chance.random() < 0.15:
        name, made = chance.choice(list(MADE.items()))
        return name, made(chance)
    name, content = chance.choice(list(whole_files().items()))
    done = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        change = chance.choice(CHANGES)
        content = change(content, chance)
        done.append(change.__name__.strip("_"))
    if chance.random() < 0.05:
        content = gzip.compress(content, mtime=0) if chance.random() < 0.5 else _zip({"x": content})
        done.append("packed")
    return f"{name}: {', '.join(done)}", content


def _truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _flipped(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 5, 50]) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _slice_lost(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start + chance.randrange(300) :]


def _slice_repeated(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    piece = content[start : start + chance.randrange(300)]
    return content[:start] + piece * chance.choice([2, 20]) + content[start:]


def _lines_shuffled(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def _bytes_shuffled(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    piece = list(content[start : start + 200])
    chance.shuffle(piece)
    return content[:start] + bytes(piece) + content[start + 200 :]


def _other_encoding(content: bytes, chance: random.Random) -> bytes:
    return content.decode("utf-8", errors="replace").encode(chance.choice(ENCODINGS), errors="replace")


def _other_delimiter(content: bytes, chance: random.Random) -> bytes:
    old, new = chance.sample(DELIMITERS, 2)
    return content.replace(old.encode(), new.encode())


def _hostile_cells(content: bytes, chance: random.Random) -> bytes:
    cell = chance.choice(HOSTILE_CELLS)
    if chance.random() < 0.01:
        cell = b"x" * LARGEST_CELL
    place = chance.randrange(len(content) + 1)
    separators = [at for at in (content.find(mark, place) for mark in (b",", b"\t", b'": ', b" ")) if at >= 0]
    place = min(separators, default=place)
    return content[: place + 1] + cell + content[place + 1 :]


CHANGES: list[Callable[[bytes, random.Random], bytes]] = [
    _truncated,
    _flipped,
    _slice_lost,
    _slice_repeated,
    _lines_shuffled,
    _bytes_shuffled,
    _other_encoding,
    _other_delimiter,
    _hostile_cells,
    _hostile_cells,
]


def _bomb(chance: random.Random) -> bytes:
    data = zipfile.ZIP_DEFLATED
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", data) as archive, archive.open("bomb.csv", "w", force_zip64=True) as member:
        for _ in range(chance.choice([110, 130])):
            member.write(b"0" * (1 << 20))
    return content.getvalue()


def _lying_archive(chance: random.Random) -> bytes:
    content = bytearray(_zip({"servers.csv": whole_files()["comma"], "more.csv": whole_files()["tab"]}))
    directory = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, directory + chance.choice([16, 20, 24, 42]), chance.choice([0, 5, 1 << 31]))
    return bytes(content)


def _nested_archives(chance: random.Random) -> bytes:
    content = whole_files()["comma"]
    for level in range(chance.randrange(1, 8)):
        content = gzip.compress(content, mtime=0) if chance.random() < 0.3 else _zip({f"level{level}": content})
    return content


def _path_tricks(chance: random.Random) -> bytes:
    content = io.BytesIO()
    names = [
        "../up.csv",
        "/root.csv",
        "C:\\drive.csv",
        "a/../../b.csv",
        "ok.csv",
        "ok.csv",
        "\x00nul.csv",
        "é\\ü.csv",
        "con",
    ]
    with zipfile.ZipFile(content, "w") as archive:
        for name in chance.sample(names, 6):
            member = zipfile.ZipInfo(name)
            if chance.random() < 0.2:
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, whole_files()["comma"])
    changed = bytearray(content.getvalue())
    if chance.random() < 0.3:
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            changed[changed.find(mark) + offset] |= 1
    return bytes(changed)


def _workbook_part(part: str, replace: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole_files()["workbook"])) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    return _zip({name: replace(data) if name == part else data for name, data in parts.items()})


def _entities(chance: random.Random) -> bytes:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    outside = '<!ENTITY l0 "ha">' if chance.random() < 0.5 else '<!ENTITY l0 SYSTEM "file:///etc/passwd">'
    doctype = f"<!DOCTYPE x [{outside}{laughs}]>".encode()
    part = chance.choice(["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"])
    return _workbook_part(part, lambda data: data.replace(b"?>", b"?>" + doctype, 1).replace(b"srv01", b"&l11;"))


def _sprawling_sheet(chance: random.Random) -> bytes:
    mark = chance.choice(FAR_CELLS)
    row = b'<row r="1048576">' + mark + b"</row></sheetData>"
    return _workbook_part("xl/worksheets/sheet1.xml", lambda data: data.replace(b"</sheetData>", row))


def _damaged_part(chance: random.Random) -> bytes:
    part = chance.choice(["xl/sharedStrings.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
    change = chance.choice(CHANGES)
    return _workbook_part(part, lambda data: change(data, chance))


def _many_columns(chance: random.Random) -> bytes:
    width = chance.choice([3000, 20_000])
    header = ",".join(["Server name"] * width if chance.random() < 0.5 else [f"c{i}" for i in range(width)])
    return (header + "\n" + "x," * width + "\n").encode()


def _many_keys(chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return json.dumps([{f"k{i}": i} for i in range(6000)]).encode()
    return ("{" + ",".join('"hostname":"a"' for _ in range(6000)) + "}").encode()


def _deep_json(chance: random.Random) -> bytes:
    depth = chance.choice([30, 900, 50_000])
    if chance.random() < 0.5:
        return b"[" * depth + b"]" * depth
    return b'[{"hostname":"a","x":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}]"


def _garbage(chance: random.Random) -> bytes:
    start = chance.choice(STARTS)
    return start + chance.randbytes(chance.choice([0, 10, 3000]))


MADE: dict[str, Callable[[random.Random], bytes]] = {
    "lying archive": _lying_archive,
    "nested archives": _nested_archives,
    "path tricks": _path_tricks,
    "XML entities": _entities,
    "sprawling sheet": _sprawling_sheet,
    "damaged part of a workbook": _damaged_part,
    "many columns": _many_columns,
    "many keys": _many_keys,
    "deep JSON": _deep_json,
    "garbage": _garbage,
    "garbage once more": _garbage,
    "lying archive once more": _lying_archive,
    "bomb": lambda chance: _bomb(chance) if chance.random() < 0.1 else _nested_archives(chance),
}
