"""The one declaration of the five flows: their phases, in order, and the tables each phase fills.

Belongs here: names, order, purposes, which flow hands over to which. All else derives from it: schemas, asset keys,
jobs, hand-offs, tracking, rollback, help texts, status.
Does not: columns (`tables/`) and how a phase computes (one module per phase).
"""

from __future__ import annotations

from dataclasses import dataclass

# The schema of the hand-offs between flows.
HANDOFFS = "handoffs"
# The name under which a hand-off is tracked: the first step of the flow that it gates.
HANDOFF_PHASE = "handoff"


@dataclass(frozen=True)
class Phase:
    """One step of a flow; fills one or more tables, each a Dagster asset."""

    name: str
    title: str
    purpose: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Flow:
    """One of the five flows of a migration programme; its name is the schema of its tables.

    `follows` names the flow whose result it starts from, which is handed over, validated, before it begins.
    """

    name: str
    title: str
    purpose: str
    phases: tuple[Phase, ...]
    follows: str | None = None

    @property
    def handoff(self) -> str | None:
        """The key of the hand-off that gates the flow, `handoffs/discovery_to_assess`; None for the first flow."""
        return f"{HANDOFFS}/{self.follows}_to_{self.name}" if self.follows else None

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
                ("inventory", "inventory_conflicts", "identity_candidates"),
            ),
            Phase(
                "dependencies",
                "Dependencies",
                "Find out which asset needs which other one, and which of them belong together.",
                ("dependencies", "asset_groups"),
            ),
            Phase(
                "tech_debt",
                "Tech debt",
                "Hold each asset against dated facts, its use and its dependencies; say what data is missing.",
                ("tech_debt", "debt_scores", "data_quality", "collection_gaps"),
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
            Phase(
                "treatment",
                "Treatment",
                "Choose the treatment of every workload, and of its databases and middleware.",
                ("questionnaire_answers", "treatments", "component_treatments"),
            ),
            Phase(
                "wave_planning",
                "Wave planning",
                "Group workloads into move groups and waves.",
                ("waves", "wave_conditions", "wave_totals"),
            ),
            Phase("roadmap", "Roadmap", "Put the waves into calendar time.", ("roadmap",)),
            Phase("editor", "Editor", "Merge decisions and edits into one agreed plan.", ("plan_of_record",)),
        ),
        follows="discovery",
    ),
    Flow(
        "plan",
        "Plan",
        "Who does what when, on which target, at what cost.",
        (
            Phase("overview", "Overview", "Scope, effort, cost and risk per wave.", ("plan_overview",)),
            Phase("timeline", "Timeline", "Schedule every task of every workload.", ("timeline", "timeline_links")),
            Phase(
                "resource",
                "Resource",
                "Match roles and people to the schedule.",
                ("resource_plan", "resource_remedies"),
            ),
            Phase(
                "target",
                "Target",
                "Right-size every workload onto its target.",
                (
                    "targets",
                    "storage_targets",
                    "database_targets",
                    "landing_zone",
                    "address_conflicts",
                    "business_case",
                ),
            ),
        ),
        follows="assess",
    ),
    Flow(
        "execute",
        "Execute",
        "Do it: tasks, cutovers and progress against the plan.",
        (
            Phase(
                "overview",
                "Overview",
                "Take in what was told of tasks; readiness and state of every wave.",
                ("task_updates", "rejected_updates", "wave_gates", "execution_overview"),
            ),
            Phase("rehost", "Rehost", "The task graph of every rehosted server.", ("rehost_tasks",)),
            Phase(
                "replatform",
                "Replatform",
                "The task graph of every replatformed server and database.",
                ("replatform_tasks",),
            ),
            Phase("cutover", "Cutover", "The runbook of every wave's cutover.", ("cutover_runbook", "runbook_timings")),
            Phase(
                "reports",
                "Reports",
                "Planned against actual, and the end by what has happened.",
                ("task_forecasts", "burn_down", "execution_report"),
            ),
        ),
        follows="plan",
    ),
    Flow(
        "modernize",
        "Modernize",
        "What comes after the move.",
        (
            Phase("refactor", "Refactor", "The backlog of refactorings.", ("code_findings", "refactor_backlog")),
            Phase("rearchitect", "Rearchitect", "The backlog of re-architectures.", ("rearchitect_backlog",)),
            Phase("rewrite", "Rewrite", "The backlog of rewrites.", ("rewrite_backlog",)),
        ),
        follows="execute",
    ),
)


def flow_of(table_key: str) -> Flow:
    """Return the flow that a table or hand-off belongs to; a hand-off belongs to the flow that it gates.

    Raises:
        KeyError: No flow declares it.
    """
    return {key: flow for flow in FLOWS for key in (flow.handoff, *flow.tables) if key}[table_key]


def phase_of(table_key: str) -> Phase | None:
    """Return the phase that fills a table; None for a hand-off."""
    flow = flow_of(table_key)
    name = table_key.split("/")[1]
    return next((phase for phase in flow.phases if table_key != flow.handoff and name in phase.tables), None)


def step_of(table_key: str) -> tuple[str, str]:
    """Return the flow and the phase in which a table is made; the tables of a step are published together."""
    phase = phase_of(table_key)
    return flow_of(table_key).name, phase.name if phase else HANDOFF_PHASE


def flows_after(flow: Flow) -> list[Flow]:
    """Return the flows that start, directly or not, from what this one hands over, in declared order."""
    reached = {flow.name}
    found = []
    for other in FLOWS:
        if other.follows in reached:
            reached.add(other.name)
            found.append(other)
    return found


def flow_named(name: str) -> Flow:
    """Return the declaration of a flow.

    Raises:
        KeyError: There is no flow of this name.
    """
    return {flow.name: flow for flow in FLOWS}[name]
