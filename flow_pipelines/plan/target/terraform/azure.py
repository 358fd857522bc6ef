"""How Terraform's provider of Azure writes what is to be built.

Belongs here: its resources and arguments. Does not: what is built (`build.py`).
"""

from __future__ import annotations

from flow_pipelines.plan.target.names import shortened
from flow_pipelines.plan.target.terraform.build import CloudBuild, Machine, Place
from flow_pipelines.plan.target.terraform.values import (
    Block,
    literal,
    map_variable,
    of_map,
    reference,
    tags,
    text_variable,
)

# What a disk with an operating system may hold; more, or several disks, are attached beside that of the image.
LARGEST_ROOT_GIB = 4_095
# The longest name that Windows gives itself.
LONGEST_COMPUTER_NAME = 15
DISK_TYPES = {"Standard SSD": "StandardSSD_LRS", "Premium SSD": "Premium_LRS"}
LINUX, WINDOWS = "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine"


def azure_configuration(build: CloudBuild) -> Block:
    """Return the configuration of one cloud: variables, providers and resources."""
    linux = [machine for machine in build.machines if not machine.is_windows]
    windows = [machine for machine in build.machines if machine.is_windows]
    return {
        "variable": {
            "azure_subscription_ids": map_variable("The id of each subscription, by its name."),
            "azure_images": map_variable("The id of each server's image, by the name of its resource."),
            "azure_admin_username": text_variable("The name of the administrator of every server."),
            **(
                {"azure_admin_public_key": text_variable("The SSH key of the administrator of Linux.")} if linux else {}
            ),
            **(
                {"azure_admin_password": text_variable("The password of the administrator.", sensitive=True)}
                if windows
                else {}
            ),
        },
        "provider": {
            "azurerm": [
                {
                    "alias": account.name,
                    "features": {},
                    "subscription_id": of_map("azure_subscription_ids", account.name),
                }
                for account in build.accounts
            ]
        },
        "resource": {
            "azurerm_resource_group": {
                account.name: {
                    "provider": _provider(account),
                    "name": account.name,
                    "location": build.region,
                    "tags": tags(account.tags),
                }
                for account in build.accounts
            },
            "azurerm_virtual_network": {network.name: _network(network) for network in build.networks},
            "azurerm_subnet": {subnet.name: _subnet(subnet) for subnet in build.subnets},
            "azurerm_network_interface": {machine.name: _interface(machine) for machine in build.machines},
            **({LINUX: {machine.name: _linux(machine) for machine in linux}} if linux else {}),
            **({WINDOWS: {one.name: _windows(one, build) for one in windows}} if windows else {}),
            **_attached(build),
        },
    }


def _provider(place: Place) -> str:
    return f"azurerm.{place.account}"


def _within(place: Place) -> Block:
    """Return what says where a resource belongs."""
    return {
        "provider": _provider(place),
        "resource_group_name": reference("azurerm_resource_group", place.account, "name"),
        "location": reference("azurerm_resource_group", place.account, "location"),
    }


def _network(network: Place) -> Block:
    return {
        **_within(network),
        "name": network.name,
        "address_space": [network.address_range],
        "tags": tags(network.tags),
    }


def _subnet(subnet: Place) -> Block:
    return {
        "provider": _provider(subnet),
        "resource_group_name": reference("azurerm_resource_group", subnet.account, "name"),
        "name": subnet.name,
        "virtual_network_name": reference("azurerm_virtual_network", subnet.network, "name"),
        "address_prefixes": [subnet.address_range],
    }


def _interface(machine: Machine) -> Block:
    return {
        **_within(machine.subnet),
        "name": f"{machine.name}-interface",
        "ip_configuration": {
            "name": "internal",
            "subnet_id": reference("azurerm_subnet", machine.subnet.name),
            "private_ip_address_allocation": "Dynamic",
        },
        "tags": tags(machine.tags),
    }


def _machine(machine: Machine) -> Block:
    disk: Block = {"caching": "ReadWrite", "storage_account_type": DISK_TYPES["Standard SSD"]}
    if machine.volumes:
        disk["storage_account_type"] = DISK_TYPES[machine.volumes.storage_class]
    if root := machine.root(LARGEST_ROOT_GIB):
        disk["disk_size_gb"] = root.gib
    return {
        **_within(machine.subnet),
        "name": machine.name,
        "size": machine.instance_type,
        "zone": str(machine.subnet.zone),
        "network_interface_ids": [reference("azurerm_network_interface", machine.name)],
        "source_image_id": of_map("azure_images", machine.name),
        "admin_username": "${var.azure_admin_username}",
        "os_disk": disk,
        "tags": tags(machine.tags),
    }


def _linux(machine: Machine) -> Block:
    key = {"username": "${var.azure_admin_username}", "public_key": "${var.azure_admin_public_key}"}
    return {**_machine(machine), "admin_ssh_key": key}


def _windows(machine: Machine, build: CloudBuild) -> Block:
    return {
        **_machine(machine),
        "computer_name": literal(shortened(machine.name, LONGEST_COMPUTER_NAME)),
        "admin_password": "${var.azure_admin_password}",
        **({"license_type": "Windows_Server"} if build.brings_windows else {}),
    }


def _attached(build: CloudBuild) -> Block:
    """Return the disks that are not the one with the system, and their attachments; nothing if there are none."""
    disks: Block = {}
    attachments: Block = {}
    for machine in build.machines:
        kind = WINDOWS if machine.is_windows else LINUX
        for number, (name, volume) in enumerate(machine.attached(LARGEST_ROOT_GIB)):
            disks[name] = {
                **_within(machine.subnet),
                "name": name,
                "zone": str(machine.subnet.zone),
                "storage_account_type": DISK_TYPES[volume.storage_class],
                "create_option": "Empty",
                "disk_size_gb": volume.gib,
                "tags": tags(machine.tags),
            }
            attachments[name] = {
                "provider": _provider(machine.subnet),
                "managed_disk_id": reference("azurerm_managed_disk", name),
                "virtual_machine_id": reference(kind, machine.name),
                "lun": number,
                "caching": "None",
            }
    both = {"azurerm_managed_disk": disks, "azurerm_virtual_machine_data_disk_attachment": attachments}
    return dict(both) if disks else {}
