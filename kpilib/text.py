"""Rule text as its author typed it: one-to-one normalisation, spans and excerpts with carets."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar, NamedTuple, cast

_FOLDED: dict[int, str] = {0x3000: " ", **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}}

# Signs that mean the same on a KPI sheet.  One character to one character, so that a position in the
# folded text is a position in the author's own.  Not NFKC: it would turn ㎡ into two characters.
_SIGNS: dict[int, str] = {ord(sign): plain for sign, plain in {
        "，": ",", "；": ";", "：": ":", "（": "(", "）": ")", "【": "(", "】": ")", "〔": "(", "〕": ")",
        "％": "%", "﹪": "%", "。": "。", "．": ".", "－": "-", "—": "-", "–": "-", "―": "-", "─": "-", "−": "-", "‐": "-", "‑": "-",
        "～": "~", "〜": "~", "∼": "~", "∽": "~", "＝": "=", "≧": "≥", "⩾": "≥", "≦": "≤", "⩽": "≤", "＞": ">", "﹥": ">",
        "＜": "<", "﹤": "<", "╳": "×", "✕": "×", "✖": "×", "＊": "*", "∗": "*", "／": "/", "∕": "/", "＋": "+", "、": "、",
        "“": '"', "”": '"', "「": '"', "」": '"', "『": '"', "』": '"', "‘": "'", "’": "'", "！": "!", "？": "?", "＿": "_",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ", "\t": " ", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n",
        "\x0c": "\n", "\x85": "\n", "\r": "\n", "﹣": "-", "﹢": "+", "∶": ":", "︰": ":", "﹐": ",", "﹔": ";", "﹕": ":", "﹙": "(", "﹚": ")",
}.items()}  # fmt: skip

# Traditional (and variant) forms of the characters that the vocabulary is made of.
_TRADITIONAL = str.maketrans(
    "減項記滿達標準額實際評為於過個種類檔獎勵罰計給與數級檢驗質無總績絕對歸鐘時節電話報單條筆戶處設備員資產萬億點門進門應該僅兩雙"
    "負責餘遲曠請體態務優間週勞動據規則價銷業執開發賬帳錯誤斷連續從產結論題選舉審預經營費盈虧損長線責組織長黨導"
    "頂準訂額內潤稱許號較響視況難鑑參據賽顧客擔當區縣鄉鎮團隊機關幹邊離職廠車輛傷險環護樓層場華復複獲證書證訴調輕傷後麼併並為",
    "减项记满达标准额实际评为于过个种类档奖励罚计给与数级检验质无总绩绝对归钟时节电话报单条笔户处设备员资产万亿点门进门应该仅两双"
    "负责余迟旷请体态务优间周劳动据规则价销业执开发账账错误断连续从产结论题选举审预经营费盈亏损长线责组织长党导"
    "顶准订额内润称许号较响视况难鉴参据赛顾客担当区县乡镇团队机关干边离职厂车辆伤险环护楼层场华复复获证书证诉调轻伤后么并并为",
)

# Signs that stay as wide as Chinese text has them, where a text is set and not read.
_WIDE = {",": "，", ";": "；", ":": "：", "(": "（", ")": "）", "!": "！", "?": "？"}

_TABLE: dict[int, str] = {**_FOLDED, **{code: chr(value) for code, value in _TRADITIONAL.items()}, **_SIGNS}


class _Later:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self.pattern), name)
        setattr(self, name, found)  # the next time it is found without this method
        return found


def later(pattern: str) -> re.Pattern[str]:
    """A pattern whose methods are there, and which is compiled at their first use: for what most rules never need."""
    return cast("re.Pattern[str]", _Later(pattern))


class Span(NamedTuple):
    """A half-open stretch [start, end) of the author's text, counted in characters."""

    start: int
    end: int

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class Node:
    """What trees and expressions are made of: one repr for all, since attrs would write one for each at import."""

    __slots__ = ()
    __attrs_attrs__: ClassVar[tuple[Any, ...]] = ()

    def __repr__(self) -> str:
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in self.__attrs_attrs__ if field.repr)
        return f"{type(self).__name__}({shown})"


def normalise(text: str) -> str:
    """Fold widths, signs, blanks and traditional forms; the length never changes.

    >>> normalise("每低１％，減２分")
    '每低1%,减2分'
    """
    folded = text.translate(_TABLE)
    if "<" in folded:
        for tag in ("<br/>", "<br />", "<br>", "<BR/>", "<BR>"):
            folded = folded.replace(tag, "\n" + " " * (len(tag) - 1))
    return folded


def set_plain(text: str) -> str:
    """The text with plain digits, letters and signs and the vocabulary's characters, its punctuation as wide as Chinese.

    It reads as the text itself does: both fold to the same.

    >>> set_plain("每低１％,減2分(至多1,000分)")
    '每低1%，减2分（至多1,000分）'
    """
    folded = normalise(text)
    return "".join(
        own if char in "\"'" else _WIDE[char] if char in _WIDE and not _in_a_number(folded, position) else char
        for position, (own, char) in enumerate(zip(text, folded, strict=True))
    )


def _in_a_number(folded: str, position: int) -> bool:
    """Whether the sign stands between two digits, as in 5,000 or 1:1.5."""
    return folded[max(0, position - 1) : position].isdigit() and folded[position + 1 : position + 2].isdigit()


def cut(text: str, length: int) -> str:
    """At most so many characters of a text that somebody else wrote, with a sign where something is left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def unreadable(text: str) -> Span | None:
    """The first character that no rule can hold: a control character, half a surrogate pair, an unassigned code."""
    for position, char in enumerate(text):
        if char in "\n\r\t\x0b\x0c\x85":
            continue
        if (
            unicodedata.category(char) in {"Cc", "Cs", "Co", "Cn"}
            or char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffd"
        ):
            return Span(position, position + 1)
    return None


def width(char: str) -> int:
    """Columns of a terminal that the character takes: 2 for wide ones, 0 for marks that join, else 1."""
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def display_width(text: str) -> int:
    """Columns that the whole text takes."""
    return sum(map(width, text))


def line_of(text: str, position: int) -> tuple[int, int]:
    """Line and column (both from 1) of a position; a line ends with LF, CRLF or CR."""
    start = max(text.rfind(end, 0, position) for end in "\r\n") + 1
    ends = text.count("\n", 0, position) + text.count("\r", 0, position) - text.count("\r\n", 0, position)
    return ends + 1, position - start + 1


def excerpt(text: str, span: Span, *, reach: int = 36) -> str:
    """The line that holds the span with carets right under it.

    Padding under a wide character is a wide blank, so the carets fit in a terminal and in a proportional font.
    A long line is cut to `reach` characters either side.
    """
    start = min(max(span.start, 0), len(text))
    line_start = max(text.rfind(end, 0, start) for end in "\r\n") + 1
    line_end = min((found for end in "\r\n" if (found := text.find(end, start)) >= 0), default=len(text))
    end = max(min(span.end, line_end), start)
    left, right = max(line_start, start - reach), min(line_end, end + reach)
    end = min(end, start + 2 * reach)
    right = min(right, end + reach)
    shown = "".join(_shown(char) for char in text[left:right])
    head = "…" if left > line_start else ""
    tail = "…" if right < line_end else ""
    pad = "".join("\u3000" if width(char) == 2 else " " * width(char) for char in shown[: start - left])
    carets = "".join("^" * max(1, width(char)) for char in shown[start - left : end - left]) or "^"
    return f"{head}{shown}{tail}\n{' ' * len(head)}{pad}{carets}"


def _shown(char: str) -> str:
    """Characters that would break a terminal line, made visible."""
    return (
        char
        if unicodedata.category(char) not in {"Cc", "Cs", "Cf", "Cn", "Co"}
        else ("\u3000" if width(char) == 2 else "·")
    )
