"""Connection strings: which database, cache or queue a text names, and where.

Belongs here: the grammar of JDBC, URI, ODBC, ADO.NET, libpq and Oracle Net connection strings. Does not: which assets
are meant (`stated_links.py`), which schemes and drivers there are (`reference/connection_strings.yaml`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flow_pipelines.reference.connection_strings import Engine, engines

HOST = r"\[[0-9a-f:.]{2,45}\]|[\w.-]{1,253}(?:\\[\w$-]{1,50})?"
HOSTS = rf"(?:{HOST})(?::\d{{1,5}})?(?:,(?:{HOST})(?::\d{{1,5}})?){{0,20}}"
URI = re.compile(
    rf"(?<![\w.+])(?:jdbc:)?(?P<scheme>[a-z][\w+.-]{{0,30}}(?::[a-z0-9]{{1,20}})?):(?://|(?=\w))"
    rf"(?:[^\s/@]{{0,300}}@)?(?P<hosts>{HOSTS})"
    r"(?:/(?P<database>[\w$#.-]{1,128}))?(?P<rest>[;?]\S{0,2000})?",
    re.IGNORECASE,
)
ORACLE_THIN = re.compile(
    rf"jdbc:(?P<scheme>oracle:(?:thin|oci8?)):[^\s@]{{0,300}}@(?://)?(?P<hosts>{HOSTS})"
    r"(?:[:/](?P<database>[\w$#.-]{1,128}))?",
    re.IGNORECASE,
)
ORACLE_ADDRESS = re.compile(
    r"\(\s*HOST\s*=\s*(?P<host>[\w.-]+)\s*\)\s*(?:\(\s*PORT\s*=\s*(?P<port>\d+)\s*\))?", re.IGNORECASE
)
ORACLE_SERVICE = re.compile(r"\(\s*(?:SERVICE_NAME|SID)\s*=\s*(?P<database>[\w$#.-]+)\s*\)", re.IGNORECASE)
PAIR = re.compile(
    r"(?<!\w)(?P<key>[a-z][a-z _]*?)\s*=\s*(?P<value>\{[^}]*\}|\"[^\"]*\"|'[^']*'|[^;\s][^;]*?)"
    r"\s*(?=;|$|\s[a-z_]+\s*=)",
    re.IGNORECASE,
)
HOST_KEYS = ("server", "data source", "datasource", "host", "hostname", "addr", "address", "network address")
DATABASE_KEYS = ("database", "initial catalog", "dbname", "dbq", "databasename", "database name", "sid", "service name")
PARTNER_KEYS = ("failover partner", "failoverpartner", "failover_partner")
# What makes a list of pairs one that leads to a database, besides the host.
TELLING_KEYS = (
    *DATABASE_KEYS,
    *PARTNER_KEYS,
    "user id",
    "uid",
    "trusted_connection",
    "integrated security",
    "provider",
)
# tcp:db01\SQL1,1433 as ADO.NET writes it.
ADO_HOST = re.compile(
    r"(?:tcp:|np:|lpc:)?(?:\\\\)?(?P<host>[^,:\\\s]+)(?:\\(?P<instance>[\w$-]+))?(?:[,:]\s*(?P<port>\d+))?.*"
)
PORT = re.compile(r"[0-9]{1,5}")
HIGHEST_PORT = 65_535
OWN_HOSTS = ("(local)", ".", "(localdb)")
WITH_PORT = re.compile(rf"(?P<host>{HOST})(?::(?P<port>\d+))?", re.IGNORECASE)
# Every form has one of these; most texts are passed by.
MARKS = ("=", "://", "jdbc:")
# No driver takes a longer one, and a search that begins anew at each letter of 10 million would not end.
LONGEST = 4_000


@dataclass(frozen=True)
class StatedService:
    """What a connection string leads to.

    Attributes:
        host: Name or address of its host, in lower case; `localhost` for the machine itself.
        port: The port it names, or else the engine's own; None if neither is known.
        service: The engine's service; None if the string does not tell it.
        database: The database it names, if any.
    """

    host: str
    port: int | None
    service: str | None
    database: str | None


def stated_services(text: str) -> list[StatedService]:
    """Return what the connection strings in a text lead to, each once, in order; most texts hold none.

    A text of more than `LONGEST` characters is no connection string.
    """
    if len(text) > LONGEST or not any(mark in text for mark in MARKS):
        return []
    found = [*_from_oracle_net(text), *_from_addresses(text)] or _from_pairs(text)
    return list(dict.fromkeys(found))


def _from_addresses(text: str) -> list[StatedService]:
    found = []
    thin = list(ORACLE_THIN.finditer(text))
    others = [] if thin else URI.finditer(text)
    for match in [*thin, *others]:
        engine = engines().by_scheme.get(match["scheme"].casefold())
        if engine is None or not ("://" in match[0] or match[0].casefold().startswith("jdbc:")):
            continue
        database = match["database"] or _value(
            _pairs((match.groupdict().get("rest") or "").lstrip(";?")), DATABASE_KEYS
        )
        for host in match["hosts"].split(","):
            found += _at(host, engine, database)
    return found


def _at(written: str, engine: Engine, database: str | None) -> list[StatedService]:
    match = WITH_PORT.fullmatch(written)
    if match is None:
        return []
    host = match["host"].partition("\\")[0].strip("[]").casefold()
    return [StatedService(host, _port(match["port"]) or engine.port, engine.service, database)]


def _from_oracle_net(text: str) -> list[StatedService]:
    service = ORACLE_SERVICE.search(text)
    engine = engines().by_scheme["oracle"]
    return [
        StatedService(
            match["host"].casefold(),
            _port(match["port"]) or engine.port,
            engine.service,
            service["database"] if service else None,
        )
        for match in ORACLE_ADDRESS.finditer(text)
    ]


def _from_pairs(text: str) -> list[StatedService]:
    pairs = _pairs(text)
    host = _value(pairs, HOST_KEYS)
    if host is None or not any(key in pairs for key in TELLING_KEYS):
        return []
    driver = pairs.get("driver") or pairs.get("provider") or ""
    engine = next((engine for pattern, engine in engines().by_driver if pattern.search(driver)), None)
    if engine is None and "initial catalog" in pairs:
        engine = engines().by_scheme["sqlserver"]  # nobody else calls a database so
    found = []
    for written in (host, _value(pairs, PARTNER_KEYS)):
        match = ADO_HOST.fullmatch(written) if written else None
        if match:
            port = _port(match["port"]) or _port(pairs.get("port")) or (engine.port if engine else None)
            name = "localhost" if match["host"].casefold() in OWN_HOSTS else match["host"].casefold()
            service = engine.service if engine else None
            found.append(StatedService(name, port, service, _value(pairs, DATABASE_KEYS)))
    return found


def _port(written: str | None) -> int | None:
    """Return a port; None for what is none, such as the ${DB_PORT} of a template."""
    return int(written) if written and PORT.fullmatch(written) and 0 < int(written) <= HIGHEST_PORT else None


def _pairs(text: str) -> dict[str, str]:
    separated = text.replace("&", ";")
    return {
        " ".join(match["key"].casefold().split()): match["value"].strip("{}\"'") for match in PAIR.finditer(separated)
    }


def _value(pairs: dict[str, str], keys: tuple[str, ...]) -> str | None:
    return next((pairs[key] for key in keys if pairs.get(key)), None)
