"""The targets as Terraform configuration, in its JSON syntax.

Belongs here: what is to be built, and how each cloud's provider writes it. Does not: choosing targets and networks
(`plan/target/`), writing files (`resources/artefacts.py`).
"""

from flow_pipelines.plan.target.terraform.export import terraform_files

__all__ = ["terraform_files"]
