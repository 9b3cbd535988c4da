"""The blank workbook of a plan as .xlsx: a sheet for each department, with choices to pick and the rule as a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kpilib.errors import InputError
from kpilib.output.blank import BlankBook, BlankColumn, BlankSheet, sheet_name
from kpilib.output.cells import column_letters
from kpilib.output.columns import NOT_APPLICABLE, PENDING
from kpilib.output.files import replacing
from kpilib.output.workbook import MAX_ROWS, MAX_TEXT, xlsxwriter_package
from kpilib.plan import Plan
from kpilib.text import display_width

# A text stays a text, whatever it begins with.
_SETTINGS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
GUIDE, CHOICES = "填写说明", "选项"
_HOW = (
    "每人一行；姓名、工号、部门在每张表里要写得一样。用不着的列（如没有工号）整列删掉。",
    "还不知道的空着，算「待定」，不会当作 0；这个人不考核这一项的，填「不适用」。",
    "列名里的括号是单位：写着（%）的列，填 85.4 就是 85.4%，填 0.854 就是 0.854%。列名不要改。",
    "次数只能是 0、1、2 ……，没有发生也要填 0；有选项的，从下拉里选。",
    "鼠标停在列名上，可以看到这一列的规则。",
)


def write_blank(
    path: str | Path,
    plan: Plan,
    book: BlankBook,
    *,
    people: Sequence[Mapping[str, str]] = (),
    split: bool = False,
) -> tuple[Path, ...]:
    """Write the blank workbook, or with `split` one for each sheet beside it; never over a file that is there.

    Raises:
        InputError: another kind of file, one that exists or cannot be written, or more people than rows.
        KpiError: the extra that writes .xlsx is not installed.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        hint = "空白事实表存为 .xlsx"
        raise InputError(f"不认识的文件类型 {target.suffix or target.name}", code="KPI807", hint=hint, example="")
    if len(people) + 1 > MAX_ROWS:
        raise InputError(f"工作表最多 {MAX_ROWS} 行", code="KPI807", hint="名单分几份", example="")
    xlsxwriter_package()
    used: set[str] = set()
    parts = [(target, book.sheets)]
    if split:
        names = [sheet_name(sheet.name, used) for sheet in book.sheets]
        parts = [
            (target.with_name(f"{target.stem}-{name}{target.suffix}"), (sheet,))
            for name, sheet in zip(names, book.sheets, strict=True)
        ]
    for file, _ in parts:
        if file.exists():  # it may be filled in already
            raise InputError(f"{file} 已经有了", code="KPI807", hint="换个文件名，或者先把它移走", example="")
    for file, sheets in parts:
        with replacing(file) as beside:
            _Writer(beside, plan, book.identity, people).write(sheets)
    return tuple(file for file, _ in parts)


class _Writer:
    """One workbook being written."""

    def __init__(self, path: Path, plan: Plan, identity: tuple[str, ...], people: Sequence[Mapping[str, str]]) -> None:
        self.plan, self.identity, self.people = plan, identity, people
        self.book = xlsxwriter_package().Workbook(str(path), _SETTINGS)
        self.book.set_properties({"title": plan.title[:255], "comments": "kpilib"})
        self.text = self.book.add_format({"num_format": "@"})
        self.head = self.book.add_format({"bold": True, "bg_color": "#E8EEF7", "bottom": 1, "text_wrap": True})
        self.wrap = self.book.add_format({"text_wrap": True, "valign": "top"})
        self.choices: list[tuple[str, ...]] = []

    def write(self, sheets: Sequence[BlankSheet]) -> None:
        """Write the sheets to fill in, then the guide and the choices behind them."""
        used = {sheet.name.lower() for sheet in sheets}
        guide, choices = sheet_name(GUIDE, used), sheet_name(CHOICES, used)
        for sheet in sheets:
            self._sheet(self.book.add_worksheet(sheet.name), sheet, choices)
        self._guide(self.book.add_worksheet(guide), sheets)
        hidden = self.book.add_worksheet(choices)
        hidden.hide()
        for column, labels in enumerate(self.choices):
            for row, label in enumerate(labels):
                hidden.write_string(row, column, label[:MAX_TEXT], self.text)
        self.book.close()

    def _sheet(self, sheet: Any, blank: BlankSheet, choices: str) -> None:
        """One sheet to fill in."""
        for column, name in enumerate(self.identity):
            # As text, so that 007 stays 007 and a name is never a date.
            sheet.set_column(column, column, 14, self.text)
            sheet.write_string(0, column, name, self.head)
            for row, person in enumerate(self.people, 1):
                if text := person.get(name, ""):
                    sheet.write_string(row, column, text[:MAX_TEXT], self.text)
        for column, about in enumerate(blank.columns, len(self.identity)):
            # Numbers keep the general format: in any other, 85.4% typed in would stay a bare 0.854.
            wide = min(40, max(10, display_width(about.header) + 4))
            sheet.set_column(column, column, wide, self.text if about.labels else None)
            sheet.write_string(0, column, about.header[:MAX_TEXT], self.head)
            if about.note:
                sheet.write_comment(0, column, about.note, {"x_scale": 2.5, "y_scale": 2})
            sheet.data_validation(1, column, MAX_ROWS - 1, column, self._validation(about, column, choices))
        sheet.freeze_panes(1, len(self.identity))

    def _validation(self, about: BlankColumn, column: int, choices: str) -> dict[str, Any]:
        """What a spreadsheet lets one type into a column: choices from a list, whole counts; words for the rest."""
        say = {"input_title": "怎么填", "ignore_blank": True, "error_title": "填得不对"}
        if about.labels:
            labels = (*about.labels, NOT_APPLICABLE)
            if labels not in self.choices:
                self.choices.append(labels)
            letters = column_letters(self.choices.index(labels))
            source = f"='{choices}'!${letters}$1:${letters}${len(labels)}"
            return say | {"validate": "list", "source": source, "input_message": "从下拉里选一项", "error_message": "从下拉里选一项"}  # fmt: skip
        if about.whole:
            cell = f"{column_letters(column)}2"
            words = "，".join(f'{cell}="{word}"' for word in (NOT_APPLICABLE, PENDING)).replace("，", ",")
            formula = f"=OR(AND(ISNUMBER({cell}),{cell}>=0,{cell}=INT({cell})),{words})"
            message = f"填次数 0、1、2 ……（单位：{about.unit}）；不考核的填「{NOT_APPLICABLE}」"
            return say | {"validate": "custom", "value": formula, "input_message": message, "error_message": message}
        unit = f"单位是 {about.unit}：填 85.4 就是 85.4{about.unit}" if about.unit else "填数"
        return {"validate": "any", "input_title": "怎么填", "input_message": f"{unit}；不考核的填「{NOT_APPLICABLE}」"}

    def _guide(self, sheet: Any, sheets: Sequence[BlankSheet]) -> None:
        """How to fill it in, and every column with its rule."""
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 2, 24)
        sheet.set_column(3, 3, 90)
        rows: list[tuple[str, ...]] = [(GUIDE,), ("方案", self.plan.title)]
        rows += [("版本", self.plan.version)] if self.plan.version else []
        rows += [(f"{number}", line) for number, line in enumerate(_HOW, 1)]
        rows += [(), ("工作表", "列", "单位", "规则")]
        for blank in sheets:
            rows += [(blank.name, one.header, one.unit, one.note) for one in blank.columns]
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell[:MAX_TEXT], self.wrap if column == 3 else None)
