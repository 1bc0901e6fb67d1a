"""A random sample of extracted stories with the lines around them, to be judged by a reader.

    python benchmarks/story_sample.py CORPORA --seed 1 [--size 200] [--context 4]
    python benchmarks/story_sample.py CORPORA --seed 1 --drawn > LABELS.jsonl
    python benchmarks/story_sample.py CORPORA --judged LABELS.jsonl

The sample is stratified: every folder of ``CORPORA`` gives the same number of stories, and what a
small folder lacks is shared out among the others. Each story is shown as its fields, then as it
stands in the document, its own characters between ⟦ and ⟧. ``--drawn`` lists their places only, to
be kept before any is judged; a reader adds the verdicts. ``--judged`` takes the verdicts of a
sample (see ``labels/README.md``) and prints how many are right: of the sample, with wrong titles
and further paragraphs counted as right, and weighted by the stories of each folder, each with the
95 % interval.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.extract.extraction import extract
from pipeline.stories import Document, Story

#: Of the normal distribution, for 95 %.
_Z = 1.959964
#: Characters of either end of what stands between two parts of a story.
_SHOWN = 150
Strata = dict[str, list[tuple[Story, Document]]]


def strata_of(root: Path) -> Strata:
    """Every story of a folder's documents, by the folder right below it."""
    strata: Strata = defaultdict(list)
    for extraction in extract([root]):
        path = Path(extraction.document.path).relative_to(root)
        stratum = path.parts[0] if len(path.parts) > 1 else "."
        strata[stratum] += [(story, extraction.document) for story in extraction.stories]
    return {name: stories for name, stories in sorted(strata.items()) if stories}


def shares(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many to draw of each stratum: as many of one as of the other, as far as they go."""
    drawn = dict.fromkeys(sizes, 0)
    left = min(wanted, sum(sizes.values()))
    while left:
        for name in sorted(sizes, key=lambda each: (drawn[each], each)):
            if left and drawn[name] < sizes[name]:
                drawn[name] += 1
                left -= 1
    return drawn


def draw(strata: Strata, wanted: int, seed: int) -> list[tuple[str, Story, Document]]:
    """The sample of a seed, by stratum and place."""
    chance = random.Random(seed)
    counts = shares({name: len(stories) for name, stories in strata.items()}, wanted)
    sample = []
    for name, stories in strata.items():
        numbers = sorted(chance.sample(range(len(stories)), counts[name]))
        sample += [(name, *stories[number]) for number in numbers]
    return sample


def place_of(root: Path, story: Story, document: Document) -> dict[str, str | int]:
    """Where a drawn story stands, as a line of labels that has no verdict yet."""
    path = Path(document.path).relative_to(root).as_posix()
    return {"path": path, "start": story.start, "end": story.end, "kind": story.kind}


def shown(number: int, root: Path, story: Story, document: Document, context: int) -> str:
    """One story for the reader: where it stands, its fields, the text around it."""
    place = Path(document.path).relative_to(root)
    head = f"=== {number}  {place}  {story.start}-{story.end}  {story.kind}  {story.source.key}"
    fields = [f"    {name}: {text}" for name, text in story.fields]
    return "\n".join([head, *fields, "    ---", *_around(story, document.text, context)])


def _around(story: Story, text: str, context: int) -> list[str]:
    """The lines of a story and ``context`` of them before and after it."""
    begin, end = story.start, story.end
    for _ in range(context + 1):
        begin = max(0, text.rfind("\n", 0, max(0, begin - 1)) + 1)
    begin = max(begin, story.start - 200 * context)
    for _ in range(context + 1):
        next_break = text.find("\n", end + 1)
        end = next_break if next_break >= 0 else len(text)
    end = min(end, story.end + 200 * context)
    marked, position = "", begin
    for first, last in story.source.spans:
        marked += f"{_cut(text[position:first])}⟦{text[first:last]}⟧"
        position = last
    marked += text[position:end]
    return [f"    | {line}" for line in marked.splitlines()]


def _cut(between: str) -> str:
    """What stands between two parts of a story: its ends, where it is long."""
    if len(between) <= 2 * _SHOWN:
        return between
    return f"{between[:_SHOWN]}\n[… {len(between) - 2 * _SHOWN} characters …]\n{between[-_SHOWN:]}"


def interval(right: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not n:
        return 0.0, 1.0
    share = right / n
    middle = share + _Z**2 / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return (middle - spread) / (1 + _Z**2 / n), (middle + spread) / (1 + _Z**2 / n)


def report(
    labels: Iterable[Mapping[str, str | int]], sizes: Mapping[str, int]
) -> dict[str, object]:
    """What the verdicts of a sample say, as drawn and weighted by the folders' stories."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for label in labels:
        counts[str(label["path"]).split("/", 1)[0]][str(label["verdict"])] += 1
    n = sum(sum(each.values()) for each in counts.values())
    right = sum(each["right"] for each in counts.values())
    titles = sum(each["title"] for each in counts.values())
    told = sum(sizes[name] for name in counts)
    weighted = sum(sizes[s] / told * c["right"] / sum(c.values()) for s, c in counts.items())
    effective = 1 / sum((sizes[s] / told) ** 2 / sum(c.values()) for s, c in counts.items())
    return {
        "n": n,
        "right": right,
        "precision": round(right / n, 4),
        "interval": [round(each, 4) for each in interval(right, n)],
        "but_for_titles": [right + titles, *(round(x, 4) for x in interval(right + titles, n))],
        "weighted": round(weighted, 4),
        "weighted_interval": [round(each, 4) for each in interval(weighted * effective, effective)],
        "verdicts": dict(sum(counts.values(), Counter())),
        "strata": {name: [each["right"], sum(each.values())] for name, each in counts.items()},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--context", type=int, default=4, help="lines before and after a story")
    parser.add_argument("--drawn", action="store_true", help="places only, as JSON lines")
    parser.add_argument("--judged", type=Path, help="verdicts of a sample, as JSON lines")
    given = parser.parse_args(arguments)
    strata = strata_of(given.corpora)
    sizes = {name: len(stories) for name, stories in strata.items()}
    if given.judged:
        lines = given.judged.read_text(encoding="utf-8").splitlines()
        print(json.dumps(report(map(json.loads, lines), sizes), indent=2))
        return
    sample = draw(strata, given.size, given.seed)
    if given.drawn:
        for _, story, document in sample:
            print(json.dumps(place_of(given.corpora, story, document), ensure_ascii=False))
        return
    for number, (_, story, document) in enumerate(sample, start=1):
        print(shown(number, given.corpora, story, document, given.context), "\n")
    print(json.dumps({"seed": given.seed, "stories": sizes}))


if __name__ == "__main__":
    main()
