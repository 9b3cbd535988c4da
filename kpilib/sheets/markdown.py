"""Pipe tables of a Markdown file, as GitHub reads them.

Only what a cell needs is undone: backslashes, entities, bold and code marks.  Single * and _ stay as they are: in a rule
they are a multiplication (完成率*15分) and a number left blank (每低__%), which a Markdown library would take for emphasis.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from kpilib.errors import InputError
from kpilib.output.cells import MAX_CELL, Cell, refuse_other_encodings, text_cell
from kpilib.sheets.grid import Grid, GridBuilder, Part, Span, Text

MAX_BYTES = 2_000_000
MAX_PARAGRAPHS = 5_000

_DELIMITER = re.compile(r":?-+:?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_PIPE = re.compile(r"(?<!\\)((?:\\\\)*)\|")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_BOLD = re.compile(r"\*\*(?=\S)([^*]+?)(?<=\S)\*\*")
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_TITLE = re.compile(r" {0,3}#{1,6}[ \t]+")


def markdown_parts(path: Path) -> tuple[Part, ...]:
    """The tables of a file and the lines between them.

    Raises:
        InputError: KPI703 not UTF-8; KPI807 larger than 2 MB, or a table larger than a scorecard.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if data.startswith(b"PK\x03\x04"):
        hint = "把扩展名改成 .xlsx 或 .docx"
        raise InputError("这个文件不是文字，是 Office 文件", code="KPI807", hint=hint, example="")
    refuse_other_encodings(path)
    if len(data) > MAX_BYTES:
        raise InputError("文件超过 2 MB", code="KPI807", hint="只留下考核表", example="")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"文件编码不是 UTF-8（第 {error.start + 1} 个字节）", code="KPI703", hint="另存时编码选 UTF-8"
        ) from None
    return tuple(_parts(text.splitlines()))


def _parts(lines: list[str]) -> Iterator[Part]:
    fence = ""
    number = tables = paragraphs = 0
    while number < len(lines):
        line = lines[number]
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark is not None and mark[1].startswith(fence) else fence
        elif mark is not None:
            fence = mark[1]
        elif "|" in line and number + 1 < len(lines) and _is_delimiter(lines[number + 1], line):
            tables += 1
            end = number + 2
            while end < len(lines) and lines[end].strip() and "|" in lines[end]:
                end += 1
            yield _grid(lines, number, end, tables)
            number = end
            continue
        elif line.strip():
            title = _TITLE.match(line)
            cell = _cell(line[title.end() :].rstrip(" #\t") if title is not None else line)
            if cell is not None and cell.kind != "wrong":
                paragraphs += 1
                if paragraphs > MAX_PARAGRAPHS:
                    raise InputError(f"文件超过 {MAX_PARAGRAPHS} 段", code="KPI807", hint="只留下考核表", example="")
                yield Text(cell.text, f"第{number + 1}行")
        number += 1


def _is_delimiter(line: str, header: str) -> bool:
    """Whether the line under a header makes it one: |---|---|, with as many columns."""
    if "-" not in line:
        return False
    cells = _split(line)
    return all(_DELIMITER.fullmatch(cell.strip()) for cell in cells) and len(cells) == len(_split(header))


def _split(line: str) -> list[str]:
    r"""The cells of a line; \| is a sign in a cell.

    >>> _split(r"| a | b\|c |")
    [' a ', ' b\\|c ']
    """
    line = line.strip().removeprefix("|")
    cells, start = [], 0
    for match in _PIPE.finditer(line):
        cells.append(line[start : match.end() - 1])
        start = match.end()
    if line[start:].strip():
        cells.append(line[start:])
    return cells


def _grid(lines: list[str], start: int, end: int, number: int) -> Grid:
    builder = GridBuilder(f"表{number}", f"第{start + 1}行的表", lambda row, column: f"第{row}行第{column + 1}列")
    for row in range(start, end):
        if row == start + 1:
            continue
        for column, text in enumerate(_split(lines[row])):
            builder.add(_cell(text), Span(row + 1, column, row + 1, column))
    return builder.grid()


def _cell(text: str) -> Cell | None:
    return text_cell(_plain(text) if len(text) <= MAX_CELL else text)


def _plain(text: str) -> str:
    r"""The text as it is shown: marks of Markdown undone, but not those that a rule may mean.

    >>> _plain(r"**权重** 完成率*15分，每低__%减\_分 &lt;90%")
    '权重 完成率*15分，每低__%减_分 <90%'
    """
    text = _BOLD.sub(r"\1", text)
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    return html.unescape(_ESCAPE.sub(r"\1", text)).strip()
