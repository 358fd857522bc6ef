"""Which code and data a phase's results can depend on, as one hash.

Belongs here: following imports from a flow's modules, and from that of its phase, whatever flow they lead to. Does not:
what Dagster does with a version (`phase_assets.py`).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
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


@cache
def code_version(flow: str, module: Path) -> str:
    """Return a hash of all the code and data that a phase's results can depend on.

    A version that a person has to raise is forgotten one day; this one can't be. Sources are hashed without regard to
    what changed in them, so at worst an asset is called stale whose rows then come out equal. A process runs the code
    that it has loaded, so it hashes once: 90 times came to 8 % of the time of a small estate's runs.

    Args:
        flow: The flow, by the name of its folder.
        module: The file that the phase's function is in.
    """
    digest = hashlib.sha256()
    for path in sources_of(flow, module):
        digest.update(_content(path))
    return digest.hexdigest()[:12]


def sources_of(flow: str, module: Path) -> list[Path]:
    """Return the files that a phase's results can depend on: what it imports, on any way, and the data beside that."""
    waiting = [module, *(path for folder in (flow, *ALWAYS) for path in (ROOT / folder).rglob("*.py"))]
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += imported_by(path)
    folders = {path.parent for path in reached - {module}}
    return sorted(reached.union(*map(_data_in, folders)), key=str)


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
def _data_in(folder: Path) -> frozenset[Path]:
    return frozenset(path for path in folder.iterdir() if path.is_file() and path.suffix not in CODE)


@cache
def _content(path: Path) -> bytes:
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return name.encode() + hashlib.sha256(path.read_bytes()).digest()
