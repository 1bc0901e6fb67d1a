"""Characters that are not text, or that nobody sees: shown, kept, written, ending no command."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from evals.corpora.haystack import _stories_of
from pipeline.extract.extraction import extract
from pipeline.plan.rendering import pair_text, story_text
from pipeline.text.invisible import shown_path, visible, whole
from tests.support import commands

ROOT = Path(__file__).resolve().parents[1]
STORY = "As a cook, I want {}, so that it tastes.\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("salt", "salt"),
        ("Salz für Köche – „heiß“ 🧂 👩‍🍳 ❤️", "Salz für Köche – „heiß“ 🧂 👩‍🍳 ❤️"),
        ("a\tb\nc\r\n", "a\tb\nc\r\n"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eflesreverof", "\\u202eflesreverof"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("x\U000e0041\U000e007f", "x\\U000e0041\\U000e007f"),
        ("\ud800x", "\\ud800x"),
        ("\ufffe", "\\ufffe"),
    ],
)
def test_what_nobody_sees_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert whole(text).encode()


def test_names_of_files_that_are_no_text() -> None:
    assert shown_path(os.fsdecode(b"in/a\xff.md")) == "in/a\\xff.md"
    assert shown_path("in/ä.md") == "in/ä.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "in"
    inside.mkdir()
    with open(os.fsencode(inside) + b"/a\xff.md", "w") as file:
        file.write(STORY.format("salt"))
    (inside / "b.json").write_text('{"story": "' + STORY.strip().format("\\ud800 pepper") + '"}')
    (inside / "c.md").write_text(STORY.format("sugar \u202e\U000e0041 from 🧂 Köln"))
    (inside / "d.md").write_text('---\nauthor: "\\ud800 Ann"\n---\n' + STORY.format("rice"))
    return tmp_path


def test_the_stories_say_it_and_can_be_stored(folder: Path) -> None:
    found = list(extract([folder / "in"]))
    goals = [story.goal for e in found for story in e.stories]
    assert goals == ["salt", "\\ud800 pepper", "sugar \\u202e\\U000e0041 from 🧂 Köln", "rice"]
    for e in found:
        assert e.document.path.encode() and e.document.text.encode()
        assert all(name.encode() and v.encode() for name, v in e.document.front_matter.items())


def test_questions_hold_no_character_that_nobody_sees(tmp_path: Path) -> None:
    """Where a story has no fields, its text is asked about; its file stands beside it."""
    odd = "\u202e\U000e0041\x1b[31m"
    path = tmp_path / f"a{odd}.md"
    path.write_text(f"# Desk {odd}\n\n- {STORY.format(odd)}  - it is {odd} white\n")
    (found,) = extract([path])
    (story,) = found.stories
    bare = replace(story, role="", goal="", benefit="", title="", criteria=(), body=())
    assert odd[0] in bare.text, "its own words stay as they are"
    asked = [pair_text(story), pair_text(bare), story_text(story, "A1"), story_text(bare, "A1")]
    asked += [line for one in _stories_of((str(path),)) for line in one]
    for text in asked:
        assert visible(text) == text and "\\u202e" in text


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "cp1252"},
     {"PYTHONIOENCODING": "utf-16"}],
    ids=["C", "cp1252", "utf-16"],
)  # fmt: skip
def test_no_locale_ends_a_command(env: dict[str, str], folder: Path) -> None:
    for command in ("merge in", "merge in --json", "runs"):
        done = commands.run(
            [*command.split(), "--db", "st.sqlite"],
            cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if "--json" in command:
            encoding = env.get("PYTHONIOENCODING", "ascii")
            assert json.loads(done.stdout.decode(encoding))["stories"] == 4
    files = ("merged.md", "merged.tellings.md")
    merged = "".join((folder / "merged" / name).read_text(encoding="utf-8") for name in files)
    assert "a\\xff.md" in merged.replace("\\\\", "\\")
    assert "\u202e" not in merged and "\U000e0041" not in merged
