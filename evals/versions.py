"""Two versions of a prompt: found, made the newest one in a folder of their own, and their replies
to one cluster marked."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from evals.claims import Text, claims
from evals.truth import Pair
from pipeline.calls import Call, Plan, Reply
from pipeline.errors import InputError
from pipeline.merge.answers import answers
from pipeline.gate.grounding import missing
from pipeline.merge.writing import Writer
from pipeline.outcomes import Edit, Relation
from pipeline.prompts import load_prompt
from pipeline.stories import Story

_FILE = re.compile(r"(?P<name>[\w-]+)\.v(?P<version>\d+)(?:\.md)?")
_TOGETHER = (Relation.SAME, Relation.OVERLAP)


class Version(NamedTuple):
    """One version of a prompt: a released one, or a draft beside them."""

    name: str
    label: str
    file: Path


def find_version(text: str, prompts: Path) -> Version:
    """The version of a label (``merge-story.v1``), or of a file that holds a draft.

    Raises:
        InputError: neither, or the file is not named as a version is.
    """
    path = Path(text)
    match = _FILE.fullmatch(path.name)
    file = path if path.suffix == ".md" else prompts / f"{text}.md"
    if match is None or not file.is_file():
        raise InputError(
            f"no version {text!r} of a prompt.",
            where="eval prompts",
            next="Name a released one, such as merge-story.v1, or a file NAME.vN.md.",
        )
    return Version(match["name"], f"{match['name']}.v{match['version']}", file)


def only_version(version: Version, prompts: Path, folder: Path) -> Path:
    """A folder of prompts in which a prompt has this version only."""
    folder.mkdir(parents=True)
    for file in prompts.glob("*.md"):
        if not file.name.startswith(f"{version.name}.v"):
            shutil.copy(file, folder)
    shutil.copy(version.file, folder / f"{version.label}.md")
    load_prompt(folder, version.name)  # what cannot be read is said before anything is asked
    return folder


def paired(a: Plan, b: Plan, most: int) -> list[tuple[Call, Call]]:
    """The calls of two plans that ask about the same stories; ``most`` of them, drawn by their
    stories, so that the same ones are taken whatever the prompts."""
    other = {_stories(call): call for call in b.calls}
    both = [(call, other[_stories(call)]) for call in a.calls if _stories(call) in other]
    drawn = sorted(
        both, key=lambda pair: hashlib.sha256("".join(_stories(pair[0])).encode()).digest()
    )
    return drawn[:most]


def _stories(call: Call) -> tuple[str, ...]:
    return tuple(story for _, story in call.handles)


def cluster_name(call: Call, stories: Mapping[str, Story]) -> str:
    """The same for the same words, whatever documents they stand in."""
    prints = "|".join(stories[story].fingerprint for _, story in call.handles)
    return hashlib.sha256(prints.encode()).hexdigest()[:16]


def marks(
    call: Call,
    replies: Mapping[str, Reply],
    stories: Mapping[str, Story],
    writer: Writer,
    together: frozenset[Pair] | None,
) -> dict[str, float]:
    """How good a reply is, each mark in [0, 1]; a mark is missing where there is nothing to mark.

    ``usable`` whether it could be read; ``passed`` the share of its texts that the gate lets
    stand; ``fabricated`` the share of their sentences that it does not; ``covered`` the share of
    their sources' fields that they say; ``pairs_right`` the share of pairs of stories that it
    puts together, or leaves apart, as the truth does.

    Args:
        together: pairs that belong together, None where no truth is known.
    """
    answered = answers(call, stories, replies)
    edits = [edit for answer in answered for edit in answer.edits]
    usable = not any(answer.failure for answer in answered)
    found = {"usable": float(usable)}
    written = [edit for edit in edits if edit.text is not None]
    if not usable:
        found["passed"] = 0.0
    elif written:
        found |= _text_marks(written, stories, writer)
    if together is not None:
        found["pairs_right"] = _pairs_right(call, edits, together)
    return found


def _text_marks(
    written: Sequence[Edit], stories: Mapping[str, Story], writer: Writer
) -> dict[str, float]:
    passed, wrong, said = [], [], []
    for edit in written:
        assert edit.text is not None
        sources = tuple(stories[story] for story in edit.stories)
        passed.append(not writer.overlap(edit.text, sources).fallback)
        wrong += [c.mark != "supported" for c in claims(Text("", "", edit.text, sources))]
        lost = {
            (field, what) for field, what, _ in missing(edit.text, sources, weights=writer.weights)
        }
        said += [pair not in lost for story in sources for pair in story.fields]
    return {
        "passed": sum(passed) / len(passed),
        "fabricated": sum(wrong) / len(wrong),
        "covered": sum(said) / len(said),
    }


def _pairs_right(call: Call, edits: Sequence[Edit], together: frozenset[Pair]) -> float:
    joined = {
        frozenset(pair)
        for edit in edits
        if edit.relation in _TOGETHER
        for pair in combinations(edit.stories, 2)
    }
    pairs = [frozenset(pair) for pair in combinations(_stories(call), 2)]
    return sum((pair in joined) == (pair in together) for pair in pairs) / len(pairs)
