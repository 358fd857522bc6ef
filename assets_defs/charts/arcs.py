"""The dependencies of one wave as arcs beside a list of names: no label ever covers another, however many there are.

Belongs here: drawing who needs whom. Does not: which wave something is in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import pandas as pd

from assets_defs.charts.svg import COLOURS, GREY, INK, RED, Picture, legend, svg, words
from flow_pipelines.edit_values import UNWRITABLE

ROW_HEIGHT = 18
LABEL_WIDTH = 250
HEAD = 26
MOST_NAMES_FULL, MOST_NAMES_SMALL = 120, 30
WIDEST_ARC = 320
THICKEST = 5.0


@dataclass(frozen=True)
class _Node:
    """A line of the picture: a workload of the wave, a group of them, or another wave.

    Attributes:
        label: What it is called.
        key: What tells it from another one of that label.
        is_outside: Whether it is another wave.
    """

    label: str
    key: str
    is_outside: bool


Edges = Counter[tuple[_Node, _Node]]  # how many dependencies from one to the other


def dependency_picture(workloads: pd.DataFrame, dependencies: pd.DataFrame, wave: int) -> Picture:
    """Return who needs whom in a wave, and what goes to other waves.

    Args:
        workloads: workload_id, workload_name, wave_number and move_group_name of all workloads.
        dependencies: source_id and target_id, each a workload; the source needs the target.
        wave: The wave. A wave of many workloads is drawn by move groups; of more groups than fit, those with the
            fewest dependencies are drawn as one.
    """
    full = _draw(workloads, dependencies, wave, most=MOST_NAMES_FULL)
    inside = int((workloads["wave_number"] == wave).fillna(value=False).sum())
    small = _draw(workloads, dependencies, wave, most=MOST_NAMES_SMALL)
    return Picture(small, full, f"dependencies of wave {wave}, {inside:,} workloads")


def _draw(workloads: pd.DataFrame, dependencies: pd.DataFrame, wave: int, *, most: int) -> str:
    node_of = _nodes(workloads, wave, most)
    nodes, edges = _summed(node_of, _edges(node_of, dependencies), most)
    places = {node: HEAD + number * ROW_HEIGHT + 9 for number, node in enumerate(nodes)}
    parts = [legend(8, 4, ((COLOURS[0], "needed within the wave"), (RED, "needed across waves")))]
    heaviest = max(edges.values(), default=1)
    for (source, target), count in sorted(edges.items(), key=lambda edge: (places[edge[0][0]], places[edge[0][1]])):
        hint = f"{source.label} needs {target.label}" + (f" ({count:,} times)" if count > 1 else "")
        colour = RED if source.is_outside or target.is_outside else COLOURS[0]
        thickness = 1 + (THICKEST - 1) * (count - 1) / max(heaviest - 1, 1)
        parts.append(_arc(places[source], places[target], colour, thickness, hint))
    for node, y in places.items():
        ink, colour = (GREY, RED) if node.is_outside else (INK, COLOURS[0])
        parts.append(words(LABEL_WIDTH - 10, y + 4, node.label, anchor="end", fill=ink, longest=36))
        parts.append(f'<circle cx="{LABEL_WIDTH}" cy="{y:g}" r="4" fill="{colour}"/>')
    return svg(LABEL_WIDTH + WIDEST_ARC + 30, HEAD + len(nodes) * ROW_HEIGHT + 8, parts)


def _nodes(workloads: pd.DataFrame, wave: int, most: int) -> dict[str, _Node]:
    """Return the node that stands for each workload."""
    is_inside = (workloads["wave_number"] == wave).fillna(value=False).astype(bool)
    inside, outside = workloads[is_inside], workloads[~is_inside]
    names = zip(inside["workload_id"].astype(str), inside["workload_name"].astype(str), strict=True)
    named = {one: _Node(name, one, is_outside=False) for one, name in names}
    if len(named) > most:
        sizes = Counter(inside["move_group_name"])
        groups = zip(inside["workload_id"], inside["move_group_name"], strict=True)
        named = {one: _Node(f"{group} ({sizes[group]:,})", str(group), is_outside=False) for one, group in groups}
    for one, number in zip(outside["workload_id"], outside["wave_number"], strict=True):
        other = "no wave" if pd.isna(number) else f"wave {number}"
        named[one] = _Node(other, "0" if pd.isna(number) else f"{number:09}", is_outside=True)
    return named


def _edges(node_of: dict[str, _Node], dependencies: pd.DataFrame) -> Edges:
    pairs = zip(dependencies["source_id"].map(node_of), dependencies["target_id"].map(node_of), strict=True)
    return Counter(
        (source, target)
        for source, target in pairs
        if isinstance(source, _Node)
        and isinstance(target, _Node)
        and source != target
        and not (source.is_outside and target.is_outside)
    )


def _summed(node_of: dict[str, _Node], edges: Edges, most: int) -> tuple[list[_Node], Edges]:
    """Return the nodes to draw and the edges between them, those with the fewest edges as one if there are too many."""
    touched = Counter[_Node]()
    for (source, target), count in edges.items():
        touched.update({source: count, target: count})
    # Another wave is drawn if something leads there, a workload of this one in any case.
    drawn = sorted(
        {node for node in node_of.values() if not node.is_outside or node in touched},
        key=lambda node: (node.is_outside, *(("", node.key) if node.is_outside else (node.label, node.key))),
    )
    if len(drawn) <= most:
        return drawn, edges
    by_weight = sorted(drawn, key=lambda node: (-touched[node], node.is_outside, node.label, node.key))
    kept, rest = set(by_weight[: most - 1]), by_weight[most - 1 :]
    remaining = _Node(f"{len(rest):,} more", "", is_outside=False)
    summed: Edges = Counter()
    for pair, count in edges.items():
        source, target = (node if node in kept else remaining for node in pair)
        if source != target:
            summed[source, target] += count
    return [*(node for node in drawn if node in kept), remaining], summed


def _arc(source: float, target: float, colour: str, thickness: float, hint: str) -> str:
    """Return an arc to the right of the names, which ends with a dot at what is needed."""
    reach = min(abs(target - source) / 2 + 8, WIDEST_ARC)
    x = LABEL_WIDTH + 4
    path = f"M{x} {source:g} C{x + reach:g} {source:g} {x + reach:g} {target:g} {x} {target:g}"
    end = f'<path d="M{x} {target:g} l8 -3 v6 z" fill="{colour}"/>'
    stroke = f'stroke="{colour}" stroke-width="{thickness:.2g}" stroke-opacity="0.6"'
    return f'<path d="{path}" fill="none" {stroke}><title>{escape(UNWRITABLE.sub("", hint))}</title></path>{end}'
