"""How well the gate tells what a model made up: on real replies labelled by reading them, and on
fabrications planted into faithful merges.

    python benchmarks/gate.py [PATH…] [--replies FILE] [--half tuned|unseen]

The replies are those that ``benchmarks/gate_replies.py`` stored; where the file is missing, the
model is asked again on the sample. Labels of ``benchmarks/labels/gate_replies.jsonl`` are found by
the replies' hashes. The half that rules were tuned on and the one kept aside are reported apart,
with the raw rate before the gate beside the rate after it.

Fabrications are planted into the replies that the reader found clean, and into merges of
neighbouring stories of each PATH (the sample). Tuning and reporting use other texts and another
seed. Planted errors are easier than real ones: they are a test of the gate, not its headline.
Prints tables and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate_replies import StoredReply, ask, stored

from evals.fabrication import Merge, MetaEval, evaluate, neighbours
from evals.statistics import Interval, share
from pipeline.extract.patterns import parse_story_text
from pipeline.merge.corpus import read
from pipeline.gate.grounding import sentence_verdicts, sentences_of
from pipeline.outcomes import Verdict
from pipeline.stories import Story

LABELS = Path(__file__).parent / "labels" / "gate_replies.jsonl"
#: Verdicts of a reader that a sentence should be stopped for.
BAD = ("unsupported", "contradicted")
#: Seeds of the planted fabrications.
SEEDS = {"tuned": 7, "unseen": 2026}


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply with the reader's and the gate's verdict on each of its sentences."""

    reply: StoredReply
    labels: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def bad(self) -> bool:
        return any(label in BAD for label in self.labels)

    @property
    def clean(self) -> bool:
        return all(label == "supported" for label in self.labels)

    @property
    def stopped(self) -> bool:
        return not all(verdict.grounded for verdict in self.verdicts)


def judge(replies: Iterable[StoredReply], labels: Path = LABELS) -> tuple[list[Judged], int]:
    """The labelled replies with the gate's verdicts, and how many have no label that fits."""
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    for line in labels.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        rows.setdefault(row["reply"], {})[row["sentence"]] = row
    found, strangers = [], 0
    for reply in replies:
        text = parse_story_text(reply.text)
        said = [sentence for _, sentence in sentences_of(text)]
        read = rows.get(reply.hash, {})
        if [_sha(sentence) for sentence in said] != [
            row["text_sha256"] for n, row in sorted(read.items()) if n >= 0
        ]:
            strangers += 1
            continue
        marks = tuple(read[i]["verdict"] for i in range(len(said)))
        found.append(Judged(reply, marks, sentence_verdicts(text, reply.sources)))
    return found, strangers


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def figures(judged: Sequence[Judged]) -> dict[str, Interval]:
    """What the gate does on these replies: whole replies first, because one bad sentence stops
    all of a reply, then sentence by sentence."""
    marks = [(m, v) for j in judged for m, v in zip(j.labels, j.verdicts, strict=True)]
    return {
        "raw rate: replies with a bad sentence": share([j.bad for j in judged]),
        "rate after the gate": share([j.bad and not j.stopped for j in judged]),
        "bad replies stopped": share([j.stopped for j in judged if j.bad]),
        "clean replies stopped": share([j.stopped for j in judged if j.clean]),
        "bad sentences stopped": share([not v.grounded for m, v in marks if m in BAD]),
        "supported sentences stopped": share(
            [not v.grounded for m, v in marks if m == "supported"]
        ),
        "unsure sentences stopped": share([not v.grounded for m, v in marks if m == "unsure"]),
    }


def planted(bases: Sequence[Merge], strangers: Sequence[Story], half: str) -> MetaEval:
    """What the gate catches of the fabrications planted into one half of the texts."""
    chosen = [(text, of) for text, of in bases if (half == "unseen") == bool(_parity(of))]
    return evaluate(chosen, strangers, seed=SEEDS[half])


def _parity(stories: Sequence[Story]) -> int:
    return int(hashlib.sha256("".join(s.fingerprint for s in stories).encode()).hexdigest(), 16) % 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[Path("data/sample")], type=Path)
    parser.add_argument("--replies", type=Path, default=Path("data/runs/gate_replies.jsonl"))
    parser.add_argument("--half", choices=["tuned", "unseen"], help="one half only")
    parser.add_argument("--show", action="store_true", help="list what is wrong, tuned half only")
    asked = parser.parse_args()
    if asked.replies.exists():
        replies = stored(asked.replies)
    else:
        replies = list(ask(Path("data/sample"), 24))
    judged, strangers = judge(replies)
    result: dict[str, Any] = {"benchmark": "gate", "replies": len(judged), "unlabelled": strangers}
    clean = [(parse_story_text(j.reply.text), j.reply.sources) for j in judged if j.clean]
    corpora = {path.name: read([path]).stories for path in asked.paths}
    for half in ("tuned", "unseen"):
        if asked.half not in (None, half):
            continue
        part = [j for j in judged if j.reply.unseen == (half == "unseen")]
        print(f"{half} half: {len(part)} replies")
        result[half] = {}
        for name, rate in figures(part).items():
            print(_line(name, rate))
            result[half][name] = _rounded(rate)
        bases = {"replies": clean} | {name: neighbours(of) for name, of in corpora.items()}
        for name, merges in bases.items():
            strangers = corpora.get(name) or [s for _, sources in clean for s in sources]
            found = planted(merges, strangers, half)
            print(f"{half} half: planted into {name}")
            for kind, rate in (*found.recall.items(), ("clean ones stopped", found.false_stops)):
                print(_line(kind, rate))
                result[half][f"{name}: {kind}"] = _rounded(rate)
    if asked.show:
        _show([j for j in judged if not j.reply.unseen])
    print(json.dumps(result))
    return 0


def _line(name: str, rate: Interval) -> str:
    return f"  {name:40} {rate.mean:6.3f}  [{rate.low:.3f}, {rate.high:.3f}]  n={rate.n}"


def _rounded(rate: Interval) -> list[float]:
    return [round(rate.mean, 4), round(rate.low, 4), round(rate.high, 4), rate.n]


def _show(judged: Sequence[Judged]) -> None:
    for j in judged:
        if (j.bad and j.stopped) or (j.clean and not j.stopped) or not (j.bad or j.clean):
            continue
        print("passed and bad:" if j.bad else "stopped and clean:")
        for source in j.reply.sources:
            print("   -", source.text.replace("\n", " "))
        for mark, verdict in zip(j.labels, j.verdicts, strict=True):
            why = "; ".join(f"{f.check}: {f.message}" for f in verdict.findings)
            print(f"   {mark:12} {verdict.field}: {verdict.text}" + (f"  << {why}" if why else ""))


if __name__ == "__main__":
    sys.exit(main())
