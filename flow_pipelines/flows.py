"""The one declaration of the five flows: their phases, in order, and the tables each phase fills.

Belongs here: names, order, purposes. All else derives from it: schemas, asset keys, jobs, help texts, status.
Does not: columns (`tables/`) and how a phase computes (one module per phase).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """One step of a flow; fills one or more tables, each a Dagster asset."""

    name: str
    title: str
    purpose: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """One of the five flows of a migration programme; its name is the schema of its tables."""

    name: str
    title: str
    purpose: str
    phases: tuple[Phase, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The keys of the flow's tables, `flow/table`, in order of their phases."""
        return tuple(f"{self.name}/{table}" for phase in self.phases for table in phase.tables)


FLOWS: tuple[Flow, ...] = (
    Flow(
        "discovery",
        "Discovery",
        "What is there: from messy exports to one inventory with its dependencies and its debt.",
        (
            Phase(
                "data_import",
                "Data import",
                "Read every file that landed; each row ends as an imported or a rejected record.",
                ("imported_records", "rejected_records"),
            ),
            Phase(
                "attribute_mapping",
                "Attribute mapping",
                "Decide which canonical attribute each source column holds.",
                ("attribute_mappings",),
            ),
            Phase(
                "data_cleansing",
                "Data cleansing",
                "Bring every cell to its canonical unit, name and type; log every change.",
                ("cleansed_records", "cleansing_changes"),
            ),
            Phase(
                "inventory",
                "Inventory",
                "Resolve the records of all sources to one row per real asset.",
                ("inventory", "inventory_conflicts"),
            ),
            Phase(
                "dependencies",
                "Dependencies",
                "Find out which asset needs which other one, from relations and observed connections.",
                ("dependencies",),
            ),
            Phase(
                "tech_debt",
                "Tech debt",
                "Hold each asset's products against dated end-of-life facts.",
                ("tech_debt",),
            ),
        ),
    ),
    Flow(
        "assess",
        "Assess",
        "What to do with it: a treatment and a wave for every workload.",
        (
            Phase(
                "overview",
                "Overview",
                "Size, complexity, criticality and readiness.",
                ("assessment_overview",),
            ),
            Phase("treatment", "Treatment", "Choose the treatment of every workload.", ("treatments",)),
            Phase("wave_planning", "Wave planning", "Group workloads into move groups and waves.", ("waves",)),
            Phase("roadmap", "Roadmap", "Put the waves into calendar time.", ("roadmap",)),
            Phase("editor", "Editor", "Merge decisions and edits into one agreed plan.", ("plan_of_record",)),
        ),
    ),
    Flow(
        "plan",
        "Plan",
        "Who does what when, on which target, at what cost.",
        (
            Phase("overview", "Overview", "Scope, effort, cost and risk per wave.", ("plan_overview",)),
            Phase("timeline", "Timeline", "Schedule every task of every workload.", ("timeline",)),
            Phase("resource", "Resource", "Match roles and people to the schedule.", ("resource_plan",)),
            Phase("target", "Target", "Right-size every workload onto its target.", ("targets",)),
        ),
    ),
    Flow(
        "execute",
        "Execute",
        "Do it: tasks, cutovers and progress against the plan.",
        (
            Phase("overview", "Overview", "Readiness and state of every wave.", ("execution_overview",)),
            Phase("rehost", "Rehost", "The task graph of every rehosted server.", ("rehost_tasks",)),
            Phase(
                "replatform",
                "Replatform",
                "The task graph of every replatformed server.",
                ("replatform_tasks",),
            ),
            Phase("cutover", "Cutover", "The runbook of every wave's cutover.", ("cutover_runbook",)),
            Phase("reports", "Reports", "Planned against actual.", ("execution_report",)),
        ),
    ),
    Flow(
        "modernize",
        "Modernize",
        "What comes after the move.",
        (
            Phase("refactor", "Refactor", "The backlog of refactorings.", ("refactor_backlog",)),
            Phase("rearchitect", "Rearchitect", "The backlog of re-architectures.", ("rearchitect_backlog",)),
            Phase("rewrite", "Rewrite", "The backlog of rewrites.", ("rewrite_backlog",)),
        ),
    ),
)


def flow_named(name: str) -> Flow:
    """Return the declaration of a flow.

    Raises:
        KeyError: There is no flow of this name.
    """
    return {flow.name: flow for flow in FLOWS}[name]
