"""Results as an .xlsx workbook: the rows as they come, and a sheet 说明 that says how they came about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from kpilib.errors import InputError, KpiError
from kpilib.output.facts import FactTable
from kpilib.output.results import Layout, Result, Summary
from kpilib.plan import Plan
from kpilib.text import display_width, line_of

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
MAX_DIGITS = 15
_SETTINGS = {
    # Rows go to disk as they come, so memory does not grow with them.
    "constant_memory": True,
    # A text stays a text, whatever it begins with.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def xlsxwriter_package() -> ModuleType:
    """The package that writes workbooks.

    Raises:
        KpiError: it is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise KpiError(
            "写 .xlsx 需要 xlsxwriter",
            code="KPI807",
            hint='pip install "kpilib[excel]"，或者把结果存为 .csv',
            example="",
        ) from None
    package: ModuleType = xlsxwriter
    return package


class Workbook:
    """A workbook being written: `add` the results, then `finish` it, which writes the file."""

    def __init__(self, path: Path, plan: Plan, table: FactTable) -> None:
        self._plan, self._table = plan, table
        self._layout = Layout.of(plan, table)
        self._package = xlsxwriter_package()
        # Where the rows wait until the file is put together; gone with the writer, however it ends.
        self._waiting = TemporaryDirectory(prefix="kpilib-")
        self._book = self._package.Workbook(str(path), {**_SETTINGS, "tmpdir": self._waiting.name})
        self._book.set_properties({"title": plan.title[:255], "comments": "kpilib"})
        self._text = self._book.add_format({"num_format": "@"})
        self._head = self._book.add_format({"bold": True, "bg_color": "#E8EEF7", "bottom": 1, "text_wrap": True})
        self._wrap = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._formats = [self._book.add_format({"num_format": code}) for _, code in self._layout.columns]
        self._results = self._book.add_worksheet("结果")
        self._rows = 0
        self._closed = False
        self._begin()

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing is the one public way to close the files of the rows, of a workbook that nobody wants any more too.
        if not self._closed:
            with suppress(InputError):
                self._close()
        self._waiting.cleanup()

    def _close(self) -> None:
        self._closed = True
        try:
            self._book.close()
        except self._package.exceptions.XlsxWriterException as error:
            raise InputError("写不了工作簿", code="KPI807", hint="看看磁盘是不是满了", example="") from error

    def _begin(self) -> None:
        for column, name in enumerate(self._layout.header):
            wide = 60 if name == "说明" else 14 if name in self._layout.who else 10
            self._results.set_column(column, column, min(60, max(wide, display_width(name) + 4)))
            self._results.write_string(0, column, name, self._head)
        self._results.freeze_panes(1, len(self._layout.who))

    def add(self, result: Result) -> None:
        """Write one row.

        Raises:
            InputError: more rows than a worksheet holds.
        """
        self._rows += 1
        if self._rows >= MAX_ROWS:
            raise InputError(f"工作表最多 {MAX_ROWS} 行", code="KPI807", hint="把结果存为 .csv", example="")
        for column, cell in enumerate(self._layout.cells(result)):
            if isinstance(cell, str):
                self._results.write_string(self._rows, column, cell[:MAX_TEXT], self._text)
            elif cell is not None:
                self._write_number(column, cell)

    def _write_number(self, column: int, number: Decimal) -> None:
        # As a Decimal, whose digits go into the file as they are: xlsxwriter prints a float with 16 digits, 98.35 as
        # 98.34999999999999.  A worksheet keeps 15 digits; a longer number goes in as text rather than changed.
        if len(number.normalize().as_tuple().digits) <= MAX_DIGITS:
            self._results.write_number(self._rows, column, number, self._formats[column])
        else:
            self._results.write_string(self._rows, column, f"{number:f}", self._text)

    def finish(self, summary: Summary) -> None:
        """Write the sheet of explanations and the file."""
        self._results.autofilter(0, 0, self._rows, len(self._layout.header) - 1)
        sheet = self._book.add_worksheet("说明")
        sheet.set_column(0, 0, 14)
        sheet.set_column(1, 1, 16)
        sheet.set_column(2, 2, 90)
        for row, (kind, place, text) in enumerate(self._explanations(summary)):
            for column, cell in enumerate((kind, place, text)):
                sheet.write_string(row, column, cell[:MAX_TEXT], self._wrap)
        self._close()

    def _explanations(self, summary: Summary) -> Iterator[tuple[str, str, str]]:
        """Kind, place and text of every line of 说明."""
        plan = self._plan
        yield "方案", "", plan.title
        yield from (("版本", "", plan.version),) if plan.version else ()
        yield from (("生效日期", "", plan.effective.isoformat()),) if plan.effective is not None else ()
        yield "口径", "", plan.settings.words or "全部是默认的口径"
        for item in plan.indicators:
            yield "规则", item.name, item.rule.text
        for note in plan.notes:
            line = f"第{line_of(plan.source, note.span.start)[0]}行" if note.span is not None and plan.source else ""
            yield "需确认" if note.level == "需确认" else "提示", line, f"{note.code} {note.message}"
        yield from (("事实表", "", path.name) for path in self._table.paths)
        yield "结果", "", str(summary)
        yield from (("没有读", "", place) for place in self._table.skipped)
        for name in self._table.missing:
            yield "没有列", name, "全部待定"
        for fault in summary.faults:
            hint = f"　{fault.error.hint}" if fault.error.hint else ""
            yield "有误", f"第{fault.row}行", f"{fault.error.message}{hint}"
        if left := summary.fault_count - len(summary.faults):
            yield "有误", "", f"还有 {left} 处"
