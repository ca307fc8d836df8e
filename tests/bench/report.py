#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Turns what the guests said into a table, bench.json and bench.svg.

Usage: report.py RAW_FOLDER OUT_FOLDER [NAME=VALUE]...

NAME=VALUE describe the environment. Exits 0 whether or not the aims are met,
and 1 if something that was to be measured failed.
"""

import datetime
import json
import os
import statistics
import sys
from dataclasses import dataclass

import chart
from collect import collect
from figures import NAMES, SECTIONS, US, Reader

LABEL = 34
COLUMN = 13
# Figures in host time are good as long as others take no more of it, in percent.
QUIET = 10


@dataclass
class Row:
    figure: object
    values: dict  # target -> number
    spread: dict  # target -> largest relative distance of another round
    ratio: object = None
    verdict: str = ""


def measure(results, section, figure, rounds):
    values, spread = {}, {}
    for target in section.targets:
        got = [figure.get(Reader(results, section.part, n), target) for n in rounds]
        got = [v for v in got if v is not None]
        if not got:
            continue
        values[target] = statistics.median(got) if section.host_time else got[0]
        if len(got) > 1 and values[target]:
            spread[target] = max(abs(v / values[target] - 1) for v in got)
    return values, spread


def judge(row):
    """Compare this target with what its aim, or its reference, is about."""
    figure, ours = row.figure, row.values.get(US)
    of = figure.aim.of if figure.aim else figure.of
    if ours is None:
        return
    value = ours
    if of:
        theirs = [row.values[t] for t in of if t in row.values]
        if len(theirs) < len(of) or not min(theirs):
            return
        # With several, the slower one sets the pace.
        row.ratio = value = ours / min(theirs)
    if figure.aim:
        row.verdict = "pass" if figure.aim.met(value) else "short"


def build(results):
    tables = []
    for section in SECTIONS:
        rounds = sorted({k[2] for k in results.data if k[0] == section.part})
        rows = []
        for figure in section.figures:
            values, spread = measure(results, section, figure, rounds)
            if values:
                rows.append(Row(figure, values, spread))
                judge(rows[-1])
        if rows:
            tables.append((section, rows))
    return tables


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.3f}" if abs(value) < 2 else f"{value:.2f}"


def print_table(tables, out):
    def line(text=""):
        print(text.rstrip(), file=out)

    for section, rows in tables:
        line()
        line(section.title)
        line(f"  {section.how}")
        heads = "".join(NAMES[t].rjust(COLUMN) for t in section.targets)
        line(" " * (LABEL + 14) + heads + "     ratio  aim")
        for row in rows:
            cells = "".join(number(row.values.get(t)).rjust(COLUMN) for t in section.targets)
            of = row.figure.of if not row.figure.aim else ()
            ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
            aim = row.figure.aim.text() if row.figure.aim else ""
            if row.ratio is not None and of:
                aim = f"(of {NAMES[of[0]]})"
            line(f"{row.figure.title:<{LABEL}}{row.figure.unit:>14}{cells}{ratio:>10}  "
                 f"{aim:<24}{row.verdict}")


def repeats(tables):
    """How far the rounds of each part that has several are apart."""
    said = []
    for section, rows in tables:
        worst = [(s, r.figure.id, t) for r in rows for t, s in r.spread.items()]
        if worst:
            s, figure, target = max(worst)
            said.append({"section": section.id, "worst": s, "figure": figure,
                         "target": target, "figures": len(worst)})
    return said


def as_json(tables, results, env, repeat):
    figures = []
    for section, rows in tables:
        for row in rows:
            figure, aim = row.figure, row.figure.aim
            figures.append({
                "id": figure.id,
                "section": section.id,
                "title": " ".join(figure.title.split()),
                "unit": figure.unit,
                "better": figure.better,
                "values": row.values,
                "spread": row.spread,
                "aim": aim and {"op": aim.op, "bound": aim.bound, "of": list(aim.of)},
                "ratio": row.ratio,
                "met": {"pass": True, "short": False}.get(row.verdict),
            })
    return {
        "schema": 1,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "environment": {**env, **results.env},
        "sections": [{"id": s.id, "title": s.title, "how": s.how} for s, _ in tables],
        "figures": figures,
        "repeat": repeat,
        "failed": results.failed,
    }


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    raw, out = sys.argv[1:3]
    env = dict(a.split("=", 1) for a in sys.argv[3:])
    results = collect(raw)
    tables = build(results)
    repeat = repeats(tables)
    print_table(tables, sys.stdout)
    print()
    for r in repeat:
        print(f"repeat: {r['section']}: {r['figures']} figures measured again, furthest apart "
              f"{r['worst'] * 100:.2f} % ({r['figure']}, {NAMES[r['target']]})")
    for section, _ in tables:
        others = float(results.env.get(f"others_{section.id}", "0").split()[0])
        if others > QUIET:
            print(f"doubtful: {section.id}: other programs used {others:.0f} % of the host "
                  "meanwhile; measure again when it is quiet")
    rows = [r for _, t in tables for r in t]
    short = [r.figure.id for r in rows if r.verdict == "short"]
    print(f"aims: {sum(r.verdict == 'pass' for r in rows)} met, {len(short)} short"
          + (f" ({', '.join(short)})" if short else ""))
    for what in results.failed:
        print(f"failed: {what}")
    document = as_json(tables, results, env, repeat)
    with open(os.path.join(out, "bench.json"), "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")
    with open(os.path.join(out, "bench.svg"), "w") as f:
        f.write(chart.draw(tables, document))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
