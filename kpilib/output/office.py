"""What .xlsx and .docx have in common: a zip archive of XML parts, read by expat in small pieces.

A document type is refused, so no entity is ever expanded; zipfile does not read past the unpacked size that the archive
says of a part, and who opens an archive bounds that size.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat

from attrs import define, field

from kpilib.errors import InputError
from kpilib.output.cells import MAX_CELL, Cell, text_cell

_PIECE = 65_536
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

# What zipfile, zlib and expat raise for bytes that are not what they should be.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,  # zipfile's, of a way to pack that it does not know
    OSError,
    RuntimeError,
    ValueError,
)
# How the old binary formats begin, and every Office file that asks for a password.
OLD_FORMAT = b"\xd0\xcf\x11\xe0"


def read_parts(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Feed a part of the archive to the handlers, a piece each step; tags lose their namespace.

    Raises:
        InputError: the part has a document type.
        zipfile.BadZipFile: no such part, or its XML is broken.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise InputError("文件里有文档类型声明，不读", code="KPI807", hint="用 Office 打开后另存一份")

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


def read_part(
    archive: zipfile.ZipFile,
    name: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    data: Callable[[str], None] | None = None,
) -> None:
    """Feed a whole part to the handlers; raises what read_parts does."""
    for _ in read_parts(archive, name, start, end, data):
        pass


def relations(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str, str]]:
    """Kind, key and target of what a part refers to; the empty part is the archive itself."""
    folder, name = posixpath.split(part)
    found: list[tuple[str, str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found.append((attributes.get("Type", "").rpartition("/")[2], attributes.get("Id", ""), target))

    read_part(archive, posixpath.join(folder, "_rels", f"{name}.rels"), start)
    return found


def whole(text: str | None, *, otherwise: int = 0) -> int:
    """The whole number that an attribute is."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def unescaped(text: str) -> str:
    """Characters that spreadsheets write as _x000A_."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


@define
class StringText:
    """Collects the text of one string: its runs, without the readings (rPh) that East Asian versions store beside."""

    pieces: list[str] = field(factory=list)
    size: int = 0
    inside: bool = False
    phonetic: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "rPh":
            self.phonetic = True
        elif tag == "t":
            self.inside = not self.phonetic

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "rPh":
            self.phonetic = False
        elif tag == "t":
            self.inside = False

    def data(self, text: str) -> None:
        """Characters between two tags."""
        if self.inside and self.size <= MAX_CELL:
            self.pieces.append(text)
            self.size += len(text)

    def take(self) -> Cell | None:
        """The cell that holds what was collected; starts anew."""
        text = "".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        return text_cell(unescaped(text))
