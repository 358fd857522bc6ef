"""The files of a Terraform configuration that builds the chosen targets.

Belongs here: which files there are. Does not: what is in each cloud's (`aws.py`, `azure.py`, `google.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd

from flow_pipelines.plan.target.terraform.aws import aws_configuration
from flow_pipelines.plan.target.terraform.azure import azure_configuration
from flow_pipelines.plan.target.terraform.build import CloudBuild, builds
from flow_pipelines.plan.target.terraform.google import google_configuration
from flow_pipelines.plan.target.terraform.values import Block
from flow_pipelines.settings_target import TargetSettings

CONFIGURATIONS: dict[str, Callable[[CloudBuild], Block]] = {
    "aws": aws_configuration,
    "azure": azure_configuration,
    "google": google_configuration,
}
PROVIDERS: dict[str, tuple[str, Block]] = {
    "aws": ("aws", {"source": "hashicorp/aws", "version": ">= 5.0"}),
    "azure": ("azurerm", {"source": "hashicorp/azurerm", "version": ">= 4.0"}),
    "google": ("google", {"source": "hashicorp/google", "version": ">= 6.0"}),
}
VERSIONS = "versions.tf.json"
COMMENT = "Made from plan/targets: a change here is lost with the next run. Give the variables in a .tfvars file."


def terraform_files(
    inventory: pd.DataFrame,
    targets: pd.DataFrame,
    storage: pd.DataFrame,
    zone: pd.DataFrame,
    *,
    settings: TargetSettings,
) -> dict[str, str]:
    """Write the chosen targets, their storage and their networks as Terraform configuration.

    Args:
        inventory: The rows of `discovery/inventory`; its owners and the like become tags.
        targets: The rows of `plan/targets`, people's corrections included.
        storage: The rows of `plan/storage_targets`.
        zone: The rows of `plan/landing_zone`.
        settings: Whether licences of Windows are brought along.

    Returns:
        By file name, JSON: one file for each cloud to which servers go, and one that names the providers; all of them
        make up one module. Images, accounts and passwords are variables without default. None if no server goes
        anywhere. The same rows give the same text, in whatever order.
    """
    found = builds(inventory, targets, storage, zone, brings_windows=settings.windows_licence == "own")
    if not found:
        return {}
    required = dict(PROVIDERS[build.provider] for build in found)
    versions: Block = {"terraform": {"required_version": ">= 1.5", "required_providers": required}}
    files = {f"{build.provider}.tf.json": _text(CONFIGURATIONS[build.provider](build)) for build in found}
    return {VERSIONS: _text(versions), **files}


def _text(configuration: Block) -> str:
    return json.dumps({"//": COMMENT, **configuration}, indent=2, sort_keys=True) + "\n"
