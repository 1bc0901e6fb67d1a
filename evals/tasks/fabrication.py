"""How far the gate can be trusted, by labelled sentences: never by its own code.

A label is a sentence over the stories it was made of, and a person's word whether it says only
what they say. The gate stops it or lets it through; both shares are told with their intervals.
Without labels the answer is "unknown".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.declared import Asked, Eval
from evals.result_tables import Table, rate
from pipeline.config.options import Options, option
from pipeline.errors import InputError
from pipeline.outcomes import StoryText
from pipeline.stories import Locator, Source, Span, Story

if TYPE_CHECKING:
    from evals.metrics.statistics import Interval

#: What stands in place of a model: the gate is code.
GATE = "gate"
#: Share of good ones among the sentences that pass, from which passing says something.
TRUSTED = 0.99
#: Sentences shown on which gate and label disagree; ``--json`` has all of them.
_MOST = 10
#: What is said where there are no labels.
HOW = (
    "Unknown: nothing made without a model is fabricated, as every line stands in its author's "
    "words; what a model writes is held by a gate that nobody's labels have measured here. "
    "To measure it, label sentences by hand and name the file with --labels: one JSON object a "
    'line, {"sources": ["As a …"], "sentence": "…", "good": true}, where good means that the '
    "sentence says nothing that its sources do not say."
)


@dataclass(frozen=True, slots=True)
class Label:
    """A sentence that somebody has read beside its sources.

    Args:
        sources: texts of the stories it was made of.
        good: whether it says only what they say.
        line: its place in the file, from 1.
    """

    sources: tuple[str, ...]
    sentence: str
    good: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled sentence and what the gate found wrong with it, "" where it let it through."""

    label: Label
    why: str

    @property
    def right(self) -> bool:
        """Whether gate and label agree."""
        return self.label.good is not bool(self.why)


def read_labels(file: Path) -> list[Label]:
    """The labels of a JSONL file; empty lines count for nothing.

    Raises:
        InputError: the file cannot be read, holds none, or a line is none: which, and why.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError("cannot be read.", where=str(file)) from exc
    labels = [_label(line, number, file) for number, line in enumerate(lines, 1) if line.strip()]
    if not labels:
        raise InputError("there is no label in it.", where=str(file), next=HOW)
    return labels


def _label(line: str, number: int, file: Path) -> Label:
    where = f"{file}, line {number}"
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise InputError(f"this is not valid JSON: {exc}.", where=where) from exc
    wrong = _wrong(row)
    if wrong:
        raise InputError(
            f"{wrong}.",
            where=where,
            next='A label is {"sources": ["As a …"], "sentence": "…", "good": true}.',
        )
    return Label(tuple(row["sources"]), row["sentence"], row["good"], number)


def _wrong(row: object) -> str:
    """What a parsed line lacks to be a label, "" for nothing."""
    if not isinstance(row, Mapping):
        return "this is not an object"
    sources, sentence = row.get("sources"), row.get("sentence")
    if not isinstance(sources, list) or not sources:
        return "sources is not a list of texts"
    if not all(isinstance(text, str) and text.strip() for text in sources):
        return "a source is not text"
    if not isinstance(sentence, str) or not sentence.strip():
        return "sentence is not text"
    return "" if isinstance(row.get("good"), bool) else "good is neither true nor false"


def judge(labels: Iterable[Label]) -> list[Judged]:
    """Run the gate over labelled sentences."""
    from pipeline.gate.grounding import grounded, sentence_verdicts

    found = []
    for label in labels:
        sources = [_story(text) for text in label.sources]
        verdicts = sentence_verdicts(StoryText(body=(label.sentence,)), sources)
        why = "; ".join(f.message for verdict in verdicts for f in verdict.findings)
        found.append(Judged(label, why or ("" if grounded(verdicts) else "stopped")))
    return found


def _story(text: str) -> Story:
    """A source as extraction parses it."""
    from pipeline.extract.stories.assembly import parse_story_text

    told = parse_story_text(text)
    source = Source("", "", Locator(), (Span(0, len(text)),))
    return Story(
        hashlib.sha256(text.encode()).hexdigest()[:16], "agile", source, text, told.role, told.goal,
        told.benefit, told.criteria, title=told.title, body=told.body,
    )  # fmt: skip


def rates(judged: Iterable[Judged]) -> dict[str, Interval]:
    """What the gate does with bad sentences and with good ones, and how many of those that it lets
    through are good, where bad and good ones are as frequent as among the labels."""
    from evals.metrics.statistics import share

    listed = list(judged)
    return {
        "bad_stopped": share([bool(j.why) for j in listed if not j.label.good]),
        "good_stopped": share([bool(j.why) for j in listed if j.label.good]),
        "passed_good": share([j.label.good for j in listed if not j.why]),
    }


def told_of_trust(passed_good: Interval) -> str:
    """Whether a sentence may be believed because it passed: where 99 of 100 that pass are good, as
    a judge's folds have to be right."""
    if passed_good.low >= TRUSTED:
        return "A sentence that passes may be believed: the labels show 99 of 100 to be good."
    return (
        "A sentence is not to be believed because it passed: the labels do not show that 99 of "
        "100 that pass are good. Read a digest's line beside its tellings."
    )


def _run(asked: Asked) -> dict[str, Any]:
    """Measure the gate on labelled sentences.

    Returns:
        The figures with interval and n, and every sentence on which gate and label disagree;
        without labels that nothing is known, and how it could be.

    Raises:
        InputError: as :func:`read_labels` does.
    """
    from evals.recorded import figure

    if asked.chosen.labels is None:
        return {"run": None, "known": False, "scores": {}, "trust": "", "disagreed": [], "how": HOW}
    judged = judge(read_labels(Path(asked.chosen.labels)))
    found = rates(judged)
    with asked.recorded(strategy="", model=GATE, n=len(judged)) as run:
        asked.store.save_scores(run, [figure(name, one) for name, one in found.items()])
    return {
        "run": run,
        "known": True,
        "scores": {name: one._asdict() for name, one in found.items()},
        "trust": told_of_trust(found["passed_good"]),
        "disagreed": [
            {"line": j.label.line, "sentence": j.label.sentence, "good": j.label.good, "why": j.why}
            for j in judged
            if not j.right
        ],
        "how": "",
    }


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """What the gate did with labelled sentences, and where it was wrong."""
    if not result["known"]:
        yield result["how"]
        return
    for name, found in result["scores"].items():
        yield f"{name.replace('_', ' ')}: {rate(found) or 'no such sentence'}"
    yield result["trust"]
    for one in result["disagreed"][:_MOST]:
        told = "good, stopped" if one["good"] else "bad, let through"
        yield f"line {one['line']}, {told}: {one['sentence']}"
        if one["why"]:
            yield f"    {one['why']}"
    if len(result["disagreed"]) > _MOST:
        yield f"and {len(result['disagreed']) - _MOST} more: --json"


@dataclass(frozen=True, kw_only=True)
class FabricationOptions(Options):
    """What the gate is measured on."""

    labels: str | None = option(
        None,
        "Labelled sentences, one JSON object a line.",
        "Labelled sentences",
        metavar="FILE",
    )


#: As the pages of the dashboard are written.
_DRAWN = """
filters:
  fabrication:
    label: Fabrication run
    kind: choice
    options: >-
      SELECT id, model || ' · ' || replace(substr(started, 1, 16), 'T', ' ') FROM run WHERE kind =
      'fabrication' ORDER BY started DESC LIMIT 100
    default: >-
      SELECT id FROM run WHERE kind = 'fabrication' AND state = 'completed' ORDER BY started DESC
      LIMIT 1
cards:
  gate:
    title: "Sentences that a model wrote: what the gate stops"
    kind: intervals
    width: 6
    sql: >-
      SELECT CASE name WHEN 'bad_stopped' THEN 'bad sentences stopped' ELSE 'good sentences
      stopped' END AS label,
      'gate' AS series, value, low, high, n
      FROM score WHERE run = :fabrication AND item = '' AND value IS NOT NULL AND name IN
      ('bad_stopped', 'good_stopped') ORDER BY name
    empty: >-
      Unknown. Measure it on labelled sentences: storytransformer eval fabrication --labels FILE
    display: {title: share of sentences, domain: [0, 1]}
"""

EVAL = Eval(
    name="fabrication",
    help="How many bad sentences the gate stops, and how many good ones, by your labels.",
    place=40,
    options=FabricationOptions,
    run=_run,
    shown=_shown,
    page="quality",
    chooser="fabrication",
    drawn=_DRAWN,
)
