"""Which code and data a phase's results can depend on, as one hash.

Belongs here: following imports from a flow's modules, from that of its phase and from what every phase passes through,
whatever flow they lead to; versions of the libraries that make rows. Does not: what Dagster does with a version
(`phase_assets.py`).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import flow_pipelines

PACKAGE = flow_pipelines.__name__
ROOT = Path(str(flow_pipelines.__file__)).parent
# Parsing all modules takes 1.7 s of every process, this 0.02 s. It finds no less: a test holds both against each other.
IMPORT = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+({PACKAGE}[\w.]*)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?", re.MULTILINE
)
COMMENT = re.compile(r"#[^\n]*")
# Read by name and not by import, of whatever flow they are.
ALWAYS = ("reference", "tables")
CODE = {".py", ".pyc"}
# What the rows of every phase pass through. What else runs a phase decides whether they are published.
PASSED_THROUGH = ("flow_pipelines/edits.py", "assets_defs/second_opinion.py", "resources/rows.py")
LIBRARIES = ("duckdb", "numpy", "ortools", "pandas", "python-calamine", "rapidfuzz", "scipy")


@cache
def code_version(flow: str, module: Path) -> str:
    """Return a hash of the code and data that a phase's results can depend on.

    A version that a person has to raise is forgotten one day; this one can't be. Sources are hashed without regard to
    what changed in them, so at worst an asset is called stale whose rows then come out equal. A process runs the code
    that it has loaded, so it hashes once: 90 times came to 8 % of the time of a small estate's runs.

    Left out: how runs are made and versions kept (`phase_run.py`, the rest of `resources/`), PostgreSQL, Python and
    libraries other than `LIBRARIES`, and the model that a second opinion was asked of.

    Args:
        flow: The flow, by the name of its folder.
        module: The file that the phase's function is in.
    """
    digest = hashlib.sha256(library_versions())
    for content in sorted(map(_content, sources_of(flow, module))):
        digest.update(content)
    return digest.hexdigest()[:12]


def sources_of(flow: str, module: Path) -> list[Path]:
    """Return the files that a phase's results can depend on: what it imports, on any way, and the data beside that."""
    passed = (ROOT.parent / name for name in PASSED_THROUGH)
    waiting = [module, *passed, *(path for folder in (flow, *ALWAYS) for path in (ROOT / folder).rglob("*.py"))]
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += imported_by(path)
    folders = {path.parent for path in reached - {module} if path.is_relative_to(ROOT)}
    return sorted(reached.union(*map(data_in, folders)), key=str)


@cache
def imported_by(path: Path) -> frozenset[Path]:
    """Return the modules of the package that a module imports, with the packages that they are in."""
    text = COMMENT.sub("", path.read_text(encoding="utf-8"))
    return frozenset(
        file
        for package, names in IMPORT.findall(text)
        for name in (package, *(f"{package}.{word}" for word in re.findall(r"\w+", names)))
        for file in _files_of(name)
    )


@cache
def _files_of(name: str) -> frozenset[Path]:
    """Return the files of a module and of the packages around it; of what is no module, only those around it."""
    around, _, _ = name.rpartition(".")
    place = ROOT.parent.joinpath(*name.split("."))
    own = (one for one in (place / "__init__.py", place.with_suffix(".py")) if one.is_file())
    return frozenset(own) | (_files_of(around) if around else frozenset())


@cache
def data_in(folder: Path) -> frozenset[Path]:
    """Return the files of a folder that are no code, nor what editors and systems put beside them for a while."""
    files = (path for path in folder.iterdir() if path.is_file() and path.suffix not in CODE)
    return frozenset(path for path in files if not path.name.startswith(".") and not path.name.endswith("~"))


@cache
def library_versions() -> bytes:
    """Return the versions of the libraries that make rows."""
    return "\n".join(f"{name} {version(name)}" for name in LIBRARIES).encode()


@cache
def _content(path: Path) -> bytes:
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return name.encode() + hashlib.sha256(path.read_bytes()).digest()
