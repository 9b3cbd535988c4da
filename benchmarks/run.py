"""Measures what a caller waits for and prints a table with the machine's noise; it gates nothing.

    python benchmarks/run.py [--quick]

Each figure is the median over rounds; the spread is the distance from the first to the ninth decile of the rounds, so a
row whose spread is as large as its median says more about the machine than about kpilib.
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal

import kpilib

SENTENCE = "考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分"
COUNTED = "每出现一次差错扣2分，扣完为止"
PLAN = """季度评分表
口径：权重即满分
一、工作业绩（100%）
（一）销售完成率（10%）
1.考核目标值为90%
2.每低1%，减2分
（二）回款完成率（10%）
1.考核目标值为95%
2.每低1%，减1分
3.低于80%，该项考核记为0分
（三）毛利率（10%）
1. 20%以上得10分；15%以上得8分；10%以上得5分；10%以下得0分
（四）客户满意度（10%）
1. 90%以上得满分，每低1%扣1分
（五）客户投诉（10%）
1.每发生一次扣2分
（六）报表差错（10%）
1.一次扣1分
（七）新客户开发率（10%）
1.完成比例×10=得分
（八）费用率（10%）
1.考核目标值为不超过5%
2.每高0.5%，减1分，每低0.5%，加0.5分，最高加2分
（九）出勤率（10%）
1. 98%以上得满分；95%以上得8分；95%以下得0分
（十）培训参加率（10%）
1.达到95%得满分，每低1%扣0.5分
"""
COUNTS = {"客户投诉", "报表差错"}


def per_call(work: Callable[[int], None], size: int, rounds: int) -> tuple[float, float]:
    """Median seconds a call and the spread over rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work(size)
        times.append((time.perf_counter() - start) / size)
    return statistics.median(times), _spread(times)


def _spread(times: list[float]) -> float:
    ordered = sorted(times)
    return ordered[int(len(ordered) * 0.9)] - ordered[int(len(ordered) * 0.1)]


def cold(arguments: list[str], rounds: int) -> tuple[float, float]:
    """Median seconds of a whole process, bytecode caches warm."""
    times = []
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:]), _spread(times[1:])


def main(arguments: list[str]) -> int:
    rounds = 5 if "--quick" in arguments else 21
    rule = kpilib.compile_rule(SENTENCE, full_marks=20)
    counted = kpilib.compile_rule(COUNTED, full_marks=20)
    rates = [Decimal(number) / 100 for number in range(5000, 10000)]
    plan = kpilib.parse_plan(PLAN)
    names = [item.name for group in plan.groups for item in group.indicators]
    units = {name: "%" for name in names if name not in COUNTS}
    sheets = [
        {name: (number % 4 if name in COUNTS else Decimal(8000 + number % 2000) / 100) for name in names}
        for number in range(500)
    ]
    assert plan.score(sheets[0], units=units).total is not None

    def compile_it(size: int) -> None:
        for _ in range(size):
            kpilib.compile_rule(SENTENCE, full_marks=20)

    def score_rate(size: int) -> None:
        for value in rates[:size]:
            rule.score(value, unit="%")

    def score_count(size: int) -> None:
        for value in range(size):
            counted.score(value)

    def score_text(size: int) -> None:
        for _ in range(size):
            rule.score("85.4%")

    def score_plan(size: int) -> None:
        for facts in sheets[:size]:
            plan.score(facts, units=units)

    first = f"import kpilib; kpilib.compile_rule({SENTENCE!r}, full_marks=20).score('85.4%')"
    rows = [
        ("compile_rule, three clauses, warm", *per_call(compile_it, 100, rounds), 1e-3, "ms", 1e3),
        ("score(Decimal, unit='%')", *per_call(score_rate, 5000, rounds), 3e-6, "µs", 1e6),
        ("score(count)", *per_call(score_count, 5000, rounds), 3e-6, "µs", 1e6),
        ("score('85.4%') from text", *per_call(score_text, 1000, rounds), None, "µs", 1e6),
        ("plan.score, ten indicators", *per_call(score_plan, 500, rounds), 30e-6, "µs", 1e6),
        ("cold process: import and first compile", *cold(["-c", first], rounds), 200e-3, "ms", 1e3),
        ("cold process: kpilib --help", *cold(["-m", "kpilib.cli", "--help"], rounds), 250e-3, "ms", 1e3),
        ("cold process: python -c pass", *cold(["-c", "pass"], rounds), None, "ms", 1e3),
    ]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, {rounds} rounds")
    print(f"{'what':42}{'median':>10}{'spread':>9}{'wanted':>9}{'ratio':>7}")
    for what, median, spread, wanted, unit, scale in rows:
        goal = "" if wanted is None else f"{wanted * scale:g}"
        ratio = "" if wanted is None else f"{median / wanted:.2f}"
        print(f"{what:42}{median * scale:>8.2f} {unit}{spread * scale:>9.2f}{goal:>9}{ratio:>7}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
