"""Secrets in cells: passwords and keys that people and tools leave in exports, taken out before anything is kept.

Belongs here: telling the secret part of a cell, and what stands in its place. Does not: which cells a row has
(`rows.py`), what else they say (`cleansing/`).

What is around a secret stays: a connection string still names its server and its database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flow_pipelines.discovery.readers.table import Record

REMOVED = "[secret-removed]"
WORDS = (
    r"pass(?:word|wd|phrase|wort|code)?|pwd|kennwort|mot[ _-]?de[ _-]?passe|contrase(?:ñ|n)a|senha|wachtwoord"
    r"|secret(?:[ _-]?(?:key|access[ _-]?key))?|(?:account|api|access|shared[ _-]?access|private|storage)[ _-]?key"
    r"|(?:client|app)[ _-]?secret|(?:auth|access|bearer|api|sas)[ _-]?token|credentials?"
)
# Long enough to be meant wherever they stand: dbPassword, PGPASSWORD, keyStorePassword.
GLUED = r"password|passwd|passphrase|passwort|kennwort|pwd|secret"
# Everything is bounded: a cell may have 10 million characters, and a search that began anew at each would not end.
# key=secret, key: secret and "key": "secret"; up to what ends a pair in connection strings, tags, JSON and addresses.
PAIR = re.compile(
    rf"(?P<kept>(?:(?<![^\W_])(?:{WORDS})|{GLUED})\d{{0,2}}[\"']?\s{{0,9}}[=:]\s{{0,9}})(?!\[secret-removed\])"
    r"(?P<secret>\"[^\"]{0,999}\"|'[^']{0,999}'|\{[^}]{0,999}\}|[^;,&|\s\"'}{]+)",
    re.IGNORECASE,
)
# Who logs in stays, with which password does not: postgresql://jane:secret@db01/shop.
LOGIN = re.compile(
    r"(?P<kept>(?<![a-z0-9+.-])[a-z][a-z0-9+.:-]{0,40}://[^\s/:@]{0,99}:)(?P<secret>[^\s/]{1,999})(?=@)", re.IGNORECASE
)
# Oracle's jdbc:oracle:thin:scott/tiger@db01.
SLASHED_LOGIN = re.compile(r"(?P<kept>jdbc:oracle:\w{1,20}:\w{1,99}/)(?P<secret>[^\s/@]{1,999})(?=@)", re.IGNORECASE)
# What command lines and calls of services hold: --password s3cret, Authorization: Bearer s3cret, ?sig=s3cret.
ARGUMENT = re.compile(
    rf"(?P<kept>--(?:[a-z]{{1,20}}-){{0,3}}(?:{WORDS})\s{{1,9}})(?!\[secret-removed\])(?P<secret>[^\s-]\S{{0,999}})",
    re.IGNORECASE,
)
AUTHORIZATION = re.compile(
    r"(?P<kept>authorization[\"']?\s{0,9}[=:]\s{0,9}[\"']?(?:bearer|basic|token)\s{1,9})(?!\[secret-removed\])"
    r"(?P<secret>[^\s\"']{4,9999})",
    re.IGNORECASE,
)
SIGNATURE = re.compile(r"(?P<kept>[?&](?:sig|x-amz-signature)=)(?P<secret>[^&\s\"']{1,999})", re.IGNORECASE)
PRIVATE_KEY = re.compile(r"(?P<kept>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)(?P<secret>.*)", re.DOTALL)
SECRETS = (PAIR, ARGUMENT, AUTHORIZATION, SIGNATURE, LOGIN, SLASHED_LOGIN, PRIVATE_KEY)
# A column that holds nothing but secrets; one about them, such as Password last set, does not end so.
COLUMN = re.compile(rf"(?:.*[^a-z])?(?!pass$)(?:{WORDS})s?", re.IGNORECASE)
# Password*, Password: and Password (2) are called Password.
AROUND_NAME = re.compile(r"[\W\d_]+$")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Without one of these nothing matches: most cells are passed by in 0.1 µs.
MARKS = ("=", ":", "--")


def without_secrets(text: str) -> str:
    """Return a cell's text with each secret in it replaced by `REMOVED`; what holds none comes back as it is."""
    if not any(mark in text for mark in MARKS):
        return text
    for pattern in SECRETS:
        text = pattern.sub(rf"\g<kept>{REMOVED}", text)
    return text


def is_secret_column(name: str) -> bool:
    """Tell whether a column holds secrets by what it is called."""
    return bool(COLUMN.fullmatch(CAMEL.sub(" ", AROUND_NAME.sub("", name))))


def without_secret_columns(records: Iterable[Record], columns: Sequence[str]) -> Iterable[Record]:
    """Replace the filled cells of the columns that hold nothing but secrets, if there are any.

    A cell that says what its column is called stays: by it a row that repeats the column names is told.
    """
    secret = [(index, name) for index, name in enumerate(columns) if is_secret_column(name)]
    return (_covered(record, secret) for record in records) if secret else records


def _covered(record: Record, secret: Sequence[tuple[int, str]]) -> Record:
    cells = list(record.cells)
    for index, name in secret:
        if index < len(cells) and cells[index] and not _repeats(cells[index], name):
            cells[index] = REMOVED
    return record._replace(cells=cells)


def _repeats(cell: str, name: str) -> bool:
    return bool(cell == name or re.fullmatch(rf"{re.escape(cell)} \(\d+\)", name))
