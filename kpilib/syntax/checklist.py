"""Checklists: a lead (主管对下列事项满意：) and the items below it, read line by line before the words are.

An item is free text that somebody ticks off, so it holds no vocabulary; what follows the items says what one is worth.
"""

from __future__ import annotations

import re

from kpilib.errors import RuleSyntaxError
from kpilib.quantity import MARKS, exact
from kpilib.syntax.tree import Amount, Award, Checklist, Points
from kpilib.text import Span, later, normalise

MAX_ITEMS = 60
_MARK = r"(?:[•●·▪■◆*-]|\(?[0-9]{1,2}[.、)]|[①-⑳])[ ]*"
_LEAD = later(
    rf"(?:^|(?<=[\n;。]))[ ]*(?:{_MARK}|\([一二三四五六七八九十]{{1,2}}\)[ ]*)?(?P<lead>[^\n:;。,]{{0,40}}?[,]?[^\n:;。,]{{0,30}}?"
    r"(?:对(?:下列|以下)[^\n:;。]{0,10}(?:满意|认可|检查|评价|考核|评估|打分)|认为|评价如下"
    r"|(?:满足|符合|做到|达到)(?:下列|以下)[^\n:;。]{0,6}|(?:下列|以下)(?:各项|事项|条件|要求|内容|行为)[^\n:;。]{0,6}))[ ]*:[ ]*"
)
_SCORED = re.compile(r"[0-9]分|[得扣加减记计][0-9]|满分|不得分|零分|[0-9]%|比例")
_ALL = r"(?:全部|均|都)(?:满意|符合|满足|达到|做到|合格|认可)(?:的)?(?:得|为|记)满分"
_SHARE = r"按(?:照)?(?:满意|符合|满足|达到|做到|认可)?(?:的)?(?:项数|事项数?|项目数)?(?:的|占总项数的|占总数的)?(?:比例|百分比)(?:计分|得分|折算得分|给分)?"
_EACH = later(r"每?(?:满意|符合|满足|达到|做到|认可)?(?:一|1)项(?:满意|符合|的)?得(?P<marks>[0-9.]+)分")
_MISS = re.compile(
    r"每?(?:有)?(?:一|1)项(?:不满意|不符合|不满足|未达到|未做到|不认可|没有做到|没有达到)(?:的)?[,]?扣(?P<marks>[0-9.]+)分"
)
_SILENT = later(rf"(?:{_ALL}|{_SHARE})")


def read_checklist(text: str) -> Checklist | None:
    """The checklist that a rule text is, or None where it is none.

    Raises:
        RuleSyntaxError: too many items, or words after the items that do not say what one is worth.
    """
    folded = normalise(text)
    groups: list[tuple[str, tuple[str, ...]]] = []
    rest, position = [], 0
    while True:
        lead = _LEAD.search(folded, position)
        if lead is None:
            break
        items, end = _items(folded, lead.end())
        if not items:
            return None
        rest.append(folded[position : lead.start()])
        groups.append((_squeezed(lead["lead"]), items))
        position = end
    if not groups:
        return None
    rest.append(folded[position:])
    count = sum(len(items) for _, items in groups)
    span = Span(len(text) - len(text.lstrip()), len(text.rstrip()))
    if count > MAX_ITEMS:
        raise RuleSyntaxError(
            f"清单有 {count} 项，最多 {MAX_ITEMS} 项", code="KPI102", span=span, source=text, hint="分成几个指标"
        )
    said = " ".join(rest)
    shared = re.search(_SHARE, said) is not None
    return Checklist(tuple(groups), _worth(said, text, Span(position, len(text.rstrip()))), shared, span)


def _items(folded: str, start: int) -> tuple[tuple[str, ...], int]:
    """The items after a lead and where they end: before the next lead, or before words that score."""
    line_end = folded.find("\n", start)
    inline = folded[start : len(folded) if line_end < 0 else line_end].strip()
    signs = "、;。\n" if inline and not re.match(_MARK, inline) else ";。\n"
    found: list[str] = []
    stop = min(place for place in (folded.find("。", start), line_end, len(folded)) if place >= 0)
    body = folded[start:stop] if inline else folded[start:]  # on the lead's own line the full stop ends the list
    for piece in re.finditer(rf"[^{signs}]+", body):
        said = piece[0]
        if _SCORED.search(said) or _LEAD.match(said.lstrip()):
            return tuple(found), start + piece.start()
        item = _squeezed(re.sub(rf"^[ ]*{_MARK}", "", said)).strip(",.")
        found += [item] if item else []
    return tuple(found), start + len(body)


def _squeezed(text: str) -> str:
    return re.sub(r"[ \n]+", "", text)


def _worth(rest: str, text: str, span: Span) -> Award | None:
    """What an item earns or costs; None where the share of the items counts."""
    said = _SILENT.sub("", re.sub(r"[ \n,;。.:]+", "", re.sub(rf"(?m)^[ ]*{_MARK}", "", rest)))
    if not said:
        return None
    for pattern, kind in ((_EACH, "set"), (_MISS, "deduct")):
        match = pattern.fullmatch(said)
        if match is not None:
            points = Points("marks", Amount(exact(match["marks"]), MARKS, span))
            return Award("set" if kind == "set" else "deduct", points, span)
    raise RuleSyntaxError(
        f"看不懂清单后面的「{said[:30]}」", code="KPI105", span=span, source=text,
        hint="写 每满足一项得…分、每有一项不满足扣…分，或不写（按满足项数的比例）", example="每满足一项得2分",
    )  # fmt: skip
