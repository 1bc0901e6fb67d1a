"""What a person sees of the evals, out of the same values that ``--json`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.amounts import counted, dollars, dollars_band
from pipeline.cli.screen import next_for_good, next_step
from pipeline.console import plain, table

if TYPE_CHECKING:
    from evals.metrics.golden import GoldenCheck
    from evals.metrics.statistics import Interval


def show_next(result: Mapping[str, Any], db: str | None, config: str | None) -> None:
    """How to read again what was measured; where only the price was asked for, how to measure."""
    if run := result.get("run"):
        next_step("eval", "show", run, db=db, config=config)
    else:
        next_for_good()


def canary_summary(result: Mapping[str, Any]) -> None:
    """Where canaries were lost, document by document and depth by depth."""
    depths = sorted({row["depth"] for row in result["canaries"]})
    grid: dict[tuple[int, str], dict[float, list[str]]] = {}
    for row in result["canaries"]:
        cells = grid.setdefault((row["document"], row["name"]), {})
        cells.setdefault(row["depth"], []).append(row["lost_at"])
    table(
        ["document", *(f"{depth:g} %" for depth in depths)],
        (
            [name, *(_canary_cell(cells.get(depth)) for depth in depths)]
            for (_, name), cells in sorted(grid.items())
        ),
        title=f"canaries through {result['model']}: whole, or lost at which stage",
    )
    for name, score in result["scores"].items():
        plain(
            f"{name:10} {score['mean']:.3f}  [{score['low']:.2f}, {score['high']:.2f}]  "
            f"n={score['n']}"
        )


def _canary_cell(stages: Sequence[str] | None) -> str | None:
    if stages is None:
        return None
    lost = sorted({stage for stage in stages if stage})
    return f"{stages.count('')}/{len(stages)}" + (f" ({', '.join(lost)})" if lost else "")


def perplexity_summary(result: Mapping[str, Any]) -> None:
    """Perplexity with its interval, and the mean loss by tokens before."""
    table(
        ["tokens before", "tokens", "loss (nats)"],
        (
            [f"{b['low']:,} to {b['high'] - 1:,}", f"{b['n']:,}", f"{b['nll_sum'] / b['n']:.3f}"]
            for b in result["buckets"]
        ),
        title=f"loss of {result['model']} by how much came before",
    )
    score = result["scores"]["perplexity"]
    plain(
        f"perplexity {score['mean']:.2f}  [{score['low']:.2f}, {score['high']:.2f}]  "
        f"n={counted(score['n'], 'window')}, {counted(result['n_tokens'], 'token')}"
    )


def kernels_table(result: Mapping[str, Any]) -> None:
    """Every attention kernel beside the score matrix, or why it cannot run here."""
    table(
        ["kernel", "loss (nats)", "largest logit gap", "same choice", "not run because"],
        (
            [
                k["name"],
                None if k["loss"] is None else f"{k['loss']:.5f}",
                None if k["largest_gap"] is None else f"{k['largest_gap']:.2g}",
                None if k["same_choice"] is None else f"{k['same_choice']:.4f}",
                k["why_not"] or None,
            ]
            for k in result["kernels"]
        ),
        title=f"kernels of {result['model']} on {result['n_tokens']:,} tokens",
    )


def needle_summary(result: Mapping[str, Any]) -> None:
    """The grid of each task of a needle run, length across and depth down, then its figures."""
    for task, share in result["tasks"].items():
        _needle_grid([c for c in result["cells"] if c["task"] == task], task, result["model"])
        plain(
            f"{task}: {share['mean']:.2f} [{share['low']:.2f}, {share['high']:.2f}] "
            f"of n = {share['n']}"
        )
    if (likely := result["likelihood"]) is not None:
        plain(
            f"log-likelihood of the right answer: {likely['mean']:.3f} nats a token "
            f"[{likely['low']:.3f}, {likely['high']:.3f}], n = {counted(likely['n'], 'cell')}"
        )
    for name, found in result["effective"].items():
        plain(
            f"effective length, {name.replace('_', ' ')}: {found['told']} "
            f"[95 %: {found['band']}], n = {found['n']}"
        )
    low, high = result["interval"]
    plain(
        f"{result['mean']:.2f} [{low:.2f}, {high:.2f}] of n = {result['n']}; "
        f"{counted(result['reused'], 'cell')} were measured before."
    )


def _needle_grid(cells: Sequence[Mapping[str, Any]], task: str, model: str) -> None:
    lengths = sorted({c["target_tokens"] for c in cells})
    depths = sorted({c["depth_target"] for c in cells})
    rows = []
    for depth in depths:
        row: list[object] = [f"{depth:g} %"]
        for length in lengths:
            found = [
                c for c in cells if c["target_tokens"] == length and c["depth_target"] == depth
            ]
            scored = [c["score"] for c in found if c["score"] is not None]
            odd = [c["status"] for c in found if c["status"] != "ok"]
            text = f"{sum(scored) / len(scored):.2f}" if scored else "–"
            row.append(text + (f" ({', '.join(sorted(set(odd)))})" if odd else ""))
        rows.append(row)
    table(
        ("depth", *(f"{n:,}" for n in lengths)),
        rows,
        title=f"{task} needle, {model}: share found by prompt tokens",
    )


def needle_price(priced: Mapping[str, Any]) -> None:
    """What a grid would cost."""
    rows = [
        ["tokens in", f"{priced['input_band']['low']:,}", f"{priced['input_tokens']:,}",
         f"{priced['input_band']['high']:,}"],
        ["tokens out", *(f"{n:,}" for n in priced["output_tokens"].values())],
        ["dollars", *(("unknown",) * 3 if priced["usd"] is None
                      else map(dollars, priced["usd"].values()))],
        ["seconds", *(("unknown",) * 3 if priced["seconds"] is None
                      else (f"{s:,.0f}" for s in priced["seconds"].values()))],
    ]  # fmt: skip
    table(
        ["", "low", "likely", "high"],
        rows,
        title=f"{priced['asked']} of {counted(priced['cells'], 'cell')} to ask {priced['model']} "
        f"({priced['known']} measured before, {priced['skipped']} do not fit its window), "
        f"prices of {priced['price_date']}",
    )
    if priced["obstacle"]:
        plain(priced["obstacle"])


def merge_price(priced: Mapping[str, Any]) -> None:
    """What the merges of an eval would cost."""
    out, usd = priced["output_tokens"], priced["usd"]
    told = "unknown" if usd is None else dollars_band(usd["low"], usd["likely"], usd["high"])
    plain(
        f"{counted(priced['merges'], 'merge')} by {priced['model']}: "
        f"{counted(priced['calls'], 'call')} that the "
        f"journal does not answer, {priced['input_tokens']:,} tokens in"
        f"{'' if priced['exact'] else ' (±)'}, {out['low']:,} – {out['likely']:,} – "
        f"{out['high']:,} out, dollars {told}"
    )


def figures_page(found: Mapping[str, Any], figures: Mapping[str, Interval]) -> None:
    """The figures of a run, each with its interval and n."""
    table(
        ["figure", "value", "95 % interval", "n"],
        ([name, f"{i.mean:.4g}", _within(i), i.n] for name, i in figures.items()),
        title=f"{found['kind']} {found['run']}: {found['model']}, {found['state']}",
    )
    items = [row for row in found["scores"] if row["item"]]
    if items:
        plain(
            f"and {counted(len(items), 'figure')} of single items, "
            f"{counted(len(found['cells']), 'cell')}: --json"
        )


def _within(figure: Interval) -> str:
    """The interval of a figure; "–" where it is a count, such as catastrophes, and has none."""
    return "–" if figure.low is None else f"{figure.low:.4g} to {figure.high:.4g}"


def differences_table(found: Mapping[str, Any]) -> None:
    """Paired differences of two runs; an interval without 0 is a difference that shows."""
    table(
        ["figure", "b - a", "95 % interval", "n", "paired", "shows"],
        (
            [
                name,
                f"{d['mean']:+.4g}",
                f"{d['low']:+.4g} to {d['high']:+.4g}",
                d["n"],
                "yes" if d["paired"] else "no",
                "yes" if d["low"] > 0 or d["high"] < 0 else "no",
            ]
            for name, d in found["differences"].items()
        ),
        title=f"a = {found['a']}, b = {found['b']}",
    )
    plain(f"{len(found['changed'])} values differ")


def golden_table(checks: Sequence[GoldenCheck]) -> None:
    """Our figures beside the published ones, and what we disagree on."""
    table(
        ["source", "figure", "ours (%)", "published (%)", "n"],
        ([c.source, c.metric, f"{c.ours:.2f}", f"{c.published:.2f}", c.n] for c in checks),
    )
    for check in checks:
        for reply in check.differing:
            plain(f"{check.source}: {' '.join(reply.split())[:160]}")


def fabrication_summary(result: Mapping[str, Any]) -> None:
    """What the gate did with labelled sentences, and where it was wrong."""
    for name, found in result["scores"].items():
        plain(f"{name.replace('_', ' ')}: {_rate(found) or 'no such sentence'}")
    plain(result["trust"])
    for one in result["disagreed"][:10]:
        told = "good, stopped" if one["good"] else "bad, let through"
        plain(f"line {one['line']}, {told}: {one['sentence']}")
        if one["why"]:
            plain(f"    {one['why']}")
    if len(result["disagreed"]) > 10:
        plain(f"and {len(result['disagreed']) - 10} more: --json")


#: Lines shown of what is missing, and of what does not fit; ``--json`` has all of them.
_MOST_SHOWN = 20


def kept_summary(result: Mapping[str, Any]) -> None:
    """How much of the documents a merged document holds, and what is missing."""
    plain(
        f"{result['kept']:,} of {result['units']:,} sentences of {result['stories']:,} stories are "
        f"kept: {result['standing']:,} stand, {_folded(result['folded'])} are folded."
    )
    for gap in result["missing"][:_MOST_SHOWN]:
        plain(f"missing, {gap['place']}: {' '.join(gap['sentence'].split())}")
    for fault in result["faults"][:_MOST_SHOWN]:
        plain(f"fault: {fault}")
    more = sum(max(0, len(result[name]) - _MOST_SHOWN) for name in ("missing", "faults"))
    if more:
        plain(f"and {more:,} more: --json")


def _folded(folded: Mapping[str, int]) -> str:
    by = ", ".join(
        f"{n:,} {'by ' if name != 'unstated' else ''}{name}" for name, n in folded.items()
    )
    return f"{sum(folded.values()):,} ({by})" if any(folded.values()) else "none"


def _rate(found: Mapping[str, Any] | None) -> str | None:
    if found is None or not found["n"]:
        return None
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}] n={found['n']:,}"


def merging_summary(result: Mapping[str, Any]) -> None:
    """A merge against its truth, how stable it is, and what a judge's answers are worth."""
    judge = result["judge"]
    believed = judge["believed"] if judge else {}
    rows: list[list[object]] = [
        [name.replace("_", " "), _rate(value), _rate(believed.get(name))]
        for name, value in result["scores"].items()
    ]
    for how, figures in result["stability"].items():
        rows.append([f"the same, {how}", _rate(figures["stable_f1"]), None])
    head = ["figure", "as merged", "if the judge acted"]
    width = len(head) if judge else 2
    table(
        head[:width],
        [row[:width] for row in rows],
        title=f"{counted(result['stories'], 'story', 'stories')} merged, truth: {result['truth']}",
    )
    if judge is None:
        return
    table(
        ["answer", "precision", "recall"],
        (
            [
                answer.replace("_", " "),
                _rate(judge["scores"][f"{answer}_precision"]),
                _rate(judge["scores"][f"{answer}_recall"]),
            ]
            for answer in ("one_need", "overlapping", "contradicting", "different")
        ),
        title=f"{result['model']} on {judge['compared']:,} pairs that the truth names",
    )
    for reason, n in judge["failed"].items():
        plain(f"{n:,} of {judge['asked']:,} calls failed: {reason}")
    plain("its answers acted on nothing: it has no record of an exam")


def rewrite_summary(result: Mapping[str, Any]) -> None:
    """What is left of the stories in a text that a model wrote."""
    plain(
        f"{result['strategy']} by {result['model']}: {result['words_in']:,} words of "
        f"{counted(result['stories'], 'story', 'stories')} became {result['words_out']:,}, in "
        f"{result['calls']:,} "
        f"calls ({result['failed_calls']:,} failed)"
    )
    for name, found in result["scores"].items():
        plain(f"{name.replace('_', ' ')}: {_rate(found)}")
    if result["remark"]:
        plain(result["remark"])
    if result["out"]:
        plain(result["out"])


#: Insights shown, the least told first.
#: Missing stems shown of an insight.
_MISSING = 5


def coverage_summary(result: Mapping[str, Any]) -> None:
    """The insights that are told least, and the mean of all."""
    insights = sorted(result["insights"], key=lambda one: float(one["share"]))
    table(
        ("share", "insight", "words that its best bullet lacks"),
        (
            (f"{one['share']:.2f}", one["insight"], " ".join(one["missing"][:_MISSING]) or None)
            for one in insights[:_MOST_SHOWN]
        ),
        title="least told first",
    )
    if len(insights) > _MOST_SHOWN:
        plain(f"and {len(insights) - _MOST_SHOWN:,} more: --json")
    whole = result["scores"]["coverage"]
    plain(
        f"coverage {whole['mean']:.3f} [{whole['low']:.3f}, {whole['high']:.3f}] of "
        f"n = {whole['n']} insights in {result['bullets']:,} bullets; words by rarity, so that a "
        "contradiction in the same words counts as told"
    )


def roundtrip_summary(result: Mapping[str, Any]) -> None:
    """Every round, and slow loss and catastrophes apart."""
    table(
        ("round", "kept", "altered", "lost", "made up", "in order", "words", "stories"),
        (
            (
                one["number"],
                *(f"{one[name]:.3f}" for name in ("kept", "altered", "lost", "invented")),
                None if one["order"] is None else f"{one['order']:.2f}",
                f"{one['words']:.2f}",
                one["stories"],
            )
            for one in result["rounds"]
        ),
        title=f"{counted(result['stories'], 'story', 'stories')} cut by {result['by']}, merged "
        f"by {result['model']} "
        f"({result['strategy']})",
    )
    kept, loss = result["scores"]["kept"], result["loss"]
    plain(
        f"after {counted(len(result['rounds']) - 1, 'round')} {kept['mean']:.3f} of n = "
        f"{kept['n']} sentences "
        f"are kept [{kept['low']:.3f}, {kept['high']:.3f}], in "
        f"{result['scores']['words']['mean']:.2f} of the words"
    )
    if loss is not None:
        plain(
            f"a usual round loses {loss['mean']:.4f} [{loss['low']:.4f}, {loss['high']:.4f}] of "
            f"them, n = {loss['n']} rounds"
        )
    rounds = ", ".join(map(str, result["catastrophes"])) or "none"
    plain(f"rounds that lost a tenth or more at once: {rounds}")
