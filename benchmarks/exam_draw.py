"""The exam's pairs out of real documents: drawn before anybody has read one of them.

    python benchmarks/exam_draw.py CORPORA [--seed 16] [--pairs 1600] [--out data/exam]

CORPORA holds folders of documents: ``backlogs-txt`` (one backlog a file), ``md-keps``,
``md-openshift-frontmatter``, ``md-proposals-*``, ``feature-*`` and ``mixed`` (a folder a theme).

1. The deal. The documents of each folder stand in the order of a hash of their names; the first
   50 % of them are for training, the next 15 % for development, the others for the exam
   (``deal.jsonl``). A backlog is one document, so it is dealt whole.
2. The candidates. Within one backlog, or one folder, of the exam's part: of each story the ten
   nearest by the index of words and the ten nearest by sentence vectors, as a merge of these
   documents would find them. What proof decides is not a question and is left out, and so is a
   story that stands word for word in a document of another part.
3. The draw. Uniform over the candidates, except that no backlog or folder gives more than 15 %.
4. The halves. Each backlog or folder is in one half (``threshold`` or ``report``), those of one
   kind the largest first, each to the half that has fewer of its kind.

``drawn.jsonl`` holds places, not text: documents by path and sha256, stories by characters of the
document's stored text; ``rank`` is the place of the one among the other's nearest, the best of
either list and either side. The same arguments make the same bytes. Last, one JSON line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.compare.measures import stem_weights
from pipeline.engine.embeddings import SentenceEncoder, Vectors
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.extract.extraction import extract
from pipeline.plan.near.candidates import ENCODER, WINDOW
from pipeline.plan.near.passage_vectors import embedded_text, nearest_by_vectors
from pipeline.plan.near.similarity import similar_pairs, unique
from pipeline.plan.pairs import NEAREST
from pipeline.stories import Extraction, Story

_ROOT = Path(__file__).parents[1]
FOLDERS = (
    "backlogs-txt",
    "md-keps",
    "md-openshift-frontmatter",
    "md-proposals-*",
    "feature-*",
    "mixed",
)
#: The upper end of each part's share of a folder's documents.
PARTS = (("train", 0.5), ("dev", 0.65), ("exam", 1.0))
HALVES = ("threshold", "report")
#: Of the drawn pairs, what one backlog or folder may give.
MOST = 0.15

Encode = Mapping[str, Vectors]


@dataclass(frozen=True)
class Candidate:
    """Two stories of one source, and which lists found them at which rank."""

    source: str
    a: Story
    b: Story
    ranks: Mapping[str, int]

    @property
    def rank(self) -> int:
        return min(self.ranks.values())


def read(corpora: Path) -> dict[str, Extraction]:
    """What every document holds, by its path relative to CORPORA."""
    folders = sorted(f for name in FOLDERS for f in corpora.glob(name) if f.is_dir())
    if not folders:
        raise SystemExit(f"{corpora} holds none of {', '.join(FOLDERS)}.")
    return {
        Path(extraction.document.path).relative_to(corpora).as_posix(): extraction
        for extraction in extract(folders)
    }


def deal(documents: Iterable[str], seed: int) -> dict[str, str]:
    """The part of each document, by the hash of its name among those of its folder."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        folders[document.partition("/")[0]].append(document)
    dealt = {}
    for listed in folders.values():
        listed.sort(key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
        for place, name in enumerate(listed):
            share = (place + 0.5) / len(listed)
            dealt[name] = next(part for part, end in PARTS if share < end)
    return dict(sorted(dealt.items()))


def source_of(document: str) -> str:
    """The backlog or the folder that a document's stories are compared within."""
    folder = document.rpartition("/")[0]
    return document if folder == "backlogs-txt" else folder


def sources(
    extractions: Mapping[str, Extraction], dealt: Mapping[str, str]
) -> dict[str, list[Story]]:
    """The exam's stories by source: the first of each fingerprint, none that another part has."""
    elsewhere = {
        story.fingerprint
        for document, extraction in extractions.items()
        if dealt[document] != "exam"
        for story in extraction.stories
    }
    found: defaultdict[str, list[Story]] = defaultdict(list)
    for document in dealt:
        if dealt[document] == "exam":
            found[source_of(document)] += extractions[document].stories
    return {
        source: [story for story in unique(stories) if story.fingerprint not in elsewhere]
        for source, stories in sorted(found.items())
    }


def candidates(source: str, stories: Sequence[Story], encode: Encode) -> list[Candidate]:
    """The questions that a merge of one source's stories would have, in corpus order."""
    needs = {story.id: story.need for story in stories}

    def is_open(a: str, b: str) -> bool:
        return not (needs[a] and needs[a] == needs[b])

    by_words = [
        (pair.a, pair.b)
        for pair in similar_pairs(stories, weights=stem_weights(stories))
        if is_open(pair.a, pair.b)
    ]
    # Pairs that proof decides take nobody's place among the nearest: as many more are looked at.
    proved = max(Counter(key for key in needs.values() if key).values(), default=1) - 1
    places, _ = nearest_by_vectors([encode[s.fingerprint] for s in stories], NEAREST + proved)
    ids = [story.id for story in stories]
    by_vectors = [(ids[i], ids[j]) for i, j in places.tolist() if is_open(ids[i], ids[j])]
    ranks: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name, pairs in (("index", by_words), ("vectors", by_vectors)):
        for a, b, rank in ranked(pairs, NEAREST):
            ranks[a, b][name] = rank
    position = {story.id: place for place, story in enumerate(stories)}
    by_id = {story.id: story for story in stories}
    return [
        Candidate(source, by_id[a], by_id[b], found)
        for (a, b), found in sorted(
            ranks.items(), key=lambda item: (position[item[0][0]], position[item[0][1]])
        )
    ]


def ranked(pairs: Iterable[tuple[str, str]], k: int) -> Iterator[tuple[str, str, int]]:
    """The pairs in which one is among the ``k`` nearest of the other, with its place there.

    Args:
        pairs: the nearest first.
    """
    seen: Counter[str] = Counter()
    for a, b in pairs:
        rank = 1 + min(seen[a], seen[b])
        seen.update((a, b))
        if rank <= k:
            yield a, b, rank


def draw(found: Sequence[Candidate], n: int, source: random.Random) -> list[Candidate]:
    """``n`` of the candidates in the order in which they were drawn, or as many as there are."""
    drawn: list[Candidate] = []
    given: Counter[str] = Counter()
    for candidate in source.sample(found, len(found)):
        if given[candidate.source] < int(n * MOST) and len(drawn) < n:
            given[candidate.source] += 1
            drawn.append(candidate)
    return drawn


def halves(drawn: Iterable[Candidate]) -> dict[str, str]:
    """The half of each source."""
    given = Counter(candidate.source for candidate in drawn)
    of_kind: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    found = {}
    for source, n in sorted(given.items(), key=lambda item: (-item[1], item[0])):
        kind = source.partition("-")[0].partition("/")[0]
        half = min(HALVES, key=lambda half: (of_kind[kind, half], whole[half]))
        found[source] = half
        of_kind[kind, half] += n
        whole[half] += n
    return found


def as_line(number: int, drawn: Candidate, half: str, names: Mapping[str, str]) -> dict[str, Any]:
    """A drawn pair as it is written down."""

    def place(story: Story) -> dict[str, Any]:
        sha256 = story.source.document
        return {
            "document": names[sha256],
            "sha256": sha256,
            "start": story.start,
            "end": story.end,
        }

    return {
        "id": f"corpus-{number:04d}",
        "half": half,
        "a": place(drawn.a),
        "b": place(drawn.b),
        "from": sorted(drawn.ranks),
        "rank": drawn.rank,
    }


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpora", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--pairs", type=int, default=1600)
    parser.add_argument("--out", type=Path, default=_ROOT / "data" / "exam")
    asked = parser.parse_args()
    if asked.corpora is None:
        print("Nothing is drawn without CORPORA.")
        return 0
    extractions = read(asked.corpora)
    dealt = deal(extractions, asked.seed)
    stories = sources(extractions, dealt)
    encoder = SentenceEncoder.load(ENCODER, window=WINDOW)
    every = {story.fingerprint: story for listed in stories.values() for story in listed}
    vectors = encoder.encode([embedded_text(story) for story in every.values()])
    encode = dict(zip(every, vectors, strict=True))
    found = [
        candidate
        for source, listed in stories.items()
        for candidate in candidates(source, listed, encode)
    ]
    drawn = draw(found, asked.pairs, random.Random(asked.seed))
    half_of = halves(drawn)
    names = {e.document.sha256: name for name, e in extractions.items()}
    _write(asked.out / "deal.jsonl", ({"document": d, "part": p} for d, p in dealt.items()))
    lines = (as_line(n, c, half_of[c.source], names) for n, c in enumerate(drawn, 1))
    _write(asked.out / "drawn.jsonl", lines)
    _print(stories, found, drawn, half_of)
    figures = {
        "documents": Counter(dealt.values()),
        "stories": sum(map(len, stories.values())),
        "candidates": len(found),
        "drawn": len(drawn),
        "from": Counter("+".join(sorted(candidate.ranks)) for candidate in drawn),
        "halves": Counter(half_of[candidate.source] for candidate in drawn),
        "encoder": weights_sha256(locate_weights(ENCODER), _ROOT / "data" / "runs"),
    }
    print(json.dumps({"benchmark": "exam_draw", "seed": asked.seed, **figures}))
    return 0


def _print(
    stories: Mapping[str, Sequence[Story]],
    found: Iterable[Candidate],
    drawn: Iterable[Candidate],
    half_of: Mapping[str, str],
) -> None:
    candidates_of = Counter(candidate.source for candidate in found)
    drawn_of = Counter(candidate.source for candidate in drawn)
    print(f"{'source':34}{'stories':>9}{'candidates':>12}{'drawn':>7}  half")
    for source, listed in stories.items():
        print(
            f"{source:34}{len(listed):9,}{candidates_of[source]:12,}{drawn_of[source]:7,}  "
            f"{half_of.get(source, '-')}"
        )


if __name__ == "__main__":
    sys.exit(main())
