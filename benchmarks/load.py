"""A corpus of the first user's size out of real stories: 440,000 words, seeded.

    python benchmarks/load.py [PATHS…] --out FOLDER     default: data/sample

The stories of PATHS are told again with other content words until there are enough: 15,000 short
ones and 500 long ones, 30 % of which overlap with another on purpose. The same arguments make the
same bytes. Prints what was written and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.extract.extraction import extract
from pipeline.stories import Story, count_words

#: Stories of one file, about what one team's backlog holds.
PER_FILE = 500
#: Words of the longest real story that is told as a short one.
SHORT = 40
#: Words so common in stories that they carry the grammar, not the subject: never exchanged.
_KEPT = 60
#: Words of the first band of an exchange; each next band is twice as wide.
_BAND = 32
_WORD = re.compile(r"[A-Za-z]{4,20}")
_ENDINGS = ("ing", "ed", "tion", "ly", "er", "s")


@dataclass(frozen=True, slots=True)
class Told:
    """A story to be written: its sentence in parts, and what a long one says beside it."""

    role: str
    goal: str
    benefit: str
    parts: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """As a …, I want …, so that …."""
        article = "an" if self.role[:1].lower() in "aeiou" else "a"
        ending = f", so that {self.benefit}" if self.benefit else ""
        return f"As {article} {self.role}, I want to {self.goal}{ending}."

    @property
    def n_words(self) -> int:
        return count_words(self.sentence) + sum(map(count_words, self.parts))


@dataclass(frozen=True, slots=True)
class Load:
    """What a corpus holds. ``overlapping`` stories tell another one of the corpus again."""

    n_short: int = 15_000
    n_long: int = 500
    n_words: int = 440_000
    overlapping: float = 0.3
    seed: int = 20240309

    def scaled(self, share: float) -> Load:
        """The same corpus, smaller or larger."""
        return replace(
            self,
            n_short=round(self.n_short * share),
            n_long=round(self.n_long * share),
            n_words=round(self.n_words * share),
        )


class RealStories:
    """Sentences, long parts and words of real documents."""

    def __init__(self, paths: Iterable[str | Path]) -> None:
        words: Counter[str] = Counter()
        in_stories: Counter[str] = Counter()
        sentences: dict[str, Told] = {}
        parts: dict[str, None] = {}
        for extraction in extract(paths):
            words.update(w.lower() for w in _WORD.findall(extraction.document.text))
            for story in extraction.stories:
                in_stories.update(w.lower() for w in _WORD.findall(story.text))
                told = _told(story)
                if told is not None:
                    sentences.setdefault(told.sentence, told)
                parts.update((_flat(p), None) for p in (*story.criteria, *story.body))
        self.sentences = list(sentences.values())
        self.parts = [part for part in parts if 4 <= count_words(part) <= 60]
        if not self.sentences or not self.parts:
            raise SystemExit("The paths hold no story with a role, a goal and criteria.")
        kept = {word for word, _ in in_stories.most_common(_KEPT)}
        self._classes: defaultdict[str, list[str]] = defaultdict(list)
        for word, _ in sorted(words.items(), key=lambda pair: (-pair[1], pair[0])):
            if word not in kept:
                self._classes[_ending(word)].append(word)

    def exchange(self, source: random.Random) -> Mapping[str, str]:
        """A permutation of the content words among words of the same ending and about the same
        frequency: what is rare stays rare, what stands together stays together."""
        other: dict[str, str] = {}
        for listed in self._classes.values():
            start, width = 0, _BAND
            while start < len(listed):
                band = listed[start : start + width]
                other.update(zip(band, source.sample(band, len(band)), strict=True))
                start, width = start + width, width * 2
        return other


def tell(real: RealStories, load: Load) -> list[Told]:
    """The stories of a corpus, in the order in which they are written."""
    source = random.Random(load.seed)
    n_stories = load.n_short + load.n_long
    n_again = round(n_stories * load.overlapping)
    fresh = _fresh(real, source)
    told = [next(fresh) for _ in range(n_stories - n_again)]
    again = source.sample(told, min(n_again, len(told)))
    other = real.exchange(source)
    shorts = told + [_again(story, real, other, source) for story in again]
    source.shuffle(shorts)
    left = load.n_words - sum(story.n_words for story in shorts)
    return _lengthened(shorts, real, load.n_long, left, source)


def _fresh(real: RealStories, source: random.Random) -> Iterator[Told]:
    """The real stories as they are, then again and again under another exchange of words."""
    other: Mapping[str, str] = {}
    while True:
        for story in source.sample(real.sentences, len(real.sentences)):
            yield _exchanged(story, other)
        other = real.exchange(source)


def _again(story: Told, real: RealStories, other: Mapping[str, str], source: random.Random) -> Told:
    """The same wish told by somebody else: word for word, in part in other words, with another
    reason, by another role, or with another number."""
    kind = source.randrange(5)
    if kind == 0:
        return replace(story, goal=story.goal.replace(",", ""))
    if kind == 1:
        words = [word.lower() for word in _WORD.findall(story.goal)]
        some = {word: other[word] for word in words if word in other and source.random() < 0.3}
        return replace(story, goal=_in_words(story.goal, some))
    if kind == 2:
        return replace(story, benefit="" if story.benefit else "nobody has to ask for it")
    if kind == 3:
        return replace(story, role=source.choice(real.sentences).role)
    n_days = source.randint(2, 60)
    return replace(story, goal=f"{story.goal} within {n_days} days")


def _lengthened(
    shorts: list[Told], real: RealStories, n_long: int, n_words: int, source: random.Random
) -> list[Told]:
    """``n_long`` of the stories with real criteria and paragraphs, ``n_words`` in all."""
    stories = list(shorts)
    other = real.exchange(source)
    for nth, place in enumerate(sorted(source.sample(range(len(stories)), n_long))):
        wanted = max(60, round(n_words / (n_long - nth)))
        if nth % 10 == 9:
            other = real.exchange(source)
        parts: list[str] = []
        while (n := sum(map(count_words, parts))) < wanted - 10:
            part = _in_words(source.choice(real.parts), other)
            parts.append(" ".join(part.split()[: max(5, wanted + 10 - n)]))
        stories[place] = replace(stories[place], parts=tuple(parts))
        n_words -= sum(map(count_words, parts))
    return stories


def _told(story: Story) -> Told | None:
    if not story.role or not story.goal:
        return None
    told = Told(_flat(story.role), _flat(story.goal), _flat(story.benefit))
    return told if told.n_words <= SHORT else None


def _exchanged(story: Told, other: Mapping[str, str]) -> Told:
    return Told(*(_in_words(text, other) for text in (story.role, story.goal, story.benefit)))


def _in_words(text: str, other: Mapping[str, str]) -> str:
    def exchange(match: re.Match[str]) -> str:
        word = match[0]
        new = other.get(word.lower(), word)
        return new.capitalize() if word[0].isupper() else new

    return _WORD.sub(exchange, text)


def _ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")


def _flat(text: str) -> str:
    return " ".join(text.split()).rstrip(" .,")


def write(stories: Sequence[Told], folder: Path) -> list[Path]:
    """Files of ``PER_FILE`` stories: text, Markdown and CSV in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    forms = (("txt", as_text), ("md", as_markdown), ("csv", as_csv))
    paths = []
    for nth, start in enumerate(range(0, len(stories), PER_FILE)):
        suffix, form = forms[nth % len(forms)]
        path = folder / f"backlog-{nth + 1:03d}.{suffix}"
        path.write_text(form(stories[start : start + PER_FILE], nth + 1), encoding="utf-8")
        paths.append(path)
    return paths


def as_text(stories: Sequence[Told], number: int) -> str:
    """A story a paragraph, the rest of a long one in a list below it."""
    blocks = (
        "\n".join([story.sentence, *(f"- {part}" for part in story.parts)]) for story in stories
    )
    return "\n\n".join(blocks) + "\n"


def as_markdown(stories: Sequence[Told], number: int) -> str:
    """A list of stories under a heading for every twenty, criteria one level deeper."""
    lines = [f"# Backlog {number}"]
    for nth, story in enumerate(stories):
        if nth % 20 == 0:
            lines += ["", f"## Theme {nth // 20 + 1}", ""]
        lines += [f"- {story.sentence}", *(f"  - {part}" for part in story.parts)]
    return "\n".join(lines) + "\n"


def as_csv(stories: Sequence[Told], number: int) -> str:
    """An issue tracker's export."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Issue key", "Issue Type", "Status", "Description"])
    for nth, story in enumerate(stories, 1):
        criteria = "\n".join(f"- {part}" for part in story.parts)
        text = f"{story.sentence}\n\nAcceptance criteria:\n{criteria}" if criteria else ""
        writer.writerow([f"B{number}-{nth}", "Story", "To Do", text or story.sentence])
    return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=["data/sample"])
    parser.add_argument("--out", type=Path, help="folder for the files; none: nothing is written")
    parser.add_argument("--scale", type=float, default=1.0, help="share of 440,000 words")
    arguments = parser.parse_args()
    load = Load().scaled(arguments.scale)
    real = RealStories(arguments.paths)
    stories = tell(real, load)
    files = write(stories, arguments.out) if arguments.out else []
    figures = {
        "real_sentences": len(real.sentences),
        "real_parts": len(real.parts),
        "stories": len(stories),
        "long": sum(bool(story.parts) for story in stories),
        "words": sum(story.n_words for story in stories),
        "files": len(files),
    }
    for name, value in figures.items():
        print(f"{name:16} {value:10,}")
    print(json.dumps({"benchmark": "load", **asdict(load), **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
