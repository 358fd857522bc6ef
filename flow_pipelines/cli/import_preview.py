"""The preview of an import, as text and JSON.

Belongs here: what a preview looks like. Does not: computing it (`discovery/preview.py`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from flow_pipelines.cli.output import console, print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from flow_pipelines.discovery.data_import import SheetReport
    from flow_pipelines.discovery.preview import ImportPreview, InventoryChange

SHOWN_REJECTIONS = 10
SHOWN_NAMES = 10
WORDS = {
    "created": "are new",
    "updated": "are updated",
    "unchanged": "are mentioned and unchanged",
    "not_mentioned": "are not mentioned and stay as they are",
    "vanished": "have vanished from a full export of their source; they stay, marked as missing",
    "joined": "turn out to be one with another",
}
# Whose names say nothing that a person would look for; --json has them.
UNTOLD = {"unchanged", "not_mentioned"}


def show_preview(preview: ImportPreview, *, json: bool) -> None:
    """Print a preview."""
    if json:
        print_json(_preview_json(preview))
    else:
        _print_preview(preview)


def _preview_json(preview: ImportPreview) -> dict[str, Any]:
    files: dict[str, list[SheetReport]] = {}
    for sheet in preview.sheets:
        files.setdefault(sheet.source_file, []).append(sheet)
    listed = [_file_json(name, sheets, preview) for name, sheets in files.items()]
    result: dict[str, Any] = {"inventory": _change_json(preview.change), "files": listed}
    # A program that previews one file reads its format where it looks first.
    return {**listed[0], **result} if len(listed) == 1 else result


def _file_json(name: str, sheets: list[SheetReport], preview: ImportPreview) -> dict[str, Any]:
    main = max(sheets, key=lambda sheet: (sheet.record_type is not None, sheet.rows))
    rejected = preview.rejected_records
    return {
        "file": name,
        "format": main.source_format,
        "confidence": round(main.confidence, 4),
        "sheets": [
            {
                "sheet": sheet.sheet,
                "format": sheet.source_format,
                "record_type": sheet.record_type,
                "rows": sheet.rows,
                "imported": sheet.imported_rows,
                "rejected": sheet.rejected_rows,
                "mappings": [
                    {
                        "source": row.source_column,
                        "attribute": row.attribute,
                        "part": row.part,
                        "method": row.method,
                        "confidence": row.confidence,
                        "status": row.status,
                    }
                    for row in _of_sheet(preview.attribute_mappings, sheet).itertuples()
                ],
            }
            for sheet in sheets
        ],
        "rejections": rejected.loc[
            rejected["source_file"] == name, ["sheet", "row_number", "row_count", "reason_code", "reason", "remedy"]
        ]
        .astype(object)
        .where(lambda cells: cells.notna(), None)
        .to_dict("records"),
    }


def _of_sheet(frame: pd.DataFrame, sheet: SheetReport) -> pd.DataFrame:
    same_sheet = frame["sheet"].isna() if sheet.sheet is None else frame["sheet"] == sheet.sheet
    return frame.loc[(frame["source_file"] == sheet.source_file) & same_sheet]


def _print_preview(preview: ImportPreview) -> None:
    for sheet in preview.sheets:
        name = sheet.source_file if sheet.sheet is None else f"{sheet.source_file}, sheet {sheet.sheet}"
        kind = sheet.record_type or "not used"
        console().print(
            f"[bold]{escape(name)}[/]: {sheet.source_format} ({sheet.confidence:.0%}), {kind}, {sheet.rows:,} rows, "
            f"{sheet.imported_rows:,} good, {sheet.rejected_rows:,} rejected"
        )
        mappings = _of_sheet(preview.attribute_mappings, sheet)
        if not mappings.empty:
            print_table(
                "",
                ("column", "attribute", "part", "status", "method", "confidence", "example"),
                mappings[["source_column", "attribute", "part", "status", "method", "confidence", "example"]]
                .astype(object)
                .where(mappings.notna(), None)
                .itertuples(index=False),
            )
    for reason in list(preview.rejected_records["reason"])[:SHOWN_REJECTIONS]:
        console().print(f"  rejected: {reason}", markup=False)
    if preview.change:
        _print_change(preview.change)


def _change_json(change: InventoryChange | None) -> dict[str, Any] | None:
    """Return the number of assets of each kind of change, and their names."""
    if change is None:
        return None
    kinds = asdict(change)
    return {**{kind: len(names) for kind, names in kinds.items()}, "names": kinds}


def _print_change(change: InventoryChange) -> None:
    for kind, names in asdict(change).items():
        listed = ", ".join(names[:SHOWN_NAMES]) + (" ..." if len(names) > SHOWN_NAMES else "")
        shown = f": {listed}" if listed and kind not in UNTOLD else ""
        console().print(f"{len(names):>8,} assets {WORDS[kind]}{shown}", markup=False)
    console().print("Nothing was written.")
