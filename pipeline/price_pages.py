"""Prices and machines as a person sees them: estimates, the catalogue, what fits a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.amounts import band, dollars, duration, gigabytes, percent, short
from pipeline.console import plain, table

#: Stories left out that a page names; --json names all.
_MOST_LISTED = 10


def estimate_table(result: Mapping[str, Any]) -> None:
    """One line per model and strategy, the cheapest that can run marked with an arrow; what the
    local ones need of this machine; and what has to be said of the numbers."""
    lines = result["lines"]
    left_out = result.get("left_out") or []
    reasons = list(dict.fromkeys(line["reason"] for line in lines if not line["feasible"]))
    rows = []
    for line in lines:
        usd, tokens = line["usd"], line["input_tokens"]
        rows.append(
            (
                ("→ " if line["cheapest"] else "  ") + _with_bits(line),
                line["strategy"],
                line["calls"],
                "–" if tokens is None else short(tokens) + ("" if line["exact"] else " ±"),
                "–" if tokens is None else _band_of(line["output_tokens"], short),
                "unknown" if usd is None else _band_of(usd, dollars),
                dollars(line["usd_batch"]) if line["usd_batch"] else "–",
                duration(line["seconds"]),
                *([_saved(line)] if left_out else []),
                "yes" if line["feasible"] else f"no ({reasons.index(line['reason']) + 1})",
            )
        )
    table(
        (
            "model",
            "strategy",
            "calls",
            "tokens in",
            "tokens out",
            "dollars",
            "as batch",
            "time",
            *(["--about saves"] if left_out else []),
            "can run",
        ),
        rows,
        title=f"Prices of {result['as_of']}, judged on {result['today']}: likely (low – high)",
        optional=("as batch", "calls", "tokens out", "tokens in"),
    )
    for number, reason in enumerate(reasons, 1):
        plain(f"({number}) {reason}")
    _machine_table([line for line in lines if line["bits"]], result["hardware"])
    if assumptions := result.get("assumptions"):
        plain(f"Assumed: {assumptions}.")
    counts = result.get("skipped") or {}
    if counts:
        said = ", ".join(f"{n} {reason}" for reason, n in counts.items())
        plain(
            f"{result['stories']} stories, {result['clusters']} clusters; without a call: {said}."
        )
    if (review := result.get("review")) and review["pairs"]:
        plain(
            f"Merging by proof costs nothing; `review` then has about {review['pairs']} pairs for "
            f"a person, {review['minutes']} minutes."
        )
    _left_out_list(left_out)
    if not any(line["feasible"] for line in lines):
        plain("None of these can run here; the reasons stand in the last column.")
    for note in dict.fromkeys(n for line in lines for n in line.get("notes", ())):
        plain(f"  {note}")


def _left_out_list(stories: Sequence[Mapping[str, str]]) -> None:
    """What ``--about`` leaves out, where it stands, and why."""
    for story in stories[:_MOST_LISTED]:
        plain(f"  left out: {story['place']}: {story['reason']}")
    if len(stories) > _MOST_LISTED:
        plain(f"  and {len(stories) - _MOST_LISTED} more; --json lists them all")


def _saved(line: Mapping[str, Any]) -> str:
    """What leaving stories out saves: dollars of a provider, time of this machine."""
    if line["bits"]:
        return duration(line["seconds_saved"])
    return dollars(line["usd_saved"])


def _machine_table(lines: Sequence[Mapping[str, Any]], hardware: str) -> None:
    """What local lines take of the machine: memory, time as a band, energy, rent."""
    if not lines:
        return
    table(
        (
            "model",
            "strategy",
            "longest window",
            "memory",
            "eager scores",
            "time",
            "of the limit",
            "kWh",
            "power",
            "rent",
        ),
        [
            (
                _with_bits(line),
                line["strategy"],
                "none" if not line["longest_window"] else f"{line['longest_window']:,}",
                gigabytes(line["peak_memory_bytes"]),
                gigabytes(line["eager_bytes"]),
                _time_band(line),
                percent(line["limit_share"]),
                None if line["kwh"] is None else f"{line['kwh']:.3g}",
                dollars(line["usd_energy"]),
                dollars(line["usd_rent"]),
            )
            for line in lines
        ],
        title=f"On this machine ({hardware}): likely (best – worst); eager scores are one layer's "
        "score matrix without a fused kernel",
        optional=("of the limit", "rent", "power", "eager scores", "kWh"),
    )


def _with_bits(line: Mapping[str, Any]) -> str:
    """The model's name, and in how many bits where these are not the usual 16."""
    return str(line["model"]) + (f" ({line['bits']} bit)" if line["bits"] not in (None, 16) else "")


def _band_of(amounts: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    return band(amounts["low"], amounts["likely"], amounts["high"], shown)


def _time_band(line: Mapping[str, Any]) -> str | None:
    around = line["seconds_band"]
    if around is None:
        return None
    return band(around["low"], line["seconds"], around["high"], duration)


def models_table(models: Sequence[Mapping[str, Any]]) -> None:
    """The catalogue."""
    table(
        ("model", "window", "longest reply", "in / out per M tokens", "licence"),
        [
            (
                m["model"],
                f"{m['window']:,}",
                f"{m['output_cap']:,}",
                f"{dollars(m['usd_per_mtok_in'])} / {dollars(m['usd_per_mtok_out'])}",
                m["licence"] or "",
            )
            for m in models
        ],
        optional=("longest reply", "licence"),
    )
    for m in models:
        if m["notes"]:
            plain(f"  {m['model']}: {'; '.join(m['notes'])}")


def ranking_table(ranked: Mapping[str, Any]) -> None:
    """What fits a card, the most useful first; what does not fit is counted at the end."""
    fitting = [m for m in ranked["models"] if m["fits"]]
    table(
        (
            "model",
            "bits",
            "weights",
            "longest window",
            "bound by",
            "windows",
            "time",
            "of the limit",
            "kWh",
            "power",
            "rent",
            "eager scores",
        ),
        [
            (
                m["model"],
                m["bits"],
                gigabytes(m["weights_bytes"]),
                f"{m['window']:,}",
                m["limit"],
                m["windows_needed"],
                _time_band(m),
                percent(m["limit_share"]),
                None if m["kwh"] is None else f"{m['kwh']:.2f}",
                dollars(m["usd_energy"]),
                dollars(m["usd_rent"]),
                gigabytes(m["eager_bytes"]),
            )
            for m in fitting
        ],
        title=f"{ranked['words']:,} words on {ranked['gpu']} "
        f"({ranked['memory_bytes'] / 2**30:.0f} GiB): {ranked['assumptions']}. Eager scores are "
        "one layer's score matrix without a fused kernel.",
        optional=("eager scores", "of the limit", "power", "windows", "weights", "kWh", "rent"),
    )
    plain(f"{len(ranked['models']) - len(fitting)} more do not fit.")
