# SPDX-License-Identifier: GPL-2.0
"""Draws bench.svg: one small chart per figure, a horizontal bar per target.

A chart's bars share an axis from zero, or a logarithmic one, and it says so,
where the longest would leave the shortest invisible. This target is in colour,
its peers are grey, the aim is a dashed line.
"""

import math
from html import escape

from figures import NAMES, US

WIDTH = 1120
MARGIN = 24
COLUMNS = 3
GAP = 28
NAME = 78  # room for the names left of the bars
VALUE = 62  # and for the numbers right of them
BAR = 13
STEP = 18
HEAD = 40
FONT = "font-family='Helvetica, Arial, sans-serif'"
OURS, PEER, INK, FAINT, AIM = "#0b6e99", "#b8bec5", "#1d2329", "#69727c", "#c4511b"


def text(x, y, s, size=11, fill=INK, anchor="start", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{fill}' "
            f"text-anchor='{anchor}' font-weight='{weight}'>{escape(s)}</text>")


def short(value):
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if value >= limit:
            scaled = value / (1e6 if unit == "M" else 1e3)
            return f"{scaled:.1f}{unit}" if scaled < 100 else f"{scaled:.0f}{unit}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


class Axis:
    def __init__(self, values, length):
        self.top = max(values)
        self.length = length
        positive = [v for v in values if v > 0]
        self.log = bool(positive) and self.top / min(positive) > 30
        # A log axis begins a bit below the smallest, so that it has a bar too.
        self.low = min(positive) / 2 if self.log else 0.0

    def at(self, value):
        if value <= self.low or self.top <= self.low:
            return 1.0
        if self.log:
            part = math.log(value / self.low) / math.log(self.top / self.low)
        else:
            part = value / self.top
        return max(1.0, part * self.length)


def aim_value(row):
    """The aim on this figure's own axis, or None."""
    aim = row.figure.aim
    if not aim:
        return None
    theirs = [row.values[t] for t in aim.of if t in row.values]
    if len(theirs) < len(aim.of):
        return None
    return aim.bound * (min(theirs) if theirs else 1.0)


def panel(x, y, width, section, row):
    targets = [t for t in section.targets if t in row.values]
    aim = aim_value(row)
    axis = Axis(list(row.values.values()) + ([aim] if aim else []), width - NAME - VALUE)
    title = " ".join(row.figure.title.split())
    unit = row.figure.unit + (", log scale" if axis.log else "")
    good = "more is better" if row.figure.better == "higher" else "less is better"
    out = [text(x, y + 12, title, 12, weight="bold"),
           text(x, y + 27, f"{unit}; {good}", 10, FAINT)]
    top = y + HEAD
    for i, target in enumerate(targets):
        value = row.values[target]
        mine = target == US
        bar = axis.at(value)
        by = top + i * STEP
        out.append(text(x + NAME - 6, by + BAR - 3, NAMES[target], 10.5, INK if mine else FAINT,
                        "end", "bold" if mine else "normal"))
        out.append(f"<rect x='{x + NAME}' y='{by}' width='{bar:.1f}' height='{BAR}' "
                   f"fill='{OURS if mine else PEER}'/>")
        out.append(text(x + NAME + bar + 5, by + BAR - 3, short(value), 10.5,
                        INK, weight="bold" if mine else "normal"))
    if aim:
        ax = x + NAME + axis.at(aim)
        out.append(f"<line x1='{ax:.1f}' x2='{ax:.1f}' y1='{top - 4}' "
                   f"y2='{top + len(targets) * STEP - 2}' stroke='{AIM}' stroke-width='1.5' "
                   f"stroke-dasharray='4 2'/>")
    return out, HEAD + len(targets) * STEP + 16


def draw(tables, document):
    width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
    env = document["environment"]
    y = MARGIN
    body = [text(MARGIN, y + 18, "dm-deltalog beside its peers", 20, weight="bold"),
            text(MARGIN, y + 38, " · ".join(
                s for s in (document["date"][:10], env.get("commit", ""),
                            env.get("vm_kernel", "")) if s), 11, FAINT)]
    body.append(f"<line x1='{WIDTH - 250}' x2='{WIDTH - 226}' y1='{y + 14}' y2='{y + 14}' "
                f"stroke='{AIM}' stroke-width='1.5' stroke-dasharray='4 2'/>")
    body.append(text(WIDTH - 220, y + 18, "aim for deltalog", 11, FAINT))
    y += 56
    for section, rows in tables:
        rows = [r for r in rows if r.figure.chart]
        if not rows:
            continue
        body.append(f"<line x1='{MARGIN}' x2='{WIDTH - MARGIN}' y1='{y}' y2='{y}' stroke='#d9dde1'/>")
        body.append(text(MARGIN, y + 22, section.title, 14, weight="bold"))
        body.append(text(MARGIN, y + 38, section.how, 10.5, FAINT))
        y += 52
        for start in range(0, len(rows), COLUMNS):
            tallest = 0
            for i, row in enumerate(rows[start:start + COLUMNS]):
                part, height = panel(MARGIN + i * (width + GAP), y, width, section, row)
                body += part
                tallest = max(tallest, height)
            y += tallest + 8
    y += MARGIN
    return "\n".join(
        [f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{y:.0f}' "
         f"viewBox='0 0 {WIDTH} {y:.0f}' {FONT}>",
         f"<rect width='{WIDTH}' height='{y:.0f}' fill='white'/>"] + body + ["</svg>"]) + "\n"
