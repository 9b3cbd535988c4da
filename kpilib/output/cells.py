"""Rows of cells as a file holds them: from CSV here, from .xlsx in xlsx.py; one row at a time."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

from kpilib.errors import InputError
from kpilib.text import unreadable

# What Excel lets one cell hold; a longer one is a quote that was never closed.
MAX_CELL = 32_767
MAX_LINE = 4_000_000
MAX_COLUMNS = 16_384
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


class Cell(NamedTuple):
    """What stands in one cell that is not empty.

    `number` is a spreadsheet number in its shortest decimal form; `percent` one whose number format is a percentage,
    so that 0.854 is shown, and meant, as 85.4%; `wrong` has the reason, as a sentence, in place of the text.
    """

    text: str
    kind: Literal["text", "number", "percent", "date", "wrong"] = "text"


class Row(NamedTuple):
    """One row: its number as a spreadsheet counts (from 1), and its cells by column (from 0) without the empty ones."""

    number: int
    cells: dict[int, Cell]


def column_letters(column: int) -> str:
    """The letters of a column, counted from 0.

    >>> column_letters(0), column_letters(27)
    ('A', 'AB')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def text_cell(text: str) -> Cell | None:
    """The cell that holds a text; None where there are only blanks."""
    text = text.strip()
    if not text:
        return None
    if len(text) > MAX_CELL:
        return Cell(f"这一格超过 {MAX_CELL} 字", "wrong")
    if not text.isprintable() and unreadable(text) is not None:
        return Cell("这一格有不能读的字符", "wrong")
    return Cell(text)


def csv_rows(path: Path) -> Iterator[Row]:
    """The rows of a CSV file in UTF-8, with or without BOM; rows that are wholly empty are left out.

    A record counts as one row, however many lines its quotes span, as Excel shows it.  Cells stand between commas; in
    a file whose first line that is not empty has none, between tabs or else semicolons, as spreadsheets of other
    countries and copied cells have them.

    Raises:
        InputError: the file cannot be read, is not UTF-8, or its quotes do not close.
    """
    refuse_other_encodings(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        number = 0
        try:
            reader = csv.reader(_lines(file), delimiter=_separator(file), strict=True)
            for number, record in enumerate(reader, 1):
                if len(record) > MAX_COLUMNS:
                    raise InputError(f"第{number}行超过 {MAX_COLUMNS} 列", code="KPI807", hint="看看有没有引号写错")
                cells = {column: cell for column, text in enumerate(record) if (cell := text_cell(text)) is not None}
                if cells:
                    yield Row(number, cells)
        except csv.Error as error:
            if "field limit" in str(error):
                raise InputError(
                    f"第{number + 1}行有一格超过 {csv.field_size_limit()} 字",
                    code="KPI807", hint="看看引号是不是没有关上", example="",
                ) from None  # fmt: skip
            raise InputError(
                f"第{number + 1}行的引号读不下去",
                code="KPI807",
                hint='含逗号、引号或换行的格要整个用英文引号括起来，里面的引号写两个：""',
            ) from None
        except UnicodeDecodeError:
            raise not_utf8(f"第{number + 1}行附近") from None


def _separator(file: TextIO) -> str:
    """What stands between the cells, by the first line that is not empty; the file is then at its beginning again."""
    header = next((line for line in _lines(file) if line.strip()), "")
    file.seek(0)
    bare = _QUOTED.sub("", header)
    return next((sign for sign in ",\t;" if sign in bare), ",")


def _lines(file: TextIO) -> Iterator[str]:
    # Not the file's own iterator: a line that never ends would be read whole into memory.
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise InputError(f"有一行超过 {MAX_LINE} 字", code="KPI807", hint="这个文件像是没有换行")
        yield line


def refuse_other_encodings(path: Path) -> None:
    """Name the encoding that the head of a file shows, where it is not UTF-8.

    Raises:
        InputError: KPI703, with how to save the file anew.
    """
    with path.open("rb") as file:
        head = file.read(65_536)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise not_utf8("，而是 UTF-16")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        try:
            codecs.getincrementaldecoder("gb18030")().decode(head)
        except UnicodeDecodeError:
            raise not_utf8("") from None
        raise not_utf8("，像是 GBK") from None


def not_utf8(where: str) -> InputError:
    """The error for a file in another encoding."""
    return InputError(
        f"文件编码不是 UTF-8{where}",
        code="KPI703",
        hint="在 Excel 里另存为「CSV UTF-8（逗号分隔）」，或存为 .xlsx；记事本里另存时编码选 UTF-8",
    )
