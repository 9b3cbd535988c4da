"""Plan files, line by line: a title, head lines, numbered groups (一、) and indicators (（一）) with their rules.

A plan file is a list of lines of few kinds, so it is read by this small reader and not by a parser: a wrong line is one
finding, and the next line is read as if nothing had happened.  A line, blanks at both ends dropped, is the first of:

    注：…                      a remark, kept beside what it stands under
    一、名称（70%）             a group, with its weight or its marks（25分）, or neither
    （一）名称（20%）           an indicator; its rule may follow on the same line after ：
    关键词：…                  a line of KEYS, where one of its places is open
    anything else             in front of the first group: the title, once; inside an indicator: its rule

The rule of an indicator is the author's own stretch of text, with lines of other kinds blanked out, so a position in
it is a position in the file less the start of the stretch.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from fractions import Fraction
from typing import Literal

from attrs import define, evolve, field

from kpilib.errors import CODES, Diagnostic
from kpilib.syntax.plan_heading import heading_number, split_heading
from kpilib.syntax.plan_tree import (
    KEYS,
    REMARKS,
    GroupNode,
    Heading,
    IndicatorNode,
    Line,
    Marks,
    Place,
    PlanNode,
    Words,
)
from kpilib.text import Span, normalise, unreadable

MAX_BYTES = 2_000_000
MAX_LINES = 20_000
MAX_GROUPS = 100
MAX_INDICATORS = 500
MAX_NAME = 60
MAX_VALUE = 2_000
MAX_REPEATS = 20
# A file with more mistakes than this is not read to its end.
MAX_FINDINGS = 200

_KEY_OF = {word: key for key in KEYS for word in key.words}
_HEAD_WORDS = [word for key in KEYS if key.places == ("head",) for word in key.words]

_DIGITS = "一二三四五六七八九十百"
_KEY_LINE = re.compile(r"(?P<word>[一-鿿]{1,6}) *: *(?P<value>.*)\Z")
_GROUP = re.compile(rf"(?P<number>[{_DIGITS}]{{1,4}}) *[、.](?P<rest>.*)\Z")
_INDICATOR = re.compile(rf"\( *(?P<number>[{_DIGITS}]{{1,4}}) *\) *[、.]?(?P<rest>.*)\Z")


@define
class _Open:
    """The heading being read, until the next one begins."""

    heading: Heading
    lines: list[Line] = field(factory=list)
    remarks: list[Words] = field(factory=list)
    rule_lines: list[Span] = field(factory=list)


def read_plan(source: str) -> PlanNode:
    """Read a plan file; every mistake of its lines is in `.diagnostics`, and the rest is read all the same."""
    return _Reader(source).read()


class _Reader:
    """Walks the lines once; what is not closed yet stands in `head`, `group` and `indicator`."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        self.title: Words | None = None
        self.head_lines: list[Line] = []
        self.head_remarks: list[Words] = []
        self.groups: list[GroupNode] = []
        self.group: _Open | None = None
        self.members: list[IndicatorNode] = []
        self.indicator: _Open | None = None
        self.indicators = 0
        self.too_many = False

    def read(self) -> PlanNode:
        """The whole file."""
        if len(self.source) > MAX_BYTES or len(self.source.encode("utf-8", "replace")) > MAX_BYTES:
            self.report("KPI102", "方案超过 2 MB", Span(0, 1), hint="一个方案文件最多 2 MB")
            return PlanNode(Words("", Span(0, 0)), diagnostics=tuple(self.found))
        self.folded = normalise(" " + self.source[1:] if self.source.startswith("\ufeff") else self.source)
        if not self.folded.strip():
            self.report(
                "KPI101",
                "方案是空的",
                Span(0, 0),
                hint="第一行写方案的名称，下面写 一、组名（权重） 和 （一）指标（权重）",
            )
        elif (wrong := unreadable(self.source)) is not None:
            self.report("KPI103", "有不能读的字符", wrong, hint="删掉这个字符")
        elif self.folded.count("\n") > MAX_LINES:
            self.report("KPI102", f"方案超过 {MAX_LINES} 行", Span(0, 1))
        else:
            self.read_lines()
        title = self.title or Words("", Span(0, 0))
        return PlanNode(title, tuple(self.head_lines), tuple(self.head_remarks), tuple(self.groups), tuple(self.found))

    def read_lines(self) -> None:
        """Each line by its kind."""
        position = 0
        for line in self.folded.split("\n"):
            start = position + len(line) - len(line.lstrip())
            position += len(line) + 1
            if line.strip():
                self.read_line(line.strip(), start)
            if not self.too_many and len(self.found) >= MAX_FINDINGS:
                self.stop("问题太多，后面没有再读", Span(start, position - 1), "先改前面的，再检查一次")
            if self.too_many:
                break
        self.close_group()
        if self.title is None:
            self.report("KPI701", "没有方案的名称", Span(0, 1), hint="第一行写方案的名称")

    def read_line(self, line: str, start: int) -> None:
        """One line that is not blank."""
        key_line = _KEY_LINE.match(line)
        word = key_line["word"] if key_line is not None else ""
        if key_line is not None and word in REMARKS:
            self.add_remark(self.words(start + key_line.start("value"), start + len(line)))
        elif self.title is None and key_line is None and not _GROUP.match(line) and not _INDICATOR.match(line):
            self.title = self.words(start, start + len(line))
            if self.indicator or self.group or self.head_lines:
                self.report("KPI701", "方案的名称要写在第一行", self.title.span, hint="要说明的话写在「注：」后面")
            if len(self.title.text) > 3 * MAX_NAME:
                self.report("KPI102", f"方案的名称超过 {3 * MAX_NAME} 个字", self.title.span)
        elif (match := _INDICATOR.match(line)) is not None:
            self.open_indicator(match, start, len(line))
        elif (match := _GROUP.match(line)) is not None:
            self.open_group(match, start, len(line))
        elif key_line is not None and self.add_key_line(key_line, start, len(line)):
            pass
        elif (opened := self.indicator or self.group) is not None and not (self.members and self.indicator is None):
            opened.rule_lines.append(Span(start, start + len(line)))
        else:
            where = "分组的标题下面" if self.group is not None else "第一个分组前面"
            self.report(
                "KPI701", f"{where}不能有这样的一行", Span(start, start + len(line)), hint="要说明的话写在「注：」后面"
            )

    # ---- kinds of lines ----------------------------------------------------------------------------------------------

    def add_remark(self, words: Words) -> None:
        """Keep a remark with what it stands under."""
        opened = self.indicator or self.group
        (self.head_remarks if opened is None else opened.remarks).append(words)

    def add_key_line(self, match: re.Match[str], start: int, length: int) -> bool:
        """Take a `关键词：值` line where it is one; False where the line may be part of a rule."""
        word = match["word"]
        span = Span(start, start + len(word))
        opened = self.indicator or self.group
        key = _KEY_OF.get(word)
        if key is None:
            known = (
                _HEAD_WORDS
                if opened is None
                else [word for key in KEYS for word in key.words if "indicator" in key.places]
            )
            near = [near for near in get_close_matches(word, known, n=1, cutoff=0.6) if len(near) == len(word) > 1]
            if opened is not None and not near:
                return False
            hint = f"是不是「{near[0]}：」？" if near else "要说明的话写在「注：」后面"
            self.report("KPI701", f"不认识的一行「{word}：」", span, hint=hint)
            return True
        place: Place = "indicator" if opened is not None and "indicator" in key.places else "head"
        if place not in key.places:
            self.report("KPI701", f"「{word}：」要写在指标里面", span, hint="写在 （一）指标名（权重） 下面")
            return True
        value = self.words(start + match.start("value"), start + length)
        if key.name == "rule" and opened is not None:
            if value.text:
                opened.rule_lines.append(value.span)
            return True
        if key.name == "full_marks" and opened is not None and not _is_marks(value.text):
            return False
        if len(value.text) > MAX_VALUE:
            self.report("KPI102", f"「{word}：」后面超过 {MAX_VALUE} 个字", span)
            return True
        lines = self.head_lines if place == "head" or opened is None else opened.lines
        if not key.repeats and any(line.key is key for line in lines):
            self.report("KPI704", f"「{key.words[0]}：」写了两次", span, hint="留一行")
            return True
        if sum(line.key is key for line in lines) >= MAX_REPEATS:
            self.stop(f"「{key.words[0]}：」超过 {MAX_REPEATS} 行", span)
        elif value.text:
            lines.append(Line(key, value, Span(start, start + length)))
        return True

    def open_group(self, match: re.Match[str], start: int, length: int) -> None:
        """Begin a group."""
        self.close_group()
        self.group = self.opened(match, start, length)
        if len(self.groups) >= MAX_GROUPS:
            self.stop(f"分组超过 {MAX_GROUPS} 个", Span(start, start + length))
        self.expect_number(self.group.heading, self.groups[-1].heading.number + 1 if self.groups else 1, start)

    def open_indicator(self, match: re.Match[str], start: int, length: int) -> None:
        """Begin an indicator."""
        self.close_indicator()
        if self.group is None:
            self.report_once(
                "KPI701",
                "指标前面没有分组",
                Span(start, start + length),
                hint="先写一行 一、组名（100%）",
                example="一、工作业绩（70%）",
            )
            self.group = _Open(Heading(1, Words("", Span(start, start))))
        elif self.group.rule_lines and not self.members:
            span = self.group.rule_lines[0]
            self.report(
                "KPI701",
                "分组的标题下面不能有这样的一行",
                span,
                hint="规则写在 （一）指标名（权重） 下面；要说明的话写在「注：」后面",
            )
            self.group.rule_lines.clear()
        self.indicators += 1
        if self.indicators > MAX_INDICATORS:
            self.stop(f"指标超过 {MAX_INDICATORS} 个", Span(start, start + length))
        self.indicator = self.opened(match, start, length)
        self.expect_number(self.indicator.heading, self.members[-1].heading.number + 1 if self.members else 1, start)

    def opened(self, match: re.Match[str], start: int, length: int) -> _Open:
        """A heading taken apart: number, name, marks, and a rule behind ：."""
        rest, offset = match["rest"], start + match.start("rest")
        parts = split_heading(rest)
        marks = None
        if parts.marks is not None and parts.wrong is None:
            place = Span(offset + parts.marks.start(), offset + parts.marks.end())
            marks = Marks(Fraction(parts.marks["number"]), "%" if parts.marks["unit"] == "%" else "分", place)
        if parts.wrong is not None:
            self.report(
                "KPI701",
                "看不懂这里的权重或分值" if parts.marks is None else "权重写了两次",
                Span(offset + parts.wrong.start, offset + parts.wrong.end),
                hint="写成（20%）或（20分）" if parts.marks is None else "留一个；规则自己的分值另起一行写 满分：",
                example="（一）完成率（20%）",
            )
        name = self.words(offset, offset + parts.name_end)
        if not name.text:
            self.report("KPI701", "标题没有名称", Span(start, start + length), example="（一）完成率（20%）")
        elif len(name.text) > MAX_NAME:
            self.report("KPI102", f"名称超过 {MAX_NAME} 个字", name.span, hint="规则另起一行写")
        opened = _Open(Heading(heading_number(match["number"]), name, marks, parts.wrong is not None))
        behind = rest[parts.rule_start :].lstrip(" :。;")
        if behind:
            opened.rule_lines.append(Span(offset + len(rest) - len(behind), offset + len(rest)))
        return opened

    def expect_number(self, heading: Heading, expected: int, start: int) -> None:
        """A number out of turn may show a lost line: say so, and read on."""
        if heading.number != expected:
            self.report(
                "KPI701",
                f"编号不连续：这里应是第 {expected} 个",
                Span(start, heading.name.span.start),
                level="info",
                hint="看看是不是漏了一项",
            )

    def close_indicator(self) -> None:
        """End the open indicator."""
        if self.indicator is not None:
            self.members.append(self.closed(self.indicator))
            self.indicator = None

    def close_group(self) -> None:
        """End the open group."""
        self.close_indicator()
        opened, self.group = self.group, None
        if opened is None:
            return
        if not self.members and (opened.rule_lines or opened.lines):
            node = evolve(self.closed(opened), remarks=())
            self.groups.append(GroupNode(opened.heading, (node,), tuple(opened.remarks), single=True))
        else:
            for line in opened.lines:
                self.report(
                    "KPI701",
                    f"「{line.key.words[0]}：」要写在指标里面",
                    line.span,
                    hint="写在 （一）指标名（权重） 下面",
                )
            if not self.members:
                self.report("KPI701", "分组下面没有指标", opened.heading.name.span, example="（一）完成率（20%）")
            self.groups.append(GroupNode(opened.heading, tuple(self.members), tuple(opened.remarks)))
        self.members = []

    def closed(self, opened: _Open) -> IndicatorNode:
        """The node of an opened heading, with its rule lines joined in place."""
        rule: Words | None = None
        if opened.rule_lines:
            start, end = opened.rule_lines[0].start, opened.rule_lines[-1].end
            kept, position = [], start
            for span in opened.rule_lines:
                kept.append(re.sub(r"[^\n]", " ", self.folded[position : span.start]))
                kept.append(self.source[span.start : span.end])
                position = span.end
            rule = Words("".join(kept), Span(start, end))
        return IndicatorNode(opened.heading, tuple(opened.lines), tuple(opened.remarks), rule)

    # ---- small things ------------------------------------------------------------------------------------------------

    def words(self, start: int, end: int) -> Words:
        """The author's text between two positions, blanks at both ends dropped."""
        folded = self.folded[start:end]
        start += len(folded) - len(folded.lstrip())
        return Words(self.source[start : start + len(folded.strip())], Span(start, start + len(folded.strip())))

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        hint: str = "",
        example: str | None = None,
        level: Literal["error", "info"] = "error",
    ) -> None:
        """Add a finding."""
        example = (CODES[code][1] if level == "error" and not hint else "") if example is None else example
        self.found.append(
            Diagnostic(
                code=code, message=message, level=level, span=span, source=self.source, hint=hint, example=example
            )
        )

    def stop(self, message: str, span: Span, hint: str = "分成几个方案文件") -> None:
        """Say that there is too much of something, and read no further."""
        self.report("KPI102", message, span, hint=hint)
        self.too_many = True

    def report_once(self, code: str, message: str, span: Span, *, hint: str = "", example: str | None = None) -> None:
        """Add a finding that every later line would repeat."""
        if not any(finding.code == code and finding.message == message for finding in self.found):
            self.report(code, message, span, hint=hint, example=example)


def is_rule_line(line: str) -> bool:
    """Whether a line under an indicator would be read as a part of its rule, and not as a line of another kind."""
    folded = normalise(line).strip()
    key_line = _KEY_LINE.match(folded)
    if _GROUP.match(folded) or _INDICATOR.match(folded):
        return False
    return key_line is None or (key_line["word"] not in _KEY_OF and key_line["word"] not in REMARKS)


def _is_marks(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,10}(?:\.[0-9]{1,10})? *分?", normalise(text)) is not None
