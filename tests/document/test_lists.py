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
        "folded", "newest", "told-often", "undecided", "not-shown", "roles", "topics", "stories",
        "benefits",
    }  # fmt: skip
    said = {anchor: re.findall(r"\d+", words) for words, anchor in led}
    assert len(part(lists, "folded")) == int(said["folded"][0])
    assert len(part(lists, "undecided")) == int(said["undecided"][0])
    # A need in the same words that is part of an alike group is counted once.
    often = [line for line in part(lists, "told-often") if not line.startswith("- 1×")]
    assert len(often) in range(max(map(int, said["told-often"])), 23)
    named = [line for line in part(lists, "roles") if not line.startswith("- no role")]
    assert len(named) == int(re.findall(r"## Roles \((\d+)\)", overview)[0])
    assert len(named) - 5 == int(said["roles"][0])
    assert sum(int(line.split(":")[0].rsplit(" ", 1)[1]) for line in part(lists, "roles")) == 122
    assert len(part(lists, "not-shown")) == 10, "a line a document"
    assert len(part(lists, "newest")) == 15, "a line a story of the newest document"
    assert len(part(lists, "conflicts")) == 8
    assert len(part(lists, "topics")) == overview.partition("## [Topics]")[2].count("](#")
    assert len(part(lists, "stories")) == 122, "a line a story"


def test_every_story_is_found_by_its_number(written: Path) -> None:
    """Document, place, outcome and entry; of a conflict the other side."""
    lists = part((written / "merged.lists.md").read_text(), "stories")
    assert [re.findall(r"^- \[(S-\d+)\]", line)[0] for line in lists] == [
        f"S-{n}" for n in range(1, 123)
    ]
    of = {line.split("]")[0][3:]: re.sub(r"\]\([^)]*\)", "]", line) for line in lists}
    assert of["S-12"] == (
        "- [S-12] · jira-export.csv, row 14, line 30, MILL-113 · stands, [E-12] in Reports"
    )
    assert of["S-22"].startswith("- [S-22] · lending-desk.md, line 15")
    assert of["S-22"].endswith("merged under [S-2] in [E-2] in Finding and reserving. "
                               "The same words as S-2.")  # fmt: skip
    assert "duplicate of [S-51] in [E-49] in Payments. What it asks for: the same" in of["S-87"]
    assert "merged under [S-20] in [E-20] in Tool. The same words as S-20" in of["S-110"]
    assert of["S-83"].endswith("possibly in conflict with [S-29]")


def test_what_is_not_shown_says_what_it_is_where_and_how_long(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text().partition('<a id="not-shown">')[2]
    assert "- jira-export.csv 53%: 4 rows without a story, 20 rows' other cells, 1 " in lists
    assert "  - row without a story, row 11, line 27, 48 words: “Renew the cert" in lists
    assert "  - 20 rows' other cells, " in lists and "Issue key, Issue id, Issue Type, " in lists
    assert "  - passage of prose, line 49, Lending desk › Not for now, 48 words: “Nob" in lists
    assert "“Finding and reserving” (line 13), " in lists


def test_a_role_is_told_with_all_that_it_asks_for(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text().partition('<a id="roles">')[2]
    donor = lists.partition("- donor 2: ")[2].partition("\n- ")[0]
    assert donor.startswith("S-20, S-110\n  - “offer a tool that I no longer use” [S-20](")
    member = lists.partition("- member 28: ")[2].partition("\n- ")[0]
    assert member.count("\n  - “") == 24, "a line an entry"
    assert "; see also " in member and "member with low vision" in member


def test_a_pair_says_how_near_it_is_and_in_which_words(written: Path) -> None:
    lists = part((written / "merged.lists.md").read_text(), "undecided")
    (pair,) = [line for line in lists if "[S-47]" in line and "[S-101]" in line]
    assert pair.startswith("- 34%: [S-47]") and "; in common by sense: shift; differ: *" in pair


def test_each_story_under_another_is_listed_with_the_right(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text()
    for line in part(lists, "folded"):
        assert re.match(r"- \[S-\d+\]\(.+\) “.+”, under \[S-\d+\]\(.+\)\. .*same words as", line)


def test_the_lists_are_no_entries(written: Path) -> None:
    with_lists = read_edition(written / "merged.md")
    (written / "merged.lists.md").write_text("# Lists\n")
    without = read_edition(written / "merged.md")
    assert with_lists["entries"] == without["entries"] and len(without["entries"]) == 114
