"""Awards: what the words and numbers before an award make of it."""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import evolve

from kpilib.quantity import UNITS, unit_named
from kpilib.syntax.formulas import Formulas
from kpilib.syntax.heads import Head, Item, heads
from kpilib.syntax.names import demand_free, name_of, names_metric
from kpilib.syntax.parts import Counted, Labelled, Once, once_or_each
from kpilib.syntax.phrases import (
    Based,
    Factor,
    Gap,
    Given,
    Joint,
    LimitHere,
    Measure,
    Note,
    Phrase,
    Words,
)
from kpilib.syntax.tree import (
    Amount,
    Award,
    Comparison,
    Direction,
    Discretion,
    FullMarks,
    Lead,
    Occurrence,
    Otherwise,
    Points,
    Rung,
    Step,
    StepPart,
    Target,
)
from kpilib.text import Span

# Words that grade: 优秀9-10分 gives marks, 得分80-89分 is a condition.
_GRADE = re.compile(
    r"(?:优秀?|良好?|中等?|差|一般|及格|合格|满意|较好|好|称职|达标|较高|高|较低|低|[A-E]级?|[一二三四五]档)$"
)
_PART_BEYOND = re.compile(
    r"^(超出|超过|高于|高出|不足|低于|少于)(?:[^部]{0,8}部分|的|者|后)?$"
)  # what stands before 每, and tells the direction


def _beyond(item: Item) -> Item:
    """超出预算部分每1%扣0.5分, 超过每次扣1分: the part beyond tells the direction."""
    measure, match = item.measure, _PART_BEYOND.match(item.before.text) if item.before is not None else None
    if match is None or measure.kind not in ("per", "each"):
        return item
    amount = measure.amount
    if measure.kind == "each" and measure.inside is not None:
        amount = Amount(Fraction(1), unit_named(measure.inside.text.lstrip("每按有")), measure.span)
    way: Direction = "up" if match[1] in ("超出", "超过", "高于", "高出") else "down"
    inside = None if measure.kind == "each" else measure.inside
    return item._replace(
        measure=measure._replace(kind="step", direction=way, amount=amount, inside=inside), before=None
    )


class Awards(Formulas):
    """Makes clauses of awards and what stands before them."""

    def _is_bare_award(self, phrase: Measure, phrases: list[Phrase], index: int) -> bool:
        """Points without a verb (50%以下,0分; (4分)) that close a clause."""
        opening = phrases[index - 1] if index else None
        bracketed = isinstance(opening, Gap) and opening.signs.endswith("(")
        graded = isinstance(opening, Words) and _GRADE.search(opening.word.text) is not None
        if phrase.kind == "between" and phrase.amount is not None and phrase.amount.unit.kind == "marks":
            follows = phrases[index + 1] if index + 1 < len(phrases) else None
            return (
                (bracketed or graded)
                and isinstance(follows, Gap | None)
                and any(isinstance(one, Words) for one in self.pending)
            )
        if phrase.kind != "exact" or phrase.bound_word or phrase.of_target or phrase.amount is None:
            return False
        if phrase.amount.unit.kind != "marks":
            return False
        if not any(isinstance(before, (Words, Measure, Note)) for before in self.pending):
            return False
        after = [later for later in phrases[index + 1 :] if not isinstance(later, (Gap, Note))]
        direct = phrases[index + 1] if index + 1 < len(phrases) else None
        if isinstance(direct, (Based, LimitHere, Factor, Joint)) or (
            after and isinstance(after[0], (LimitHere, Based))
        ):
            return False
        if (
            after
            and isinstance(after[0], Given)
            and not (isinstance(direct, Gap) and (direct.hard or ")" in direct.signs))
        ):
            return False
        return not (isinstance(direct, Words) and len(after) > 1 and isinstance(after[1], Given))

    def _bare(self, phrase: Measure, phrases: list[Phrase], index: int) -> None:
        assert phrase.amount is not None
        before = phrases[index - 1] if index else None
        after = phrases[index + 1] if index + 1 < len(phrases) else None
        opened = isinstance(before, Gap) and before.signs.endswith("(")
        bracketed = opened and isinstance(after, Gap) and after.signs[0] in "),;"
        if phrase.kind == "between":
            assert phrase.high is not None
            ends = sorted((phrase.amount, phrase.high), key=lambda end: end.base)
            self._award(None, Award("set", Points("judged", *ends), phrase.span), bracketed=bracketed)
            return
        last = heads(self.pending).items
        if (
            last
            and last[-1].measure.kind == "exact"
            and last[-1].measure.amount is not None
            and last[-1].measure.amount.unit.kind == "marks"
        ):
            raise self.refuse("KPI111", "两个分数连在一起，文字像是损坏了", phrase.span, example="90分以上得10分")
        points = Points("zero") if phrase.amount.value == 0 else Points("marks", phrase.amount)
        award = Award("set", points, phrase.span)
        if phrase.amount.value is not None and (phrase.amount.value < 0 or phrase.plus):
            points = Points("marks", evolve(phrase.amount, value=abs(phrase.amount.value)))
            self._award(None, Award("gain" if phrase.plus else "deduct", points, phrase.span), bracketed=bracketed)
            return
        if bracketed and isinstance(after, Gap) and ":" in after.signs and not heads(self.pending).items:
            self._flush()
            self.parts.append(FullMarks(phrase.amount, phrase.span))
            return
        self._award(None, award, bare=True, bracketed=bracketed)

    def _award(self, given: Given | None, award: Award, *, bare: bool = False, bracketed: bool = False) -> None:
        head = heads(self.pending)
        announced = (
            given is not None
            and given.blank
            and not head.items
            and bool(head.words)
            and "的" in (head.words[-1].text[-1], self.source[given.span.start])
        )
        opens = given is not None and given.blank and bool(head.items) and head.items[-1].measure.kind == "bound"
        if opens and head.items[-1].measure.amount is not None and head.items[-1].measure.amount.value is not None:
            return  # 低于99%开始扣分，每降低1%扣10分: the bound waits for the step
        if given is not None and announced:
            # 没有完成的扣分,每低2%扣1分: the words announce the rule that follows.
            last = self.pending[-1].word if self.pending and isinstance(self.pending[-1], Words) else None
            self._lead(head.leads)
            self.pending = []
            if last is not None:
                demand_free(last, self.source)
            self.parts.append(
                Lead(
                    "".join(word.text for word in head.words) + self.source[given.span.start : given.span.end],
                    given.span,
                )
            )
            return
        self.pending = []
        bare = bare or (given is not None and given.verbless)
        if self.otherwise is not None:
            if head.items and (
                head.items[-1].measure.kind in ("step", "per", "each", "change")
                or (
                    head.items[-1].measure.amount is not None
                    and head.items[-1].measure.amount.unit.is_count
                    and award.kind == "deduct"
                )
            ):
                self.otherwise = None  # 否则每超1小时扣2分: the step itself begins where the rung ends
                self._measured(head, award, given)
                return
            if head.items or any(name_of(word.text) for word in head.words):
                raise self.refuse("KPI104", "「否则」后面只能接得分或扣分", award.span)
            self.parts.append(Otherwise(award, self.otherwise.span.cover(award.span)))
            self.otherwise = None
            return
        if head.items:
            self._measured(head, award, given, bare=bare and not bracketed)
            return
        heading = given is not None and self.source[given.span.start : given.span.end].startswith((":", "："))
        self._labelled(head, award, bare=bare, bracketed=bracketed or heading, per_unit=given.per_unit if given else "")

    def _labelled(self, head: Head, award: Award, *, bare: bool, bracketed: bool, per_unit: str) -> None:
        if (
            not head.words
            and self.parts
            and isinstance(self.parts[-1], Target)
            and self.parts[-1].operator in ("==", ">=")
            and self.parts[-1].high is None
        ):
            said = self.parts.pop()
            assert isinstance(said, Target)
            self.parts.append(
                Rung(Comparison(said.metric, ">=", said.amount, span=said.span), award, said.span.cover(award.span))
            )
            return
        if not head.words and per_unit:
            self.parts.append(
                Occurrence("", Amount(Fraction(1), UNITS[per_unit], award.span), award, True, False, span=award.span)
            )
            return
        if not head.words and award.points.kind == "judged" and award.kind == "set":
            self.parts.append(Discretion("", award, award.span))
            return
        if not head.words:
            raise self.refuse(
                "KPI108", "这里有分数，却没有说什么情况", award.span, hint="在前面写明条件", example="迟到一次扣1分"
            )
        for word in head.words:
            demand_free(word, self.source)
        span = head.words[0].span.cover(award.span)
        text = ",".join(word.text for word in head.words)
        self._lead(head.leads)
        if per_unit and bare:
            raise self.refuse("KPI109", "没有说得分还是扣分", award.span, hint="在分数前写 加、扣，或写 +、-")
        if per_unit:
            unit = UNITS[per_unit]
            amount = Amount(Fraction(1), unit, award.span)
            self.parts.append(Occurrence(name_of(head.words[-1].text), amount, award, True, False, span=span))
            return
        self.parts.append(Labelled(text, award, span, bracketed, bare))

    def _measured(self, head: Head, award: Award, given: Given | None, *, bare: bool = False) -> None:
        head = self._without_description(head._replace(items=[_beyond(item) for item in head.items]))
        self._sane(head, award)
        group = head.last_group()
        earlier = head.items[: len(head.items) - len(group)]
        last = group[-1].measure
        kind = last.kind
        self._nothing_between(head, group, award)
        event_like = kind in ("per", "each") or (
            kind == "exact"
            and last.amount is not None
            and not last.bound_word
            and (last.amount.unit.is_count or last.amount.unit.kind in ("time", "month", "workday", "money"))
        )
        event_like = event_like and not (
            len(group) > 1 and all(item.measure.kind in ("exact", "bound", "between", "target") for item in group)
        )
        if not earlier and self._shortage(head, group, award, bare):
            return
        step_like = any(item.measure.kind in ("step", "change") for item in group)
        earlier = [item for item in earlier if not (item.measure.kind == "each" and (event_like or step_like))]
        described: list[Item] = []
        if earlier and (event_like or step_like):
            earlier, described = self._implicit_target(earlier, group[0], head.previous_words(group[0]))
        if earlier:
            bad = earlier[-1].measure
            raise self.refuse("KPI107", "这里有一个界限，没有写结果", bad.span, hint="写明这时得多少分")
        lead = group[0].before
        span = (lead.span if lead is not None else group[0].measure.span).cover(award.span)
        if given is not None and given.per_unit:
            raise self.refuse("KPI104", "「/」和条件重复", given.span)
        if event_like and not step_like:
            self._event(head, group, described, award, span, bare)
            return
        self._lead(head.leads)
        self._described(described)
        if step_like:
            self._step(group, award, span, bare)
        else:
            self._rung(head, group, award, span)

    def _without_description(self, head: Head) -> Head:
        """每多开发一家稳定供货半年以上的供应商: the bound only tells which are counted, and is kept as a lead."""
        if len(head.items) < 2:
            return head
        counted, last = head.items[-2], head.items[-1]
        known = counted.measure.amount is None or counted.measure.amount.unit.is_count
        describes = (
            last.measure.kind in ("bound", "between") and last.after is not None and last.after.text.startswith("的")
        )
        if (
            not describes
            or not known
            or counted.measure.kind not in ("step", "per", "each")
            or counted.segment != last.segment
            or last.joint
        ):
            return head
        self._described([last])
        words = [word for word in head.all_words if word not in (last.before, last.after)]
        return head._replace(items=head.items[:-1], all_words=words)

    def _shortage(self, head: Head, group: list[Item], award: Award, bare: bool) -> bool:
        """未建立制度的，每少一项扣2分: what is missing is counted, not held against a target."""
        item = group[-1]
        amount = item.measure.amount
        before = head.previous_words(item)
        if (
            item.measure.kind != "step"
            or item.measure.direction != "down"
            or len(group) != 1
            or item.before is not None
        ):
            return False
        if amount is None or not amount.unit.is_count or item.measure.inside is not None:
            return False
        if before is None or not before.text.endswith(("的", "者")) or not name_of(before.text):
            return False
        span = item.measure.span.cover(award.span)
        self._lead([lead for lead in head.leads if not (isinstance(lead, Words) and lead.word is before)])
        self.parts.append(Counted(name_of(before.text), amount, award, True, span, bare=bare))
        return True

    def _step(self, group: list[Item], award: Award, span: Span, bare: bool) -> None:
        parts: list[StepPart] = []
        for item in group:
            measure = item.measure
            if measure.kind not in ("step", "change") or measure.direction is None or measure.amount is None:
                raise self.refuse("KPI104", "这几个条件不能连在一起", measure.span)
            self._check_tail(item, award)
            name = name_of(item.before.text) if item.before else ""
            self._check_metric(name, item)
            if (
                measure.kind == "change"
                and name
                and not names_metric(name)
                and (len(name) < 3 or not measure.amount.unit.is_count)
            ):
                raise self.refuse(
                    "KPI105", f"看不懂「{name}」是什么指标", measure.span, hint="写 每低…、每高…", example="每低1%扣2分"
                )
            if measure.inside is not None and measure.kind == "step":
                demand_free(measure.inside, self.source)
                self._check_reference(measure)
                if (
                    measure.direction == "down"
                    and measure.amount.unit.is_count
                    and not measure.of_target
                    and len(group) == 1
                    and not measure.inside.text.startswith(("于", "比", "较"))
                ):
                    event = f"{name}少{name_of(measure.inside.text) or measure.inside.text}"  # 每少开一次例会
                    self.parts.append(Counted(event, measure.amount, award, True, span, bare=bare))
                    return
            parts.append(StepPart(name, measure.direction, measure.amount, measure.of_target))
        first = group[0].measure
        if award.kind == "set" and award.points.kind == "marks" and first.kind == "step" and not bare:
            award = evolve(award, kind="gain")
        if award.kind == "set":
            raise self.refuse("KPI109", "每一档没有说加分还是减分", award.span, example="每低1%扣2分")
        if first.kind == "change" and len(group) == 1:
            self.parts.append(Once(parts[0].metric, first, award, span))
            return
        self.parts.append(Step(tuple(parts), award, first.kind == "step", first.full_steps, span))

    def _event(
        self, head: Head, group: list[Item], described: list[Item], award: Award, span: Span, bare: bool
    ) -> None:
        if len(group) != 1:
            raise self.refuse("KPI104", "这几个条件不能连在一起", group[0].measure.span)
        item = group[0]
        measure = item.measure
        amount = measure.amount
        if measure.kind == "each":
            assert measure.inside is not None
            amount = Amount(Fraction(1), unit_named(measure.inside.text.lstrip("每按有")), measure.span)
        assert amount is not None
        self._check_direction(item, amount)
        event, used = self._event_name(head, item, described)
        self._lead([lead for lead in head.leads if not (isinstance(lead, Words) and lead.word is used)])
        self._described(described)
        marked = measure.kind in ("per", "each")
        if award.kind == "set" and marked and award.points.kind == "marks":
            award = evolve(award, kind="gain")
        self.parts.append(Counted(event, amount, award, marked, span, measure.full_steps, bare))

    def _rung(self, head: Head, group: list[Item], award: Award, span: Span) -> None:
        for item in group:
            self._check_tail(item, award)
        first = group[0].measure
        bare_number = (
            len(group) == 1
            and first.kind == "exact"
            and not first.bound_word
            and first.amount is not None
            and first.amount.unit.kind == "number"
        )
        if bare_number and not self._counts(group[0]):
            raise self.refuse("KPI110", "数字没有单位，也没有界限词", first.span, hint="写成 90%以上、不低于3次 等")
        condition = self._condition(group)
        if (
            isinstance(condition, Comparison)
            and first.kind == "bound"
            and award.kind != "set"
            and first.amount is not None
        ):
            over = first.bound_word in ("超过", "超出", "超", "逾") and not first.of_target
            unit_beyond = bool(first.beyond) and first.of_target and first.amount.value == 1 and not first.twice
            if first.bound_word == "满" and first.amount.unit.is_count and first.amount.value != 1:
                raise once_or_each(self.source, span, award, first.amount, before=condition.metric, way="满")
            if over or unit_beyond:
                self.parts.append(Once(condition.metric, first, award, span))
                return
        self.parts.append(Rung(condition, award, span))
