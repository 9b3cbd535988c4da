"""The tree of errors: each has a code, a place in the author's text, what was expected and an example that works."""

from __future__ import annotations

import errno
from typing import Any, Literal

from attrs import field, frozen

from kpilib.text import Span, cut, excerpt, line_of

Level = Literal["error", "需确认", "info"]

# A message may repeat what somebody wrote, and somebody may have written a million characters.
MAX_MESSAGE = 1_000

# One row a code: the title that its page in the docs carries, and an example that works.
CODES: dict[str, tuple[str, str]] = {
    "KPI101": ("文字是空的", "每低1%扣2分"),
    "KPI102": ("文字太长", "每低1%扣2分"),
    "KPI103": ("有不能读的字符", "每低1%扣2分"),
    "KPI104": ("这里读不下去", "完成率低于90%，每低1%扣2分"),
    "KPI105": ("看不懂这里的词", "完成率每低1%扣2分"),
    "KPI106": ("没有计分的规定", "迟到一次扣1分"),
    "KPI107": ("有条件，没有结果", "低于70%得0分"),
    "KPI108": ("有分数，没有条件", "迟到一次扣1分"),
    "KPI109": ("没有说得分还是扣分", "反馈不及时一次扣2分"),
    "KPI110": ("数字没有单位", "完成率90%以上得满分"),
    "KPI111": ("文字像是损坏了", "95%-99%得10分"),
    "KPI113": ("步长没有方向", "每低1%扣2分"),
    "KPI114": ("界限词重叠", "不低于90%得满分"),
    "KPI115": ("约数不能计分", "90%以上得满分"),
    "KPI116": ("计分还没有起点", "考核目标值为90%，每低1%扣2分"),
    "KPI117": ("没有满分", "满分10分，每错一次扣2分"),
    "KPI118": ("前后矛盾", "90%以上得10分；80%以上得8分"),
    "KPI119": ("同一界限写了两个结果", "90%以上得10分；80%以上得8分"),
    "KPI201": ("一次扣，还是每满一档扣", "每下降20%扣5分"),
    "KPI202": ("分值的标尺不明", "满分100分，90%以上得100分"),
    "KPI203": ("这句话有两种读法", "每低1%扣2分"),
    "KPI301": ("还有空着没填的数", "每低1%扣2分"),
    "KPI401": ("单位对不上", "完成率低于70%得0分"),
    "KPI402": ("同一条里分和元混用", "奖励5分"),
    "KPI501": ("这种情况规则没有规定", "90%以上得10分；90%以下得0分"),
    "KPI502": ("目标值不能作除数", "考核目标值为100万元，按完成比例计分"),
    "KPI503": ("目标值还没有给", "考核目标值为90%，每低1%扣2分"),
    "KPI504": ("要由评分人给分", "28分"),
    "KPI601": ("这类规则暂不支持", "每低1%扣2分"),
    "KPI701": ("方案的写法不对", "一、工作业绩（70%）"),
    "KPI702": ("权重加起来不对", "一、工作业绩（70%）"),
    "KPI703": ("文件编码不是 UTF-8", "另存为 UTF-8"),
    "KPI704": ("重名", "（一）完成率（20%）"),
    "KPI705": ("等级或系数的写法不对", "等级：90分以上优秀；75分以上良好"),
    "KPI706": ("口径不认识", "口径：不足一档按比例"),
    "KPI707": ("方案里还有待确认的地方", "口径：不足一档按比例"),
    "KPI801": ("输入值不对", "85.4%"),
    "KPI802": ("输入值没有单位", "85.4%"),
    "KPI803": ("缺少输入", "完成率"),
    "KPI804": ("不认识的输入名", "完成率"),
    "KPI805": ("次数必须是整数", "3次"),
    "KPI806": ("选项里没有这一项", "优秀"),
    "KPI807": ("文件读不了", "facts.csv"),
    "KPI808": ("期间写错了", "2026年3月"),
    "KPI809": ("工作日历不对", "2026-10-01,休"),
    "KPI821": ("没有认出考核表", "考核指标、权重、评分标准"),
    "KPI822": ("表里的这一列没有参与计分", "评分标准"),
    "KPI823": ("表里的这一格读不懂", "20%"),
    "KPI824": ("考核表以外的内容", "等级：90分以上优秀；75分以上良好"),
    "KPI901": ("不足一档怎么算", "每低1%扣2分，不足1%不计"),
    "KPI902": ("加分没有写上限", "每高1%加1分，最高加5分"),
    "KPI903": ("一个界限写在两档里", "90%以上得10分；低于90%得8分"),
    "KPI904": ("这句话没有参与计分", "每低1%扣2分"),
    "KPI905": ("没有写每字", "每延误1天扣2分"),
    "KPI906": ("百分比是谁的百分比", "每低于目标值1%扣2分"),
    "KPI907": ("从哪里数起", "每增加1家加2分"),
    "KPI908": ("两头都算在内", "80%-90%得8分"),
    "KPI909": ("有的情况没有规定", "90%以上得10分；90%以下得0分"),
    "KPI910": ("分值按百分制折算", "90%以上得20分；80%以上得15分"),
    "KPI911": ("上限是对加减的分说的", "最高加5分"),
    "KPI912": ("超额完成时超过满分", "满分20分，按完成比例计分"),
    "KPI913": ("其余情况得满分", "70%以上得满分；低于70%得0分"),
    "KPI914": ("上限管到哪些扣分", "迟到一次扣1分，最多扣5分"),
    "KPI916": ("前提视为成立", "目标值为90%，每低1%扣2分"),
    "KPI915": ("扣完为止，但没有满分", "满分10分，每次扣2分，扣完为止"),
}


# What systems say of a file that cannot be used, as a clerk would say it.
_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.EEXIST: "已经有了",
    errno.ENAMETOOLONG: "名称太长",
    errno.EINVAL: "名称不能用",
    errno.ENOSPC: "磁盘满了",
    errno.EROFS: "磁盘只能读",
    errno.EIO: "磁盘读写出错",
    errno.EBUSY: "文件正被占用",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ELOOP: "链接绕成了圈",
}


def system_reason(error: OSError) -> str:
    """Why the system refuses a file, in Chinese."""
    return _REASONS.get(error.errno or 0, f"系统错误 {error.errno}" if error.errno else "系统错误")


def _printable(text: str) -> str:
    """The text, cut, with half surrogate pairs and control characters as escapes: any terminal and file takes it."""
    text = cut(text, MAX_MESSAGE)
    return text if text.isprintable() else "".join(
        char if char.isprintable() or char in "\n\u3000" else f"\\u{ord(char):04x}" for char in text
    )  # fmt: skip


@frozen(kw_only=True)
class Diagnostic:
    """One finding in a text: an error, a choice to confirm (需确认) or a piece of information.

    Its texts are at most a thousand characters, whatever of the author's words they repeat.
    """

    code: str
    message: str = field(converter=_printable)
    level: Level = "error"
    span: Span | None = None
    source: str = field(default="", repr=False)
    hint: str = field(default="", converter=_printable)
    example: str = field(default="", converter=_printable)

    @property
    def excerpt(self) -> str:
        """The author's line with carets under the place, or nothing where no place is known."""
        return excerpt(self.source, self.span) if self.span is not None and self.source else ""

    @property
    def title(self) -> str:
        """The title of the code's page in the docs."""
        return CODES[self.code][0] if self.code in CODES else ""

    def __str__(self) -> str:
        place = ""
        if self.span is not None and any(end in self.source for end in "\r\n"):
            line, column = line_of(self.source, self.span.start)
            place = f"（第{line}行第{column}字）"
        lines = [f"{self.code} {self.message}{place}"]
        if self.excerpt:
            lines += ["  " + line for line in self.excerpt.split("\n")]
        if self.hint:
            lines.append(f"  {self.hint}")
        if self.example:
            lines.append(f"  可以这样写：{self.example}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "span": list(self.span) if self.span is not None else None,
            "hint": self.hint,
            "example": self.example,
        }


class KpiError(Exception):
    """Anything that kpilib refuses; `.diagnostics` has every finding, the attributes are those of the first."""

    default_code = "KPI801"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        span: Span | None = None,
        source: str = "",
        hint: str = "",
        example: str | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        code = code or self.default_code
        if example is None:
            example = CODES[code][1]
        first = Diagnostic(code=code, message=message, span=span, source=source, hint=hint, example=example)
        self.diagnostic = diagnostics[0] if diagnostics else first
        self.diagnostics = diagnostics or (first,)
        super().__init__(self.diagnostic.message)

    @property
    def code(self) -> str:
        """KPInnn, the name of the page in the docs."""
        return self.diagnostic.code

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return self.diagnostic.message

    @property
    def span(self) -> Span | None:
        """The place in the author's text."""
        return self.diagnostic.span

    @property
    def hint(self) -> str:
        """What could stand there."""
        return self.diagnostic.hint

    @property
    def example(self) -> str:
        """A wording that works."""
        return self.diagnostic.example

    def __str__(self) -> str:
        return "\n".join(str(diagnostic) for diagnostic in self.diagnostics)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.diagnostics, self.__dict__))


def _rebuild(
    kind: type[KpiError], message: str, diagnostics: tuple[Diagnostic, ...], state: dict[str, object]
) -> KpiError:
    error = kind(message, code=diagnostics[0].code, diagnostics=diagnostics)
    error.__dict__.update(state)
    return error


class RuleSyntaxError(KpiError):
    """The text cannot be read: unknown wording, damage, a contradiction."""

    default_code = "KPI104"


@frozen(kw_only=True)
class AlternativeReading:
    """One of several meanings of a text: a sentence that says it without doubt, and what it gives for `at`."""

    text: str
    at: str
    points: str

    def __str__(self) -> str:
        earned = f"得 {self.points} 分" if self.points.lstrip("-").replace(".", "").isdigit() else self.points
        return f"{self.text}　例如 {self.at} 时{earned}"


class AmbiguousRuleError(KpiError):
    """A careful reader could read the text in more than one way; `.readings` has each with an input where they differ."""

    default_code = "KPI203"

    def __init__(
        self, message: str, *, readings: tuple[AlternativeReading, ...] = (), code: str = "", **rest: Any
    ) -> None:
        super().__init__(message, code=code, **rest)
        self.readings = readings

    def __str__(self) -> str:
        return "\n".join(
            [super().__str__(), *(f"  读法{number}：{reading}" for number, reading in enumerate(self.readings, 1))]
        )


class TemplateError(KpiError):
    """A number is still blank; `.holes` has them."""

    default_code = "KPI301"

    def __init__(self, message: str, *, holes: tuple[object, ...] = (), code: str = "", **rest: Any) -> None:
        super().__init__(message, code=code, **rest)
        self.holes = holes


class UnitError(KpiError):
    """Two things are compared whose units do not fit, or a number has no unit where it needs one."""

    default_code = "KPI401"


class UncoveredError(KpiError):
    """The input is a case that the rule leaves out, so there is no score for it."""

    default_code = "KPI501"


class PlanError(KpiError):
    """A plan file is wrong; `.diagnostics` has all of its mistakes."""

    default_code = "KPI701"


class InputError(KpiError):
    """A fact that is to be scored is wrong."""

    default_code = "KPI801"


class UnsupportedError(KpiError):
    """The wording is understood as a kind of rule that this version does not run."""

    default_code = "KPI601"
