"""What ``merged.lists.md`` names, one by one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.kept.edition import read_edition


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from typer.testing import CliRunner

    home = tmp_path_factory.mktemp("lists")
    sample = Path(__file__).resolve().parents[2] / "data" / "sample"
    given = ["merge", str(sample), "--out", str(home / "out"), "--quiet"]
    done = CliRunner().invoke(app, [*given, "--db", f"sqlite:///{home / 'db.sqlite'}"])
    assert done.exit_code == 0, done.output
    return home / "out"


def part(text: str, anchor: str) -> list[str]:
    """The items of a list."""
    own = text.split(f'<a id="{anchor}">')[1].split("\n## ")[0]
    return [line for line in own.splitlines() if line.startswith("- ")]


def test_every_number_of_the_overview_leads_to_a_list_of_so_many(written: Path) -> None:
    overview = (written / "merged.md").read_text().partition('\n## <a id="')[0]
    lists = (written / "merged.lists.md").read_text()
    led = re.findall(r"\[([^\]]+)\]\(merged\.lists\.md#([\w-]+)\)", overview)
    assert {anchor for _, anchor in led} == {
        "folded", "newest", "told-often", "undecided", "not-shown", "roles"
    }  # fmt: skip
    said = {anchor: re.findall(r"\d+", words) for words, anchor in led}
    assert len(part(lists, "folded")) == int(said["folded"][0])
    assert len(part(lists, "undecided")) == int(said["undecided"][0])
    # A need in the same words that is part of an alike group is counted once.
    assert len(part(lists, "told-often")) in range(max(map(int, said["told-often"])), 23)
    named = [line for line in part(lists, "roles") if not line.startswith("- no role")]
    assert sum(line.split(":")[0].endswith(" 1") for line in named) == int(said["roles"][0])
    assert sum(int(line.split(":")[0].rsplit(" ", 1)[1]) for line in part(lists, "roles")) == 122
    assert len(part(lists, "not-shown")) == 10, "a line a document"
    assert len(part(lists, "newest")) == 15, "a line a story of the newest document"


def test_each_story_under_another_is_listed_with_the_right(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text()
    for line in part(lists, "folded"):
        assert re.match(r"- \[S-\d+\]\(.+\) “.+”, under \[S-\d+\]\(.+\)\. .*same words as", line)


def test_the_lists_are_no_entries(written: Path) -> None:
    with_lists = read_edition(written / "merged.md")
    (written / "merged.lists.md").write_text("# Lists\n")
    without = read_edition(written / "merged.md")
    assert with_lists["entries"] == without["entries"] and len(without["entries"]) == 114
