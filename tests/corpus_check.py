"""Reads a corpus of real rules (JSON Lines) and prints how many are scored exactly, refused or wrong.

    python tests/corpus_check.py RULES.jsonl [--verbose]

Exits 1 when a judged sentence is scored wrongly, or when fewer than 80 % of the judged `score` lines are exact.
"""

import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import kpilib


def outcome(row: dict) -> tuple[str, str]:
    """exact, refused, wrong, or scored (of a line that must not be), and a remark."""
    kind = row["expect"]
    try:
        rule = kpilib.compile_rule(
            row["text"],
            full_marks=row["full_marks"],
            target=row["target"],
            reading=kpilib.Reading(**row["reading"]),
            indicator=row.get("indicator", ""),
        )
        if rule.holes:
            return "refused", f"template {[hole.name for hole in rule.holes]}"
        if kind in ("refuse", "template"):
            return "scored", rule.text
        if kind == "plan":
            return "scored", rule.text
        remark = ""
        if row.get("range"):
            bounds = [(one.domain.minimum, one.domain.maximum) for one in rule.inputs if one.domain.maximum is not None]
            if bounds != [tuple(map(Fraction, row["range"]))]:
                return "wrong", f"marks within {bounds}, not {row['range']}"
        for value, points in row["probes"]:
            got = rule.score(value)
            if got != Decimal(points):
                return (
                    "wrong",
                    f"{value} -> {got}, not {points}; {rule.text}; inputs {[one.name for one in rule.inputs]}",
                )
            remark = rule.text
        return "exact", remark
    except kpilib.KpiError as error:
        return "refused", f"{error.code} {error.message}"


def main(arguments: list[str]) -> int:
    verbose = "--verbose" in arguments
    paths = [Path(name) for name in arguments if not name.startswith("-")]
    rows = [
        json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    counts: dict[str, Counter] = defaultdict(Counter)
    distinct: dict[str, dict[str, set]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        found, remark = outcome(row)
        judged = row["expect"] + (" (doubt)" if row.get("doubt") else "")
        counts[judged][found] += 1
        distinct[judged][row["text"]].add(found)
        bad = found in ("wrong", "scored") or (found == "refused" and row["expect"] in ("score", "judgement"))
        if verbose and bad:
            print(
                f"{row['id']:8} {judged:18} {found:8} {row['text']!r} F={row['full_marks']} T={row['target']}\n         {remark}"
            )
    print(f"{'expect':20}{'exact':>7}{'refused':>9}{'wrong':>7}{'scored':>8}{'distinct exact':>16}")
    for judged, counter in sorted(counts.items()):
        exact = sum(1 for outcomes in distinct[judged].values() if outcomes == {"exact"})
        print(
            f"{judged:20}{counter['exact']:>7}{counter['refused']:>9}{counter['wrong']:>7}{counter['scored']:>8}{exact:>8} of {len(distinct[judged])}"
        )
    score = counts["score"]
    total = sum(score.values())
    bad = score["wrong"] + sum(counts[kind]["scored"] for kind in ("refuse", "template"))
    enough = total == 0 or score["exact"] * 100 >= total * 80
    print(
        f"judged score lines exact: {score['exact']} of {total}; wrong: {score['wrong']}; refuse/template lines scored: {bad - score['wrong']}"
    )
    return 0 if enough and not bad else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
