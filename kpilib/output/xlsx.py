"""Read the rows of an .xlsx file one at a time, with what a cell's number format says about its number.

python-calamine gives values without their number formats, and a rate needs the format: 0.854 in a cell formatted as a
percentage *is* 85.4%.  The formats can only be found by reading the sheet's XML, and who reads that has the values in
hand; so one reader gives both, and the tests compare its values with calamine's.  It also tells apart what calamine
does not: a formula that was never calculated is an error here, not an empty cell.

The unpacked size is bounded by what the archive says of itself; office.py reads the XML.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

from attrs import define, field, frozen

from kpilib.errors import InputError
from kpilib.output.cells import MAX_CELL, MAX_COLUMNS, Cell, Row, text_cell
from kpilib.output.office import DAMAGE, OLD_FORMAT, StringText, read_part, read_parts, relations, unescaped, whole

MAX_UNPACKED = 200 * 2**20
MAX_STRINGS = 4_000_000

Format = Literal["number", "percent", "date"]

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.I | re.S)
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)}
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def format_kind(code: str) -> Format:
    """What a number format makes of a number: a percentage, a date, or just a number.

    A % in quotes is decoration that does not multiply by 100: the cell holds 85.4 then, so it is no percentage.

    >>> format_kind("0.0%"), format_kind('0.0"%"'), format_kind('yyyy"年"m"月"')
    ('percent', 'number', 'date')
    """
    sections = _LITERAL.sub("", code).split(";")[:3]
    signed = [section for section in sections if re.search("[0#?]", section)]
    if signed and all("%" in section for section in signed):
        return "percent"
    return "date" if re.search("[ymdhs]", sections[0], re.I) else "number"


class Merge(NamedTuple):
    """A range of merged cells: rows from 1 and columns from 0, both ends counted."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@frozen(kw_only=True)
class Worksheet:
    """One sheet, read whole: its rows that are not empty, and its merged cells; `names` has every sheet that is shown."""

    name: str
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    merges: tuple[Merge, ...]


def xlsx_rows(path: Path, *, sheet: str = "") -> Iterator[Row]:
    """The rows of the sheet of that name, else of the first one that is not hidden; empty rows are left out.

    Raises:
        InputError: not a workbook, damaged, protected by a password, or too large; no such sheet.
    """
    with _opened(path, MAX_UNPACKED) as archive:
        book = _Book.read(archive)
        yield from _Sheet(book, archive).rows(book.sheets[book.named(sheet)])


def xlsx_sheets(path: Path) -> tuple[str, ...]:
    """The names of the sheets that are not hidden, in order.

    Raises:
        InputError: as xlsx_rows does.
    """
    with _opened(path, MAX_UNPACKED) as archive:
        book = _Book.read(archive)
        return tuple(name for name in book.sheets if name not in book.hidden)


def xlsx_sheet(path: Path, *, sheet: str = "", max_unpacked: int, max_cells: int) -> Worksheet:
    """The sheet of that name, else the first one that is not hidden, with its merged cells.

    Raises:
        InputError: as xlsx_rows does; more cells or merged ranges than `max_cells`.
    """
    with _opened(path, max_unpacked) as archive:
        book = _Book.read(archive)
        name = book.named(sheet)
        reader = _Sheet(book, archive)
        rows: list[Row] = []
        cells = 0
        for row in reader.rows(book.sheets[name]):
            rows.append(row)
            cells += len(row.cells)
            if cells > max_cells:
                break
        if cells > max_cells or len(reader.merges) > max_cells:
            raise InputError(f"工作表「{name[:40]}」超过 {max_cells} 格", code="KPI807", hint="只留考核表", example="")
        shown = tuple(other for other in book.sheets if other not in book.hidden)
        return Worksheet(name=name, names=shown, rows=tuple(rows), merges=tuple(reader.merges))


@contextmanager
def _opened(path: Path, max_unpacked: int) -> Iterator[zipfile.ZipFile]:
    """The archive of a workbook; what is wrong with it, while it is read too, is an InputError."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                if sum(info.file_size for info in archive.infolist()) > max_unpacked:
                    raise InputError(
                        f"工作簿解开后超过 {max_unpacked // 2**20} MB", code="KPI807", hint="把事实表另存为 CSV UTF-8"
                    )
                yield archive
        except DAMAGE:
            file.seek(0)
            raise _unreadable(file.read(4) == OLD_FORMAT) from None


def _unreadable(old: bool) -> InputError:
    why = "它是旧的 .xls，或者设了打开密码" if old else "文件损坏，或者不是 .xlsx"
    hint = "用 Excel 打开，去掉密码，另存为 .xlsx 或 CSV UTF-8"
    return InputError(f"读不了这个工作簿：{why}", code="KPI807", hint=hint)


@define
class _Book:
    """What a sheet needs from the rest of its workbook."""

    sheets: dict[str, str] = field(factory=dict)  # name -> part of the archive
    hidden: set[str] = field(factory=set)
    formats: list[Format] = field(factory=list)
    widths: list[int] = field(factory=list)  # digits that a format like 0000 fills up with zeros, else 0
    strings: list[Cell | None] = field(factory=list)
    epoch: datetime = datetime(1899, 12, 30)

    @classmethod
    def read(cls, archive: zipfile.ZipFile) -> _Book:
        book, names = cls(), set(archive.namelist())
        main = next((target for kind, _, target in relations(archive, "") if kind == "officeDocument"), "")
        if main.startswith("word/"):
            raise InputError("这个文件是文档，不是工作簿", code="KPI807", hint="把扩展名改成 .docx", example="")
        if main not in names:
            raise zipfile.BadZipFile("没有 workbook.xml")
        related = relations(archive, main)
        targets = {key: target for _, key, target in related}
        parts = {kind: target for kind, _, target in related}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                book.epoch = datetime(1904, 1, 1)
            elif tag == "sheet":
                key = attributes.get(f"{_OFFICE} id") or attributes.get(f"{_STRICT} id") or ""
                name = attributes.get("name", "")
                book.sheets[name] = targets.get(key, "")
                if attributes.get("state", "visible") != "visible":
                    book.hidden.add(name)

        read_part(archive, main, start)
        if parts.get("styles") in names:
            book._read_styles(archive, parts["styles"])
        if parts.get("sharedStrings") in names:
            book._read_strings(archive, parts["sharedStrings"])
        return book

    def named(self, sheet: str) -> str:
        """The name of the sheet to read."""
        shown = [name for name in self.sheets if name not in self.hidden]
        name = sheet or next(iter(shown), "")
        if name not in self.sheets:
            listed = "、".join(self.sheets)
            raise InputError(f"没有工作表「{name}」", code="KPI807", hint=f"这个工作簿里有：{listed}", example="")
        return name

    def _read_styles(self, archive: zipfile.ZipFile, name: str) -> None:
        codes: dict[int, str] = {9: "0%", 10: "0.00%"}
        inside = ""

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt":
                codes[whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif tag in {"cellXfs", "cellStyleXfs", "dxfs"}:
                inside = tag
            elif tag == "xf" and inside == "cellXfs":
                number = whole(attributes.get("numFmtId"))
                code = codes.get(number, "")
                built_in: Format = "date" if number in _BUILT_IN_DATES else "number"
                self.formats.append(format_kind(code) if code else built_in)
                self.widths.append(len(code) if code and not code.strip("0") else 0)

        read_part(archive, name, start)

    def _read_strings(self, archive: zipfile.ZipFile, name: str) -> None:
        text = StringText()

        def end(tag: str) -> None:
            text.end(tag)
            if tag == "si":
                if len(self.strings) >= MAX_STRINGS:
                    raise InputError("工作簿里的文字太多", code="KPI807", hint="把事实表另存为 CSV UTF-8")
                self.strings.append(text.take())

        read_part(archive, name, text.start, end, text.data)


def _column(letters: str) -> int:
    """The column that letters name, from 0."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


class _Sheet:
    """One pass over a sheet."""

    def __init__(self, book: _Book, archive: zipfile.ZipFile) -> None:
        self.book, self.archive = book, archive
        self.ready: list[Row] = []
        self.number, self.column = 0, -1
        self.cells: dict[int, Cell] = {}
        self.kind = self.value = ""
        self.style = 0
        self.in_value = self.has_formula = False
        self.text = StringText()
        self.merges: list[Merge] = []

    def rows(self, part: str) -> Iterator[Row]:
        for _ in read_parts(self.archive, part, self.start, self.end, self.data):
            yield from self.ready
            self.ready.clear()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.number = whole(attributes.get("r")) or self.number + 1
            self.cells, self.column = {}, -1
        elif tag == "c":
            self.column = self._column(attributes.get("r", ""))
            self.kind, self.style = attributes.get("t", "n"), whole(attributes.get("s"))
            self.value, self.has_formula = "", False
        elif tag == "v":
            self.in_value = True
        elif tag == "f":
            self.has_formula = True
        elif tag == "mergeCell":
            self.merge(attributes.get("ref", ""))
        else:
            self.text.start(tag, attributes)

    def merge(self, reference: str) -> None:
        """Keep a merged range, as A1:C3; one that cannot be read is no range."""
        ends = [match for end in reference.split(":") if (match := _PLACE.match(end)) is not None]
        if len(ends) == 2:
            first, last = ends
            self.merges.append(Merge(int(first[2]), _column(first[1]), int(last[2]), _column(last[1])))

    def _column(self, place: str) -> int:
        """The column that a reference names; the next one where a writer left it out."""
        match = _PLACE.match(place)
        column = self.column + 1 if match is None else _column(match[1])
        if column >= MAX_COLUMNS:
            raise InputError(f"第{self.number}行超过 {MAX_COLUMNS} 列", code="KPI807")
        return column

    def data(self, text: str) -> None:
        if self.in_value:
            self.value += text if len(self.value) <= MAX_CELL else ""
        else:
            self.text.data(text)

    def end(self, tag: str) -> None:
        if tag == "v":
            self.in_value = False
        elif tag == "c":
            cell = self._cell()
            if cell is not None:
                self.cells[self.column] = cell
        elif tag == "row":
            if self.cells:
                self.ready.append(Row(self.number, self.cells))
        else:
            self.text.end(tag)

    def _cell(self) -> Cell | None:
        """The cell that ends here."""
        value = self.value.strip()
        if self.has_formula and not value and self.kind != "str":
            return Cell("这一格是公式，文件里没有它的结果；用 Excel 打开、保存一次", "wrong")
        if self.kind == "inlineStr":
            return self.text.take()
        if not value:
            return None
        if self.kind == "s":
            index = whole(value, otherwise=len(self.book.strings))
            return self.book.strings[index] if index < len(self.book.strings) else Cell("这一格的文字丢失了", "wrong")
        if self.kind == "str":
            return text_cell(unescaped(self.value))
        if self.kind == "b":
            return Cell(f"这一格是逻辑值 {'TRUE' if value == '1' else 'FALSE'}", "wrong")
        if self.kind == "e":
            return Cell(f"这一格是错误值 {value[:40]}", "wrong")
        return Cell(value[:40], "date") if self.kind == "d" else self._number(value)

    def _number(self, value: str) -> Cell:
        try:
            number = float(value) if value.isascii() and "_" not in value else math.nan
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            return Cell("这一格的数读不了", "wrong")
        kind: Format = self.book.formats[self.style] if self.style < len(self.book.formats) else "number"
        if kind == "date":
            try:
                day = self.book.epoch + timedelta(days=number)
            except OverflowError:
                return Cell("这一格的日期读不了", "wrong")
            return Cell(f"{day:%Y-%m-%d %H:%M}".removesuffix(" 00:00"), "date")
        text = f"{Decimal(repr(number)):f}".removesuffix(".0")
        if kind == "number" and self.style < len(self.book.widths) and text.isdigit():
            text = text.zfill(self.book.widths[self.style])
        return Cell(text, kind)
