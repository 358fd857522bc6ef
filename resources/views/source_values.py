"""What the sources said about each asset, cell by cell: custom attributes, and what every other column was read as.

Belongs here: the view over the cells of the records that assets rest on. Does not: how columns are mapped
(`flow_pipelines/discovery/attribute_mapping.py`) and cleansed values (`discovery.cleansed_records`).
"""

from __future__ import annotations

from resources.views.declaration import SCOPE_COLUMNS, ControlView


def source_value_views() -> tuple[ControlView, ...]:
    """Return the view of the sources' own cells."""
    return (_asset_source_values(),)


def _asset_source_values() -> ControlView:
    return ControlView(
        name="platform.asset_source_values",
        comment="One row per asset and filled cell of a source that it rests on. Custom attributes are those whose "
        "attribute is empty. Name asset_id or engagement_id in the WHERE clause: it is every cell there is.",
        columns={
            **SCOPE_COLUMNS,
            "asset_id": "The asset, in discovery.inventory.",
            "asset_name": "Its name.",
            "header": "Header of the column, as the source writes it.",
            "value": "The cell, as the source writes it.",
            "attribute": "The attribute that the column was mapped to, several in order; empty for a custom attribute.",
            "source_format": "Detected format of the source.",
            "source_file": "Name of the file.",
            "sheet": "Name of the worksheet; empty for a text file.",
            "row_number": "Row as a person sees it.",
            "record_id": "The imported record.",
        },
        query="""
SELECT a.client_account_id, a.engagement_id, a.asset_id, a.name AS asset_name, cell.header, cell.value, m.attribute,
       r.source_format, r.source_file, r.sheet, r.row_number, r.record_id
  FROM discovery.inventory a
 CROSS JOIN LATERAL unnest(a.source_entity_ids) AS source (record_id)
  JOIN discovery.imported_records r ON r.engagement_id = a.engagement_id AND r.record_id = source.record_id
 CROSS JOIN LATERAL jsonb_each_text(r.raw_values::jsonb) AS cell (header, value)
  LEFT JOIN LATERAL (
       SELECT string_agg(DISTINCT one.attribute, ', ' ORDER BY one.attribute) AS attribute
         FROM discovery.attribute_mappings one
        WHERE one.engagement_id = r.engagement_id AND one.source_file = r.source_file
          AND one.sheet IS NOT DISTINCT FROM r.sheet AND one.source_column = cell.header AND one.status = 'applied'
       ) AS m ON true
""",
    )
