"""Documents dealt into what trains and what a training is stopped by, and the pairs made of each.

No story of a document that the exam draws from trains, nor one that says the same as a story
there. What trains and what the training is stopped by have no document in common, and no two
documents that share a story part: they are dealt as connected components.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.entries import Decision
from pipeline.errors import InputError
from pipeline.stories import Extraction, Story
from pipeline.train.decided_pairs import decided_pairs
from pipeline.train.training_pairs import PairMaker, Source, TrainingPair
from pipeline.train.word_tables import HeldOut, Tables, load_held_out, load_tables

DEAL = "deal.jsonl"
#: Of 20 documents that no deal names, how many go to development.
_DEV_OF_20 = 3
#: Every so many-th intent and scale of the tables is kept for development.
_DEV_EVERY = 8


@dataclass(frozen=True)
class Dealt:
    """The documents of each part; those of the exam are read to be kept out.

    Args:
        left_out: stories left out because the exam's documents say them, too.
    """

    train: tuple[Source, ...]
    dev: tuple[Source, ...]
    n_exam: int
    left_out: int


@dataclass(frozen=True)
class Dataset:
    """The pairs that a judge is trained with, and stopped by.

    Args:
        sha256: of every pair in its order: what the data are known by.
        dropped: pairs that were made and not taken, by why.
    """

    train: tuple[TrainingPair, ...]
    dev: tuple[TrainingPair, ...]
    dealt: Dealt
    sha256: str
    dropped: Mapping[str, int]


def read_deal(exams: Path) -> dict[str, str]:
    """The part of each document that an exam deals, by its path below the corpora's folder."""
    path = exams / DEAL
    if not path.is_file():
        return {}
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {line["document"]: line["part"] for line in lines}


def deal(extractions: Iterable[Extraction], dealt: Mapping[str, str]) -> Dealt:
    """Deal documents, as the exam does where it names one.

    Raises:
        InputError: nothing is left to train with.
    """
    read = [each for each in extractions if each.stories]
    part = {each.document.sha256: _part(each, dealt) for each in read}
    exam = {
        key
        for each in read
        if part[each.document.sha256] == "exam"
        for story in each.stories
        for key in _keys(story)
    }
    _join(read, part)
    parts: defaultdict[str, list[Source]] = defaultdict(list)
    left_out = 0
    for each in read:
        mine = part[each.document.sha256]
        kept = tuple(s for s in each.stories if mine == "exam" or not exam.intersection(_keys(s)))
        left_out += len(each.stories) - len(kept)
        parts[mine].append(Source(each.document.path, kept))
    if not parts["train"]:
        raise InputError(
            "no story is left to train with: the exam draws from every document given.",
            where=read[0].document.path if read else "",
            next="Give documents that the exam does not draw from.",
        )
    return Dealt(
        tuple(_grouped(parts["train"])), tuple(_grouped(parts["dev"])), len(parts["exam"]), left_out
    )


def _keys(story: Story) -> tuple[str, ...]:
    return tuple(filter(None, (story.fingerprint, story.need)))


def _part(extraction: Extraction, dealt: Mapping[str, str]) -> str:
    for path in extraction.document.paths:
        parts = Path(path).parts
        for n in range(1, len(parts)):
            if (named := "/".join(parts[-n:])) in dealt:
                return dealt[named]
    digest = int(hashlib.sha256(extraction.document.sha256.encode()).hexdigest()[:8], 16)
    return "dev" if digest % 20 < _DEV_OF_20 else "train"


def _join(read: Sequence[Extraction], part: dict[str, str]) -> None:
    """Documents that share a story are dealt as one: to training where one of them is."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for each in read:
        if part[each.document.sha256] != "exam":
            for story in each.stories:
                for key in _keys(story):
                    owners[key].add(each.document.sha256)
    changed = True
    while changed:
        changed = False
        for documents in owners.values():
            if len({part[name] for name in documents}) > 1:
                part.update(dict.fromkeys(documents, "train"))
                changed = True


def _grouped(sources: Iterable[Source]) -> list[Source]:
    """Documents of one folder as one source, where a document by itself has few stories."""
    found: defaultdict[str, list[Story]] = defaultdict(list)
    for source in sources:
        name = source.name if len(source.stories) > 20 else str(Path(source.name).parent)
        found[name] += source.stories
    return [Source(name, tuple(stories)) for name, stories in found.items() if stories]


def make_dataset(
    extractions: Iterable[Extraction],
    *,
    tables: Path,
    exams: Path,
    n_train: int,
    n_dev: int,
    seed: int,
    without: Sequence[str] = (),
    decisions: Iterable[Decision] = (),
) -> Dataset:
    """Make the pairs; the same documents, tables, kinds, decisions and seed make the same pairs.

    Args:
        tables: folder of the tables. exams: folder of the built-in exam, whose words and documents
            are kept out.
        without: kinds of difference that no pair to train with is made of; development has all, so
            that what a training is stopped by does not change with them.
        decisions: a person's, the oldest first; those on the stories are pairs beside the others.
    """
    read, words = load_tables(tables), load_held_out(sorted(exams.glob("words*.json")))
    dealt = deal(extractions, read_deal(exams))
    train = _maker(read, words, dealt.train, seed, dev=False, without=without)
    dev = _maker(read, words, dealt.dev, seed + 1, dev=True)
    sources = (*dealt.train, *dealt.dev)
    decided, decided_dev = decided_pairs(
        decisions, ((s.name, x) for s in sources for x in s.stories)
    )
    for_training = _mixed(train.pairs(n_train), decided, random.Random(seed))
    seen = {text for pair in for_training for text in (pair.a, pair.b)}
    for_dev = [*dev.pairs(n_dev, easy_first=False), *decided_dev]
    for_dev = [pair for pair in for_dev if pair.a not in seen and pair.b not in seen]
    digest = hashlib.sha256()
    for pair in (*for_training, *for_dev):
        digest.update(json.dumps([pair.a, pair.b, pair.answer.value]).encode())
    return Dataset(
        tuple(for_training), tuple(for_dev), dealt, digest.hexdigest(),
        dict(train.dropped + dev.dropped),
    )  # fmt: skip


def _mixed(
    made: Sequence[TrainingPair], decided: Sequence[TrainingPair], rng: random.Random
) -> list[TrainingPair]:
    """Pairs in their order, with others at places drawn among them."""
    found = list(made)
    for pair in decided:
        found.insert(rng.randrange(len(found) + 1), pair)
    return found


def _maker(
    tables: Tables,
    words: HeldOut,
    sources: Sequence[Source],
    seed: int,
    *,
    dev: bool,
    without: Sequence[str] = (),
) -> PairMaker:
    def mine(n: int) -> list[int]:
        return [k for k in range(n) if (k % _DEV_EVERY == _DEV_EVERY - 1) == dev]

    return PairMaker(
        tables,
        words,
        sources,
        random.Random(seed),
        mine(len(tables.intents)),
        mine(len(tables.scales)),
        without,
    )


def counted(pairs: Iterable[TrainingPair]) -> dict[str, int]:
    """How many pairs there are of each answer and kind."""
    return dict(sorted(Counter(f"{p.answer.value}: {p.kind}" for p in pairs).items()))
