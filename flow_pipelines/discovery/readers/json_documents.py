"""JSON documents: the values in a file of JSON, JSON Lines, or JSON objects one after the other.

Belongs here: from bytes to parsed values, each with its number, and what can't be parsed. Does not: which tables the
values make (`json_tables.py`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from flow_pipelines.discovery.readers.rejections import RAW_TEXT_LIMIT, Rejection
from flow_pipelines.discovery.readers.text import detect_encoding, open_text

MEGABYTE = 1 << 20
# A document is held as a whole, at about five times its size; lines are not.
MOST_DOCUMENT_MEGABYTES = 512
MOST_LINE_CHARACTERS = 16 * MEGABYTE
FIRST_LINE_CHARACTERS = MEGABYTE
# Beyond so many digits a number's plain form says less than its exponent.
MOST_DIGITS = 30
# White space, a byte-order mark, what separates the texts of a JSON sequence, and commas that do not belong there.
NOT_CONTENT = " \t\r\n\ufeff\x1e,"
SPACE = re.compile(r"[\s\ufeff]*")
BETWEEN = re.compile(r"[\s\ufeff\x1e]*,?[\s\ufeff\x1e]*")


class JsonItem(NamedTuple):
    """One value of a file.

    Attributes:
        number: Its line in JSON Lines, else its place in the list, counting from 1.
        value: The value: numbers are text as they were written; or the text that could not be parsed.
        problem: Why it could not be parsed, if so.
    """

    number: int
    value: Any
    problem: Rejection | None = None


@dataclass(frozen=True)
class JsonFile:
    """A file of JSON.

    Attributes:
        path: Where it is.
        encoding: Its encoding.
        has_lines: Whether each line is a value of its own.
        is_list: Whether it is one list.
    """

    path: Path
    encoding: str
    has_lines: bool
    is_list: bool

    def items(self) -> Iterator[JsonItem]:
        """Yield the file's values: its lines, the items of its only list, or the values one after the other."""
        return _lines(self) if self.has_lines else _items(self)


def open_json(path: Path) -> JsonFile | Rejection:
    """Tell how a file holds JSON, or why it can't be read."""
    encoding = detect_encoding(path)
    with open_text(path, encoding) as file:
        first, second = _filled_line(file), _filled_line(file)
    has_lines = second.startswith(("{", "[")) and isinstance(_parsed(first), dict | list)
    megabytes = path.stat().st_size // MEGABYTE
    if megabytes > MOST_DOCUMENT_MEGABYTES and not has_lines:
        details: dict[str, object] = {"megabytes": megabytes, "limit": MOST_DOCUMENT_MEGABYTES}
        return Rejection("document_too_large", row_count=0, details=details)
    return JsonFile(path, encoding, has_lines, is_list=not has_lines and first.startswith("["))


def _filled_line(file: TextIO) -> str:
    while (line := file.readline(FIRST_LINE_CHARACTERS)) and not line.strip(NOT_CONTENT):
        pass
    return line.strip(NOT_CONTENT)


def _parsed(text: str) -> Any:  # noqa: ANN401  (JSON holds anything)
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _lines(file: JsonFile) -> Iterator[JsonItem]:
    with open_text(file.path, file.encoding) as lines:
        number = 0
        while line := lines.readline(MOST_LINE_CHARACTERS):
            number += 1
            if len(line) == MOST_LINE_CHARACTERS and not line.endswith("\n"):
                while (rest := lines.readline(MOST_LINE_CHARACTERS)) and not rest.endswith("\n"):
                    pass
                details: dict[str, object] = {"limit": MOST_LINE_CHARACTERS}
                yield JsonItem(
                    number, line, Rejection("cell_too_long", number, text=line[:RAW_TEXT_LIMIT], details=details)
                )
            elif text := line.strip(NOT_CONTENT):
                yield _item(text, number)


def _item(text: str, number: int) -> JsonItem:
    try:
        return JsonItem(number, DECODER.decode(text))
    except (ValueError, RecursionError) as error:
        return JsonItem(number, text, _problem(error, number, text))


def _items(file: JsonFile) -> Iterator[JsonItem]:
    with open_text(file.path, file.encoding) as content:
        text = content.read()
    position = _end(SPACE, text, 0)
    is_list = text.startswith("[", position)
    position = _end(SPACE, text, position + is_list)
    number = 0
    while position < len(text):
        if is_list and text[position] == "]":
            position = _end(BETWEEN, text, position + 1)
            is_list = text.startswith("[", position)
            position = _end(SPACE, text, position + is_list)
            continue
        number += 1
        try:
            value, end = DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            end = _next_item(text, position)
            yield JsonItem(number, text[position:end], _problem(error, number, text[position:end]))
        else:
            yield JsonItem(number, value)
        position = _end(BETWEEN, text, end)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _next_item(text: str, position: int) -> int:
    """Return where the item after a broken one starts: the next object that stands on a line of its own likewise."""
    line = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1
    indent = text[line:position].lstrip("[,")
    if indent and not indent.isspace():
        return len(text)
    found = re.compile(rf"[\n\r],?{re.escape(indent)}\{{").search(text, position)
    return found.end() - 1 if found else len(text)


def _problem(error: Exception, number: int, text: str) -> Rejection:
    text = text[:RAW_TEXT_LIMIT]
    if isinstance(error, RecursionError):
        return Rejection("nested_too_deep", number, text=text)
    return Rejection("broken_json", number, text=text, details={"error": " ".join(str(error).split())})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; a key that stands in it twice is two keys."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times: Counter[str] = Counter()
        found = {}
        for key, value in pairs:
            times[key] += 1
            found[key if times[key] == 1 else f"{key} ({times[key]})"] = value
    return found


def _number(text: str) -> str:
    if "e" not in text and "E" not in text:
        return text
    try:
        number = Decimal(text)
    except DecimalException:
        return text
    return f"{number:f}" if abs(number.adjusted()) <= MOST_DIGITS else text


# Numbers stay text, so none loses a digit, and none of a million digits takes an hour.
DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=_number, parse_constant=lambda _: None, strict=False
)
