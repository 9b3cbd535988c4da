"""The canonical sentence of a tree; reading it again gives an equal tree."""

from __future__ import annotations

from kpilib.quantity import ANY_COUNT, decimal_text
from kpilib.syntax.names import SCORED, TRIVIAL
from kpilib.syntax.tree import (
    Amount,
    Award,
    Between,
    Checklist,
    Choice,
    Clause,
    Comparison,
    Condition,
    Deadline,
    Discretion,
    Either,
    Every,
    Faultless,
    FullMarks,
    Happens,
    Highest,
    Lead,
    Limit,
    Occurrence,
    Otherwise,
    PartOfStep,
    Points,
    Proportional,
    RuleTree,
    Rung,
    Series,
    Step,
    Target,
)  # fmt: skip

_BEFORE = {">": "大于", ">=": "不低于", "<": "小于", "<=": "不超过", "==": "="}
_TARGET = {">": "超过目标", ">=": "完成目标", "<=": "不超过目标", "<": "未完成目标", "==": "刚好达到目标"}
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_FAR = {">=": "以上", ">": "以外", "<=": "以内", "<": "以内（不含）"}
_PART = {"floor": "不足一档不计", "ceil": "不足一档按一档计", "linear": "不足一档按比例计"}


def print_rule(tree: RuleTree) -> str:
    """The clauses of a tree in canonical words, joined by ；, or as the cells of a table where words would not do."""
    return (_cells(tree.clauses) or _joined(tree.clauses)).replace(",", "，").replace("(", "（").replace(")", "）")


def _joined(clauses: tuple[Clause, ...]) -> str:
    """The clauses with ； between them; what is done by a deadline stands right behind it."""
    text = ""
    for before, clause in zip((None, *clauses), clauses, strict=False):
        glued = before is None or (isinstance(before, Deadline) and isinstance(clause, Lead))
        text += ("" if glued else "；") + print_clause(clause)
    return text


def _cells(clauses: tuple[Clause, ...]) -> str:
    """Labels that add or take, and a range for one description: each on a line, its marks on the next."""
    match clauses:
        case (Lead(text=text), Discretion(event="", award=Award(kind="set", points=Points(high=Amount())) as award)):
            return f"{text}\n{_award(award).removeprefix('得')}"
        case _ if clauses and all(isinstance(one, Choice) and one.award.kind != "set" for one in clauses):
            return "\n".join(f"{one.label}\n{_signed(one.award)}" for one in clauses if isinstance(one, Choice))
    return ""


def _signed(award: Award) -> str:
    amount = award.points.amount
    if award.points.kind != "marks" or amount is None:
        return "0"
    return f"{'+' if award.kind == 'gain' else '-'}{_amount(amount).removesuffix('分')}"


def print_clause(clause: Clause) -> str:
    """One clause in canonical words, with half-width signs."""
    match clause:
        case Lead(text=text):
            return text
        case Deadline(due=due):
            return due
        case FullMarks(marks=full):
            return f"满分{_amount(full)}"
        case Target():
            return _target(clause)
        case Step():
            return _step(clause)
        case Occurrence():
            return _occurrence(clause)
        case Checklist(groups=groups, each=each):
            lists = "\n".join(f"{lead}:\n" + "\n".join(f"- {item}" for item in items) for lead, items in groups)
            worth = (
                ("\n按满足项数的比例计分" if clause.shared else "")
                if each is None
                else f"\n每满足一项{_award(each)}"
                if each.kind == "set"
                else f"\n每有一项不满足{_award(each)}"
            )
            return lists + worth
        case Discretion(event=event, award=award):
            return f"{event}{_award(award)}"
        case Rung(condition=condition, award=award):
            comma = "," if isinstance(award, Proportional) or _bare_target(condition) else ""
            return f"{_condition(condition)}{comma}{_worth(award)}"
        case Proportional():
            return _proportional(clause)
        case Limit():
            return _limit(clause)
        case PartOfStep(mode=mode):
            return _PART[mode]
        case Series():
            return "以此类推"
        case Highest():
            return "同项按最高级别计一次分"
        case Choice(label=label, award=award):
            marks = award.points.amount
            if award.kind == "set" and award.points.kind == "marks" and marks is not None:
                return f"{label}({_amount(marks)})"
            return f"{label}(0分)" if award.kind == "set" and award.points.kind == "zero" else f"{label}{_award(award)}"
        case Otherwise(award=award):
            return f"否则{_worth(award)}"


def _amount(amount: Amount) -> str:
    number = "__" if amount.value is None else decimal_text(amount.value)
    return f"{number}{amount.unit.symbol}"


def _award(award: Award) -> str:
    points, amount = award.points, award.points.amount
    if points.kind == "full":
        return "得满分"
    if points.kind == "zero":
        return "不得分" if award.kind == "set" else "不扣分"
    verb = {"set": "得", "gain": "加", "deduct": "扣"}[award.kind]
    if points.kind == "judged":
        span = (
            f"{_amount(amount).removesuffix('分')}-{_amount(points.high)}"
            if amount is not None and points.high is not None
            else "分"
        )
        return f"{'' if award.kind == 'set' and points.high is not None else '酌情'}{'给' if award.kind == 'set' and points.high is None else verb}{span}"
    assert amount is not None
    return f"{verb}{_amount(amount)}权重分" if points.kind == "share" else f"{verb}{_amount(amount)}"


def _worth(award: Award | Proportional) -> str:
    return _proportional(award) if isinstance(award, Proportional) else _award(award)


def _target(clause: Target) -> str:
    number = _amount(clause.amount)
    if clause.high is not None:
        number = _range(clause.amount, clause.high)
    if not clause.metric:
        return f"目标值为{'' if clause.operator == '==' else _BEFORE[clause.operator]}{number}"
    if clause.operator == "==":
        return f"{clause.metric}{'' if clause.high is not None else '以'}{number}为基准"
    return f"{clause.metric}{_BEFORE[clause.operator]}{number}为基准"


def _range(low: Amount, high: Amount) -> str:
    return f"{_amount(low)}-{_amount(high)}"


def _step(clause: Step) -> str:
    parts = []
    for number, part in enumerate(clause.parts):
        many = part.amount.unit.is_count
        way = ("多" if many else "高") if part.direction == "up" else ("少" if many else "低")
        each = "每" if clause.per and number == 0 else ""
        target = "于目标值" if part.of_target else ""
        parts.append(f"{part.metric}{each}{way}{target}{_amount(part.amount)}")
    return "或".join(parts) + _award(clause.award)


def _occurrence(clause: Occurrence) -> str:
    if clause.amount.unit is ANY_COUNT:
        return f"{'' if clause.single else '发生'}{clause.event}{_award(clause.award)}"
    each = ("每满" if clause.full_steps else "每") if clause.per else ""
    if clause.event in TRIVIAL and each:
        return f"{each}{clause.event}{_amount(clause.amount)}{_award(clause.award)}"
    return f"{clause.event}{each}{_amount(clause.amount)}{_award(clause.award)}"


def _bare_target(condition: Condition) -> bool:
    return isinstance(condition, Comparison) and condition.amount is None


def _condition(condition: Condition) -> str:
    match condition:
        case Every(parts=parts):
            return "且".join(map(_condition, parts))
        case Either(parts=parts):
            return "或".join(map(_condition, parts))
        case Faultless(label=label):
            return label
        case Happens(event=event, occurs=occurs):
            return f"出现{event}" if occurs else (f"无{event}" if event else "全部通过")
        case Between(metric=metric, low=low, high=high, beyond="up" | "down" as beyond):
            return f"{metric}{'超' if beyond == 'up' else '低'}{_range(low, high)}"
        case Between(metric=metric, low=low, low_operator=first, high=high, high_operator=last):
            if first == ">=" and last == "<=":
                if low.value is not None and high.value is not None and low.value == -high.value:
                    return f"{metric}±{_amount(high)}以内"
                return f"{metric}{_range(low, high)}"
            return f"{_amount(low)}{'<' if first == '>' else '≤'}{metric or 'x'}{'<' if last == '<' else '≤'}{_amount(high)}"
        case Comparison(metric=metric, operator=operator, amount=amount, of_target=of_target):
            if amount is None:
                return f"{metric}{_TARGET[operator]}"
            if condition.beyond:
                way = "超" if condition.beyond == "up" else "低"
                far = operator if condition.beyond == "up" else _FLIPPED[operator]
                if not of_target:
                    way = "高" if condition.beyond == "up" else "低"
                return f"{metric}{way}{'目标值' if of_target else ''}{_amount(amount)}{_FAR[far]}"
            if of_target and amount.unit.kind != "times":
                return f"{metric}{_BEFORE[operator]}目标值的{_amount(amount)}"
            if operator in (">=", "<="):
                below = "以内" if condition.within else "以下"
                return f"{metric}{_amount(amount)}{'以上' if operator == '>=' else below}"
            if operator == "==" and (amount.unit.is_count or amount.unit.kind in ("time", "money", "month", "workday")):
                return f"{metric}{_amount(amount)}"
            return f"{metric}{_BEFORE[operator]}{_amount(amount)}"


def _proportional(clause: Proportional) -> str:
    if clause.complement:
        return f"得分=(1-{clause.metric})×{_amount(clause.whole) if clause.whole is not None else '权重分'}"
    if clause.whole is not None:
        whole = _amount(clause.whole)
        return f"得分={clause.metric}×{whole.removesuffix('分') + '%' if SCORED.search(clause.metric) else whole}"
    if not clause.metric:
        return "按比例计分"
    return f"得分={clause.metric}×{'满分' if clause.capped else '权重分'}"


def _limit(clause: Limit) -> str:
    points = (
        "" if clause.points is None else f"{_amount(clause.points)}{'' if clause.points.unit.kind == 'marks' else '分'}"
    )
    total = "累计" if clause.total else ""
    match clause.kind:
        case "gain":
            return f"{total}最多加{points}"
        case "loss":
            return f"{total}最多扣{points}"
        case "score":
            return f"最高得{points}"
        case "floor":
            return f"最低得{points}"
        case "any":
            return f"累计得分不超过{points}" if clause.total else f"最高不超过{points}"
        case "any_floor":
            return f"最低不低于{points}"
        case "full":
            return "最高得满分"
        case "ratio":
            return f"最高按{points.removesuffix('分')}计算"
        case "unlimited":
            return "上不封顶"
        case "nothing":
            return "扣完为止"
