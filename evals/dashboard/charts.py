"""Figures of a report, drawn by Altair as SVG text that stands in the page.

Colours are the page's own variables, so that light and dark, screen and paper are the page's
matter; marks differ in shape as well as in colour. What a pointer would tell on the live pages
stands in the table below a figure.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from evals.dashboard.cards import Card

Row = Mapping[str, Any]
#: A caption and what Altair draws below it.
Figure = tuple[str, Any]

_WIDTH = 640
_SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "triangle-down"]
#: Cividis: read alike by the colour-blind, and in grey.
_CIVIDIS = ["#00224e", "#2a3f6d", "#575c6d", "#7f7c75", "#a59c74", "#d3c064", "#fee838"]
#: Cells that ended otherwise than with a reply.
_SIGNS = {"truncated": ("▼", "cut off"), "failed": ("✕", "failed"), "refused": ("–", "refused")}
#: Ticks of an axis of dollars: "$0.20", "$0.0022", as the pages write them (``static/core.js``).
_DOLLAR_TICKS = (
    "datum.value == 0 ? '$0' : datum.value >= 1 ? '$' + format(datum.value, ',.2~f')"
    " : abs(datum.value * 100 - round(datum.value * 100)) < 1e-6 ? '$' + format(datum.value, '.2f')"
    " : '$' + format(datum.value, '.4~f')"
)
_LANE = alt.Axis(domain=False, ticks=False, labelPadding=10, labelLimit=260)


def drawn(card: Card, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(caption, SVG text) of every figure of a card; none when its kind is not a figure's."""
    if card.kind not in _KINDS or not rows:
        return []
    return [(caption, _svg(chart)) for caption, chart in _KINDS[card.kind](card, rows)]


def _svg(chart: Any) -> str:
    ink, soft, line = "var(--ink)", "var(--soft)", "var(--line)"
    font = "system-ui, -apple-system, 'Segoe UI', sans-serif"
    chart = chart.configure(background="transparent", font=font)
    chart = chart.configure_view(stroke=None)
    chart = chart.configure_axis(
        labelFontSize=12, titleFontSize=12, titleFontWeight=500, labelColor=ink, titleColor=soft,
        gridColor=line, domainColor=line, tickColor=line, titlePadding=14,
    )  # fmt: skip
    chart = chart.configure_legend(
        labelFontSize=12,
        labelColor=ink,
        orient="top",
        title=None,
        symbolSize=90,
        columnPadding=28,
    )
    text = io.StringIO()
    chart.save(text, format="svg")
    return text.getvalue()


def _coloured(field: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Colour and shape of a series, both from the same legend."""
    domain = list(dict.fromkeys(row[field] for row in rows))
    legend: Any = alt.Legend() if len(domain) > 1 else None
    colours = [f"var(--c{n % 6})" for n in range(len(domain))]
    shapes = [_SHAPES[n % 6] for n in range(len(domain))]
    return {
        "color": alt.Color(
            f"{field}:N", scale=alt.Scale(domain=domain, range=colours), legend=legend
        ),
        "shape": alt.Shape(
            f"{field}:N", scale=alt.Scale(domain=domain, range=shapes), legend=legend
        ),
    }


def _base(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _ranges(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """Low to high as a bar, likely as a mark; one lane a model and strategy."""
    several = {row["model"] for row in rows if sum(o["model"] == row["model"] for o in rows) > 1}
    placed = [
        row
        | {
            "lane": f"{row['model']} · {row['strategy']}"
            if row["model"] in several
            else row["model"]
        }
        for row in map(dict, rows)
        if row["likely"] is not None
    ]
    if not placed:
        return []
    how = _coloured(card.display["group"], placed)
    if card.display["unit"] == "usd":
        axis = alt.Axis(labelExpr=_DOLLAR_TICKS, tickCount=5)
    else:
        axis = alt.Axis(
            labelExpr="datum.value < 90 ? datum.value + ' s' : datum.value < 5400 ? "
            "format(datum.value / 60, '.2~f') + ' min' : format(datum.value / 3600, '.2~f') + ' h'",
            tickCount=5,
        )
    lane = alt.Y("lane:N", sort=None, title=None, axis=_LANE)
    whole = alt.X("low:Q", title=card.display["title"], axis=axis)
    base = _base(placed)
    bars = base.mark_bar(height=12, cornerRadius=6, opacity=0.3)
    marks = base.mark_point(filled=True, size=110, opacity=1)
    chart = alt.layer(
        bars.encode(x=whole, x2="high:Q", y=lane, color=how["color"]),
        marks.encode(x="likely:Q", y=lane, **how),
    )
    return [("", chart.properties(width=_WIDTH, height=alt.Step(30)))]


def _intervals(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """A figure with its 95 % interval; one lane a label, one mark a series."""
    series = list(dict.fromkeys(row["series"] for row in rows))
    how = _coloured("series", rows)
    lane = alt.Y("label:N", sort=None, title=None, axis=_LANE)
    beside = alt.YOffset("series:N", sort=series)
    scale = alt.Scale(domain=card.display.get("domain", alt.Undefined))
    base = _base(rows)
    chart = alt.layer(
        base.mark_rule(strokeWidth=2.5, opacity=0.55).encode(
            x=alt.X("low:Q", title=card.display["title"], scale=scale), x2="high:Q",
            y=lane, yOffset=beside, color=how["color"],
        ),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            x="value:Q", y=lane, yOffset=beside, **how
        ),
    )  # fmt: skip
    labels = len({row["label"] for row in rows})
    return [("", chart.properties(width=_WIDTH, height=labels * max(30, 16 * len(series))))]


def _history(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """Actual over estimated, run by run, on a logarithmic axis around 1."""
    most = max(2.0, *(max(row["ratio"], 1 / row["ratio"]) for row in rows))
    base = _base(rows)
    even = alt.Chart(alt.InlineData(values=[{"ratio": 1}])).mark_rule(
        color="var(--soft)", strokeDash=[3, 3]
    )
    scale = alt.Scale(type="log", domain=[1 / most, most])
    height = alt.Y("ratio:Q", title="actual ÷ likely (logarithmic)", scale=scale)
    utc = alt.Scale(type="utc")
    moment = alt.Axis(tickCount=4, grid=False, format="%-d %b %H:%M", labelOverlap=True)
    chart = alt.layer(
        even.encode(y=height),
        base.mark_point(filled=True, size=85, opacity=0.9).encode(
            x=alt.X(
                "started:T",
                scale=utc,
                title="when the run began (UTC)",
                axis=moment,
            ),
            y=height,
            **_coloured("quantity", rows),
        ),
    )
    return [("", chart.properties(width=_WIDTH, height=260))]


def _lines(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """One line a series: both axes logarithmic, or steps across and shares up."""
    how = _coloured("series", rows)
    across, up = card.display["x"], card.display["y"]
    if card.display.get("steps"):
        most = max(row["x"] for row in rows)
        x = alt.X("x:Q", title=across, axis=alt.Axis(format=",d", tickCount=min(10, most or 1)))
        y = alt.Y("y:Q", title=up, scale=alt.Scale(zero=False), axis=alt.Axis(format=".0%"))
    else:
        logarithmic = alt.Scale(type="log")
        x = alt.X(
            "x:Q", scale=logarithmic, title=f"{across} (logarithmic)",
            axis=alt.Axis(format=",d", tickCount=5),
        )  # fmt: skip
        y = alt.Y("y:Q", scale=logarithmic, title=f"{up} (logarithmic)")
    base = _base(rows)
    chart = alt.layer(
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=how["color"]),
        base.mark_point(filled=True, size=70).encode(x=x, y=y, **how),
    )
    return [("", chart.properties(width=_WIDTH, height=260))]


def _heatmaps(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """Share found by length and depth, one map a run; a place never measured is a dashed frame, and
    cells that were cut off, refused or failed are counted in it."""
    runs = dict.fromkeys(row["run"] for row in rows)
    return [_heatmap(run, [row for row in rows if row["run"] == run]) for run in runs]


def _heatmap(run: str, rows: Sequence[Row]) -> Figure:
    cells = [
        {
            "length": row["prompt_tokens"],
            "depth": row["depth"],
            "score": row["score"],
            "said": f"{row['score']:.2f}" if row["n"] else "–",
            "odd": " ".join(
                f"{sign}{row[name]}" for name, (sign, _) in _SIGNS.items() if row[name]
            ),
        }
        for row in rows
    ]
    base = _base(cells).encode(
        x=alt.X("length:O", title="prompt tokens", axis=alt.Axis(labelAngle=0, format=",d")),
        y=alt.Y("depth:O", title="depth of the needle, %"),
    )
    measured = base.transform_filter("datum.score !== null")
    scale = alt.Scale(domain=[0, 1], range=_CIVIDIS, interpolate="rgb")
    word = alt.when("datum.score === null").then(alt.value("var(--soft)"))
    word = word.when("datum.score < 0.62").then(alt.value("#ffffff"))
    ink = word.otherwise(alt.value("#111827"))
    text = base.mark_text(fontSize=13, fontWeight=600)
    small = base.mark_text(fontSize=10, dy=13)
    frames = base.transform_filter("datum.score === null").mark_rect(
        fill="transparent", stroke="var(--line)", strokeDash=[4, 3], strokeWidth=2
    )
    places = measured.mark_rect(cornerRadius=3).encode(
        color=alt.Color("score:Q", scale=scale, legend=None)
    )
    # A layer without a mark would be a graphic that says nothing to who listens to the page.
    known = {cell["score"] is not None for cell in cells}
    chart = alt.layer(
        *([frames] if False in known else []),
        *([places] if True in known else []),
        text.encode(text="said:N", color=ink),
        small.encode(text="odd:N", color=ink),
    )
    lengths, depths = ({cell[name] for cell in cells} for name in ("length", "depth"))
    wide = max(56, min(96, 560 // len(lengths)))
    seen = [f"{sign} {said}" for name, (sign, said) in _SIGNS.items() if any(r[name] for r in rows)]
    caption = " · ".join([rows[0]["model"], rows[0]["over"], run, *seen])
    return caption, chart.properties(width=wide * len(lengths), height=42 * len(depths))


def _canaries(card: Card, rows: Sequence[Row]) -> list[Figure]:
    """How many canaries came through, by document and depth."""
    places: dict[tuple[str, Any], list[Row]] = {}
    for row in rows:
        places.setdefault((row["name"], row["depth"]), []).append(row)
    cells = []
    for (name, depth), planted in places.items():
        whole = sum(not row["lost_at"] for row in planted)
        cells.append(
            {"document": name, "depth": depth, "share": whole / len(planted),
             "said": f"{whole} of {len(planted)}"}
        )  # fmt: skip
    base = _base(cells).encode(
        x=alt.X("depth:O", title="depth in the document, %", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("document:N", sort=None, title=None, axis=_LANE),
    )
    scale = alt.Scale(domain=[0, 1], range=_CIVIDIS, interpolate="rgb")
    ink = alt.when("datum.share < 0.62").then(alt.value("#ffffff"))
    chart = alt.layer(
        base.mark_rect(cornerRadius=3).encode(color=alt.Color("share:Q", scale=scale, legend=None)),
        base.mark_text(fontSize=12).encode(
            text="said:N", color=ink.otherwise(alt.value("#111827"))
        ),
    )
    return [("", chart.properties(width=alt.Step(86), height=alt.Step(28)))]


_KINDS: Mapping[str, Callable[[Card, Sequence[Row]], list[Figure]]] = {
    "ranges": _ranges,
    "intervals": _intervals,
    "history": _history,
    "lines": _lines,
    "heatmaps": _heatmaps,
    "canaries": _canaries,
}
