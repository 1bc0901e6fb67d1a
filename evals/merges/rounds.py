"""Split, merge, read again, and once more: what is left of a document after many rounds.

A round cuts the stories that there are into parts, has the parts merged, and reads the Markdown
that comes of it with our own extraction. Every round is held against the first document, so that
what is lost, changed or made up is told apart from what was so a round before. Whoever only
concatenates keeps everything: the words that are left stand beside it.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from evals.merges.rewrite_job import FILE
from evals.metrics.coverage_share import coverage, terms
from evals.metrics.statistics import Interval, bootstrap, share_of
from evals.recorded import figure
from pipeline.document.markdown.row_cells import row_of
from pipeline.document.structure.layout import MAIN
from pipeline.errors import InputError
from pipeline.extract.extraction import extract
from pipeline.kept import units
from pipeline.kept.normal_form import find_whole, settle
from pipeline.store.rows.eval_rows import Score
from pipeline.stories import Story, count_words

#: Merges the documents of the parts into a folder, and says which Markdown files to read again.
Merge = Callable[[Sequence[Path], Path], Sequence[Path]]

#: How the file is called in which an edition holds every telling whole: that is read again, as its
#: first file says the same in fewer words.
EDITION = "merged.tellings"
#: Share of its words from which a sentence that is not there as it was counts as altered, not gone.
ALTERED = 0.5
#: A round that loses so much of the whole at once is a catastrophe, and no decay.
CATASTROPHE = 0.1
#: What a part puts above a story, and what the Markdown edition does.
_OURS = re.compile(r"(?:#+ )?(?:Story \d+|S-\d+ · .*)$")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_QUOTE = re.compile(r"^(?:\\?> ?)+")
#: A word makes a topic where at least so many stories have it, and at most such a share of them.
_FEWEST, _WIDEST = 2, 0.2


@dataclass(frozen=True, slots=True)
class Round:
    """What is there after a round, held against the first document. Shares are of its sentences
    (``units``), but for ``invented``.

    Args:
        number: 0 is the document as it was cut into parts and read again, before any merge.
        kept: word for word, white space and markup apart.
        altered: not so, but in a new sentence that has at least half of its words by rarity.
        lost: neither.
        invented: of the ``told`` sentences that are there now, those that no sentence of the first
            document tells by half.
        order: of the pairs of stories that are found again at one place, those that stand in the
            order of the first document.
        words: for each word of the first document.
    """

    number: int
    stories: int
    units: int
    told: int
    kept: float
    altered: float
    lost: float
    invented: float
    order: float | None
    words: float


class Original:
    """The first document, which every round is held against."""

    def __init__(self, stories: Sequence[Story]) -> None:
        self.stories = stories
        self.units = _units(stories)
        self._settled = [settle(unit) for unit in self.units]
        self._whole = settle(_text(stories))
        self._words = sum(count_words(story.text) for story in stories)
        #: By what a story is found again: its longest sentence, where no other has it.
        longest = (settle(max(of, key=len)) for s in stories if (of := units(s.text, s.kind)))
        self._known = [sentence for sentence in longest if self._whole.count(sentence) == 1]

    def compare(self, number: int, stories: Sequence[Story]) -> Round:
        """A round's stories against this document."""
        now = _units(stories)
        whole = settle(_text(stories))
        # What stands as it did is nobody else's altered form. Rarity is counted over all sentences,
        # not over those few that are gone or new.
        new = [not find_whole(settle(unit), self._whole) for unit in now]
        fresh = [unit for unit, is_new in zip(now, new, strict=True) if is_new]
        gone = [
            one.share
            for one, settled in zip(coverage(self.units, fresh), self._settled, strict=True)
            if not find_whole(settled, whole)
        ]
        altered = sum(share >= ALTERED for share in gone)
        held = coverage(now, self.units)
        invented = sum(
            is_new and one.share < ALTERED for is_new, one in zip(new, held, strict=True)
        )
        n, told = len(self.units), len(now)
        return Round(
            number=number,
            stories=len(stories),
            units=n,
            told=told,
            kept=(n - len(gone)) / n,
            altered=altered / n,
            lost=(len(gone) - altered) / n,
            invented=invented / told if told else 0.0,
            order=self._order(whole),
            words=sum(count_words(story.text) for story in stories) / self._words,
        )

    def _order(self, whole: str) -> float | None:
        """The share of pairs that stand as they did; None where no two are found again."""
        places = [whole.find(known) for known in self._known if whole.count(known) == 1]
        seen: list[int] = []
        before = 0
        for place in places:
            before += bisect_right(seen, place)
            insort(seen, place)
        pairs = len(places) * (len(places) - 1) // 2
        return before / pairs if pairs else None


def round_trips(
    stories: Sequence[Story],
    merge: Merge,
    folder: Path,
    *,
    by: str,
    parts: int = 4,
    rounds: int = 10,
    seed: int = 0,
    told: Callable[[Round], None] = lambda one: None,
) -> list[Round]:
    """Split, merge and read again, round after round; see :class:`Round`.

    Args:
        folder: where parts and merged documents are left, one folder a round.
        told: of every round as it ends.

    Returns:
        the round before any merge, then every round; fewer where nothing was left to split.

    Raises:
        InputError: no story, or nothing to split into parts; as ``merge`` does.
    """
    if not stories or parts < 1 or rounds < 1:
        raise InputError(
            "there is nothing to split and merge.", next="Give stories, 1 part, 1 round or more."
        )
    original = Original(stories)
    now = list(stories)
    found: list[Round] = []
    for number in range(rounds + 1):
        here = folder / f"{number:02}"
        cut = split(now, by, parts, seed=seed + number)
        read: Sequence[Path] = write_parts(cut, here / "parts")
        if number:
            read = merge(read, here / "merged")
        now = read_again(read)
        found.append(original.compare(number, now))
        told(found[-1])
        if not now:
            break
    return found


def split(stories: Sequence[Story], by: str, parts: int, *, seed: int) -> list[list[Story]]:
    """The stories in at most so many parts, those of one role, topic or author together, each in
    its order; those that have none, and all of them where ``by`` is random, by lot."""
    rng = random.Random(seed)
    names = {"role": _roles, "topic": _topics, "author": _authors}.get(by, _nobody)(stories)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        groups[name or f"alone {number}"].append(number)
    dealt = list(groups.values())
    rng.shuffle(dealt)
    dealt.sort(key=len, reverse=True)
    heaps: list[list[int]] = [[] for _ in range(parts)]
    for group in dealt:
        min(heaps, key=len).extend(group)
    return [[stories[number] for number in sorted(heap)] for heap in heaps if heap]


def write_parts(parts: Sequence[Sequence[Story]], folder: Path) -> list[Path]:
    """A Markdown document for each part, every story under a heading that says nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, part in enumerate(parts, 1):
        file = folder / f"part-{number}.md"
        text = "".join(f"## Story {n}\n\n{_written(story)}\n\n" for n, story in enumerate(part, 1))
        file.write_text(text, encoding="utf-8")
        files.append(file)
    return files


def read_again(files: Sequence[Path]) -> list[Story]:
    """The stories of Markdown files, by our own extraction; each as its author told it, without the
    headings, quotation marks and escapes that an edition or a part put around it."""
    escaped = any(file.name.startswith(EDITION) for file in files)
    stories = (story for found in extract(files) for story in found.stories)
    return [replace(story, text=_told(story.text, escaped)) for story in stories]


def _told(text: str, escaped: bool) -> str:
    lines = [_QUOTE.sub("", line).rstrip() for line in text.splitlines()]
    while lines and (not lines[0] or _OURS.match(lines[0])):
        lines.pop(0)
    told = "\n".join(lines)
    return _ESCAPE.sub(r"\1", told) if escaped else told


def _written(story: Story) -> str:
    """A story's text; in a table where its role, goal and benefit are cells, which no reader would
    take for a story without their heads."""
    row = row_of(story, story.text.splitlines(), str)
    if row is None:
        return story.text
    told = dict(row.cells)
    if rest := [*row.before, *row.behind]:
        told["Acceptance criteria"] = "<br>".join(
            filter(None, (told.get("Acceptance criteria", ""), *rest))
        )
    rows = (told, ["---"] * len(told), [cell.replace("|", r"\|") for cell in told.values()])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


@dataclass(frozen=True, slots=True)
class Decay:
    """How it went from round to round.

    Args:
        loss: of what was kept, the share of all sentences that a usual round loses; ``n`` counts
            rounds. None where every round was a catastrophe.
        catastrophes: rounds that lost a tenth of all sentences or more at once.
    """

    loss: Interval | None
    catastrophes: tuple[int, ...]


def decay(found: Sequence[Round]) -> Decay:
    """Slow loss and catastrophes apart, over the rounds that merged."""
    lost = {b.number: a.kept - b.kept for a, b in pairwise(found)}
    bad = tuple(number for number, share in lost.items() if share >= CATASTROPHE)
    usual = [share for number, share in lost.items() if number not in bad]
    return Decay(bootstrap(usual, seed=0) if usual else None, bad)


def edition_of(out: Path) -> Sequence[Path]:
    """What a merge left to be read again: a rewritten text; the tellings of an edition; the
    edition itself where it is one file."""
    if (text := out / FILE).exists():
        return [text]
    return sorted(out.glob(f"{EDITION}*.md")) or [out / MAIN]


def figures(one: Round) -> dict[str, Interval]:
    """A round's shares with 95 % Wilson intervals, and its words and order as they are."""
    shares = {name: share_of(getattr(one, name), one.units) for name in ("kept", "altered", "lost")}
    shares["invented"] = share_of(one.invented, one.told)
    shares["words"] = Interval(one.words, one.words, one.words, one.stories)
    if one.order is not None:
        shares["order"] = Interval(one.order, one.order, one.order, one.stories)
    return shares


def scores(found: Sequence[Round], went: Decay) -> list[Score]:
    """The last round's figures, how it went, and every round's shares by its number."""
    told = [figure(name, value) for name, value in figures(found[-1]).items()]
    if went.loss is not None:
        told.append(figure("loss", went.loss))
    told.append(Score("catastrophes", "", float(len(went.catastrophes)), n=len(found) - 1))
    for one in found:
        told += [
            figure(name, value, item=f"{one.number:02}") for name, value in figures(one).items()
        ]
    return told


def _units(stories: Iterable[Story]) -> list[str]:
    return [unit for story in stories for unit in units(story.text, story.kind)]


def _text(stories: Iterable[Story]) -> str:
    return "\n\n".join(story.text for story in stories)


def _roles(stories: Sequence[Story]) -> list[str]:
    return [story.role.casefold() for story in stories]


def _authors(stories: Sequence[Story]) -> list[str]:
    return [story.source.author for story in stories]


def _nobody(stories: Sequence[Story]) -> list[str]:
    return ["" for _ in stories]


def _topics(stories: Sequence[Story]) -> list[str]:
    """The stem of a story that most others share, of those that not too many do."""
    bags = [frozenset(terms(story.goal or story.text)) for story in stories]
    frequency = Counter(term for bag in bags for term in bag)
    widest = max(_FEWEST, int(_WIDEST * len(stories)))
    return [
        min(
            (term for term in bag if _FEWEST <= frequency[term] <= widest),
            key=lambda term: (-frequency[term], term),
            default="",
        )
        for bag in bags
    ]
