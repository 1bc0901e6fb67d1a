"""What vetoes silence: of pairs of one need (too many cost paraphrases) and of contrasts.

    python benchmarks/vetoes.py [--data SHARED] [--half threshold] [--set NAME]… [--n 3000]
        [--seed 16] [--show RULE] [--out FILE]

Sets that no half of the exam has a part in: ``retold 1`` to ``retold 3``
(``benchmarks/labels/retold.tsv``, written for this; the third when the rules were done),
``training`` (the pair generator's, of its grammar), and, with SHARED, the folder of public data and
documents, ``stories`` (the generator's, of documents that the exam does not draw from), ``planted``
(rewordings of the half ``tuning``, contradictions and look-alikes of these stories), ``opposites``
(``cases/meaning``), and sentences that are not stories: ``cannot`` (paraphrases and negations),
``breaking`` (one word exchanged), ``med`` (what follows in both directions) and ``split`` (a
sentence told as two; mined, so not every pair is exact). ``--half`` adds a half of the exam's
written pairs. Printed: of each set the vetoed of the one need and of the contrasts, with n and the
exact interval of Clopper and Pearson, and by rule; ``--show`` prints the vetoed one-need pairs of a
rule ("all"), or what is not vetoed of the contrasts ("missed").
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evals.corpora.planted_merge import originals
from evals.corpora.planting import plant
from pipeline.config.settings import read_settings
from pipeline.entries import Answer
from pipeline.exam.exam_questions import gather_exam
from pipeline.extract.extraction import extract
from pipeline.judge.intervals import Rate
from pipeline.judge.labels import Half
from pipeline.judge.vetoes import VERSION, veto
from pipeline.outcomes import StoryText
from pipeline.run.judge_record import WRITTEN
from pipeline.stories import Extraction, Locator, Source, Span, Story
from pipeline.train import dataset, training_pairs
from pipeline.train.word_tables import HeldOut, load_tables

ONE = Answer.ONE_NEED
DOCUMENTS = ("backlogs-txt", "mixed", "feature-hhs", "feature-sylius", "feature-whitehall")
_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}


@dataclass(frozen=True)
class Labelled:
    """Two tellings, and whether they are one need; kind of their difference, "" where not told."""

    a: Story
    b: Story
    same: bool
    kind: str = ""


def story(text: StoryText, language: str = "English") -> Story:
    """A telling as a story of no document."""
    told = ". ".join(filter(None, (text.title, text.goal, text.benefit, *text.body)))
    found = Story(
        "x",
        "agile",
        Source("x", "x", Locator(line=1), (Span(0, 1),)),
        told or " ".join(text.criteria),
        role=text.role,
        goal=text.goal,
        benefit=text.benefit,
        criteria=text.criteria,
        title=text.title,
        body=text.body,
    )
    found.__dict__["language"] = language  # told, not guessed of a few words
    return found


def sentences(a: str, b: str, same: bool, kind: str = "", language: str = "English") -> Labelled:
    return Labelled(
        story(StoryText(goal=a), language), story(StoryText(goal=b), language), same, kind
    )


class Kept(training_pairs.PairMaker):
    """The generator of training pairs, keeping the tellings that it makes texts of."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tellings: dict[tuple[str, str], tuple[StoryText, StoryText]] = {}

    def _pair(
        self, one: StoryText, other: StoryText, answer: Answer, kind: str, source: str
    ) -> training_pairs.TrainingPair:
        made = super()._pair(one, other, answer, kind, source)
        self.tellings[made.a, made.b] = one, other
        return made


def generated(
    sources: Sequence[training_pairs.Source], options: argparse.Namespace
) -> Iterator[Labelled]:
    """Pairs as a training makes them; no word is held out, as nothing is trained."""
    tables = load_tables(read_settings().exams.parent / "training")
    places = range(len(tables.intents)), range(len(tables.scales))
    maker = Kept(tables, HeldOut(), sources, random.Random(options.seed), *places)
    made = maker.pairs(options.n, of_stories=1.0 if sources else 0.0, easy_first=False)
    for pair in made:
        one, other = maker.tellings[pair.a, pair.b]
        yield Labelled(story(one), story(other), pair.answer is ONE, pair.kind)


def read_documents(options: argparse.Namespace) -> list[Extraction]:
    """The documents that stories are taken from."""
    return list(extract([str(options.data / "corpora" / name) for name in DOCUMENTS]))


def of_stories(options: argparse.Namespace) -> Iterator[Labelled]:
    """The generator's pairs of stories that the exam does not draw from."""
    dealt = dataset.deal(read_documents(options), dataset.read_deal(read_settings().exams))
    return generated((*dealt.train, *dealt.dev), options)


def planted(options: argparse.Namespace) -> Iterator[Labelled]:
    """Each copy beside what it was made of."""
    dealt = dataset.deal(read_documents(options), dataset.read_deal(read_settings().exams))
    stories = [one for source in (*dealt.train, *dealt.dev) for one in source.stories]
    texts = originals(stories, seed=options.seed, most=options.n)
    copies = plant(
        texts,
        seed=options.seed,
        shares={"light": 0.3, "medium": 0.3, "heavy": 0.3, "contradiction": 0.2, "lookalike": 0.2},
        half="tuning",
    )
    by_id = {one.id: one for one in copies}
    for one in copies:
        if one.of and one.id != one.of:
            same = one.relation is ONE
            yield Labelled(story(by_id[one.of].text), story(one.text), same, one.change)


def retold(part: str, options: argparse.Namespace) -> Iterator[Labelled]:
    """A need, the same told otherwise, and another told in its words."""
    path = Path(__file__).parent / "labels" / "retold.tsv"
    for row in _table(path, ("part", "language", "need", "retold", "other")):
        if row["part"] == part:
            language = _LANGUAGES[row["language"]]
            yield sentences(row["need"], row["retold"], True, row["language"], language)
            yield sentences(row["need"], row["other"], False, row["language"], language)


def opposites(options: argparse.Namespace) -> Iterator[Labelled]:
    """The pairs of opposite stories."""
    for row in _table(options.data / "cases/meaning/opposites.tsv"):
        one, other = (row[side].partition("want to ")[2].rstrip(".") for side in ("one", "other"))
        yield sentences(one, other, same=False, kind=row["kind"])


def cannot(options: argparse.Namespace) -> Iterator[Labelled]:
    """Sentences with a negation or an antonym beside their paraphrases and their opposites."""
    for row in _some(_table(options.data / "data/nli/sem_anto_neg.tsv"), options):
        yield sentences(row["premise"], row["hypothesis"], row["label"] == "0")


def breaking(options: argparse.Namespace) -> Iterator[Labelled]:
    """Sentences with one word exchanged; what is neither said nor denied is left out."""
    with zipfile.ZipFile(options.data / "data/nli/breaking_nli.zip") as held:
        rows = [json.loads(line) for line in held.read("data/dataset.jsonl").splitlines()]
    rows = [row for row in rows if row["gold_label"] != "neutral"]
    for row in _some(rows, options):
        same = row["gold_label"] == "entailment" and row["category"] == "synonyms"
        if same or row["gold_label"] == "contradiction":
            yield sentences(row["sentence1"], row["sentence2"], same, row["category"])


def med(options: argparse.Namespace) -> Iterator[Labelled]:
    """Sentences of which each follows from the other; nothing here contradicts."""
    follows = {
        (row["sentence1"], row["sentence2"])
        for row in _table(options.data / "data/nli/MED.tsv")
        if row["gold_label"] == "entailment"
    }
    for one, other in sorted(follows):
        if one < other and (other, one) in follows:
            yield sentences(one, other, True)


def split(options: argparse.Namespace) -> Iterator[Labelled]:
    """Sentences beside the same as two."""
    path = options.data / "data/fusion/wiki_split_tune.tsv"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    for whole, parts in _some(rows, options):
        yield sentences(whole, parts.replace(" <::::> ", " "), True)


def exam(half: Half, options: argparse.Namespace) -> Iterator[Labelled]:
    """The written pairs of one half of the exam."""
    for one in gather_exam([read_settings().exams / WRITTEN]).questions:
        if one.label.half == half:
            yield Labelled(one.a, one.b, one.label.answer is ONE, one.label.kind)


def _table(path: Path, head: Sequence[str] | None = None) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        told = csv.DictReader(lines, head, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(told)


def _some(rows: Sequence[Any], options: argparse.Namespace) -> Iterable[Any]:
    """So many of the rows, in an order drawn by the seed."""
    return random.Random(options.seed).sample(rows, min(len(rows), options.n))


Made = Callable[[argparse.Namespace], Iterable[Labelled]]
#: By name; those of the second table need the folder of public data.
HERE: dict[str, Made] = {
    "retold 1": partial(retold, "1"),
    "retold 2": partial(retold, "2"),
    "retold 3": partial(retold, "3"),
    "training": lambda options: generated((), options),
}
SHARED: dict[str, Made] = {
    "stories": of_stories,
    "planted": planted,
    "opposites": opposites,
    "cannot": cannot,
    "breaking": breaking,
    "med": med,
    "split": split,
}


def measured(name: str, made: Iterable[Labelled], show: str) -> dict[str, Any]:
    """The figures of a set; prints what is asked for."""
    rules: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    n: Counter[bool] = Counter()
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for one in made:
        why = veto(one.a, one.b)
        n[one.same] += 1
        rules[one.same][why] += 1
        kinds[f"{'one need' if one.same else 'contrast'}: {one.kind}"].append(bool(why))
        if (why and one.same and show in ("all", why)) or (
            not why and not one.same and show == "missed"
        ):
            print(f"  {why or 'missed'} | {_told(one.a)} | {_told(one.b)}")
    row: dict[str, Any] = {"set": name}
    for same, title in ((True, "one_need"), (False, "contrasts")):
        rate = Rate(n[same] - rules[same][""], n[same])
        low, high = rate.interval
        row[title] = [rate.hits, rate.n, round(low, 4), round(high, 4)]
        row[f"{title}_rules"] = {why: k for why, k in rules[same].most_common() if why}
    row["kinds"] = {kind: [sum(of), len(of)] for kind, of in sorted(kinds.items())}
    return row


def _told(one: Story) -> str:
    return " / ".join(filter(None, (one.title, one.goal, *one.criteria, *one.body)))


def _rate(found: Sequence[float]) -> str:
    hits, n, low, high = found
    return f"{hits} of {n} [{low:.1%}, {high:.1%}]" if n else "–"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with corpora/, data/ and cases/")
    parser.add_argument("--half", action="append", choices=("threshold", "report"), default=[])
    parser.add_argument("--set", action="append", choices=[*HERE, *SHARED, "none"])
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--show", default="", metavar="RULE")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sets = HERE | (SHARED if options.data else {})
    chosen = {name: made for name, made in sets.items() if name in (options.set or sets)}
    chosen |= {f"exam, {half}": partial(exam, half) for half in options.half}
    print(f"{VERSION}: vetoed of")
    for name, made in chosen.items():
        row = measured(name, made(options), options.show)
        print(f"{name:16} one need {_rate(row['one_need']):28} contrasts {_rate(row['contrasts'])}")
        for title in ("one_need", "contrasts"):
            told = ", ".join(f"{why} {k}" for why, k in row[f"{title}_rules"].items())
            print(f"{'':18}{title.replace('_', ' ')}: {told or 'none'}")
        if options.out is not None:
            row |= {"benchmark": "vetoes", "vetoes": VERSION, "seed": options.seed}
            with options.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
