"""The Markdown edition: every telling in its entry, two pages first, small files, only text."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.load import Load, RealStories, tell, write
from pipeline.document.markdown.markdown_edition import files_of
from pipeline.document.markdown.overview import WORDS, overview
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.residue import NotShown
from pipeline.document.structure.topics import MOST
from pipeline.entries import Fold, LedgerRow, Line, Merge, Outcome
from pipeline.stories import count_words

MD = ("merged.md", "merged.lists.md", "merged.tellings.md")


def files(content: Content, **how) -> dict[str, str]:
    found = files_of(lay_out(content, how.pop("group", "topic"), **how))
    return {name: "".join(text) for name, text in found}


def block(text: str, name: str) -> str:
    """The lines of an entry in a file of entries."""
    begins = rf"^- \[S-\d+\]\([^)]*#{name.lower()}\)"
    found = re.search(rf"{begins}.*?(?=^- |^\*\*|^## |\Z)", text, re.M | re.S)
    assert found, name
    return found[0]


def test_an_entry_says_whose_it_is_and_what_its_tellings_say_otherwise(desk):
    text = files(desk.content)["merged.md"]
    rooms = block(text, "E-1")
    assert "[S-1](merged.tellings.md#e-1) Book a room: As a reader, I want to book a room" in rooms
    assert "(with S-2; 2 roles)" in rooms
    assert "\n  - also as: guest, S-2\n" in rooms
    assert "\n  - it has a socket\n" in rooms
    assert "\n  - so that: our group can talk, S-2\n" in rooms
    assert "\n  - also: *reserve*, S-2 (judge-1, record 7)\n" in rooms


def test_sides_of_a_conflict_stand_together_with_what_differs(desk):
    text = files(desk.content)["merged.md"]
    stands = text.partition("**Conflict**\n\n")[2]
    one, two = stands.splitlines()[:2]
    assert "[S-3]" in one and "**2**" in one
    assert "[S-4]" in two and "**3**" in two
    seen = text.partition("## Conflicts (1)")[2].partition("\n## ")[0]
    assert "“a late fee of **2** euros” [S-3](merged.tellings.md#s-3), a.md" in seen
    assert "“a late fee of **3** euros” [S-4](merged.tellings.md#s-4), b.md" in seen


def test_what_is_alike_stands_together_with_what_differs(desk):
    text = files(desk.content)["merged.md"]
    one, two = text.partition("**Alike**\n\n")[2].splitlines()[:2]
    assert "[S-5]" in one and "*overdue*" in one
    assert "[S-6]" in two and "*damaged*" in two
    apart = replace(desk.merge, links=())
    assert "**Alone**" in text
    assert "**Alike" not in files(replace(desk.content, merge=apart))["merged.md"]


def test_tellings_stand_word_for_word_under_their_entry(desk):
    text = files(desk.content)["merged.tellings.md"]
    rooms = text.partition("## E-1 ")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\S+) ·", rooms, re.M) == ["S-1", "S-2"]
    assert '### S-2 · pile/deep/b.md, line 3 <a id="s-2"></a>' in rooms
    assert "folded under S-1 by a judge (judge-1, record 7, 98%)" in rooms
    assert "> As a guest, I want to reserve a room for 2 hours." in rooms


def test_what_was_decided_against_is_nobodys_other_wording(desk):
    rooms = desk.merge.entries[0]
    reason = "decided against by Lena on 2026-11-30"
    lost = Fold("b", "sentence", desk.stories["b"].text, "person", "a", otherwise=("reserve",),
                reason=reason)  # fmt: skip
    merge = replace(desk.merge, entries=(replace(rooms, folds=(lost,)), *desk.merge.entries[1:]))
    found = files(replace(desk.content, merge=merge))
    told = block(found["merged.md"], "E-1")
    assert f"  - {reason}: *reserve*, S-2\n" in told and "also: *reserve*" not in told
    assert reason in found["merged.tellings.md"]


def test_every_link_leads_somewhere(desk, sample):
    for content in (desk.content, sample.read.content(sample.merge)):
        for how in ({}, {"full": True}, {"group": "role"}):
            written = files(content, **how)
            check_links(written)


def check_links(written: dict[str, str]) -> None:
    anchors = {
        (name, anchor)
        for name, text in written.items()
        for anchor in re.findall(r'<a id="([^"]+)"></a>', text)
    }
    for name, text in written.items():
        ids = re.findall(r'<a id="([^"]+)"></a>', text)
        assert len(ids) == len(set(ids)), name
        for target in re.findall(r"(?<!\\)\]\(([^)]*)\)", text):
            path, _, anchor = target.partition("#")
            file = (Path("/") / name).parent.joinpath(path) if path else Path("/") / name
            file = str(file.resolve()).removeprefix("/")
            assert file in written, (name, target)
            assert not anchor or (file, anchor) in anchors, (name, target)


def test_source_text_means_nothing_but_itself(desk):
    for how in ({}, {"full": True}):
        for text in files(desk.content, **how).values():
            assert "\u202e" not in text
            assert "<img" not in re.sub(r"\\.", "", text)
            assert not re.search(r"(?<!\\)\]\(javascript", text)
    text = files(desk.content)["merged.md"]
    assert r"\<img src=x onerror='window.hurt=1'\>\</script\> \[x\](javascript:y) " in text
    assert r"\<U+202E\>evil" in text


@pytest.mark.parametrize("text", ["# a", "- a", "1. a", "a\n---", "a\n===", "+ a", "```\na", "> a"])
def test_a_line_begins_no_structure_of_its_own(kit, text):
    one = kit.story("a", text=f"first\n{text}", role="")
    told = files(Content(kit.merge([kit.entry(one)]), {"a": one}))["merged.tellings.md"]
    lines = [line.removeprefix("> ").strip() for line in told.splitlines() if line[:2] == "> "]
    assert not any(re.match(r"(#|[-+=>] |---|===|```|\d+\. )", line) for line in lines)
    assert [re.sub(r"\\(.)", r"\1", line) for line in lines] == ["first", *text.split("\n")]


def test_up_to_three_hundred_entries_are_one_file_and_its_tellings(kit):
    for n, names in ((MOST, MD), (MOST + 1, None)):
        told = [kit.story(f"s{i}", f"to see thing{i % 7} number{i}") for i in range(n)]
        content = Content(kit.merge([kit.entry(s) for s in told]), {s.id: s for s in told})
        written = files(content)
        if names:
            assert tuple(written) == names
        else:
            index = ["topics/stories_1-300.md", "topics/stories_301-301.md"]
            assert list(written)[:5] == [
                "merged.md",
                "merged.lists.md",
                *index,
                "topics/contents.md",
            ]
            assert {name for name in written if "/" not in name} == set(MD[:2])
            check_links(written)
        assert list(files(content, full=True)) == ["merged.md"]


def test_the_sample_is_no_longer_than_it_may_be(sample):
    content = sample.read.content(sample.merge)
    for group in ("topic", "role"):
        text = files(content, group=group)["merged.md"]
        # A heading for each of thirty roles takes its words.
        assert count_words(text) <= (1.2 if group == "topic" else 1.22) * sample.read.words
        opening = "\n".join(overview(lay_out(content, group), "merged.md"))
        assert count_words(opening) <= WORDS and opening in text


def test_a_full_edition_holds_everything_and_the_ledger(desk, sample):
    for content in (desk.content, sample.read.content(sample.merge)):
        (text,) = files(content, full=True).values()
        ledger = text.partition("# Ledger")[2]
        assert ledger.count("\n| ") == len(content.stories) + 1
        for n in range(1, len(content.stories) + 1 - len(content.skipped)):
            assert f"### S-{n} ·" in text
    assert "not asked for (--about)" in ledger or "not asked for" in "".join(
        files(desk.content, full=True).values()
    )


@pytest.fixture(scope="module")
def load(kit, tmp_path_factory):
    """15,000 short stories and some long ones, as they are read from files."""
    folder = tmp_path_factory.mktemp("load")
    real = RealStories([Path(__file__).parents[2] / "data" / "sample"])
    write(tell(real, Load()), folder)
    return kit.Read([folder])


def test_fifteen_thousand_stories_are_read_from_two_pages_and_small_files(kit, load):
    entries = [kit.entry(one) for one in load.stories.values()]
    assert len(entries) >= 15_000
    draw = random.Random(4)
    several = draw.sample(entries, 3_000)
    conflicts = [kit.conflict(a, b, draw.choice(["conflict", "possible"]))
                 for a, b in zip(several[:700], several[700:1400], strict=True)]  # fmt: skip
    links = [kit.link(a, b) for a, b in pairwise(several)]
    content = load.content(kit.merge(entries, conflicts=conflicts, links=tuple(links)))
    written = files(content)
    assert count_words(written["merged.md"]) <= WORDS
    told: list[str] = []
    for name, text in written.items():
        own = re.findall(r'^- <a id="(e-\d+)"></a>', text, re.M)
        assert len(own) <= MOST, name
        told += own
    assert sorted(told) == sorted(f"e-{n}" for n in range(1, len(entries) + 1))
    check_links(written)


def test_an_overview_is_two_pages_whatever_the_documents_say(kit):
    long = "very " * 90
    path = "a folder with many words in its name/" + "and a file too " * 9 + ".md"
    told = [
        kit.story(f"s{i}", f"to {long} see {i % 90} {'many ' * (i % 40)}", role=f"a {long} {i % 9}",
                  path=path)
        for i in range(1_000)
    ]  # fmt: skip
    one = [kit.entry(*told[i : i + 9]) for i in range(0, 720, 9)]
    one += [kit.entry(s) for s in told[729:960]]
    conflicts = [
        kit.conflict(a, b, kind)
        for (a, b), kind in zip(pairwise(one), ["conflict", "possible"] * 90, strict=False)
    ]
    skipped = [LedgerRow(s.id, Outcome.SKIPPED, "", "", f"{long} {i}", "code")
               for i, s in enumerate(told[960:])]  # fmt: skip
    merged = kit.merge(one, conflicts=conflicts, skipped=skipped,
                       proposals=tuple((a.standing, b.standing) for a, b in pairwise(one)),
                       failed_calls=("x",) * 50)  # fmt: skip
    left = NotShown(((path, 9, 10),) * 50, ((path, long),) * 50)
    head = {"run": "a run", "judge": long, "kept": {"units": 10**6, "missing": [1] * 1000}}
    content = Content(merged, {s.id: s for s in told}, {}, head, left)
    for how in ({}, {"full": True}, {"by": "role"}, {"by": "role", "full": True}):
        assert count_words("\n".join(overview(lay_out(content, **how), "merged.md"))) <= WORDS


def test_nothing_merged_is_a_document_too():
    written = files(Content(Merge((), (), (), ()), {}))
    assert tuple(written) == MD and "No need is told more than once." in written["merged.md"]


def test_the_same_merge_is_the_same_document(sample):
    content = sample.read.content(sample.merge)
    again = sample.read.content(sample.merge)
    assert {n: "".join(t) for n, t in files_of(lay_out(content))} == files(again)


@pytest.mark.parametrize(
    ("text", "goal", "benefit", "told"),
    [
        ("As a x, I want to see, so\nthat I know.", "see", "I know", "so that I know"),
        ("Als x möchte ich sehen, damit ich weiß.", "sehen", "ich weiß", "damit ich weiß"),
        ("In order to know\nAs a x\nI want to see", "see", "know", "In order to know"),
        ("x\nsee\nI know", "see", "I know", "so that: I know"),
        ("As a x, I want to see so that I know.", "see", "so that I know", "so that I know"),
    ],
)
def test_a_benefit_is_told_as_its_author_put_it(kit, text, goal, benefit, told):
    first = kit.story("a", "to see", role="x")
    phrase = benefit.removeprefix("so that ")
    other = kit.story("b", goal, role="x", text=text, benefit=phrase)
    entry = kit.entry(first, other, lines=[Line("benefit", benefit, ("b",))])
    content = Content(kit.merge([entry]), {"a": first, "b": other})
    assert f"\n  - {told}, S-2\n" in files(content)["merged.md"]
