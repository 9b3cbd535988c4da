"""Deadlines: 每月25日前, 每个销售期的第二个星期五, 季度结束后5日内.  Found in the text before its words are.

A deadline stands in the tree as canonical words, which kpilib.period reads when a date comes; the rest of the sentence
is read as if 按时 stood there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from attrs import evolve

from kpilib.quantity import UNITS, chinese_number
from kpilib.syntax.parts import Labelled, Part
from kpilib.syntax.tree import Amount, Choice, Clause, Comparison, Deadline, Happens, Lead, Occurrence, Rung
from kpilib.text import Span, later, normalise

_N = r"(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3})"
_BEFORE = r"(?:之前|以前|前)"
_DAY = rf"[ ]*(?:日|号)(?:{_BEFORE}|之内|以内|内)"
# What people write and the canonical words for it; the first that fits is taken.
_FORMS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (rf"(?:每个?月|当月|本月)第?[ ]*(?P<n>{_N})[ ]*个工作日(?:{_BEFORE}|之内|以内|内)", lambda m: f"每月第{_int(m['n'])}个工作日前"),
    (rf"(?:次月|下月|每月次月)(?:的)?(?:第|前)?[ ]*(?P<n>{_N})[ ]*个工作日(?:{_BEFORE}|之内|以内|内)", lambda m: f"次月第{_int(m['n'])}个工作日前"),
    (rf"(?:次月|下月)(?:的)?[ ]*(?P<n>{_N}){_DAY}", lambda m: f"次月{_int(m['n'])}日前"),
    (rf"(?:每个?月|当月|本月)(?:的)?[ ]*(?P<n>{_N}){_DAY}", lambda m: f"每月{_int(m['n'])}日前"),
    (rf"每年(?:度)?[ ]*(?P<m>{_N})[ ]*月[ ]*(?P<n>{_N}){_DAY}", lambda m: f"每年{_int(m['m'])}月{_int(m['n'])}日前"),
    (rf"每年(?:度)?[ ]*(?P<m>{_N})[ ]*月(?:底|末){_BEFORE}", lambda m: f"每年{_int(m['m'])}月底前"),
    (rf"(?:每个?月|当月|本月)?(?:月底|月末){_BEFORE}", lambda m: "每月月底前"),
    (rf"(?:每个?|当|本|该)?(?:季度末|季末|年底|年末|年度末|期末|考核期末|期间末){_BEFORE}", lambda m: "期末前"),
    (rf"(?:每个?|当|本)?(?:季度|年度|期间|考核期|月度|月|期末)(?:结束|末)?(?:以)?后(?:的)?[ ]*(?P<n>{_N})[ ]*(?P<u>个工作日|工作日|日|天)(?:之内|以内|内)",
     lambda m: f"期末后{_int(m['n'])}{'个工作日' if '工作' in m['u'] else '日'}内"),
    (rf"(?:每个?[一-龥]{{1,4}}|期间|考核期)的?(?P<last>最后一个|倒数第一个|第?(?P<n>{_N})个)(?:星期|周|礼拜)(?P<w>[一二三四五六日天])(?:{_BEFORE}|(?=完成|提交|发出|上交|上报|报送|做完|$|[，,；;。]))",
     lambda m: f"期间的{'最后一个' if m['n'] is None else _nth(_int(m['n']))}星期{m['w'].replace('天', '日')}"),
)  # fmt: skip
_DEADLINES = tuple((later(pattern), canonical) for pattern, canonical in _FORMS)
_HINT = re.compile("前|内|星期|周|礼拜")
_ORDINALS = "一二三四五六七八九十"
# Read as one word, of which only these two characters mean anything.
_ON_TIME = "按时"
_LATE_EVENT = re.compile(r"^(?:逾期|超期|延期|延误|迟交|晚交|迟报|过期|未按时|未按期|未及时)")


def read_deadline(text: str) -> tuple[Deadline | None, str]:
    """The deadline of a rule text, and the text with 按时 in its place (as long as before)."""
    folded = normalise(text)
    if _HINT.search(folded) is None:
        return None, text
    for pattern, canonical in _DEADLINES:
        found = pattern.search(folded)
        if found is not None and not _daily(canonical(found)):
            start, end = found.span()
            filled = _ON_TIME + "'" * (end - start - len(_ON_TIME))
            return Deadline(canonical(found), Span(start, end)), text[:start] + filled + text[end:]
    return None, text


def _daily(canonical: str) -> bool:
    """Days that no month has are left to be refused as words."""
    days = [int(number) for number in re.findall(r"([0-9]+)(?:日|个)", canonical)]
    months = [int(number) for number in re.findall(r"([0-9]+)月", canonical)]
    return any(day == 0 or (day > 31 and "期末" not in canonical) for day in days) or any(
        not 0 < m < 13 for m in months
    )


def with_deadline(clauses: tuple[Clause, ...], deadline: Deadline) -> tuple[Clause, ...]:
    """The clauses of the rest of the sentence, their 按时 and 逾期 held against the deadline."""
    labels = [clause.label for clause in clauses if isinstance(clause, Choice)]
    late = [label for label in labels if _LATE_EVENT.match(label)]
    two = len(labels) == 2 and len(late) == 1
    found: list[Clause] = [deadline]
    for clause in clauses:
        if isinstance(clause, Lead):
            said = clause.text.removeprefix(_ON_TIME)
            found += [evolve(clause, text=said)] if said else []
        elif isinstance(clause, Occurrence):
            found.append(evolve(clause, event=clause.event.removeprefix(_ON_TIME) or clause.event))
        elif isinstance(clause, Choice) and two:
            after = clause.label in late
            found.append(Rung(_lateness(">" if after else "<=", clause.span), clause.award, clause.span))
        elif (
            isinstance(clause, Rung)
            and isinstance(clause.condition, Happens)
            and _LATE_EVENT.match(clause.condition.event)
        ):
            operator = ">" if clause.condition.occurs else "<="
            found.append(evolve(clause, condition=_lateness(operator, clause.condition.span)))
        else:
            found.append(clause)
    return tuple(found)


def late_alone(parts: list[Part]) -> list[Part]:
    """每月25日前上报，逾期不得分: what is done in time only leads to what happens when it is late."""
    found: list[Part] = []
    for part in parts:
        head, comma, last = part.label.rpartition(",") if isinstance(part, Labelled) else ("", "", "")
        if isinstance(part, Labelled) and comma and _LATE_EVENT.match(last):
            found += [Lead(head, part.span), Rung(_lateness(">", part.span), part.award, part.span)]
        else:
            found.append(part)
    return found


def _lateness(operator: str, span: Span) -> Comparison:
    return Comparison("逾期", ">" if operator == ">" else "<=", Amount(Fraction(0), UNITS["天"], span), span=span)


def _int(text: str) -> int:
    return int(text) if text.isdigit() else int(chinese_number(text))


def _nth(number: int) -> str:
    return f"第{_ORDINALS[number - 1]}个" if 1 <= number <= len(_ORDINALS) else f"第{number}个"
