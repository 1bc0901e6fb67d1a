"""The exam's pairs, made of its words, scenes and tellings; and whether overlap gives them away.

    python benchmarks/exam_pairs.py [DATA/EXAM] [--seed 16] [--draws 2000] [--check]

Every scene tells a need x and a contrasting one x2. Two authors tell both, a third tells neighbours
of x. Of one scene come (1.x, 2.x) and (1.x2, 2.x2), one need in other words; each x against each
x2, with the scene's answer; and each neighbour against 1.x and 2.x, with its own answer. Which
telling is side A is decided by a seeded hash of the pair's id. Writes ``pairs.jsonl`` into the
folder; ``--check`` writes nothing, and wants the file that is there to be the same.

Prints how many pairs there are by half, language, kind and answer, each with its mean overlap; the
share of one_need; and how well overlap alone (Jaccard of the lower-cased words of all fields but
the role) tells one_need from the rest: the area under the curve, by half and by half and language,
with a 95 % interval from scenes drawn with replacement. Exits 1 where a half's area is outside
0.4 to 0.6, a telling is missing, or a rule of words is broken: a word stands in both halves; a
scene's contrast is the other half's; or two tellings of one need differ by a pair of synonyms of
the other half, one word in one only and the other in the other only. For a reader, without a
verdict, it names where another contrast of the other half parts x and x2 of one author as well.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import snowballstemmer

HALVES = ("threshold", "report")
SIDES = {"x": 0, "x2": 1}
FIELDS = ("role", "goal", "benefit", "criteria", "steps", "body")
ONE_NEED = "one_need"
BOUNDS = (0.4, 0.6)
SHARE = (0.22, 0.28)
STEMMERS = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}

Json = dict[str, Any]
Words = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """One pair as it is written, and its overlap."""

    pair: Json
    overlap: float

    @property
    def same(self) -> bool:
        return bool(self.pair["answer"] == ONE_NEED)


def lines(paths: Iterable[Path]) -> Iterator[Json]:
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def told(telling: Json) -> Json:
    """The fields of a telling that a pair holds, those left empty aside."""
    kept = {field: telling[field] for field in FIELDS if telling.get(field)}
    if isinstance(kept.get("body"), list):
        kept["body"] = "\n\n".join(kept["body"])
    return kept


def in_order(side: Json) -> list[str]:
    """The lower-cased words of all fields but the role."""
    text: list[str] = []
    for field, value in side.items():
        if field != "role":
            text.extend(value if isinstance(value, list) else [value])
    return re.findall(r"\w+", "\n".join(text).lower())


def overlap(one: Json, other: Json) -> float:
    left, right = set(in_order(one)), set(in_order(other))
    return len(left & right) / len(left | right)


def swapped(identity: str, seed: int) -> bool:
    return bool(hashlib.sha256(f"{seed}:{identity}".encode()).digest()[0] & 1)


def combined(scene: Json, tellings: dict[tuple[int, str], Json]) -> Iterator[tuple[Any, ...]]:
    """Two keys of tellings with the answer, the kind and the contrast between them."""
    answer, kind, contrast = scene["answer"], scene["kind"], scene.get("contrast", [])
    for of in SIDES:
        yield (1, of), (2, of), ONE_NEED, "paraphrase", []
    for one in (1, 2):
        for other in (1, 2):
            yield (one, "x"), (other, "x2"), answer, kind, contrast
    for key in sorted(tellings):
        if key[0] == 3:
            near = tellings[key]
            for author in (1, 2):
                yield (author, "x"), key, near["answer"], near["kind"], []


def pairs(
    scenes: Sequence[Json], tellings: dict[str, dict[tuple[int, str], Json]], seed: int
) -> tuple[list[Made], list[str]]:
    """All pairs, and the tellings that are missing."""
    made: list[Made] = []
    missing: set[str] = set()
    for scene in scenes:
        name = scene["scene"]
        here = tellings.get(name, {})
        if not any(author == 3 for author, _ in here):
            missing.add(f"{name} 3.near")
        for one, other, answer, kind, contrast in combined(scene, here):
            gone = [key for key in (one, other) if key not in here]
            if gone:
                missing.update(f"{name} {author}.{of}" for author, of in gone)
                continue
            identity = f"{name}/{one[0]}.{one[1]}-{other[0]}.{other[1]}"
            first, second = (other, one) if swapped(identity, seed) else (one, other)
            a, b = told(here[first]), told(here[second])
            pair = {
                "id": identity,
                "scene": name,
                "half": scene["half"],
                "kind": kind,
                "language": scene["language"],
                "shape": scene["shape"],
                "a": a,
                "b": b,
                "authors": [first[0], second[0]],
                "answer": answer,
                "contrast": contrast,
            }
            made.append(Made(pair, overlap(a, b)))
    return made, sorted(missing)


def stems(words: Sequence[str], language: str) -> list[str]:
    stemmer = snowballstemmer.stemmer(STEMMERS[language])
    return [str(stem) for stem in stemmer.stemWords(list(words))]


def holds(text: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(list(text[at : at + size]) == list(phrase) for at in range(len(text) - size + 1))


def split(pair: Json, couples: Iterable[Sequence[str]]) -> Iterator[str]:
    """Those words of which one stands in A only and the other in B only."""
    language = pair["language"]
    sides = [stems(in_order(pair[side]), language) for side in ("a", "b")]
    for words in couples:
        found = []
        for word in words:
            phrase = stems(re.findall(r"\w+", word.lower()), language)
            found.append([holds(side, phrase) for side in sides])
        if found in ([[True, False], [False, True]], [[False, True], [True, False]]):
            yield f"{pair['id']} (half {pair['half']}) differs by {' / '.join(words)}"


def broken_rules(words: Words, scenes: Sequence[Json], made: Sequence[Made]) -> list[str]:
    broken: list[str] = []
    vocabulary: dict[tuple[str, str], set[str]] = {}
    for language, groups in words.items():
        for half in HALVES:
            vocabulary[language, half] = {
                word.lower() for pair in groups["contrasts"][half] for word in pair
            }
        own = [
            {word.lower() for group in groups.values() for pair in group[half] for word in pair}
            for half in HALVES
        ]
        broken.extend(f"{language}: {word} is in both halves" for word in sorted(own[0] & own[1]))
    for scene in scenes:
        other = HALVES[1 - HALVES.index(scene["half"])]
        for word in scene.get("contrast", []):
            if word.lower() in vocabulary[scene["language"], other]:
                broken.append(f"{scene['scene']} (half {scene['half']}) contrasts by {word}")
    for one in made:
        if one.same:
            other = HALVES[1 - HALVES.index(one.pair["half"])]
            broken.extend(split(one.pair, words[one.pair["language"]]["synonyms"][other]))
    return broken


def to_read(words: Words, made: Sequence[Made]) -> Iterator[str]:
    """Where the other half's contrast parts x and x2 of one author beside the scene's own.

    Most are small words in another use, so this is for a reader, not a broken rule.
    """
    for one in made:
        if one.pair["contrast"] and len(set(one.pair["authors"])) == 1:
            other = HALVES[1 - HALVES.index(one.pair["half"])]
            yield from split(one.pair, words[one.pair["language"]]["contrasts"][other])


def area(made: Sequence[Made]) -> float | None:
    """How often a pair of one need overlaps more than another pair; a tie counts half."""
    ranked = sorted(made, key=lambda one: one.overlap)
    same = sum(one.same for one in made)
    rest = len(made) - same
    if not same or not rest:
        return None
    total = 0.0
    start = 0
    while start < len(ranked):
        end = start
        while end < len(ranked) and ranked[end].overlap == ranked[start].overlap:
            end += 1
        total += (start + 1 + end) / 2 * sum(one.same for one in ranked[start:end])
        start = end
    return (total - same * (same + 1) / 2) / (same * rest)


def interval(made: Sequence[Made], draws: int, seed: int) -> tuple[float, float] | None:
    """A 95 % interval of the area: whole scenes drawn with replacement."""
    by_scene: dict[str, list[Made]] = defaultdict(list)
    for one in made:
        by_scene[one.pair["scene"]].append(one)
    groups = list(by_scene.values())
    chance = random.Random(seed)
    areas = []
    for _ in range(draws):
        drawn = area([one for group in chance.choices(groups, k=len(groups)) for one in group])
        if drawn is not None:
            areas.append(drawn)
    if not areas:
        return None
    areas.sort()
    return areas[int(0.025 * (len(areas) - 1))], areas[round(0.975 * (len(areas) - 1))]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def count_row(key: tuple[str, ...], group: Sequence[Made]) -> list[object]:
    return [*key, len(group), f"{sum(one.overlap for one in group) / len(group):.2f}"]


def grouped(
    made: Sequence[Made], by: Callable[[Json], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[Made]]]:
    groups: dict[tuple[str, ...], list[Made]] = defaultdict(list)
    for one in made:
        groups[by(one.pair)].append(one)
    return sorted(groups.items())


def share(made: Sequence[Made]) -> float:
    return sum(one.same for one in made) / len(made)


def area_row(name: str, group: Sequence[Made], draws: int, seed: int) -> list[object]:
    value, around = area(group), interval(group, draws, seed)
    shown = "-" if value is None else f"{value:.3f}"
    range_ = "-" if around is None else f"{around[0]:.3f} to {around[1]:.3f}"
    return [name, len(group), f"{share(group):.1%}", shown, range_]


def report(made: Sequence[Made], draws: int, seed: int) -> list[str]:
    """Print the tables; what is out of bounds comes back."""
    keys = ("half", "language", "kind", "answer")
    rows = grouped(made, lambda pair: tuple(pair[key] for key in keys))
    table([*keys, "pairs", "mean overlap"], (count_row(key, group) for key, group in rows))
    pooled = grouped(made, lambda pair: (pair["half"], pair["kind"], pair["answer"]))
    table(
        ["half", "kind", "answer", "pairs", "mean overlap"],
        (count_row(key, group) for key, group in pooled),
    )
    groups = [("all", list(made))]
    groups += [(key[0], group) for key, group in grouped(made, lambda pair: (pair["half"],))]
    groups += [
        (", ".join(key), group)
        for key, group in grouped(made, lambda pair: (pair["half"], pair["language"]))
    ]
    table(
        ["pairs of", "pairs", "one_need", "area by overlap", "95 %"],
        (area_row(name, group, draws, seed) for name, group in groups),
    )
    answers = Counter(one.pair["answer"] for one in made)
    print("answers: " + ", ".join(f"{name} {count}" for name, count in sorted(answers.items())))
    part = share(made)
    within = "" if SHARE[0] <= part <= SHARE[1] else f" (outside {SHARE[0]:.0%} to {SHARE[1]:.0%})"
    print(f"share of one_need: {part:.1%}{within}")
    outside = []
    for half in HALVES:
        value = area([one for one in made if one.pair["half"] == half])
        if value is None or not BOUNDS[0] <= value <= BOUNDS[1]:
            outside.append(
                f"area by overlap of {half}: {value}, outside {BOUNDS[0]} to {BOUNDS[1]}"
            )
    return outside


def read(folder: Path) -> tuple[Words, list[Json], dict[str, dict[tuple[int, str], Json]]]:
    words: Words = {}
    for path in sorted(folder.glob("words*.json")):
        for language, groups in json.loads(path.read_text(encoding="utf-8")).items():
            if isinstance(groups, dict) and groups:
                words[language] = groups
    scenes = sorted(lines(sorted(folder.glob("scenes.*.jsonl"))), key=lambda one: one["scene"])
    tellings: dict[str, dict[tuple[int, str], Json]] = defaultdict(dict)
    for telling in lines(sorted(folder.glob("tellings.*.jsonl"))):
        key = (telling["author"], telling["of"])
        if key in tellings[telling["scene"]]:
            raise SystemExit(f"told twice: {telling['scene']} {key[0]}.{key[1]}")
        tellings[telling["scene"]][key] = telling
    return words, scenes, tellings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    here = Path(__file__).parent.parent / "data" / "exam"
    parser.add_argument("folder", nargs="?", type=Path, default=here)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    words, scenes, tellings = read(options.folder)
    made, missing = pairs(scenes, tellings, options.seed)
    if not made:
        print(f"no pairs in {options.folder}", file=sys.stderr)
        return 1
    text = "".join(json.dumps(one.pair, ensure_ascii=False) + "\n" for one in made)
    target = options.folder / "pairs.jsonl"
    wrong = report(made, options.draws, options.seed)
    wrong += broken_rules(words, scenes, made)
    if missing:
        wrong.append(f"{len(missing)} tellings missing: {', '.join(missing[:8])} …")
    if options.check:
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            wrong.append(f"{target.name} is not what the tellings make")
    else:
        target.write_text(text, encoding="utf-8")
    for line in to_read(words, made):
        print(f"to be read: {line}")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
