"""Long stories put together from real paragraphs, some of which stand in several of them.

A passage is planted once, and again in other long stories: word for word or reworded
(:mod:`evals.corpora.rewording`). One in ten of the long stories consists of such passages only.
Each passage knows its cluster, so that a merge is judged passage by passage.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from evals.corpora.planting import Change
from evals.corpora.rewording import Half, Wording, heavily, lightly, moderately, wording
from pipeline.entries import Merge
from pipeline.outcomes import StoryText
from pipeline.stories import Story, count_words, normalise
from pipeline.text.sentences import sentences

#: Words of a paragraph that is taken for a passage.
SHORTEST, LONGEST = 25, 160
#: Passages of a long story.
FEWEST, MOST = 4, 7
#: Share of the passages that are copies, and of the long stories that have no passage of their own.
COPIED, ONLY_COPIES = 0.3, 0.1
#: What would make a paragraph a story of its own.
_TELLS_A_STORY = re.compile(r"\bI\b|\b[Aa]s an?\b|\b[Gg]iven\b|\bwants?\b")
_MAKERS = {"light": lightly, "medium": moderately, "heavy": heavily}
_CONSONANTS = "bdfgklmnprstvz"
_KINDS: tuple[Change, ...] = ("exact", "light", "medium", "heavy")


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage of a planted long story.

    Args:
        id: "12.3" for the third passage of the 12th story.
        cluster: passages of one cluster say the same.
    """

    id: str
    story: int
    text: str
    change: Change
    cluster: str
    of: str = ""


def paragraphs(stories: Iterable[Story], *, seed: int, most: int) -> list[str]:
    """Real paragraphs of stories, each once, in random order."""
    found = {
        normalise(line): line
        for story in stories
        for line in (" ".join(text.split()) for text in story.body)
        if SHORTEST <= count_words(line) <= LONGEST and line[0].isalpha() and line[-1] == "."
        if not _TELLS_A_STORY.search(line)
    }
    texts = list(found.values())
    random.Random(seed).shuffle(texts)
    return texts[:most]


def plant_passages(texts: Sequence[str], *, seed: int, half: Half = "tuning") -> list[Passage]:
    """Long stories of these paragraphs and of copies of them; the same for the same seed."""
    rng = random.Random(seed)
    words = wording(half)
    fresh = list(texts[::-1])
    planted: list[Passage] = []
    story = 0
    while fresh:
        only = story > 0 and rng.random() < ONLY_COPIES
        wanted = rng.randint(FEWEST, MOST)
        earlier = [p for p in planted if not p.of and p.story < story]
        rng.shuffle(earlier)
        length = 0
        while length < wanted:
            name = f"{story}.{length}"
            if earlier and (only or rng.random() < _SOMETIMES):
                source, change, text = _again(earlier, words, rng)
                earlier.remove(source)
                planted.append(Passage(name, story, text, change, source.cluster, source.id))
            elif fresh and not only:
                planted.append(Passage(name, story, fresh.pop(), "original", name))
            else:
                break
            length += 1
        story += 1
    return planted


#: Beside the stories that are copied whole, so many of the passages are, to come to ``COPIED``.
_SOMETIMES = (COPIED - ONLY_COPIES) / (1 - ONLY_COPIES)


def write_narratives(planted: Sequence[Passage], folder: Path, *, per_document: int = 10) -> Path:
    """Markdown documents of headed stories, and ``passages.json``: for each passage its document,
    the line of its paragraph and the number of its story.

    Returns:
        the path of ``passages.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = []
    rows: dict[str, list[str]] = {}
    last = -1
    for passage in planted:
        number = passage.story // per_document + 1
        name = f"narratives-{number:04}.md"
        lines = rows.setdefault(name, [f"# Narratives {number}", ""])
        if passage.story != last:
            lines += [f"## Story {passage.story + 1}: {_name(passage.story)}", ""]
            last = passage.story
        truth.append(asdict(passage) | {"document": name, "line": len(lines) + 1})
        lines += [passage.text, ""]
    for name, lines in rows.items():
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
    path = folder / "passages.json"
    path.write_text(json.dumps(truth, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


class Told(NamedTuple):
    """What became of planted passages.

    Args:
        folded: share of the copies that stand in their own story no more: they fold under it, with
            the place where they stand.
        left: share of the copies that stand there whole.
        lost: passages that neither stand nor fold in the entry of their story.
    """

    folded: float
    left: float
    lost: int
    n: int


def told(
    planted: Sequence[Passage],
    stories: Iterable[Story],
    merge: Merge,
    change: Change | None = None,
) -> Told:
    """How often passages that stand in several long stories still stand in each.

    Args:
        stories: as they were read from :func:`write_narratives`, in order.
        change: only copies of this kind.
    """
    ids = {number: story.id for number, story in enumerate(stories)}
    standing: dict[str, str] = {}
    folded: dict[str, str] = {}
    for entry in merge.entries:
        lines = "\n".join(line.text for line in entry.lines)
        standing.update(dict.fromkeys(entry.sources, normalise(lines)))
        for story in entry.sources:
            folds = (fold.text for fold in entry.folds if fold.story == story)
            folded[story] = normalise("\n".join(folds))
    stands = {p.id: _share_in(p.text, standing[ids[p.story]]) for p in planted}
    behind = {p.id: _share_in(p.text, folded[ids[p.story]]) for p in planted}
    copies = [p.id for p in planted if p.of and change in (None, p.change)]
    n = len(copies) or 1
    return Told(
        sum(stands[name] < 1 and behind[name] == 1 for name in copies) / n,
        sum(stands[name] == 1 for name in copies) / n,
        sum(stands[p.id] < 1 and behind[p.id] < 1 for p in planted),
        len(copies),
    )


def _name(number: int) -> str:
    """A title that is not a word and no number, each once: "Bababa", "Babada" …"""
    syllables = []
    for _ in range(3):
        number, rest = divmod(number, len(_CONSONANTS))
        syllables.append(f"{_CONSONANTS[rest]}a")
    return "".join(reversed(syllables)).capitalize()


def _share_in(text: str, body: str) -> float:
    """The share of a passage's words that stand in a text, sentence by sentence."""
    parts = [normalise(part) for part in sentences(text)]
    words = sum(count_words(part) for part in parts) or 1
    return sum(count_words(part) for part in parts if f" {part} " in f" {body} ") / words


def _again(
    earlier: Sequence[Passage], words: Wording, rng: random.Random
) -> tuple[Passage, Change, str]:
    """A passage said again in a way drawn by lot: the first one that can be said so."""
    kind = rng.choice(_KINDS)
    for source in earlier if kind != "exact" else ():
        found = _MAKERS[kind](StoryText(body=(source.text,)), words, rng)
        if found is not None:
            return source, kind, found.body[0]
    return earlier[0], "exact", earlier[0].text
