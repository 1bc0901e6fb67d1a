"""The trade-off as a picture: window size against dollars, local hours and memory, one SVG.

Self-contained: no script, no font, no address. Three panels share one logarithmic axis of window
sizes. Colours are those of Okabe and Ito, told apart by the colour-blind; every line is also named
at its end. Light or dark as the reader's device asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape

from pipeline.catalog import Catalog
from pipeline.cost.formulas import USABLE_SHARE
from pipeline.cost.hardware import Hardware
from pipeline.cost.model_choice import WRITTEN_SHARE, Choice
from pipeline.cost.tradeoff import PROMPT_TOKENS, Curve, Point, tradeoff_curves

_WIDTH, _LEFT, _RIGHT, _TOP = 1080, 92, 262, 118
_PANEL, _GAP = 208, 66
_LABEL_STEP = 16
_STYLE = """
  svg { --paper: #ffffff; --ink: #1c1f23; --soft: #5c6570; --grid: #e3e6ea;
        --c0: #0072b2; --c1: #b04a00; --c2: #007a5a; --c3: #a0437b; --c4: #6b5d00; --c5: #2f6fa8;
        font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #15181c; --ink: #e9ecef; --soft: #a3adb8; --grid: #2b3138;
          --c0: #56b4e9; --c1: #f0914a; --c2: #3cc79c; --c3: #dd94bf; --c4: #e6d23f;
          --c5: #8fc1ee; }
  }
  text { fill: var(--ink); font-size: 13px; }
  .title { font-size: 19px; font-weight: 650; }
  .panel { font-size: 14px; font-weight: 600; }
  .soft { fill: var(--soft); font-size: 12px;
          paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .cliff { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 4; }
  .curve { fill: none; stroke-width: 2.4; stroke-linejoin: round; }
  .eager { fill: none; stroke-width: 1.6; stroke-dasharray: 6 4; }
  .limit { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 10 4; }
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """A logarithmic scale from a range of values to a range of pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def decades(self) -> list[float]:
        """The powers of ten on the scale."""
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        return [10.0**power for power in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Line:
    """One curve of a panel: pixels are made of it by the panel's axes."""

    colour: int
    label: str
    values: tuple[tuple[int, float], ...]
    band: tuple[tuple[int, float, float], ...] = ()
    dashed: bool = False


def draw_tradeoff(
    curves: Sequence[Curve],
    *,
    title: str,
    assumptions: Sequence[str],
    device: str,
    usable_bytes: int,
) -> str:
    """The picture as SVG text.

    Args:
        assumptions: lines under the title.
        device: what the local hours and the memory are of; ``usable_bytes`` of it may be filled.
    """
    clouds = [(i, curve) for i, curve in enumerate(curves) if not curve.local]
    local = [(i, curve) for i, curve in enumerate(curves) if curve.local]
    dollars = [_cloud(i, curve) for i, curve in clouds]
    times = [_time(i, curve) for i, curve in local]
    held = [line for i, curve in local for line in (_memory(i, curve), _eager(i, curve))]
    fused = f"Memory on {device}; dashed: without a fused attention kernel"
    panels: list[tuple[str, Callable[[float], str], list[_Line], int | None]] = [
        ("Dollars for the whole job", _money, dollars, None),
        (f"Time on {device}: likely, with the band", _hours, times, None),
        (fused, _bytes, held, usable_bytes),
    ]
    shown = [panel for panel in panels if any(line.values for line in panel[2])]
    sizes = [size for _, _, lines, _ in shown for line in lines for size, _ in line.values]
    across = Axis(
        min(sizes, default=1_000), max(sizes, default=10_000) * 1.02, _LEFT, _WIDTH - _RIGHT
    )
    body = [
        f'<text class="title" x="{_LEFT}" y="36">{escape(title)}</text>',
        *(_note(said, _LEFT, 58 + 17 * row, "start") for row, said in enumerate(assumptions)),
    ]
    for row, (name, words, lines, limit) in enumerate(shown):
        top = _TOP + row * (_PANEL + _GAP)
        cliffs = _cliffs(clouds) if lines and lines[0].values and words is _money else []
        body += _panel(name, words, [n for n in lines if n.values], top, across, limit, cliffs)
    if not shown:
        body.append(f'<text x="{_LEFT}" y="{_TOP}">Nothing is known to draw.</text>')
    bottom = _TOP + len(shown) * (_PANEL + _GAP) - _GAP + 48
    height = bottom + 20
    body.append(
        f'<text class="soft" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{bottom}" text-anchor="middle">'
        "Window: tokens of one prompt (logarithmic)</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'width="{_WIDTH}" height="{height}" aria-label="{escape(title)}">'
        f"<style>{_STYLE}</style>"
        f'<rect width="{_WIDTH}" height="{height}" fill="var(--paper)"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _panel(
    name: str,
    words: Callable[[float], str],
    lines: Sequence[_Line],
    top: float,
    across: Axis,
    limit: int | None,
    cliffs: Sequence[tuple[int, str]],
) -> list[str]:
    seen = [value for line in lines for _, value in line.values]
    seen += [value for line in lines for _, *ends in line.band for value in ends]
    seen += [float(limit)] if limit else []
    up = Axis(min(seen) / 1.35, max(seen) * 1.6, top + _PANEL, top)
    right, bottom = _WIDTH - _RIGHT, top + _PANEL
    out = [f'<text class="panel" x="{_LEFT}" y="{top - 12}">{escape(name)}</text>']
    notes = []  # over the lines, not under them
    for value in _ticks(up):
        y = up(value)
        out.append(_rule("grid", _LEFT, y, right, y))
        out.append(_note(words(value), _LEFT - 10, y + 4, "end"))
    for size in _sizes(across):
        x = across(size)
        out.append(_rule("grid", x, top, x, bottom))
        out.append(_note(_tokens(size), x, bottom + 18, "middle"))
    for row, (size, said) in enumerate(cliffs):
        x = across(size)
        out.append(_rule("cliff", x, top, x, bottom))
        notes.append(_note(said, x - 6, top + 14 + row * _LABEL_STEP, "end"))
    if limit:
        y = up(limit)
        out.append(_rule("limit", _LEFT, y, right, y))
        notes.append(_note(f"may be filled: {words(limit)}", right - 4, y - 6, "end"))
    for line in lines:
        out += _drawn(line, across, up)
    return out + notes + _labels(lines, up, words, top)


def _rule(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {ends}/>'


def _note(said: str, x: float, y: float, anchor: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="soft" {place}>{escape(said)}</text>'


def _drawn(line: _Line, across: Axis, up: Axis) -> list[str]:
    colour = f"var(--c{line.colour % 6})"
    out = []
    if line.band:
        there = [f"{across(n):.1f},{up(high):.1f}" for n, _, high in line.band]
        back = [f"{across(n):.1f},{up(low):.1f}" for n, low, _ in reversed(line.band)]
        out.append(f'<polygon points="{" ".join(there + back)}" fill="{colour}" opacity="0.16"/>')
    points = " ".join(f"{across(n):.1f},{up(value):.1f}" for n, value in line.values)
    kind = "eager" if line.dashed else "curve"
    out.append(f'<polyline class="{kind}" stroke="{colour}" points="{points}"/>')
    if not line.dashed:
        best = min(line.values, key=lambda one: one[1])
        out.append(
            f'<circle cx="{across(best[0]):.1f}" cy="{up(best[1]):.1f}" r="4.5" fill="{colour}" '
            'stroke="var(--paper)" stroke-width="1.5"/>'
        )
    return out


def _labels(
    lines: Sequence[_Line], up: Axis, words: Callable[[float], str], top: float
) -> list[str]:
    """Each line's name to the right of its panel, at the height of its end, none over another."""
    named = [line for line in lines if not line.dashed]
    wanted = sorted((up(line.values[-1][1]), i) for i, line in enumerate(named))
    heights: list[tuple[float, int]] = []
    for y, i in wanted:
        lowest = heights[-1][0] + 2 * _LABEL_STEP if heights else y
        heights.append((max(y, lowest, top + 8), i))
    over = heights[-1][0] + _LABEL_STEP - (top + _PANEL) if heights else 0.0
    shift = max(0.0, over)
    out = []
    for y, i in heights:
        line = named[i]
        least = min(line.values, key=lambda one: one[1])
        x = _WIDTH - _RIGHT + 12
        said = f"least {words(least[1])} at {_tokens(least[0])}"
        out.append(
            f'<text x="{x}" y="{y - shift + 4:.1f}" style="fill: var(--c{line.colour % 6})" '
            f'font-weight="600">{escape(line.label)}</text>'
            f'<text class="soft" x="{x}" y="{y - shift + 4 + _LABEL_STEP - 1:.1f}">{said}</text>'
        )
    return out


def _cloud(colour: int, curve: Curve) -> _Line:
    known = [(p.window, float(p.usd)) for p in curve.points if p.usd is not None and p.usd > 0]
    return _Line(colour, curve.label, tuple(known))


def _time(colour: int, curve: Curve) -> _Line:
    known = [p for p in curve.points if p.seconds and p.seconds_band]
    band = tuple((p.window, *_in_hours(p)) for p in known)
    return _Line(
        colour, curve.label, tuple((p.window, (p.seconds or 0) / 3600) for p in known), band
    )


def _in_hours(point: Point) -> tuple[float, float]:
    assert point.seconds_band is not None
    low, high = point.seconds_band
    return low / 3600, high / 3600


def _memory(colour: int, curve: Curve) -> _Line:
    known = [(p.window, float(p.peak_memory_bytes)) for p in curve.points if p.peak_memory_bytes]
    return _Line(colour, curve.label, tuple(known))


def _eager(colour: int, curve: Curve) -> _Line:
    known = [
        (p.window, float(p.peak_memory_bytes + p.eager_bytes))
        for p in curve.points
        if p.peak_memory_bytes and p.eager_bytes
    ]
    return _Line(colour, "", tuple(known), dashed=True)


def _cliffs(clouds: Iterable[tuple[int, Curve]]) -> list[tuple[int, str]]:
    """Where a price jumps, and how far: the job just above against just below."""
    found = []
    for _, curve in clouds:
        usd = {point.window: point.usd for point in curve.points}
        for cliff in curve.cliffs:
            below, above = usd.get(cliff), usd.get(cliff + 1)
            # One that this job never reaches is not a cliff of it.
            if below and above and above / below >= _CLIFF:
                found.append((cliff, f"{curve.label} past {cliff:,}: × {above / below:.1f}"))
    return found


def _ticks(axis: Axis) -> list[float]:
    """Round values on a logarithmic scale: the decades, with 2 and 5 where these are few."""
    decades = axis.decades()
    if len(decades) >= 4:
        return decades[:: 1 + (len(decades) - 1) // 6]
    first = math.floor(math.log10(axis.low))
    steps = [m * 10.0**power for power in range(first, first + 6) for m in (1, 2, 5)]
    return [value for value in steps if axis.low <= value <= axis.high]


def _sizes(axis: Axis) -> list[int]:
    steps = (4_000 * 2**power for power in range(9))
    return [size for size in steps if axis.low <= size <= axis.high]


def _tokens(n: float) -> str:
    if n >= 1_000_000:
        return f"{n / 1e6:.3g}M"
    return f"{n / 1_000:.0f}k" if n >= 1_000 else f"{n:.0f}"


#: How many times dearer a job becomes past a cliff that is drawn.
_CLIFF = 1.05


def _money(usd: float) -> str:
    """ "$140", "$2.30", "$0.20", "$0.0022": at least two decimals below a hundred."""
    if usd >= 0.1:
        return f"${usd:,.0f}" if usd >= 100 else f"${usd:.2f}"
    whole, _, decimals = f"{float(f'{usd:.2g}'):.8f}".partition(".")
    return f"${whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def _hours(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.3g} h"
    return f"{hours * 60:.2g} min" if hours * 60 >= 1 else f"{hours * 3600:.2g} s"


def _bytes(n: float) -> str:
    return f"{n / 1e12:.3g} TB" if n >= 1e12 else f"{n / 1e9:.3g} GB"


def draw_windows(
    words: int,
    choices: Sequence[Choice],
    catalog: Catalog,
    *,
    as_of: date,
    hardware: Hardware,
    tokens_per_word: Decimal | None = None,
) -> str:
    """The trade-off of window sizes for so many words, as SVG text.

    Args:
        tokens_per_word: None for each model's own, as measured.
    """
    curves = tradeoff_curves(
        choices,
        catalog,
        words=words,
        tokens_per_word=tokens_per_word,
        as_of=as_of,
        hardware=hardware,
    )
    return draw_tradeoff(
        curves,
        title=f"{words:,} words in windows of every size, at prices of {as_of.isoformat()}",
        assumptions=(
            f"Everything read once, {WRITTEN_SHARE:.0%} of it written, no thinking; "
            f"{PROMPT_TOKENS} tokens of prompt a call; tokens a word: "
            f"{tokens_per_word or 'each model’s own, as measured'}.",
            "A dot marks the least. Lines of dollars and time end where a window’s reply would "
            "be over the model’s limit.",
        ),
        device=str(hardware),
        usable_bytes=int(hardware.device_bytes * USABLE_SHARE),
    )
