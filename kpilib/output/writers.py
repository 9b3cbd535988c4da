"""Write results to a file: CSV for Excel, .xlsx with a sheet of explanations, or JSON with exact decimals."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO

from kpilib.errors import InputError
from kpilib.output.facts import FactTable
from kpilib.output.files import replacing
from kpilib.output.results import Layout, Result, Summary, exact_text, pour, score_rows
from kpilib.output.workbook import Workbook, xlsxwriter_package
from kpilib.plan import Plan

# The number of the form of a .json of results.
FORMAT = 1
FORMATS = (".xlsx", ".csv", ".json")
# What makes a spreadsheet take a text for a formula; the wide forms do so in East Asian versions.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def write_results(
    path: str | Path,
    plan: Plan,
    table: FactTable,
    *,
    progress: Callable[[int], None] = lambda rows: None,
) -> Summary:
    """Score a table and write the results to a .csv, .xlsx or .json file, whole or not at all.

    Raises:
        InputError: another kind of file, or one that cannot be written.
        KpiError: .xlsx without the extra that writes it.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in FORMATS:
        raise InputError(
            f"不认识的文件类型 {kind or target.name}", code="KPI807", hint="结果可以存为 .xlsx、.csv 或 .json"
        )
    if target.exists() and any(target.samefile(path) for path in table.paths):
        raise InputError("结果和事实表是同一个文件", code="KPI807", hint="给结果另起一个文件名", example="")
    if kind == ".xlsx":
        xlsxwriter_package()
    results = score_rows(plan, table)
    with replacing(target) as beside:
        if kind == ".xlsx":
            with Workbook(beside, plan, table) as workbook:
                return pour(workbook, results, progress)
        # The BOM tells Excel that the file is UTF-8; JSON must not have one.
        encoding = "utf-8-sig" if kind == ".csv" else "utf-8"
        with beside.open("w", encoding=encoding, newline="" if kind == ".csv" else "\n") as file:
            text = CsvWriter(file, plan, table) if kind == ".csv" else JsonWriter(file, plan)
            return pour(text, results, progress)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe in front of one that begins like it.

    >>> guarded("=cmd|' /C calc'!A0"), guarded("张三")
    ("'=cmd|' /C calc'!A0", '张三')
    """
    return f"'{text}" if text.lstrip(" \u3000\u00a0").startswith(_FORMULA) or text.startswith(_FORMULA) else text


class CsvWriter:
    """Results as CSV; numbers are exact."""

    def __init__(self, file: IO[str], plan: Plan, table: FactTable) -> None:
        self._layout = Layout.of(plan, table)
        self._writer = csv.writer(file)
        self._writer.writerow([guarded(name) for name in self._layout.header])

    def add(self, result: Result) -> None:
        """Write one row."""
        self._writer.writerow(
            [guarded(cell) if isinstance(cell, str) else exact_text(cell) for cell in self._layout.cells(result)]
        )

    def finish(self, summary: Summary) -> None:
        """Nothing follows the rows."""


class JsonWriter:
    """Results as one JSON document with its format version, a row a line."""

    def __init__(self, file: IO[str], plan: Plan) -> None:
        self._file = file
        self._comma = ""
        title = json.dumps(plan.title, ensure_ascii=False)
        file.write(f'{{"format": {FORMAT}, "plan": {title}, "results": [')

    def add(self, result: Result) -> None:
        """Write one row."""
        self._file.write(f"{self._comma}\n  {json.dumps(result.to_dict(), ensure_ascii=False)}")
        self._comma = ","

    def finish(self, summary: Summary) -> None:
        """Write the summary and close the document."""
        self._file.write(f'\n], "summary": {json.dumps(summary.to_dict(), ensure_ascii=False)}}}\n')
