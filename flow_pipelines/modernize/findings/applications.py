"""Which application an analysis is about.

Belongs here: the rule by which names are compared, and why none is found. Does not: where the names come from (each
format's module, and the file's own name).

In this order, and the first that names exactly one application counts: what the document says of itself, the folder
that it lies in, the file's name without the words that every such file has. A name means an application if both are the
same but for case and punctuation; failing that, if they differ by one slip, as names of applications are compared
everywhere (`discovery/identity/names.py`). What fits several is joined to none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from flow_pipelines.discovery.identity.names import are_close, compact

# What tools call their files, whatever they are about.
COMMON = re.compile(
    r"(?<![a-z])(?:output|results?|report|analysis|findings|scan|sarif|s?bom|cyclonedx|cdx|konveyor|kantra|codeql|json)"
    r"(?![a-z])",
    re.IGNORECASE,
)
ANY_SUFFIX = re.compile(r"(?:\.(?:json|ya?ml|sarif|cdx|bom|sbom))+$", re.IGNORECASE)


@dataclass(frozen=True)
class Applications:
    """The applications that analyses may be about: names of workloads by id, and ids by name as compared."""

    names: Mapping[str, str]
    by_name: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Joined:
    """The application of an analysis, if there is one, and what tells it, in words."""

    workload_id: str | None
    reason: str


def applications_of(names: Mapping[str, str]) -> Applications:
    """Return the applications made ready to be found; `names` are those of workloads by id."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for workload in sorted(names):
        by_name[compact(names[workload])].append(workload)
    return Applications(names, by_name)


def names_of_file(source_file: str) -> tuple[str, ...]:
    """Return what a file's folder and name may say of the application."""
    path = PurePosixPath(source_file)
    own = COMMON.sub(" ", ANY_SUFFIX.sub("", path.name))
    return tuple(filter(compact, (*path.parent.parts[::-1], " ".join(own.replace("_", " ").split()))))


def join(names: Sequence[str], applications: Applications) -> Joined:
    """Find the application that one of the names means, the surest name first."""
    several = []
    for name in filter(compact, names):
        found = list(applications.by_name.get(compact(name), ()))
        how = "is its name"
        if not found:
            found = [one for one, called in applications.names.items() if are_close(called, name)]
            how = "is its name but for a slip"
        if len(found) == 1:
            return Joined(found[0], f"{name!r} {how}")
        if found:
            several.append(f"{name!r} may be {' or '.join(sorted(applications.names[one] for one in found))}")
    tried = ", ".join(dict.fromkeys(repr(name) for name in names if compact(name)))
    return Joined(None, "; ".join(several) or f"no application is called {tried or 'anything that it tells'}")
