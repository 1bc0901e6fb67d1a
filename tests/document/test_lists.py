"""What ``merged.lists.md`` names, one by one."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.cli.commands import app
from pipeline.document.markdown.left import NAMES, left_lines
from pipeline.document.markdown.story_index import no_role_lines, role_lines, word_lines
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.residue import Count, NotShown, Rest, not_shown
from pipeline.extract.extraction import extract
from pipeline.kept.edition import read_edition
from pipeline.stories import Locator


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
        "benefits", "words",
    }  # fmt: skip
    said = {anchor: re.findall(r"\d+", words) for words, anchor in led}
    assert len(part(lists, "folded")) == int(said["folded"][0])
    assert len(part(lists, "undecided")) == int(said["undecided"][0])
    # A need in the same words that is part of an alike group is counted once.
    often = [line for line in part(lists, "told-often") if not line.startswith("- 1×")]
    assert len(often) in range(max(map(int, said["told-often"])), 23)
    named = part(lists, "roles")
    assert len(named) == int(re.findall(r"## Roles \((\d+)\)", overview)[0])
    assert len(named) - 5 == int(said["roles"][0])
    assert f'<a id="roles"></a>Who tells what ({len(named)})' in lists, "no role is none"
    without = int(re.findall(r"\nNo role, (\d+): S-113, ", lists)[0])
    assert sum(int(line.split(":")[0].rsplit(" ", 1)[1]) for line in named) + without == 122
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
        "- [S-12] · jira-export.csv, row 14, line 30, MILL-113 · stands, [E-12] in Reports; "
        "alike [S-64]"
    )
    assert of["S-22"].startswith("- [S-22] · lending-desk.md, line 15")
    assert of["S-22"].endswith("merged under [S-2] in [E-2] in Finding and reserving. "
                               "The same words as S-2.")  # fmt: skip
    assert "duplicate of [S-51] in [E-49] in Payments. What it asks for: the same" in of["S-87"]
    assert "merged under [S-20] in [E-20] in Tool. The same words as S-20" in of["S-110"]
    assert of["S-83"].endswith("possibly in conflict with [S-29]")
    assert "alike" not in of["S-83"], "what it contradicts is not called alike"
    assert of["S-7"].endswith("stands, [E-7] in Repairs; alike [S-43], [S-91]")
    assert of["S-9"].endswith("; a like benefit: [S-105]")
    assert of["S-105"].endswith("; a like benefit: [S-9]")
    assert of["S-101"].endswith("; like a passage of [S-119]"), "near is not alike"
    assert of["S-119"].endswith("; has passages like [S-45], [S-101], [S-103]")


def test_every_plain_likeness_is_named_at_both_stories(written: Path) -> None:
    """And no other: as the links of the JSON have them."""
    merge = json.loads((written / "merged.json").read_text())
    name = {one["id"]: merge["sources"][one["standing"]]["name"] for one in merge["entries"]}
    of = {source: one["id"] for one in merge["entries"] for source in one["sources"]}
    against = {frozenset(of[side["story"]] for side in one["sides"]) for one in merge["conflicts"]}
    pairs = set()
    for one in merge["links"]:
        both = frozenset((one["a"], one["b"]))
        if one["score"] >= 0.7 and both not in against:
            pairs |= {(name[one["a"]], name[one["b"]]), (name[one["b"]], name[one["a"]])}
    found = set()
    for line in part((written / "merged.lists.md").read_text(), "stories"):
        own = line[3:].partition("]")[0]
        alike = line.partition("; alike ")[2].partition(";")[0]
        found |= {(own, other) for other in re.findall(r"\[(S-\d+)\]", alike)}
    assert found == pairs and len(pairs) > 20


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("The borrowers waited.", {"borrower"}),
        ("A repair volunteer came.", {"repair volunteer"}),
        ("A repair volunteer and another volunteer came.", {"repair volunteer", "volunteer"}),
        ("She had volunteered to borrow.", set()),
        ("The volunteer's key, and the secretaries'.", {"volunteer", "secretary"}),
        ("Nobody came for the repair.", set()),
        ("Officers of data protection, Borrower!", {"borrower"}),
    ],
)
def test_a_story_without_a_role_is_pointed_to_from_the_roles_it_names(kit, text, roles):
    names = ("borrower", "volunteer", "repair volunteer", "data protection officer", "secretary")
    told = [kit.story(name, f"to see {name}", role=name) for name in names]
    told.append(kit.story("long", text=text, role="", kind="narrative"))
    # One with a role of its own tells for that one, whatever it names.
    told.append(kit.story("own", "to ask a borrower", role="clerk"))
    content = Content(kit.merge([kit.entry(one) for one in told]), {s.id: s for s in told})
    lines = [line for line in role_lines(lay_out(content), "merged.lists.md") if line[0] == "-"]
    assert len(lines) == 6
    pointed = {line[2:].rpartition(" 1: ")[0] for line in lines if line.endswith("; named in: S-6")}
    assert pointed == roles
    assert "No role, 1: S-6" in no_role_lines(lay_out(content), "merged.lists.md")


def test_what_is_not_shown_says_what_it_is_where_and_how_long(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text().partition('<a id="not-shown">')[2]
    assert "- jira-export.csv 53%: 4 rows without a story, 20 rows' other cells, 1 " in lists
    assert "  - row without a story, row 11, line 27, 48 words: “Renew the cert" in lists
    prose = lists.partition("  - passage of prose, line 49, Lending desk › Not for now, 48 words: ")
    assert prose[2].startswith("“Nobody at the counter") and "so is its driver.”\n" in prose[2]
    assert "“Finding and reserving” (line 13), " in lists


def test_what_is_not_shown_is_counted_once(written: Path) -> None:
    """By each document's line, by its lists, and in the overview: the same numbers."""
    overview = (written / "merged.md").read_text().partition("## Not shown")[2]
    listed = (written / "merged.lists.md").read_text().partition('<a id="not-shown">')[2]
    listed = listed.partition('<a id="stories">')[0]
    names = {name: kind for kind, both in NAMES.items() for name in both}
    either = "|".join(sorted(names, key=len, reverse=True))
    told = re.findall(rf"(\d+) ({either})\b", overview)
    by_line, one_by_one = Counter[str](), Counter[str]()
    for line in listed.splitlines():
        head = line.partition(": ")[2] if line.startswith("- ") else ""
        for n, name in re.findall(rf"(\d+) ({either})", head):
            by_line[names[name]] += int(n)
        if line.startswith("  - "):
            n, name = re.match(rf"  - (\d*) ?({either})", line).groups()
            one_by_one[names[name]] += int(n or 1)
    assert {names[name]: int(n) for n, name in told} == by_line == one_by_one
    assert by_line["bar"] == 8 and by_line["head"] == 12 and by_line["cells"] == 20


def test_needs_told_as_often_as_the_last_one_shown_are_named(written: Path) -> None:
    overview = (written / "merged.md").read_text().partition("## Told most often")[2]
    shown = overview.partition("\n## ")[0]
    assert shown.rstrip().endswith("\n- and 2 more as often: S-69/S-93, S-4/S-33")
    lists = part((written / "merged.lists.md").read_text(), "told-often")
    often = [sum(map(int, re.findall(r"(\d+)×", line))) + ("+ passage" in line) for line in lists]
    assert often.count(3) + often.count(2) == len(often) and often.count(3) == shown.count("×") + 2


def test_a_need_told_often_says_who_tells_it_where(written: Path) -> None:
    lists = (written / "merged.lists.md").read_text().partition("- 3× alike visitor")[2]
    line = lists.splitlines()[1]
    assert re.sub(r"\(.*?\)", "", line) == (
        "  - [S-7] visitor, jira-export.csv, Sam Whitlock; [S-43] repair café guest, "
        "notifications.html, Priya Nandakumar; [S-91] visitor, support-memo.pdf, Nadia Brunetti"
    )


def left_of(tmp_path: Path, **files: str) -> NotShown:
    for name, text in files.items():
        (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return not_shown(extract([tmp_path]))


_HEAD = "Issue key,Summary,Reporter,Created,Status,Description\n"


@pytest.mark.parametrize(
    ("created", "columns"),
    [
        ("2026-03-02", ("Status",)),
        ("2026-03-02 11:05", ("Status",)),
        ("02/Mar/26 11:05 AM", ("Status",)),
        ("2026-03-02 ask Ann again", ("Created", "Status")),
    ],
)
def test_cells_that_stand_at_the_telling_are_not_called_unseen(tmp_path, created, columns):
    row = f'A-1,Renew,Ann Lee,{created},Open,"As a member, I want to renew by phone."\n'
    left = left_of(tmp_path, board_csv=_HEAD + row)
    cells = [one for _, some in left.passages for one in some if one.kind == "cells"]
    assert [one.columns for one in cells] == [columns]
    assert "Ann Lee" not in cells[0].text and cells[0].n_words == (1 if len(columns) == 1 else 5)


def test_a_row_without_more_cells_is_not_counted(tmp_path):
    told = 'A-1,Renew,Ann Lee,2026-03-02,,"As a member, I want to renew by phone."\n'
    left = left_of(tmp_path, board_csv=_HEAD + told)
    assert "cells" not in dict(left.kinds)
    (tmp_path / "board.csv").unlink()
    bug = "A-2,Broken,Ann Lee,2026-03-02,Open,It does not open.\n"
    left = left_of(tmp_path, issues_csv=_HEAD + told + bug)
    (row,) = [one for _, some in left.passages for one in some if one.kind == "row"]
    assert "A-2" in row.text and "Ann Lee" in row.text, "a row without a story is whole"


@pytest.mark.parametrize(
    ("n", "words", "whole"), [(3, 120, True), (3, 121, False), (301, 40, False)]
)
def test_prose_is_quoted_whole_where_there_is_room(kit, desk, n, words, whole):
    text = " ".join(f"word{k}" for k in range(words))
    passages = tuple(Rest("prose", f"line {k}", text, words) for k in range(n))
    left = NotShown(
        (("a.md", 9, 10),), (), (("a.md", passages[:100]),),
        (("a.md", (Count("prose", n, n * words),)),),
    )  # fmt: skip
    lines = list(left_lines(replace(desk.content, left=left)))
    assert lines[0] == f"- a.md 90%: {n} passages of prose"
    assert lines[1].endswith(f"word{words - 1}”" if whole else " word23…”")
    assert (lines[-2] == "  - 201 more of these") == (n == 301)


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


def test_a_word_leads_to_the_stories_that_speak_of_it(written: Path) -> None:
    text = (written / "merged.lists.md").read_text()
    lines = part(text, "words")
    of = {line[2:].partition(": ")[0]: line.partition(": ")[2].split(", ") for line in lines}
    assert {"S-45", "S-46", "S-97", "S-101", "S-104", "S-119"} <= set(of["shift"])
    assert list(of) == sorted(of, key=str.casefold) and len(of) <= 300
    assert all(3 <= len(names) <= 18 for names in of.values()), "15 % of 122"
    assert not {"member", "want", "the", "acceptance"} & {word.casefold() for word in of}
    went = {line[3:].partition("]")[0]: line.partition(" in ")[2] for line in part(text, "stories")}
    for names in of.values():
        assert len({went[name] for name in names}) > 1, "in more than one topic"


def worded(kit, said: list[str], section_of=("Loans", "Fees")) -> dict[str, str]:
    """The index of stories that say some words each, in two topics by turns."""
    told = []
    for n, words in enumerate(said):
        at = Locator(line=3, heading=("Desk", section_of[n % len(section_of)]))
        one = kit.story(f"s{n}", f"to zq{n}", text=f"As a reader, I want to zq{n}. {words}",
                        body=(words,))  # fmt: skip
        told.append(replace(one, source=replace(one.source, locator=at)))
    content = Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})
    layout = lay_out(content)
    assert {section.title for section in layout.sections} == set(section_of)
    return dict(line[2:].split(": ") for line in word_lines(layout))


def test_which_words_are_indexed(kit):
    said = [""] * 40
    said[0], said[1], said[2] = "Shifts end.", "A shift begins.", "All shifts and the DVLA."
    said[3], said[5], said[7] = "A tram.", "A tram.", "Trams."
    said[8], said[9] = "A kettle.", "A kettle, the DVLA."
    said[10] = "DVLA."
    for n in range(20, 26):
        said[n] += " Six lamps."
    for n in range(30, 37):
        said[n] += " Seven spoons."
    found = worded(kit, said)
    assert found["shifts"] == "S-1, S-2, S-3", "in the commonest form"
    assert found["DVLA"] == "S-3, S-10, S-11"
    assert "tram" not in found, "in one topic only"
    assert "kettle" not in found, "in two stories only"
    assert found["lamps"].count("S-") == 6 and "spoons" not in found, "15 % of 40"


def test_a_large_backlog_has_few_words_of_few_stories(kit):
    said = [f"Word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}x." for n in range(330)]
    said = [text + " " + said[n // 3].replace("Word", "Term") for n, text in enumerate(said)]
    for n in range(62):
        said[n] += " Kettle." + (" Lamp." if n < 60 else "")
    heads = tuple(f"{chr(65 + n)}oans" for n in range(11))
    found = worded(kit, said, heads)
    assert "kettle" not in found and "Kettle" not in found
    assert found["Lamp"].count("S-") == 60
    assert len(found) == 111, "110 terms told by three, and the lamp"


def test_the_lists_are_no_entries(written: Path) -> None:
    with_lists = read_edition(written / "merged.md")
    (written / "merged.lists.md").write_text("# Lists\n")
    without = read_edition(written / "merged.md")
    assert with_lists["entries"] == without["entries"] and len(without["entries"]) == 114
