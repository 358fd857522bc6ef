"""How Terraform's provider of AWS writes what is to be built.

Belongs here: its resources and arguments. Does not: what is built (`build.py`).
"""

from __future__ import annotations

from itertools import cycle
from string import ascii_lowercase

from flow_pipelines.plan.target.terraform.build import CloudBuild, Machine, Place, Tags, Volumes
from flow_pipelines.plan.target.terraform.values import Block, map_variable, of_map, reference, tags

# What a root volume may hold; more, or several volumes, are attached beside that of the image.
LARGEST_ROOT_GIB = 16_384
# The names that AWS recommends, and beyond those the ones it accepts.
DEVICES = [f"/dev/sd{letter}" for letter in "fghijklmnop"]
DEVICES += [f"/dev/xvd{first}{second}" for first in "bcd" for second in ascii_lowercase]


def aws_configuration(build: CloudBuild) -> Block:
    """Return the configuration of one cloud: variables, providers, data and resources."""
    zones = {account.name: {"provider": _provider(account), "state": "available"} for account in build.accounts}
    return {
        "variable": {
            "aws_role_arns": map_variable("The role to assume in each account, by the name of the account."),
            "aws_images": map_variable("The AMI of each server, by the name of its resource."),
        },
        "provider": {
            "aws": [
                {
                    "alias": account.name,
                    "region": build.region,
                    "assume_role": {"role_arn": of_map("aws_role_arns", account.name)},
                }
                for account in build.accounts
            ]
        },
        "data": {"aws_availability_zones": zones},
        "resource": {
            "aws_vpc": {network.name: _network(network) for network in build.networks},
            "aws_subnet": {subnet.name: _subnet(subnet) for subnet in build.subnets},
            "aws_instance": {machine.name: _instance(machine) for machine in build.machines},
            **_attached(build),
        },
    }


def _provider(place: Place) -> str:
    return f"aws.{place.account}"


def _network(network: Place) -> Block:
    return {
        "provider": _provider(network),
        "cidr_block": network.address_range,
        "enable_dns_hostnames": True,
        "tags": _named(network.tags, network.name),
    }


def _subnet(subnet: Place) -> Block:
    return {
        "provider": _provider(subnet),
        "vpc_id": reference("aws_vpc", subnet.network),
        "cidr_block": subnet.address_range,
        "availability_zone": _zone(subnet),
        "tags": _named(subnet.tags, subnet.name),
    }


def _zone(subnet: Place) -> str:
    return reference("data.aws_availability_zones", subnet.account, f"names[{subnet.zone - 1}]")


def _instance(machine: Machine) -> Block:
    instance: Block = {
        "provider": _provider(machine.subnet),
        "ami": of_map("aws_images", machine.name),
        "instance_type": machine.instance_type,
        "subnet_id": reference("aws_subnet", machine.subnet.name),
        "tags": _named(machine.tags, machine.tags["name"]),
    }
    if root := machine.root(LARGEST_ROOT_GIB):
        instance["root_block_device"] = {
            "volume_type": root.storage_class,
            "volume_size": root.gib,
            **_operations(root),
            "tags": _named(machine.tags, machine.tags["name"]),
        }
    return instance


def _operations(volumes: Volumes) -> Block:
    return {"iops": volumes.iops} if volumes.iops else {}


def _named(of_place: Tags, name: str) -> Block:
    """Return tags with the one that AWS shows as the name."""
    return tags({**{key: value for key, value in of_place.items() if key != "name"}, "Name": name})


def _attached(build: CloudBuild) -> Block:
    """Return the volumes that do not fit a root, and their attachments; nothing if there are none."""
    volumes: Block = {}
    attachments: Block = {}
    for machine in build.machines:
        for device, (name, volume) in zip(cycle(DEVICES), machine.attached(LARGEST_ROOT_GIB), strict=False):
            volumes[name] = {
                "provider": _provider(machine.subnet),
                "availability_zone": _zone(machine.subnet),
                "type": volume.storage_class,
                "size": volume.gib,
                **_operations(volume),
                "tags": _named(machine.tags, name),
            }
            attachments[name] = {
                "provider": _provider(machine.subnet),
                "device_name": device,
                "volume_id": reference("aws_ebs_volume", name),
                "instance_id": reference("aws_instance", machine.name),
            }
    return {"aws_ebs_volume": volumes, "aws_volume_attachment": attachments} if volumes else {}
