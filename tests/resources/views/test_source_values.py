from __future__ import annotations

from tests.resources.views.happenings import Engagement

ASSET, RECORD, OTHER = (f"{digit * 8}-1111-4111-8111-111111111111" for digit in "123")


def test_a_custom_attribute_is_found_by_its_asset_with_its_source(engagement: Engagement) -> None:
    record = {"record_type": "server", "source_file": "vms.csv", "sheet": None, "source_format": "rvtools"}
    mapping = {"source_file": "vms.csv", "sheet": None, "record_type": "server", "source_format": "rvtools"}
    discovered = {
        "discovery/imported_records": [
            record
            | {"record_id": RECORD, "row_number": 7, "raw_values": {"VM": "web-1", "tranche x": "B", "Own": "Ann"}},
            record | {"record_id": OTHER, "raw_values": {"VM": "web-2"}},
        ],
        "discovery/attribute_mappings": [
            mapping | {"source_column": "VM", "attribute": "name", "status": "applied", "method": "template"},
            mapping | {"source_column": "Own", "attribute": "owner", "status": "proposed", "method": "likeness"},
        ],
        "discovery/inventory": [
            {"asset_id": ASSET, "asset_type": "server", "name": "web-1", "source_entity_ids": [RECORD]}
        ],
    }
    engagement.run_flow("discovery", discovered)
    found = engagement.select(
        "SELECT header, value, attribute, source_file, row_number FROM platform.asset_source_values "
        "WHERE asset_name = 'web-1' ORDER BY header"
    )
    assert [tuple(cell.values()) for cell in found] == [
        ("Own", "Ann", None, "vms.csv", 7),
        ("VM", "web-1", "name", "vms.csv", 7),
        ("tranche x", "B", None, "vms.csv", 7),
    ]
