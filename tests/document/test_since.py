"""What a document says that an earlier run did not read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli.commands import app
from pipeline.document.markdown.since_text import since_text, since_value
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.since import Documents, Earlier, Part, compare, documents_since
from pipeline.stories import Document


def told(content, *names: str) -> dict[str, str]:
    """Fingerprint by id of some stories, as an earlier run stored them."""
    return {name: content.stories[name].fingerprint for name in names}


def test_each_new_story_is_in_one_place(desk):
    layout = lay_out(desk.content)
    found = compare(layout, told(desk.content, "a", "c", "e"))
    assert found.new == ("g",)
    assert found.alike == (("f", "e", "words"),), "new or not: nobody has decided"
    ((story, teller, parts),) = found.partly
    assert (story, teller) == ("b", "a")
    assert Part("benefit", "our group can talk") in parts and Part("role", "guest") in parts
    assert found.told == ()
    assert found.against == (("d", "c"),)
    assert found.gone == 0


def test_where_both_sides_are_new_nothing_earlier_is_contradicted(desk):
    found = compare(lay_out(desk.content), told(desk.content, "a"))
    assert found.against == () and {"c", "d"} <= set(found.new)


def test_a_story_that_moved_in_its_document_is_no_new_one(desk, kit):
    layout = lay_out(desk.content)
    moved = {f"old-{name}": print_ for name, print_ in told(desk.content, *"abcdefg").items()}
    found = compare(layout, moved)
    assert (found.n, found.gone) == (0, 0)


def test_a_copy_of_what_is_still_there_is_told_already(kit):
    first, copy = kit.story("a", "to see"), kit.story("b", "to see", path="new.md")
    content = Content(kit.merge([kit.entry(first, copy)]), {"a": first, "b": copy})
    assert compare(lay_out(content), {"a": first.fingerprint}).told == (("b", "a"),)


def test_the_section_names_what_it_says(desk):
    layout = lay_out(desk.content)
    earlier = told(desk.content, "a", "c", "e") | {"gone": "0" * 64}
    text = "".join(since_text(layout, Earlier(earlier), "r-1"))
    assert (
        "1 new, 1 alike and undecided, 1 told in part, 0 told already, 1 possibly contradicting; "
        "1 of that run are no longer"
    ) in text
    against = text.partition("## Possibly contradicting (1)")[2].partition("\n## ")[0]
    assert "**3** euros.” (pile/deep/b.md, line 3); against [S-3]" in against
    titles = ("Possibly contradicting", "New", "Alike, undecided whether new", "Told in part")
    places = [text.index(f"## {title} (") for title in titles]
    assert places == sorted(places)
    assert "told by [S-1](merged.tellings.md#s-1) (E-1) “to book a room for 2 hours”" in text
    assert "only here: role “guest”, goal “to reserve a room for 2 hours”, benefit “our " in text


@pytest.mark.parametrize(
    ("more", "kind", "parts"),
    [
        ({}, "told", ()),
        ({"benefit": "I learn"}, "partly", (Part("benefit", "I learn"),)),
        ({"criteria": ("it is quiet",)}, "partly", (Part("criterion", "it is quiet"),)),
        ({"benefit": "I rest"}, "told", ()),
        ({"criteria": ("it is warm.",)}, "told", ()),
    ],
)
def test_what_only_a_new_telling_says_is_quoted(kit, more, kind, parts):
    """Two earlier tellings, one with a benefit and one with a criterion; the new one has an entry
    of its own."""
    text = "As a reader, I want to book a room."
    given = [{"benefit": "I rest"}, {"criteria": ("it is warm",)}, more]
    told_ = [kit.story(f"s{n}", "to book a room", text=text, **one) for n, one in enumerate(given)]
    content = Content(kit.merge([kit.entry(one) for one in told_]), {s.id: s for s in told_})
    found = compare(lay_out(content), told(content, "s0", "s1"))
    if kind == "told":
        assert found.told == (("s2", "s0"),) and not found.partly
    else:
        assert found.partly == (("s2", "s0", parts),) and not found.told


_SPARE = (
    "On Tuesday the bench was full again. She had to order spare parts for a repair of the old "
    "mixer and could not. "
) + "Nobody in the room knew where the catalogue of the maker had gone, and it grew late. " * 12


@pytest.fixture
def tied(kit) -> Content:
    """Two with one benefit and other goals; one that a passage of a long story tells."""
    why = {"benefit": "I am given only repairs that I can do", "role": "fixer"}
    told_ = [
        kit.story("skills", "to enter my skills", **why),
        kit.story("list", "to name what lies on my desk", **why),
        kit.story("long", text=_SPARE, role="", kind="narrative"),
        kit.story("parts", "to order spare parts for a repair", role="mender"),
    ]
    return Content(kit.merge([kit.entry(one) for one in told_]), {s.id: s for s in told_})


@pytest.mark.parametrize(
    ("earlier", "alike"),
    [
        ("skills long parts", [("list", "skills", "benefit")]),
        ("list long parts", [("skills", "list", "benefit")]),
        ("skills list long", [("parts", "long", "passage")]),
        ("skills list parts", [("long", "parts", "holds")]),
        ("skills list", []),
        ("long parts", []),
    ],
)
def test_what_the_document_calls_like_is_not_said_to_be_new(tied, earlier, alike):
    """A benefit, a passage, and a passage of a new long story; only where the other was there."""
    layout, known = lay_out(tied), earlier.split()
    found = compare(layout, told(tied, *known))
    assert list(found.alike) == alike
    fresh = [name for name in tied.stories if name not in known]
    assert list(found.new) == [name for name in fresh if name not in [a for a, *_ in alike]]
    text = "".join(since_text(layout, Earlier(told(tied, *known)), "r-1"))
    if not alike:
        assert text.count("(new as well)") == 2, "each names the other"
    if "long" in known and "parts" not in known:
        assert "a passage of [S-3](merged.tellings.md#s-3), “She had to order spare parts" in text


def test_a_passage_is_named_wherever_its_story_stands(tied, kit):
    """Also at a story that is told already."""
    again = kit.story("again", "to order spare parts for a repair", role="mender")
    entries = [*tied.merge.entries, kit.entry(again)]
    content = Content(kit.merge(entries), {**tied.stories, "again": again})
    earlier = Earlier(told(content, "skills", "list", "long", "parts"))
    text = "".join(since_text(lay_out(content), earlier, "r-1"))
    assert "## Told already (1)" in text and "says something like it" in text


def document(sha256: str, *paths: str) -> Document:
    return Document(sha256, paths, "markdown", "")


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ({"d/a.md": "1"}, [document("1", "d/a.md"), document("2", "d/b.md")], (["d/b.md"], [], [])),
        ({"d/a.md": "1"}, [document("2", "d/a.md")], ([], ["d/a.md"], [])),
        ({"d/a.md": "1", "d/b.md": "2"}, [document("1", "d/a.md")], ([], [], ["d/b.md"])),
        ({"d/a.md": "1"}, [document("1", "e/b.md")], ([], [], [])),
        ({"a.md": "1"}, [document("2", "/x/d/a.md")], ([], ["/x/d/a.md"], [])),
        ({"d/a.md": "1"}, [document("2", "e/a.md")], (["e/a.md"], [], ["d/a.md"])),
        (
            {"d/a.md": "1", "e/a.md": "3"},
            [document("2", "d/a.md"), document("4", "e/a.md")],
            ([], ["d/a.md", "e/a.md"], []),
        ),
    ],
)
def test_documents_are_new_changed_or_gone(tied, before, now, found):
    content = replace(tied, documents={one.sha256: one for one in now})
    assert documents_since(content, before) == Documents(*map(tuple, found))


def test_documents_are_named_with_their_stories(desk):
    documents = {"1": document("1", "pile/a.md"), "2": document("2", "pile/deep/b.md")}
    layout = lay_out(replace(desk.content, documents=documents))
    prints = told(desk.content, *"acefgh")
    earlier = Earlier(prints, {"pile/a.md": "0", "pile/old.md": "3"})
    text = "".join(since_text(layout, earlier, "r-1"))
    assert "- New document: b.md (2 stories)\n" in text
    assert "- Changed document: a.md (0 of 6 stories not there before)\n" in text
    assert "- Gone document: old.md\n" in text
    value = since_value(layout, earlier, "r-1")
    assert value["documents"] == {
        "new": ["pile/deep/b.md"], "changed": ["pile/a.md"], "gone": ["pile/old.md"],
    }  # fmt: skip
    assert value["contradicting"] == [{"story": "d", "other": "c"}]
    assert value["told_in_part"][0]["story"] == "b"


def test_a_run_names_the_documents_that_an_earlier_one_did_not_read(tmp_path, monkeypatch):
    """From the record of that run: also documents without stories, and under other paths."""
    pile = tmp_path / "pile"
    pile.mkdir()
    (pile / "a.md").write_text("As a reader, I want to book a room.\n", encoding="utf-8")
    (pile / "notes.md").write_text("We met on Monday.\n", encoding="utf-8")
    (pile / "old.md").write_text("As a guest, I want to leave a note.\n", encoding="utf-8")
    first = merged(pile, tmp_path)["run"]["run"]
    (pile / "old.md").unlink()
    (pile / "a.md").write_text(
        "As a reader, I want to book a room.\n\nAs a cook, I want to bake bread.\n",
        encoding="utf-8",
    )
    (pile / "new.md").write_text("As a painter, I want to hang a picture.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)  # the same folder, given by a shorter path
    found = merged(Path("pile"), tmp_path, "--since", first)["since"]
    assert found["run"] == first
    assert found["documents"] == {
        "new": ["pile/new.md"], "changed": ["pile/a.md"], "gone": [str(pile / "old.md")],
    }  # fmt: skip
    assert (len(found["new"]), found["gone"]) == (2, 1)
    text = (tmp_path / "out" / "since.md").read_text(encoding="utf-8")
    assert "- New document: new.md (1 story)\n" in text
    assert "- Changed document: a.md (1 of 2 stories not there before)\n" in text
    assert "- Gone document: old.md\n" in text and "notes.md" not in text
    assert "since" not in merged(pile, tmp_path)


def merged(pile: Path, home: Path, *more: str) -> dict:
    """The JSON of a real merge."""
    given = ["merge", str(pile), "--out", str(home / "out"), "--quiet"]
    done = CliRunner().invoke(app, [*given, "--db", f"sqlite:///{home / 'db.sqlite'}", *more])
    assert done.exit_code == 0, done.output
    return json.loads((home / "out" / "merged.json").read_text(encoding="utf-8"))
