"""Sheets as they come: scorecards from .xlsx, .docx and Markdown become the text of a plan."""

from kpilib.sheets.findings import SheetFinding
from kpilib.sheets.importing import ImportedSheet, SheetColumn, import_sheet

__all__ = ["ImportedSheet", "SheetColumn", "SheetFinding", "import_sheet"]
