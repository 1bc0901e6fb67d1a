"""What a reader looks for first: topics, long stories, groups with names, opposed words, needs told
most often, who tells them, and what of the sources is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document.markdown.markdown_edition import files_of
from pipeline.document.markdown.opposing import opposed
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.residue import boilerplate, not_shown
from pipeline.entries import Conflict, Side
from pipeline.extract.extraction import extract
from pipeline.merge.conclusion import conclude
from pipeline.run.corpus import read
from pipeline.run.output import laid_out
from pipeline.stories import Locator, count_words


def written(layout) -> dict[str, str]:
    return {name: "".join(text) for name, text in files_of(layout)}


def put(folder: Path, **texts: str) -> Content:
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    corpus = read([folder])
    return laid_out(corpus, conclude(corpus.by_id, corpus.pairs, {}), {}).content


def wants(*things: str) -> str:
    return "\n\n".join(f"As a member, I want to {thing}." for thing in things)


def test_topics_are_named_by_the_headings_that_documents_share(tmp_path):
    content = put(
        tmp_path,
        desk=f"# Desk\n\n## Loans\n\n{wants('renew by phone', 'borrow a saw', 'see the due day')}",
        club=f"# Club\n\n## Loan and return\n\n{wants('drop keys off', 'get a receipt')}\n\n"
        f"## User stories\n\n{wants('bake a cake', 'sing a song', 'paint a wall', 'plant a tree')}",
        wall=wants("extend each loan online", "dance all night"),
    )
    layout = lay_out(content)
    of = {
        content.stories[entry.standing].goal: section.title
        for section in layout.sections
        for entry in section.entries
    }
    assert of["renew by phone"] == of["drop keys off"] == "Loans"
    assert of["extend each loan online"] == "Loans"  # under no heading, in its words
    assert of["dance all night"] != "Loans"
    # What heads a part of any document is passed over for the heading above it.
    assert "User stories" not in of.values() and of["bake a cake"] != "Loans"


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Loans", "Loans"), ("2. Loans", "2. Loans"), ("Loans 2024", ""), ("Theme 13", ""),
        ("Day 3", ""), ("User stories", ""), ("Goals", ""), ("A-12", ""), ("Story 3", ""),
    ],
)  # fmt: skip
def test_a_heading_that_says_nothing_names_no_topic(kit, heading, title):
    found = titled(kit, [(heading, 9), ("Repairs", 9)])
    assert (title in found) if title else (heading not in found)


def titled(kit, headings) -> list[str]:
    told = []
    for heading, n in headings:
        for i in range(n):
            one = kit.story(f"{heading}{i}", f"to find thing{len(told)} at place{len(told)}")
            at = Locator(line=3, heading=("Desk", heading))
            told.append(replace(one, source=replace(one.source, locator=at)))
    content = Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})
    return [section.title for section in lay_out(content).sections]


def test_a_heading_over_more_than_a_section_names_no_topic(kit):
    found = titled(kit, [("Loans", 299), ("Repairs", 301), ("Fees", 9), ("Tools", 1)])
    assert {"Loans", "Fees"} <= set(found) and not {"Repairs", "Repairs 1", "Tools"} & set(found)


def test_a_heading_over_more_than_half_names_no_topic(kit):
    assert "Loans" not in titled(kit, [("Loans", 12), ("Repairs", 9)])


def long_story(n: int) -> str:
    told = " ".join(f"Then person {n} looked at shelf {k} and wrote its number." for k in range(30))
    return f"## Story {n}: A day of person {n}\n\n{told}\n"


def test_long_stories_have_a_section_and_are_no_base_of_differences(kit):
    short = [kit.story(f"s{i}", f"to see shelf {i}", role=f"reader{i}") for i in range(8)]
    long = kit.story("n", role="", kind="narrative", title="A day", text=long_story(1),
                     body=(long_story(1),))  # fmt: skip
    entries = [kit.entry(one) for one in (*short, long)]
    links = (kit.link(entries[-1], entries[0], 0.9), kit.link(entries[-1], entries[1], 0.8))
    content = Content(kit.merge(entries, links=links), {s.id: s for s in (*short, long)})
    layout = lay_out(content)
    text = written(layout)["merged.md"]
    assert [e.standing for e in layout.sections[-1].entries] == ["n"]
    assert layout.sections[-1].title == "Long stories"
    assert "**Alike" not in text and "*shelf" not in text
    assert "[S-9]" not in text.partition('<a id="long-stories"')[0].replace("Where did", "")
    # One more than three tenths of all: there topics tell them apart.
    many = [replace(long, id=f"n{i}", title=f"Day {i}") for i in range(5)]
    entries += [kit.entry(one) for one in many]
    content = Content(kit.merge(entries), {s.id: s for s in (*short, long, *many)})
    assert "Long stories" not in [section.title for section in lay_out(content).sections]


@pytest.mark.parametrize(
    ("benefits", "roles", "heading"),
    [
        (("I learn", "I rest"), ("reader", "reader"), "**Same goal, benefits worded differently**"),
        (("I learn", ""), ("reader", "reader"), "**Same role and goal**"),
        (("I learn", "I rest"), ("reader", "guest"), "**Alike**"),
    ],
)
def test_a_group_says_what_its_entries_have_in_common(kit, benefits, roles, heading):
    told = [
        kit.story(f"s{n}", "read a book", role=role, benefit=why,
                  text=f"As a {role}, I want to read a book{why and f', so that {why}'}.")
        for n, (role, why) in enumerate(zip(roles, benefits, strict=True))
    ]  # fmt: skip
    entries = [kit.entry(one) for one in told]
    merge = kit.merge(entries, links=(kit.link(*entries),))
    text = written(lay_out(Content(merge, {s.id: s for s in told})))["merged.md"]
    assert f"\n{heading}\n" in text


def test_a_need_that_is_part_of_one_in_more_words_is_listed_once(kit):
    told = [kit.story(f"s{n}", f"read {what}", text=f"As a reader, I want to read {what}.")
            for n, what in enumerate(("one book", "one book", "a book"))]  # fmt: skip
    again = replace(told[1], benefit="I learn")
    entries = [kit.entry(one) for one in (told[0], again, told[2])]
    links = (kit.link(entries[0], entries[1], 1.0), kit.link(entries[0], entries[2], 0.96))
    content = Content(kit.merge(entries, links=links), {"s0": told[0], "s1": again, "s2": told[2]})
    text = written(lay_out(content))["merged.md"].partition("## Told most often")[2]
    assert "[1 need in the same words; 1 group alike](merged.lists.md" in text
    assert text.count("×**") + text.count("× alike**") == 1
    assert "- **3× alike** reader: “read one book”" in text


def test_a_group_of_more_says_how_many_tell_it_in_which_roles(kit):
    told = [kit.story(f"s{n}", f"read book {n}", role=role)
            for n, role in enumerate(("reader", "guest", "guest", "guest"))]  # fmt: skip
    a, b, c = kit.entry(told[0]), kit.entry(told[1], told[3]), kit.entry(told[2])
    merge = kit.merge([a, b, c], links=(kit.link(a, b, 0.99), kit.link(a, c, 0.97)))
    text = written(lay_out(Content(merge, {s.id: s for s in told})))["merged.md"]
    assert "**Alike** (4 tellings, 2 roles)\n\n- [S-1]" in text
    assert (
        "- **4× alike** reader, guest: “read book 0” [S-1](merged.tellings.md#s-1), S-2, S-4"
        in text
    )
    assert "## Roles (2)\n\nguest 3; once each: reader.\n" in text
    lists = written(lay_out(Content(merge, {s.id: s for s in told})))["merged.lists.md"]
    assert "4 tellings in 3 entries, S-1, S-2, S-4, S-3. By guest 3; once each: reader." in lists


@pytest.mark.parametrize(
    ("sides", "label"),
    [
        ((("reply within 30 days", ("30",)), ("reply within 60 days", ("60",))),
         "within 30 days / within 60 days"),
        ((("hold up to 3 tools", ("3 tools",)), ("hold up to 5 tools", ("5 tools",))),
         "up to 3 tools / up to 5 tools"),
        ((("give a 5 % rebate", ("5",)), ("give a 7 % rebate", ("7",))), "5 % / 7 %"),
        ((("it is on", ("on",)), ("it is off", ("off",))), "on / off"),
        ((("it may be seen", ()), ("it may not be seen", ("not",))), "“not” on one side only"),
        ((("go up", ()), ("go down", ())), "opposed words"),
        ((("pay 2", ("2",)), ("pay 3", ("3",)), ("pay 4", ("4",))), "2 / 3 / 4"),
        ((("12 months go to 2", ("2",)), ("12 months go to 3", ("3",))), "2 / 3"),
    ],
)  # fmt: skip
def test_a_conflict_is_labelled_with_the_opposed_words(sides, label):
    told = tuple(Side(str(n), text, differs) for n, (text, differs) in enumerate(sides))
    assert opposed(Conflict("c", "possible", told, "small words", "code")) == label


def test_quotations_of_two_sides_show_the_same_place(kit):
    long = "because of this and that and many other things which are so"
    texts = (
        f"As a guest, I want no numbers on the page {long}: they must not be seen by anybody here",
        f"As a guest, I want numbers on the page {long}: they must be seen by everybody here",
    )
    told = [
        kit.story(f"s{n}", text.partition("want ")[2], text=text) for n, text in enumerate(texts)
    ]
    sides = (Side("s0", texts[0], ("no", "not", "anybody")), Side("s1", texts[1], ("everybody",)))
    conflict = Conflict("c", "possible", sides, "small words", "code")
    entries = [kit.entry(one) for one in told]
    content = Content(kit.merge(entries, conflicts=[conflict]), {s.id: s for s in told})
    text = written(lay_out(content))["merged.md"]
    one, two = [line for line in text.splitlines() if line.startswith("  “")]
    assert "seen by **anybody**" in one and "seen by **everybody**" in two
    assert "small words" not in text


@pytest.mark.parametrize(
    ("text", "format", "n", "left"),
    [
        ("Home\nBranches & hours\nBacklog\nGlossary\nThis page is long enough.", "html", 1,
         "This page is long enough."),
        ("Home | Contact | Imprint\nWe met on Monday.", "html", 1, "We met on Monday."),
        ("Memo, page 1\nWe met.\nMemo, page 2\nWe ate.", "pdf", 1, "We met.\nWe ate."),
        ("Ours\nWe met.\nOurs\nWe ate.\nOurs", "pdf", 1, "We met.\nWe ate."),
        ("Step 1\nMeet us.\nStep 2", "text", 0, "Step 1\nMeet us.\nStep 2"),
        ("We met.\nWe ate.\nWe sat.\nWe left.", "text", 0, "We met.\nWe ate.\nWe sat.\nWe left."),
        ("Saw\nAxe\nDrill", "html", 0, "Saw\nAxe\nDrill"),
        ("- Saw\n- Axe\n- Drill\n- File", "markdown", 0, "- Saw\n- Axe\n- Drill\n- File"),
        ("a | b | c\nd\ne\nf\ng", "csv", 0, "a | b | c\nd\ne\nf\ng"),
        ("spec\n  kind\n  name\n  port", "markdown", 0, "spec\n  kind\n  name\n  port"),
        ("In 2024 we met.\nIn 2024 we met.", "text", 0, "In 2024 we met.\nIn 2024 we met."),
    ],
)  # fmt: skip
def test_bars_menus_and_running_lines_are_counted_and_not_quoted(text, format, n, left):
    count, rest = boilerplate([text], format)
    assert (count, "\n".join(rest).strip()) == (n, left)


def test_the_sample_says_what_of_its_sources_is_no_prose(sample):
    content = sample.read.content(sample.merge)
    assert content.left.boilerplate == 8
    text = written(lay_out(content))["merged.md"]
    assert (
        "25 passages of prose, 4 rows without a story, " in text
        and ", 8 bar and footer lines." in text
    )
    passages = {path.rpartition("/")[2]: found for path, found in content.left.passages}
    (glossary,) = [one for one in passages["notifications.html"] if "Glossary" in one.text]
    assert glossary.kind == "bar"
    (folder,) = {Path(path).parent for path, _, _ in content.left.residue}
    assert not_shown(extract([folder / "payments-and-reports.xlsx"])).boilerplate == 0


def test_what_is_new_is_pointed_to(desk):
    head = {"run": "r-2", "since": "r-1"}
    text = written(lay_out(replace(desk.content, head=head)))["merged.md"]
    assert "What run r-1 did not have: [since.md](since.md)." in text
    assert "since.md" not in written(lay_out(desk.content))["merged.md"]


def test_a_rows_cells_are_told_apart(kit):
    cells = ("treasurer", "to charge a | fee", "tools come back", "in time")
    row = kit.story("r", "charge a | fee", role="treasurer", benefit="tools come back",
                    text="\n".join(("Fees", *cells)))  # fmt: skip
    told = {}
    sentence = "As a treasurer\nI want to charge a | fee\nso that tools come back"
    for name, locator, text in (
        ("row", Locator(sheet="Payments", row=3), row.text),
        ("Markdown", Locator(line=3), row.text),
        ("lines", Locator(line=3), sentence),
    ):
        one = replace(row, source=replace(row.source, locator=locator), text=text)
        layout = lay_out(Content(kit.merge([kit.entry(one)]), {"r": one}))
        told[name] = written(layout)["merged.tellings.md"]
    # A row of a table in Markdown or HTML has a line for its place, and cells all the same.
    for name in ("row", "Markdown"):
        assert (
            "> Fees  \n\n| As a | I want | So that |\n|---|---|---|\n"
            "| treasurer | to charge a \\| fee | tools come back |\n\n> in time  \n"
        ) in told[name]
    assert "> As a treasurer  \n> I want to charge a \\| fee  \n" in told["lines"]


@pytest.mark.parametrize(
    ("behind", "heads", "cells", "below"),
    [
        ("no fee | at all\nstop at any time", "Acceptance criteria",
         "no fee \\| at all<br>stop at any time", ""),
        ("no fee | at all<br>stop at any time\nAnn agreed", "Acceptance criteria | Notes",
         "no fee \\| at all<br>stop at any time | Ann agreed", ""),
        ("Ann agreed\nno fee | at all; stop at any time", "Notes | Acceptance criteria",
         "Ann agreed | no fee \\| at all; stop at any time", ""),
        # What is anything else, or stands between them, is told as it was.
        ("no fee | at all\nAnn agreed\nstop at any time", "", "", "> no fee"),
        ("no fee | at all\nstop at any time\nsince May", "", "", "> no fee"),
    ],
)  # fmt: skip
def test_what_else_a_row_holds_stands_in_it_where_it_is_known_what_it_is(
    kit, behind, heads, cells, below
):
    row = kit.story("r", "pay monthly", role="member", benefit="I can join",
                    text=f"member\npay monthly\nI can join\n{behind}")  # fmt: skip
    notes = ("Ann agreed",) if "Ann" in behind else ()
    row = replace(row, criteria=("no fee | at all", "stop at any time"), body=notes)
    layout = lay_out(Content(kit.merge([kit.entry(row)]), {"r": row}))
    told = written(layout)["merged.tellings.md"]
    more = f" {heads} |" if heads else ""
    assert f"| As a | I want | So that |{more}\n" in told
    assert f"| member | pay monthly | I can join |{f' {cells} |' if cells else ''}\n" in told
    assert below in told and (not heads or "> " not in told.partition("| member")[2])


def test_a_rows_title_stands_in_it(kit):
    row = kit.story("r", "pay monthly", role="member", text="Fees | all\nmember\npay monthly")
    for title, expected in (
        ("Fees | all", "| Title | As a | I want |\n|---|---|---|\n| Fees \\| all | member |"),
        ("", "> Fees \\| all  \n\n| As a | I want |\n"),
    ):
        layout = lay_out(Content(kit.merge([kit.entry(row)]), {"r": replace(row, title=title)}))
        assert expected in written(layout)["merged.tellings.md"]


def test_the_sample_is_found_in_words_that_its_limit_allows(sample):
    text = written(lay_out(sample.read.content(sample.merge)))["merged.md"]
    for asked in (
        "## Roles (",
        "## Told most often",
        "## Undecided",
        "## Not shown",
        "## [Topics]",
    ):
        assert text.count(asked) == 1
    assert '## <a id="repairs"></a>Repairs\n' in text
    assert count_words(text) <= 1.2 * sample.read.words
