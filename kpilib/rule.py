"""One rule: compiled from a sentence, scored exactly, explained with the sentence's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from attrs import define, evolve, field, frozen

from kpilib.engines.scalar import Scorer, evaluate
from kpilib.errors import Diagnostic, InputError, KpiError, TemplateError, UncoveredError
from kpilib.inputs import Input, When, plain_way, read_inputs, read_target
from kpilib.meaning.curve import Curve, curve_of
from kpilib.meaning.expr import Absent, Expr
from kpilib.meaning.lower import Lowered, lower
from kpilib.meaning.metrics import Goal
from kpilib.meaning.reading import Reading
from kpilib.quantity import decimal_text
from kpilib.syntax.print import print_rule
from kpilib.syntax.reader import read_rule
from kpilib.syntax.template import Hole, fill, holes_of
from kpilib.syntax.tree import RuleTree, Target
from kpilib.views.boundary import Boundaries
from kpilib.views.boundary_rows import boundaries
from kpilib.views.explain import Explanation, explain


@define(eq=False)
class _Memo:
    """What a rule has worked out already; a copy or a pickle of the rule starts without it."""

    lowered: dict[Goal | None, Lowered] = field(factory=dict)  # by target
    scorers: dict[Goal | None, Scorer] = field(factory=dict)  # by target, made when first scored
    fast: dict[str | None, Callable[[Any], Decimal | None]] = field(factory=dict)  # by the unit of plain numbers
    text: str | None = None
    curve: Curve | None = None

    def __reduce__(self) -> tuple[type[_Memo], tuple[()]]:
        return _Memo, ()


@frozen(repr=False)
class Rule:
    """A compiled rule.  Make one with `compile_rule`.

    Points are Decimals, exact and rounded once; inputs are texts with a unit (``"85.4%"``), numbers with ``unit=``,
    or bare numbers where the rule's unit leaves no doubt (次, 个, 元).
    """

    tree: RuleTree
    reading: Reading
    full_marks: Fraction | None
    _goal: Goal | None
    _renames: tuple[tuple[str, str], ...]
    indicator: str
    source: str = field(eq=False)
    _memo: _Memo = field(factory=_Memo, eq=False)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        marks = "" if self.full_marks is None else f", full_marks={decimal_text(self.full_marks)}"
        return f"Rule({self.text!r}{marks})"

    # ---- what it is ------------------------------------------------------------------------------------------------
    def _lowered(self, goal: Goal | None = None) -> Lowered:
        known = self._memo.lowered
        if goal not in known:
            if len(known) > 500:  # targets of many people: keep the memory bounded
                known.clear()
                self._memo.scorers.clear()
            known[goal] = lower(
                self.tree,
                full_marks=self.full_marks,
                goal=goal or self._goal,
                reading=self.reading,
                renames=dict(self._renames),
                indicator=self.indicator,
            )
        return known[goal]

    def _scorer(self, goal: Goal | None = None) -> tuple[Lowered, Scorer]:
        lowered, known = self._lowered(goal), self._memo.scorers
        if goal not in known:
            known[goal] = Scorer(lowered.expr)
        return lowered, known[goal]

    @property
    def expression(self) -> Expr:
        """The score expression that every engine reads."""
        return self._lowered().expr

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs in the order of the text; a single one is called x."""
        if self.holes:
            return ()
        return tuple(
            Input(variable.name, variable.unit.symbol, variable.domain) for variable in self._lowered().variables
        )

    @property
    def notes(self) -> tuple[Diagnostic, ...]:
        """The readings taken: info, or 需确认 where the choice changes points."""
        return () if self.holes else self._lowered().notes

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The numbers that the author left blank, in order."""
        return holes_of(self.tree)

    @property
    def text(self) -> str:
        """The canonical sentence; compiled with the same options it means the same.

        Where the canonical words would be read otherwise, the author's own words stand instead.
        """
        if self._memo.text is None:
            canonical = print_rule(self.tree)
            own = not self._reads_the_same(canonical) and self._reads_the_same(self.source)
            self._memo.text = self.source if own else canonical
        return self._memo.text

    def _reads_the_same(self, text: str) -> bool:
        try:
            tree = read_rule(text, target_kind=kind_of(self._goal), indicator=self.indicator)
            if tree.clauses != self.tree.clauses:
                return False
            again = evolve(self, tree=tree, source=text, memo=_Memo())
            return bool(self.holes) or again.expression == self.expression
        except KpiError:
            return False

    @property
    def curve(self) -> Curve:
        """The exact pieces of the points over the one input.

        Raises:
            UncoveredError: the target is still open.
            InputError: several inputs, or labels.
        """
        self._demand_filled()
        lowered = self._lowered()
        if lowered.target is not None:
            raise self._open_target()
        if self._memo.curve is None:
            self._memo.curve = curve_of(lowered.expr)
        if self._memo.curve is None:
            raise InputError(
                "这条规则不是一个数的曲线（有几个输入，或输入是选项）", code="KPI803", hint="用 score() 逐个计算"
            )
        return self._memo.curve

    @property
    def unbounded_below(self) -> bool:
        """Whether the text itself lifts the floor of a deduction (上不封顶)."""
        return self._lowered().unbounded_below

    @property
    def pure_adjustment(self) -> bool:
        """Whether the rule has no full marks and only adds to or takes from 0."""
        return self._lowered().pure_adjustment

    @property
    def needs_target(self) -> bool:
        """Whether the target is still open and must come with each score."""
        return not self.holes and self._lowered().target is not None

    # ---- scoring ------------------------------------------------------------------------------------------------------
    def score(
        self,
        value: Any,
        *,
        unit: str | Mapping[str, str] | None = None,
        target: Any = None,
        period: Any = None,
        calendar: Any = None,
    ) -> Decimal:
        """The points for an input: exact, rounded once to the reading's places, half away from zero.

        Args:
            value: one value, or a mapping of input names to values where the rule has several.
            unit: the unit of bare numbers, such as ``"%"`` or ``"ratio"``.
            target: the target of this person, where the text leaves it open.
            period: a `Period` or its words ("2026-03"), where an input is the date that a deadline is held against.
            calendar: a `WorkCalendar`, where delays are counted in workdays.

        Raises:
            InputError: the input is wrong (KPI801–809).
            UncoveredError: the rule does not say what this input earns (KPI501–503).
            TemplateError: a number of the rule is blank.
        """
        if target is None:
            fast = self._memo.fast.get(
                unit if type(unit) is str else None
            )  # the short way for this unit, once prepared
            if fast is not None and (unit is None or type(unit) is str):
                scored = fast(value)
                if scored is not None:
                    return scored
        return self._score(value, unit, target, When(period, calendar))

    def _score(self, value: Any, unit: str | Mapping[str, str] | None, target: Any, when: When) -> Decimal:
        self._demand_filled()
        lowered, scorer = self._scorer(self._with_target(target))
        if lowered.target is not None:
            raise self._open_target()
        env = read_inputs(lowered.variables, value, unit, when)
        result = scorer.score(env)
        if isinstance(result, Absent):
            raise self._absent(result, value)
        if target is None and (unit is None or type(unit) is str) and unit not in self._memo.fast:
            short = plain_way(lowered.variables, scorer.score_int, scorer.score_decimal, unit)
            if short is not None:
                self._memo.fast[unit] = short
        return result

    def exact_score(
        self,
        value: Any,
        *,
        unit: str | Mapping[str, str] | None = None,
        target: Any = None,
        period: Any = None,
        calendar: Any = None,
    ) -> Fraction:
        """The points before rounding; arguments and errors as for `score`."""
        self._demand_filled()
        lowered = self._lowered(self._with_target(target))
        env = read_inputs(lowered.variables, value, unit, When(period, calendar))
        body = lowered.expr.body if hasattr(lowered.expr, "body") else lowered.expr
        result = evaluate(body, env)
        if isinstance(result, Absent):
            raise self._absent(result, value)
        return result

    def explain(
        self,
        value: Any,
        *,
        unit: str | Mapping[str, str] | None = None,
        target: Any = None,
        period: Any = None,
        calendar: Any = None,
    ) -> Explanation:
        """How the points of an input come about, one step a line, each with the words it comes from.

        Raises:
            InputError: the input is wrong.
            UncoveredError: the rule does not say what this input earns.
            TemplateError: a number of the rule is blank.
        """
        when = When(period, calendar)
        points = self._score(value, unit, target, when)
        goal = self._with_target(target)
        lowered = self._lowered(goal)
        env = read_inputs(lowered.variables, value, unit, when)
        return explain(lowered, env, points, self.source, goal or self._goal_used(), self.indicator)

    def boundaries(self, *, target: Any = None) -> Boundaries:
        """The canonical sentence and, for each input, the points just below, at and just above every threshold.

        With several inputs the others are held where they cost nothing, and the table says where.

        Raises:
            UncoveredError: the target is still open.
            TemplateError: a number of the rule is blank.
        """
        self._demand_filled()
        goal = self._with_target(target)
        lowered = self._lowered(goal)
        if lowered.target is not None:
            raise self._open_target()
        used = goal or self._goal_used()
        return boundaries(lowered, sentence=self.text, source=self.source, goal=used, indicator=self.indicator)

    def _goal_used(self) -> Goal | None:
        if self._goal is not None:
            return self._goal
        said = next((clause for clause in self.tree.clauses if isinstance(clause, Target)), None)
        return Goal(said.amount, said.operator, said.high, True, said.span) if said else None

    def _absent(self, absent: Absent, value: Any) -> KpiError:
        shown = value if isinstance(value, (str, int, Decimal)) else ""
        message = absent.reason + (f"（输入是 {shown}）" if shown != "" else "")
        hint = {"KPI501": "补上这种情况的规定", "KPI502": "核对目标值", "KPI504": "给一个字典，写上评分"}.get(
            absent.code, ""
        )
        kind = InputError if absent.code == "KPI801" else UncoveredError
        return kind(message, code=absent.code, span=absent.span, source=self.source, hint=hint)

    def _open_target(self) -> UncoveredError:
        return UncoveredError(
            "目标值还没有给",
            code="KPI503",
            source=self.source,
            hint="用 target= 给出目标值",
            example='target="90%"',
        )

    def _demand_filled(self) -> None:
        holes = self.holes
        if holes:
            names = "、".join(hole.name for hole in holes)
            raise TemplateError(
                f"还有 {len(holes)} 个数空着：{names}",
                holes=holes,
                span=holes[0].span,
                source=self.source,
                hint="用 fill() 填上，再计分",
            )

    def _with_target(self, target: Any) -> Goal | None:
        if target is None:
            return None
        goal = read_target(target)
        if goal is None:
            raise InputError(f"目标值「{str(target)[:40]}」不是一个带单位的数", code="KPI801", example='target="95%"')
        fixed = self._goal_used()
        if fixed is not None and (fixed.amount.unit.kind, fixed.amount.base) != (
            goal.amount.unit.kind,
            goal.amount.base,
        ):
            raise InputError(
                f"规则已经写了目标值 {decimal_text(fixed.amount.value or Fraction(0))}{fixed.amount.unit.symbol}，不能再给 {target}",
                code="KPI801",
                hint="只在一处写目标值",
            )
        return goal

    def fill(self, values: Mapping[str, Any] | None = None, **named: Any) -> Rule:
        """The rule with blanks filled: `fill({"步长": "1%", "扣分": 2})`; names as in `.holes`.

        Raises:
            InputError: a name that is no hole, or a value whose unit does not fit.
        """
        if not isinstance(values or {}, Mapping):
            raise InputError("fill() 要一个字典，空的名字对应要填的数", code="KPI801", example='fill({"扣分": 2})')
        filled = fill(self.tree, {**(values or {}), **named})
        return Rule(
            filled, self.reading, self.full_marks, self._goal, self._renames, self.indicator, self.source
        ).checked()

    def checked(self) -> Rule:
        """The rule itself, once its meaning is known.

        Raises:
            KpiError: it contradicts itself, or an input that is to be renamed does not exist.
        """
        if not self.holes:
            self._lowered()
            known = [one.name for one in evolve(self, renames=(), memo=_Memo()).inputs] if self._renames else []
            for old, _ in self._renames:
                if old not in known:
                    raise InputError(
                        f"没有叫「{old[:40]}」的输入，不能改名",
                        code="KPI804",
                        hint=f"这条规则的输入是：{'、'.join(known)}",
                    )
        return self


def kind_of(goal: Goal | None) -> str:
    """The kind of unit of a target, "" without one."""
    return goal.amount.unit.kind if goal is not None else ""


__all__ = ["Input", "Rule"]
