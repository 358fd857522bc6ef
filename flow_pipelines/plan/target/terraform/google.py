"""How Terraform's provider of Google Cloud writes what is to be built.

Belongs here: its resources and arguments. Does not: what is built (`build.py`).
"""

from __future__ import annotations

from flow_pipelines.plan.target.terraform.build import CloudBuild, Machine, Place
from flow_pipelines.plan.target.terraform.values import Block, labels, map_variable, of_map, reference

SMALLEST_DISK_GIB, LARGEST_ROOT_GIB = 10, 65_536


def google_configuration(build: CloudBuild) -> Block:
    """Return the configuration of one cloud: variables, providers, data and resources."""
    zones = {account.name: {"provider": _provider(account), "region": build.region} for account in build.accounts}
    disks = {name: block for machine in build.machines for name, block in _disks(machine).items()}
    return {
        "variable": {
            "google_project_ids": map_variable("The id of each project, by its name."),
            "google_images": map_variable("The image of each server, by the name of its resource."),
        },
        "provider": {
            "google": [
                {
                    "alias": account.name,
                    "project": of_map("google_project_ids", account.name),
                    "region": build.region,
                }
                for account in build.accounts
            ]
        },
        "data": {"google_compute_zones": zones},
        "resource": {
            "google_compute_network": {network.name: _network(network) for network in build.networks},
            "google_compute_subnetwork": {subnet.name: _subnet(subnet, build.region) for subnet in build.subnets},
            "google_compute_instance": {machine.name: _instance(machine) for machine in build.machines},
            **({"google_compute_disk": disks} if disks else {}),
        },
    }


def _provider(place: Place) -> str:
    return f"google.{place.account}"


def _network(network: Place) -> Block:
    return {"provider": _provider(network), "name": network.name, "auto_create_subnetworks": False}


def _subnet(subnet: Place, region: str) -> Block:
    return {
        "provider": _provider(subnet),
        "name": subnet.name,
        "network": reference("google_compute_network", subnet.network),
        "region": region,
        "ip_cidr_range": subnet.address_range,
        "private_ip_google_access": True,
    }


def _zone(subnet: Place) -> str:
    return reference("data.google_compute_zones", subnet.account, f"names[{subnet.zone - 1}]")


def _instance(machine: Machine) -> Block:
    boot: Block = {"image": of_map("google_images", machine.name)}
    if machine.volumes:
        boot["type"] = machine.volumes.storage_class
    if root := machine.root(LARGEST_ROOT_GIB):
        boot["size"] = max(root.gib, SMALLEST_DISK_GIB)
    attached = [{"source": reference("google_compute_disk", name)} for name in _disks(machine)]
    return {
        "provider": _provider(machine.subnet),
        "name": machine.name,
        "machine_type": machine.instance_type,
        "zone": _zone(machine.subnet),
        "boot_disk": {"initialize_params": boot},
        **({"attached_disk": attached} if attached else {}),
        "network_interface": {"subnetwork": reference("google_compute_subnetwork", machine.subnet.name)},
        "labels": labels(machine.tags),
    }


def _disks(machine: Machine) -> Block:
    """Return the disks that are not the one with the system; none if that one holds all."""
    return {
        name: {
            "provider": _provider(machine.subnet),
            "name": name,
            "zone": _zone(machine.subnet),
            "type": volume.storage_class,
            "size": max(volume.gib, SMALLEST_DISK_GIB),
            "labels": labels(machine.tags),
        }
        for name, volume in machine.attached(LARGEST_ROOT_GIB)
    }
