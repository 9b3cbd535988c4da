"""Read the rows of an .xlsx file one at a time, with what a cell's number format says about its number.

python-calamine gives values without their number formats, and a rate needs the format: 0.854 in a cell formatted as a
percentage *is* 85.4%.  The formats can only be found by reading the sheet's XML, and who reads that has the values in
hand; so one reader gives both, and the tests compare its values with calamine's.  It also tells apart what calamine
does not: a formula that was never calculated is an error here, not an empty cell.

The XML is read by expat in small pieces.  A document type is refused, so no entity is ever expanded; the unpacked size
is bounded by what the archive says of itself, and zipfile does not read past that.
"""

from __future__ import annotations

import math
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from xml.parsers import expat

from attrs import define, field

from kpilib.errors import InputError
from kpilib.output.cells import MAX_CELL, MAX_COLUMNS, Cell, Row, text_cell

MAX_UNPACKED = 200 * 2**20
MAX_STRINGS = 4_000_000
_PIECE = 65_536

# What zipfile, zlib and expat raise for bytes that are not what they should be.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)

Format = Literal["number", "percent", "date"]

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
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


def xlsx_rows(path: Path, *, sheet: str = "") -> Iterator[Row]:
    """The rows of the sheet of that name, else of the first one that is not hidden; empty rows are left out.

    Raises:
        InputError: not a workbook, damaged, protected by a password, or too large; no such sheet.
    """
    with _opened(path) as archive:
        book = _Book.read(archive)
        yield from _Sheet(book, archive).rows(book.place_of(sheet))


def xlsx_sheets(path: Path) -> tuple[str, ...]:
    """The names of the sheets that are not hidden, in order.

    Raises:
        InputError: as xlsx_rows does.
    """
    with _opened(path) as archive:
        book = _Book.read(archive)
        return tuple(name for name in book.sheets if name not in book.hidden)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive of a workbook; what is wrong with it, while it is read too, is an InputError."""
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
                    raise InputError(
                        f"工作簿解开后超过 {MAX_UNPACKED // 2**20} MB", code="KPI807", hint="把事实表另存为 CSV UTF-8"
                    )
                yield archive
        except _DAMAGE as error:
            file.seek(0)
            raise _unreadable(file.read(4) == b"\xd0\xcf\x11\xe0") from error


def _unreadable(old: bool) -> InputError:
    why = "它是旧的 .xls，或者设了打开密码" if old else "文件损坏，或者不是 .xlsx"
    hint = "用 Excel 打开，去掉密码，另存为 .xlsx 或 CSV UTF-8"
    return InputError(f"读不了这个工作簿：{why}", code="KPI807", hint=hint)


def _parse(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Feed a part of the archive to the handlers, in pieces; names lose their namespace."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise InputError("工作簿里有文档类型声明，不读", code="KPI807", hint="用 Excel 打开后另存为 .xlsx")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(" ")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rpartition(" ")[2])
    if data is not None:
        parser.CharacterDataHandler = data
    try:
        with archive.open(name) as part:
            while piece := part.read(_PIECE):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
            yield
    except (expat.ExpatError, KeyError) as error:
        raise zipfile.BadZipFile(f"{name}: {error}") from None


def _read(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> None:
    for _ in _parse(archive, name, start, end, data):
        pass


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
        main = next((target for kind, _, target in _relations(archive, "") if kind == "officeDocument"), "")
        if main not in names:
            raise zipfile.BadZipFile("没有 workbook.xml")
        relations = _relations(archive, main)
        targets = {key: target for _, key, target in relations}
        parts = {kind: target for kind, _, target in relations}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                book.epoch = datetime(1904, 1, 1)
            elif tag == "sheet":
                key = attributes.get(f"{_OFFICE} id") or attributes.get(f"{_STRICT} id") or ""
                name = attributes.get("name", "")
                book.sheets[name] = targets.get(key, "")
                if attributes.get("state", "visible") != "visible":
                    book.hidden.add(name)

        _read(archive, main, start)
        if parts.get("styles") in names:
            book._read_styles(archive, parts["styles"])
        if parts.get("sharedStrings") in names:
            book._read_strings(archive, parts["sharedStrings"])
        return book

    def place_of(self, sheet: str) -> str:
        """The part of the archive that holds a sheet."""
        shown = [name for name in self.sheets if name not in self.hidden]
        name = sheet or next(iter(shown), "")
        if name not in self.sheets:
            listed = "、".join(self.sheets)
            raise InputError(f"没有工作表「{name}」", code="KPI807", hint=f"这个工作簿里有：{listed}", example="")
        return self.sheets[name]

    def _read_styles(self, archive: zipfile.ZipFile, name: str) -> None:
        codes: dict[int, str] = {9: "0%", 10: "0.00%"}
        inside = ""

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt":
                codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif tag in {"cellXfs", "cellStyleXfs", "dxfs"}:
                inside = tag
            elif tag == "xf" and inside == "cellXfs":
                number = _whole(attributes.get("numFmtId"))
                code = codes.get(number, "")
                built_in: Format = "date" if number in _BUILT_IN_DATES else "number"
                self.formats.append(format_kind(code) if code else built_in)
                self.widths.append(len(code) if code and not code.strip("0") else 0)

        _read(archive, name, start)

    def _read_strings(self, archive: zipfile.ZipFile, name: str) -> None:
        text = _Text()

        def end(tag: str) -> None:
            text.end(tag)
            if tag == "si":
                if len(self.strings) >= MAX_STRINGS:
                    raise InputError("工作簿里的文字太多", code="KPI807", hint="把事实表另存为 CSV UTF-8")
                self.strings.append(text.take())

        _read(archive, name, text.start, end, text.data)


def _relations(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str, str]]:
    """Kind, key and target of what a part refers to; the empty part is the archive itself."""
    folder, name = posixpath.split(part)
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found.append((attributes.get("Type", "").rpartition("/")[2], attributes.get("Id", ""), target))

    _read(archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
    return found


@define
class _Text:
    """Collects the text of one string: its runs, without the readings (rPh) that East Asian versions store beside."""

    pieces: list[str] = field(factory=list)
    size: int = 0
    inside: bool = False
    phonetic: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.inside = not self.phonetic

    def end(self, tag: str) -> None:
        if tag == "rPh":
            self.phonetic = False
        elif tag == "t":
            self.inside = False

    def data(self, text: str) -> None:
        if self.inside and self.size <= MAX_CELL:
            self.pieces.append(text)
            self.size += len(text)

    def take(self) -> Cell | None:
        """The cell that holds what was collected; starts anew."""
        text = "".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        if "_x" in text:
            text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        return text_cell(text)


def _whole(text: str | None, *, otherwise: int = 0) -> int:
    """The whole number that a text is."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


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
        self.text = _Text()

    def rows(self, part: str) -> Iterator[Row]:
        for _ in _parse(self.archive, part, self.start, self.end, self.data):
            yield from self.ready
            self.ready.clear()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.number = _whole(attributes.get("r")) or self.number + 1
            self.cells, self.column = {}, -1
        elif tag == "c":
            self.column = self._column(attributes.get("r", ""))
            self.kind, self.style = attributes.get("t", "n"), _whole(attributes.get("s"))
            self.value, self.has_formula = "", False
        elif tag == "v":
            self.in_value = True
        elif tag == "f":
            self.has_formula = True
        else:
            self.text.start(tag, attributes)

    def _column(self, place: str) -> int:
        """The column that a reference names; the next one where a writer left it out."""
        match = _PLACE.match(place)
        if match is None:
            return self.column + 1
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        if column > MAX_COLUMNS:
            raise InputError(f"第{self.number}行超过 {MAX_COLUMNS} 列", code="KPI807")
        return column - 1

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
            index = _whole(value, otherwise=len(self.book.strings))
            return self.book.strings[index] if index < len(self.book.strings) else Cell("这一格的文字丢失了", "wrong")
        if self.kind == "str":
            return text_cell(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), self.value))
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
