"""The sample arranged as a merge might, then damaged at random: 200 times in each form."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.kept import Told, check, read_edition

Edition = dict[str, Any]
Harm = Callable[[str, random.Random], str]
TIMES = 200
#: Words that are marks of lists or headings, which belong to no sentence.
MARK = re.compile(r"\W*(?:\w{1,3}[.)])?\W*")


def words_of(text: str) -> list[int]:
    """Places of a text's words that say something."""
    said = [n for n, word in enumerate(text.split()) if any(c.isalnum() for c in word)]
    return [n for n in said if n or not MARK.fullmatch(text.split()[0])]


def drop_a_word(text: str, draw: random.Random) -> str:
    words = text.split()
    del words[draw.choice(words_of(text))]
    return " ".join(words)


def exchange_two_words(text: str, draw: random.Random) -> str:
    words, places = text.split(), words_of(text)
    if len(places) < 2:
        return text
    at = draw.randrange(len(places) - 1)
    a, b = places[at], places[at + 1]
    words[a], words[b] = words[b], words[a]
    return " ".join(words)


def change_a_letter(text: str, draw: random.Random) -> str:
    places = [n for n, c in enumerate(text) if c.isalpha() and c.isascii()]
    at = draw.choice(places)
    return text[:at] + draw.choice("äqз") + text[at + 1 :]


def change_the_case(text: str, draw: random.Random) -> str:
    places = [n for n, c in enumerate(text) if c != c.swapcase() and len(c.swapcase()) == 1]
    at = draw.choice(places)
    return text[:at] + text[at].swapcase() + text[at + 1 :]


def change_a_digit(text: str, draw: random.Random) -> str:
    places = [n for n, c in enumerate(text) if c.isdecimal() and n > 3]
    if not places:
        return text
    at = draw.choice(places)
    return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]


def drop_a_mark(text: str, draw: random.Random) -> str:
    """One of the punctuation marks inside, which no markup uses."""
    places = [n for n, c in enumerate(text[:-1]) if c in ",;:?!'()\"%–" and n > 3]
    if not places:
        return text
    at = draw.choice(places)
    return text[:at] + text[at + 1 :]


def break_off(text: str, draw: random.Random) -> str:
    places = words_of(text)
    return " ".join(text.split()[: draw.choice(places)])


def drop_it(text: str, draw: random.Random) -> str:
    return ""


HARMS: list[Harm] = [
    drop_a_word, exchange_two_words, change_a_letter, change_the_case, change_a_digit, drop_a_mark,
    break_off, drop_it,
]  # fmt: skip


def squeeze(text: str) -> str:
    return " ".join(text.split())


def harm(text: str, draw: random.Random, harms: Sequence[Harm] = HARMS) -> str:
    """The text after a harm that leaves a mark on it."""
    while True:
        harmed = draw.choice(harms)(text, draw)
        if squeeze(harmed) != squeeze(text):
            return harmed


def test_the_arranged_sample_is_whole(arranged: Edition, sample: dict[str, Told]):
    found = check(arranged, sample)
    assert (found.missing, found.faults) == ((), ())
    assert found.units > 350 and found.standing > 200
    assert all(found.folded[by] for by in ("proof", "judge", "person"))


@pytest.mark.parametrize("seed", range(TIMES))
def test_random_harm_to_a_line_or_fold_is_found(
    seed: int, arranged: Edition, sample: dict[str, Told]
):
    draw = random.Random(seed)
    while True:
        entry = draw.choice(arranged["entries"])
        everything = [*entry["lines"], *entry["folds"]]
        piece = draw.choice(everything)
        others = squeeze(" ".join(other["text"] for other in everything if other is not piece))
        if words_of(piece["text"]) and squeeze(piece["text"]) not in others:
            break
    piece["text"] = harm(before := piece["text"], draw)
    found = check(arranged, sample)
    assert found.missing, (before, piece["text"])
    assert {story for story, _ in found.missing} <= set(entry["sources"])


@pytest.mark.parametrize("seed", range(20))
def test_a_telling_moved_to_another_entry_is_found(
    seed: int, arranged: Edition, sample: dict[str, Told]
):
    draw = random.Random(seed)
    whole = copy.deepcopy(arranged)
    one = draw.choice([entry for entry in arranged["entries"] if entry["folds"]])
    other = draw.choice([entry for entry in arranged["entries"] if entry is not one])
    other["folds"] += one["folds"]
    one["folds"] = []
    assert check(arranged, sample).missing and check(whole, sample).whole


def escape(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text.replace("&", "&amp;"))


def as_markdown(edition: Edition, stories: dict[str, Told]) -> dict[str, str]:
    """The edition as two files, the lines of an entry below its first one."""
    name = {story: f"S-{n}" for n, story in enumerate(stories, 1)}
    entries, tellings = ["# Merged\n\n[tellings](merged.tellings.md)\n"], ["# Tellings\n"]
    for entry in edition["entries"]:
        label = entry["name"].lower()
        named = ", ".join(name[story] for story in entry["sources"])
        first, *rest = [escape(line["text"]) for line in entry["lines"]]
        entries.append(f'- <a id="{label}"></a>**{first}** ({named})')
        entries += [f"  - {text}" for text in rest]
        tellings.append(f"## {entry['name']}\n")
        for story in entry["sources"]:
            tellings.append(f"### {name[story]} · a.md, line 3\n")
            tellings += [f"{escape(line)}\n" for line in stories[story].text.split("\n")]
    return {"merged.md": "\n".join(entries), "merged.tellings.md": "\n".join(tellings)}


def test_the_arranged_sample_is_whole_in_markdown(
    arranged: Edition, sample: dict[str, Told], write: Callable[[dict[str, str]], Path]
):
    found = check(read_edition(write(as_markdown(arranged, sample))), sample)
    assert (found.missing, found.faults) == ((), ())
    assert found.standing >= check(arranged, sample).standing


@pytest.mark.parametrize("seed", range(TIMES))
def test_random_harm_to_a_page_is_found(
    seed: int, arranged: Edition, sample: dict[str, Told], write: Callable[[dict[str, str]], Path]
):
    """A line of the tellings, or a sentence that stands in an entry; both are escaped Markdown.

    A sentence that is gone from where it stood is still in the tellings, and no loss; one that
    is altered says what nobody said.
    """
    draw = random.Random(seed)
    files = as_markdown(arranged, sample)
    file = draw.choice(sorted(files))
    lines = files[file].split("\n")
    told = re.compile(r"\s*-\s+<a|[^#\s]" if file == "merged.tellings.md" else r".*\*\*As an? ")
    places = [n for n, line in enumerate(lines) if n > 3 and told.match(line) and words_of(line)]
    while True:
        at = draw.choice(places)
        head, _, rest = lines[at].rpartition("</a>**")
        body, mark, tail = rest.partition("** (") if head else (rest, "", "")
        if len(words_of(body)) > 3 and lines.count(lines[at]) == 1:
            break
    harmed = harm(body, draw, HARMS[:-2] if head else HARMS)
    lines[at] = f"{head}</a>**{harmed}{mark}{tail}" if head else harmed
    files[file] = "\n".join(lines)
    found = check(read_edition(write(files)), sample)
    assert found.missing or found.faults, (body, harmed)
