"""The exam's summary lines: whether the file holds together, and what the gate does with them.

    python benchmarks/exam_sentences.py [DATA/EXAM] [--seed 16] [--check]

Each line of ``sentences.jsonl`` is a sentence over some tellings of one scene, labelled good (its
tellings say all of it) or bad (wrong in one way, its kind). Prints how many there are by label,
kind and half, with their mean length. Then every sentence is asked of the gate as
``evals/tasks/fabrication.py`` asks it: as the body of a merged story whose sources are the
tellings.
Prints how many bad and how many good ones are stopped, with a 95 % interval (Wilson; for all of
them and for a half another one as well, from scenes drawn with replacement, since the sentences of
a scene share their tellings), by half, kind and language, and which check stopped them. A sentence
may be stopped by several. ``--check`` asks no gate.

Exits 1 where an id or a sentence comes twice, a scene or telling is not there, a half or language
is not its scene's, a neighbour is of another need, a label or kind is none, there are not 200 of
each label, or the mean lengths of good and bad differ by more than 5 %.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.metrics.statistics import Interval, cluster_bootstrap, mean, share
from evals.tasks.fabrication import told_of_trust
from pipeline.gate.grounding import sentence_verdicts
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story

HALVES = ("threshold", "report")
KINDS = {
    "good": ("copy", "paraphrase", "generalisation", "combined"),
    "bad": (
        "number or date altered",
        "unit or bound altered",
        "negation or modality altered",
        "opposite word",
        "small word exchanged",
        "actor exchanged",
        "role joined",
        "condition dropped",
        "detail invented",
        "facts fused",
        "scope widened",
        "reason invented",
    ),
}
EACH = 200
#: By how much the mean lengths of good and bad sentences may differ.
LENGTHS = 0.05

Json = dict[str, Any]
Tellings = Mapping[tuple[str, str], Json]


@dataclass(frozen=True)
class Asked:
    """A line of the file, and the checks of the gate that stopped its sentence."""

    line: Json
    checks: frozenset[str]

    @property
    def stopped(self) -> bool:
        return bool(self.checks)


def lines(path: Path) -> Iterator[Json]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def read(folder: Path) -> tuple[list[Json], dict[str, Json], Tellings]:
    """The sentences, the scenes by name, and the tellings by scene and name ("3.near1")."""
    scenes = {s["scene"]: s for path in sorted(folder.glob("scenes.*.jsonl")) for s in lines(path)}
    tellings = {
        (t["scene"], f"{t['author']}.{t['of']}"): t
        for path in sorted(folder.glob("tellings.*.jsonl"))
        for t in lines(path)
    }
    return list(lines(folder / "sentences.jsonl")), scenes, tellings


def wrong(
    sentences: Sequence[Json], scenes: Mapping[str, Json], tellings: Tellings
) -> Iterator[str]:
    """What does not hold in the file."""
    for field in ("id", "sentence"):
        for value, count in Counter(line[field] for line in sentences).items():
            if count > 1:
                yield f"the same {field} {count} times: {value}"
    for line in sentences:
        yield from (f"{line['id']}: {what}" for what in _wrong_line(line, scenes, tellings))
    for label in KINDS:
        count = sum(line["label"] == label for line in sentences)
        if count != EACH:
            yield f"{count} {label} sentences, not {EACH}"
    good, bad = (_mean_length(line for line in sentences if line["label"] == x) for x in KINDS)
    if abs(bad / good - 1) > LENGTHS:
        yield f"mean length {good:.1f} good, {bad:.1f} bad: more than {LENGTHS:.0%} apart"


def _wrong_line(line: Json, scenes: Mapping[str, Json], tellings: Tellings) -> Iterator[str]:
    scene = scenes.get(line["scene"])
    if scene is None:
        yield f"there is no scene {line['scene']}"
        return
    for field in ("half", "language"):
        if line[field] != scene[field]:
            yield f"its {field} is not its scene's"
    if line["kind"] not in KINDS.get(line["label"], ()):
        yield f"{line['label']} has no kind {line['kind']}"
    if not line["tellings"]:
        yield "over no telling"
    for name in line["tellings"]:
        telling = tellings.get((line["scene"], name))
        if telling is None:
            yield f"there is no telling {name}"
        elif telling.get("answer", "one_need") not in ("one_need", "overlapping"):
            yield f"telling {name} is of another need"


def _mean_length(sentences: Iterable[Json]) -> float:
    return mean([len(line["sentence"]) for line in sentences])


def story_of(telling: Json) -> Story:
    """A telling as a story: a scenario's name is its title, its steps one criterion, as read from
    a feature file."""
    steps = telling.get("steps") or []
    body = telling.get("body") or []
    body = (body,) if isinstance(body, str) else tuple(body)
    goal, benefit = telling.get("goal", ""), telling.get("benefit", "")
    criteria = ("\n".join(steps),) if steps else tuple(telling.get("criteria") or ())
    text = "\n".join((telling["role"], goal, benefit, *criteria, *body))
    return Story(
        id=f"{telling['scene']}/{telling['author']}.{telling['of']}",
        kind="scenario" if steps else "narrative" if body else "agile",
        source=Source("", "", Locator(), (Span(0, len(text)),)),
        text=text,
        role=telling["role"],
        goal="" if steps else goal,
        benefit=benefit,
        criteria=criteria,
        title=goal if steps else "",
        body=body,
    )


def ask(sentences: Iterable[Json], tellings: Tellings) -> list[Asked]:
    """The gate's word on every sentence."""
    asked = []
    for line in sentences:
        sources = [story_of(tellings[line["scene"], name]) for name in line["tellings"]]
        verdicts = sentence_verdicts(StoryText(body=(line["sentence"],)), sources)
        found = {finding.check for verdict in verdicts for finding in verdict.findings}
        asked.append(Asked(line, frozenset(found)))
    return asked


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def show_counts(sentences: Sequence[Json]) -> None:
    rows: list[list[object]] = []
    for label, kinds in KINDS.items():
        for kind in kinds:
            group = [x for x in sentences if (x["label"], x["kind"]) == (label, kind)]
            by_half = [sum(x["half"] == half for x in group) for half in HALVES]
            length = f"{_mean_length(group):.1f}" if group else "-"
            rows.append([label, kind, len(group), *by_half, length])
        group = [x for x in sentences if x["label"] == label]
        by_half = [sum(x["half"] == half for x in group) for half in HALVES]
        rows.append([label, "all", len(group), *by_half, f"{_mean_length(group):.1f}"])
    table(["label", "kind", "sentences", *HALVES, "mean length"], rows)


def _stopped(group: Sequence[Asked]) -> Interval:
    return share([one.stopped for one in group])


def _by_scene(group: Sequence[Asked], seed: int) -> Interval:
    scenes: dict[str, list[float]] = defaultdict(list)
    for one in group:
        scenes[one.line["scene"]].append(float(one.stopped))
    return cluster_bootstrap(scenes.values(), seed=seed)


def _shown(found: Interval) -> str:
    return f"{found.low:.1%} to {found.high:.1%}"


def told(label: str, group: Sequence[Asked], seed: int) -> str:
    hits = sum(one.stopped for one in group)
    return (
        f"{label} sentences stopped {hits} of {len(group)} = {hits / len(group):.1%} "
        f"(95 % interval {_shown(_stopped(group))}; scenes drawn {_shown(_by_scene(group, seed))})"
    )


def report(asked: Sequence[Asked], seed: int) -> Json:
    """Print what the gate did; the figures come back."""
    figures: Json = {}
    for label in ("bad", "good"):
        of_label = [one for one in asked if one.line["label"] == label]
        print(told(label, of_label, seed))
        for half in HALVES:
            of_half = [one for one in of_label if one.line["half"] == half]
            print(f"  {half}: {told(label, of_half, seed)}")
        figures[label] = _figure(of_label)
        figures[f"{label}_by"] = {
            field: {value: _figure(group) for value, group in _grouped(of_label, field)}
            for field in ("half", "language", "kind")
        }
        checks = Counter(check for one in of_label for check in one.checks)
        figures[f"{label}_checks"] = dict(sorted(checks.items()))
        listed = ", ".join(f"{check} {n}" for check, n in checks.most_common())
        print(f"  by check: {listed or 'none'}\n")
        rows = [
            [value, len(group), sum(one.stopped for one in group), _shown(_stopped(group))]
            for field in ("language", "kind")
            for value, group in _grouped(of_label, field)
        ]
        table([f"{label} by", "sentences", "stopped", "95 %"], rows)
    passed = share([one.line["label"] == "good" for one in asked if not one.stopped])
    figures["passed_good"] = {k: round(v, 4) for k, v in passed._asdict().items()}
    print(f"\nof {passed.n} that pass {passed.mean:.1%} are good ({_shown(passed)}). "
          f"{told_of_trust(passed)}")  # fmt: skip
    return figures


def _grouped(group: Iterable[Asked], field: str) -> list[tuple[str, list[Asked]]]:
    groups: dict[str, list[Asked]] = defaultdict(list)
    for one in group:
        groups[one.line[field]].append(one)
    return sorted(groups.items())


def _figure(group: Sequence[Asked]) -> Json:
    found = _stopped(group)
    return {
        "stopped": sum(one.stopped for one in group),
        "n": found.n,
        "low": round(found.low, 4),
        "high": round(found.high, 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    here = Path(__file__).parent.parent / "data" / "exam"
    parser.add_argument("folder", nargs="?", type=Path, default=here)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    sentences, scenes, tellings = read(options.folder)
    if not sentences:
        print(f"no sentences in {options.folder}", file=sys.stderr)
        return 1
    show_counts(sentences)
    broken = list(wrong(sentences, scenes, tellings))
    for line in broken:
        print(line)
    if broken or options.check:
        return 1 if broken else 0
    figures = report(ask(sentences, tellings), options.seed)
    print(json.dumps({"benchmark": "exam_sentences", "seed": options.seed, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
