"""The `flow` command of a platform that has a sixth flow: one declaration and one function, nothing else.

Run by `command.py`. The tables' migration, which a real flow would bring along, is made from the declaration.
SIXTH_FLOW_FOLLOWS names the flow that it follows; wherever it stands, it reads what Discovery found.
"""

from __future__ import annotations

import os

import flow_pipelines.flows as declared
from flow_pipelines.flows import Flow, Phase

SCORING = Phase("scoring", "Scoring", "Give every server a score.", ("scores",))
# Before anything else is imported, as if it stood in flows.py.
FOLLOWS = os.environ.get("SIXTH_FLOW_FOLLOWS", "discovery")
declared.FLOWS = (*declared.FLOWS, Flow("review", "Review", "Score it.", (SCORING,), follows=FOLLOWS))

from flow_pipelines.tables.declaration import DECIMAL, IDENTIFIER, TEXT, editable, output_table, required  # noqa: E402

scores = output_table(
    "review",
    "scores",
    "One row per server.",
    required("server_id", IDENTIFIER, "The server.", sources=["discovery/inventory.asset_id"]),
    required("server_name", TEXT, "Its name.", sources=["discovery/inventory.name"]),
    editable(required("score", DECIMAL, "Its score, 0 to 100.")),
    key=("server_id",),
    entity="score",
    label="server_name",
)

from sqlalchemy import make_url  # noqa: E402

from assets_defs.definitions import SHELLS  # noqa: E402
from assets_defs.phase_assets import PhaseInputs, PhaseOutputs, PhaseShell  # noqa: E402
from flow_pipelines.cli.main import run  # noqa: E402
from flow_pipelines.tables.contract import conform  # noqa: E402
from resources.control_tables import all_tables  # noqa: E402
from resources.database import Database  # noqa: E402
from resources.local_server import OWNER, lease, state_folder  # noqa: E402
from resources.schema import migrate  # noqa: E402


def score(phase: PhaseInputs) -> PhaseOutputs:
    """Score every server by the length of its name."""
    assets = phase.frames["discovery/inventory"]
    servers = assets[assets["asset_type"] == "server"]
    frame = servers[["asset_id", "name"]].set_axis(["server_id", "server_name"], axis="columns")
    frame = frame.assign(score=frame["server_name"].str.len().astype(float))
    return PhaseOutputs({"review/scores": conform(frame, scores)})


SHELLS["review"] = (PhaseShell("scoring", ("discovery/inventory",), score),)


def main() -> None:
    """Bring the schema up to the declaration, and run the command."""
    with lease(state_folder()) as address:
        owner = Database(make_url(address.url(OWNER, driver="postgresql+psycopg")))
        with owner.transaction() as connection:
            migrate(connection)
            all_tables().create_all(connection)
        run()
