"""`python -m flow_pipelines.cli`: the `flow` command without its script."""

from flow_pipelines.cli.main import run

run()
