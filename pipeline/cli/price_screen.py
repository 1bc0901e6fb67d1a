"""Prices and machines as a person sees them: estimates, the catalogue, what fits a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.amounts import band, counted, dollars, duration, gigabytes, percent, short
from pipeline.console import plain, table

#: Stories left out that a page names; --json names all.
_MOST_LISTED = 10


#: How a merge can ask; the other strategies are run by evals only.
_OF_A_MERGE = ("none", "pairs", "groups")


def estimate_table(result: Mapping[str, Any], *, whole: bool) -> None:
    """What asking costs, on one screen: the recommended line first, then one of each other model.

    Args:
        whole: every line, what the local ones take of this machine, and what has to be said of
            the numbers.
    """
    lines = result["lines"]
    shown = lines if whole else _one_of_each_model(lines)
    left_out = result.get("left_out") or []
    reasons = list(dict.fromkeys(line["reason"] for line in shown if not line["feasible"]))
    judged = "" if result["as_of"] == result["today"] else f", judged on {result['today']}"
    plain(
        f"Prices of {result['as_of']}{judged}, the likely one and its band; "
        f"times on this machine ({result['hardware']})."
    )
    if whole:
        _every_line(lines, reasons, saves=bool(left_out))
    else:
        _short_lines(shown, reasons, saves=bool(left_out))
    for number, reason in enumerate(reasons, 1):
        plain(f"({number}) {reason}")
    if whole:
        _machine_table([line for line in lines if line["bits"]], result["hardware"])
    if assumptions := result.get("assumptions"):
        plain(f"Assumed: {assumptions}.")
    counts = result.get("skipped") or {}
    if counts:
        said = ", ".join(f"{n:,} {reason}" for reason, n in counts.items())
        plain(
            f"{counted(result['stories'], 'story', 'stories')}, "
            f"{counted(result['clusters'], 'cluster')}; without a call: {said}."
        )
    if (review := result.get("review")) and review["pairs"]:
        plain(
            "Merging by proof costs nothing; what `review` then asks a person: about "
            f"{_asked(review)}."
        )
    _left_out_list(left_out, _MOST_LISTED if whole else 2)
    if not any(line["feasible"] for line in lines):
        plain("None of these can run here; the numbers in brackets say why.")
    notes = list(dict.fromkeys(n for line in lines for n in line.get("notes", ())))
    if whole:
        for note in notes:
            plain(f"  {note}")
    else:
        _more(len(lines) - len(shown), len(notes), any(line["bits"] for line in lines))


def _asked(review: Mapping[str, Any]) -> str:
    """What `review` asks about, and how long that takes; where it asks the first of them only, of
    how many."""
    n, minutes = review["pairs"], counted(review["minutes"], "minute")
    if review["alike"] > n:
        most = counted(review["alike"], "pair")
        return f"{n:,} at a time of {most} that are alike, {minutes}"
    return f"{counted(n, 'pair')}, {minutes}"


def _one_of_each_model(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The line of each model that its merge would be asked by, the recommended one first, then
    what can run, the cheapest first."""

    def rank(line: Mapping[str, Any]) -> tuple[bool, bool, bool, float, float]:
        usd = line["usd"]
        likely = float("inf") if usd is None else float(usd["likely"])
        return (
            not line["cheapest"],
            line["strategy"] not in _OF_A_MERGE,
            not line["feasible"],
            likely,
            float("inf") if line["seconds"] is None else line["seconds"],
        )

    best: dict[str, Mapping[str, Any]] = {}
    for line in sorted(lines, key=rank):
        best.setdefault(_with_bits(line), line)
    return list(best.values())


def _mark(line: Mapping[str, Any], reasons: Sequence[str]) -> str:
    """The arrow of the recommended line, or the number of the reason why one cannot run."""
    if line["cheapest"]:
        return "→"
    return "" if line["feasible"] else f"({reasons.index(line['reason']) + 1})"


def _short_lines(
    lines: Sequence[Mapping[str, Any]], reasons: Sequence[str], *, saves: bool
) -> None:
    table(
        ("", "model", "by", "dollars", "low – high", "time", *(["--about saves"] if saves else [])),
        [
            (
                _mark(line, reasons),
                _with_bits(line),
                line["strategy"],
                _likely(line),
                _around(line),
                duration(line["seconds"]),
                *([_saved(line)] if saves else []),
            )
            for line in lines
        ],
        optional=("by", "low – high"),
    )


def _every_line(lines: Sequence[Mapping[str, Any]], reasons: Sequence[str], *, saves: bool) -> None:
    def row(line: Mapping[str, Any]) -> tuple[object, ...]:
        tokens = line["input_tokens"]
        return (
            _mark(line, reasons),
            _with_bits(line),
            line["strategy"],
            line["calls"],
            "–" if tokens is None else short(tokens) + ("" if line["exact"] else " ±"),
            "–" if tokens is None else _band_of(line["output_tokens"], short),
            _likely(line),
            _around(line),
            dollars(line["usd_batch"]) if line["usd_batch"] else "–",
            duration(line["seconds"]),
            *([_saved(line)] if saves else []),
        )

    table(
        (
            "",
            "model",
            "strategy",
            "calls",
            "tokens in",
            "tokens out",
            "dollars",
            "low – high",
            "as batch",
            "time",
            *(["--about saves"] if saves else []),
        ),
        map(row, lines),
        optional=("as batch", "tokens out", "calls", "tokens in", "low – high"),
    )


def _likely(line: Mapping[str, Any]) -> str:
    return "unknown" if line["usd"] is None else dollars(line["usd"]["likely"])


def _around(line: Mapping[str, Any]) -> str:
    """The band of a line's dollars, nothing where it is one amount."""
    if line["usd"] is None:
        return ""
    low, high = (dollars(line["usd"][side]) for side in ("low", "high"))
    return "" if low == high else f"{low} – {high}"


def _more(n_lines: int, n_notes: int, local: bool) -> None:
    """What ``--notes`` adds."""
    said = [
        *([f"{counted(n_lines, 'more line')}, every strategy"] if n_lines else []),
        *(["what it takes of this machine"] if local else []),
        *([f"{counted(n_notes, 'note')} on these figures"] if n_notes else []),
    ]
    if said:
        plain(f"With --notes: {'; '.join(said)}.")


def _left_out_list(stories: Sequence[Mapping[str, str]], most: int) -> None:
    """What ``--about`` leaves out, where it stands, and why."""
    for story in stories[:most]:
        plain(f"  left out: {story['place']}: {story['reason']}")
    if len(stories) > most:
        plain(f"  and {len(stories) - most:,} more left out; --json lists them all")


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
            "best – worst",
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
                duration(line["seconds"]),
                _time_band(line),
                percent(line["limit_share"]),
                None if line["kwh"] is None else f"{line['kwh']:.3g}",
                dollars(line["usd_energy"]),
                dollars(line["usd_rent"]),
            )
            for line in lines
        ],
        title=f"On this machine ({hardware}); eager scores are one layer's score matrix without "
        "a fused kernel",
        optional=("of the limit", "rent", "eager scores", "kWh", "best – worst"),
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
    low, high = duration(around["low"]), duration(around["high"])
    return low if low == high else f"{low} – {high}"


def models_table(models: Sequence[Mapping[str, Any]], *, whole: bool) -> None:
    """The catalogue.

    Args:
        whole: with what has to be said of each model.
    """
    table(
        ("model", "window", "longest reply", "in / out per M tokens", "licence", "retired"),
        [
            (
                m["model"],
                f"{m['window']:,}",
                f"{m['output_cap']:,}",
                f"{dollars(m['usd_per_mtok_in'])} / {dollars(m['usd_per_mtok_out'])}",
                m["licence"] or "",
                m["retired"] or "",
            )
            for m in models
        ],
        optional=("longest reply", "licence"),
    )
    noted = [m for m in models if m["notes"]]
    if not whole:
        if noted:
            plain(f"{len(noted)} of them have a note (licence, thinking, prices to come): --notes.")
        return
    for m in noted:
        plain(f"  {m['model']}: {'; '.join(m['notes'])}")


def ranking_table(ranked: Mapping[str, Any]) -> None:
    """What fits a card, the most useful first; what does not fit is counted at the end."""
    fitting = [m for m in ranked["models"] if m["fits"]]
    plain(
        f"{counted(ranked['words'], 'word')} on {ranked['gpu']} "
        f"({gigabytes(ranked['memory_bytes'])}): "
        f"{ranked['assumptions']}."
    )
    table(
        (
            "model",
            "bits",
            "weights",
            "longest window",
            "bound by",
            "windows",
            "time",
            "best – worst",
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
                duration(m["seconds"]),
                _time_band(m),
                percent(m["limit_share"]),
                None if m["kwh"] is None else f"{m['kwh']:.2f}",
                dollars(m["usd_energy"]),
                dollars(m["usd_rent"]),
                gigabytes(m["eager_bytes"]),
            )
            for m in fitting
        ],
        optional=(
            "eager scores", "of the limit", "bound by", "windows", "best – worst", "rent", "kWh",
        ),
    )  # fmt: skip
    plain("Power and rent are of the whole corpus; eager scores are one layer's without a kernel.")
    plain(f"{len(ranked['models']) - len(fitting)} more do not fit.")
