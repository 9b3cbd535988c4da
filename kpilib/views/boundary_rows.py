"""Which inputs stand in a boundary table, what they score, and which words decide there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor

from kpilib.engines.scalar import evaluate
from kpilib.meaning.curve import Piece
from kpilib.meaning.expr import Absent, Const, Expr, Max, Min, Var
from kpilib.meaning.lower import Lowered
from kpilib.meaning.metrics import Goal
from kpilib.meaning.pieces import Line
from kpilib.meaning.thresholds import Omission, Threshold, Thresholds, hold, thresholds
from kpilib.quantity import decimal_text, round_half_away, to_decimal
from kpilib.views.boundary import Boundaries, BoundaryRow, BoundaryTable
from kpilib.views.explain import shown_input, span_of, words_at

# Inputs of one rule that get a table.
MAX_TABLES = 30

Env = Mapping[str, Fraction | str]


def boundaries(
    lowered: Lowered, *, sentence: str, source: str, goal: Goal | None, indicator: str = "", limit: int = 24
) -> Boundaries:
    """The boundary tables of a rule whose target is bound; about `limit` thresholds a table."""
    view = _View(lowered, source, goal, indicator, limit)
    shown = lowered.variables[:MAX_TABLES]
    return Boundaries(
        sentence=sentence,
        full_marks=lowered.full_marks,
        tables=tuple(view.table(variable) for variable in shown),
        left_out=tuple(variable.name for variable in lowered.variables[MAX_TABLES:]),
    )


class _View:
    """Makes the tables of one rule."""

    def __init__(self, lowered: Lowered, source: str, goal: Goal | None, indicator: str, limit: int) -> None:
        self.lowered, self.source, self.goal, self.indicator, self.limit = lowered, source, goal, indicator, limit
        self.best = self._faultless()

    # ---- where the other inputs are held ---------------------------------------------------------------------------
    def _faultless(self) -> dict[str, Fraction | str]:
        """Inputs that give the full marks or come nearest to them: 0 faults, 100 %, the target."""
        variables = self.lowered.variables
        choices = {variable.name: self._choices(variable) for variable in variables}
        # What is best for one may hang on another: from either end, and twice.
        orders = [list(choices), list(choices)[::-1]]
        return max((self._climbed(choices, names) for names in orders), key=self._worth)

    def _climbed(self, choices: dict[str, list[Fraction | str]], names: list[str]) -> dict[str, Fraction | str]:
        best = {name: given[0] for name, given in choices.items()}
        for name in names * 2:
            best[name] = self._best_of(choices[name], {value: {**best, name: value} for value in choices[name]})
        return best

    def _best_of(self, given: list[Fraction | str], inputs: dict[Fraction | str, Env]) -> Fraction | str:
        return max(given, key=lambda value: self._worth(inputs[value]))

    def _choices(self, variable: Var) -> list[Fraction | str]:
        """Values that may be the best of an input, the most natural first."""
        if variable.domain.kind == "label":
            return list(variable.domain.labels)
        plain = [Fraction(1), *self._targets(variable)] if variable.unit.kind == "rate" else self._targets(variable)
        plain = [Fraction(0), *plain] if variable.domain.minimum == 0 else [*plain, Fraction(0)]
        rest: dict[str, Fraction | str] = {
            other.name: other.domain.labels[0] if other.domain.kind == "label" else Fraction(0)
            for other in self.lowered.variables
            if other.name != variable.name
        }
        near = thresholds(hold(self.lowered.expr, rest), limit=8).listed
        plain += [x for one in near for x, _ in _around(one, variable)]
        plain += [end for end in (variable.domain.maximum, variable.domain.minimum) if end is not None]
        return [x for x in dict.fromkeys(plain) if _within(x, variable)]

    def _worth(self, env: Env) -> tuple[bool, Fraction]:
        points = evaluate(self.lowered.expr, env)
        if isinstance(points, Absent):
            return False, Fraction(0)
        full = self.lowered.full_marks
        if full is None and not self.lowered.pure_adjustment:
            return True, points
        return True, -abs(points - (full or 0))

    def _targets(self, variable: Var) -> list[Fraction]:
        """The numbers of the target, where they are of this input's kind."""
        amounts = [] if self.goal is None else [self.goal.amount, self.goal.high]
        return [
            one.value * one.unit.size
            for one in amounts
            if one is not None and one.value is not None and one.unit.kind == variable.unit.kind
        ]

    # ---- one table -------------------------------------------------------------------------------------------------
    def table(self, variable: Var) -> BoundaryTable:
        """The table of one input."""
        others = {name: value for name, value in self.best.items() if name != variable.name}
        units = {other.name: other for other in self.lowered.variables}
        held = tuple((name, shown_input(units[name], value)) for name, value in others.items())
        if variable.domain.kind == "label":
            rows = [self._row(variable, others, label, "") for label in variable.domain.labels]
            return BoundaryTable(input=self._name(variable), step="", held=held, rows=tuple(rows))
        targets = self._targets(variable)
        ends = [end for end in (variable.domain.minimum, variable.domain.maximum) if end is not None]
        also = [*targets, *(ends if variable.domain.maximum is not None else [])]
        found = thresholds(hold(self.lowered.expr, others), also=also, limit=self.limit)
        places: dict[Fraction, str] = {}
        for one in found.listed:
            for x, place in _around(one, variable):
                said = (
                    self._said(one, targets, variable.domain.minimum)
                    if not place
                    else f"{place} {shown_input(variable, one.x)}"
                )
                if x not in places or not place:
                    places[x] = said
        usual = 3 if variable.domain.kind == "count" else 2 if variable.unit.kind == "rate" else 1
        for number in range(usual):  # 0 and 100 %; none, one and two of what is counted
            if _within(Fraction(number), variable):
                places.setdefault(Fraction(number), "")
        return BoundaryTable(
            input=self._name(variable),
            step=shown_input(variable, _grid(variable)),
            held=held,
            rows=tuple(self._row(variable, others, x, places[x]) for x in sorted(places)),
            left_out=_left_out(found, variable),
        )

    def _name(self, variable: Var) -> str:
        return self.indicator or "实际值" if variable.name == "x" else variable.name

    def _said(self, one: Threshold, targets: list[Fraction], lowest: Fraction | None) -> str:
        """What a threshold is: the target, where full marks or 0 begin, a step."""
        parts = ["目标值"] if one.x in targets else []
        outermost = (
            one.left is not None and one.left.lower == lowest,
            one.right is not None and one.right.upper is None,
        )
        for level, side, to_the_end in zip(
            map(_level, (one.left, one.right)), ("以下", "以上"), outermost, strict=True
        ):
            if level is not None and level == self.lowered.full_marks:
                parts.append(f"{side}满分")
            elif level == 0:
                parts.append(f"{side} 0 分")
            elif level is not None and to_the_end:
                parts.append(f"{side}都是 {decimal_text(round_half_away(level, 2))} 分")
        return "，".join(parts) or ("一档的边" if one.step else "界限")

    def _row(self, variable: Var, others: Env, value: Fraction | str, place: str) -> BoundaryRow:
        env = {**others, variable.name: value}
        points = evaluate(self.lowered.expr, env)
        shown = shown_input(variable, value)
        if isinstance(points, Absent):
            words = words_at(self.source, points.span)
            return BoundaryRow(
                input=shown,
                points=None,
                reason=points.reason,
                code=points.code,
                place=place,
                words=(words,) if words else (),
            )
        quoted, because = self._grounds(env)
        return BoundaryRow(input=shown, points=to_decimal(points), place=place, words=quoted, because=because)

    def _grounds(self, env: Env) -> tuple[tuple[str, ...], str]:
        """The author's words that decide the points, and what decides them without words."""
        words: list[str] = []
        because: list[str] = []
        running: Fraction | None = None
        settled = False
        for stage in self.lowered.stages:
            worth = evaluate(stage.expr, env)
            if isinstance(worth, Absent):
                continue
            said = words_at(self.source, span_of(stage, env))
            match stage.kind:
                case "adjust" if worth != 0:
                    words.append(said)
                case "cap" if _binds(stage.expr, env):
                    words.append(said)
                case "override" if worth == 1 and not settled:
                    words, because, settled = [said], [], True
                case "clamp" if worth != running:
                    (words if said else because).append(said or stage.title)
                case "base":
                    (words if said else because).append(said or stage.title)
            if stage.kind in ("base", "sum", "clamp"):
                running = worth
        if not words and self.goal is not None:
            words.append(words_at(self.source, self.goal.span))
        elif words and because and because[0] == self.lowered.stages[0].title:
            because.pop(0)  # where something is taken from the full marks, they go without saying
        return tuple(dict.fromkeys(filter(None, words))), "，".join(because)


def _binds(expr: Expr, env: Env) -> bool:
    """Whether a cap changes what it caps."""
    inner = expr
    while isinstance(inner, Min | Max) and len(inner.parts) == 2 and isinstance(inner.parts[1], Const):
        inner = inner.parts[0]
    return evaluate(inner, env) != evaluate(expr, env)


def _level(piece: Piece | None) -> Fraction | None:
    """The points of a piece on which they stay the same."""
    formula = None if piece is None else piece.formula
    flat = isinstance(formula, Line) and not formula.slope and formula.stair is None
    return formula.constant if flat and isinstance(formula, Line) else None


def _grid(variable: Var) -> Fraction:
    return Fraction(1) if variable.domain.kind == "count" else variable.domain.grid


def _around(one: Threshold, variable: Var) -> list[tuple[Fraction, str]]:
    """The inputs just below, at and just above a threshold, as far as they are in the domain, with their places.

    A threshold that no cell can hold (a third, half a time) has only its two neighbours on the grid.
    """
    grid, x = _grid(variable), one.x
    exact = _can_be_typed(x, variable)
    below, above = (x - grid, x + grid) if exact else (floor(x / grid) * grid, ceil(x / grid) * grid)
    near = [(below, "刚低于"), *([(x, "")] if exact else []), (above, "刚高于")]
    return [(value, place) for value, place in near if _within(value, variable)]


def _within(x: Fraction, variable: Var) -> bool:
    """Whether a number is in the domain of a variable."""
    low, high = variable.domain.minimum, variable.domain.maximum
    return (low is None or x >= low) and (high is None or x <= high)


def _can_be_typed(x: Fraction, variable: Var) -> bool:
    """Whether a value ends after a few decimals in its unit; a count is whole."""
    if variable.domain.kind == "count":
        return x.denominator == 1
    size = Fraction(1, 100) if variable.unit.kind == "rate" else variable.unit.size
    return 10**8 % (x / size).denominator == 0


def _left_out(found: Thresholds, variable: Var) -> tuple[str, ...]:
    lines = [_omission(one, variable) for one in found.omitted]
    if not found.complete:
        lines.append("这条规则不是分段的直线，只列了写明的界限")
    return tuple(lines)


def _omission(one: Omission, variable: Var) -> str:
    low, high = (None if x is None else _nearly(x, variable) for x in (one.low, one.high))
    many = "其余的档" if one.number is None else f"{one.number} 个界限"
    if low is None or high is None:
        where = f"{low} 以上" if low is not None else f"{high} 以下"
        return f"{where}照此类推，没有列出"
    return f"{low} 和 {high} 之间还有{many if one.number is None else ' ' + many}没有列出"


def _nearly(x: Fraction, variable: Var) -> str:
    """A threshold in its unit; one that never ends is cut to the grid and says so."""
    if _can_be_typed(x, variable):
        return shown_input(variable, x)
    return f"≈{shown_input(variable, floor(x / _grid(variable)) * _grid(variable))}"
