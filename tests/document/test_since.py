"""What a document says that an earlier run did not read."""

from __future__ import annotations

import pytest

from pipeline.document.content import Content
from pipeline.document.layout import lay_out
from pipeline.document.since import Part, compare, since_text


def told(content, *names: str) -> dict[str, str]:
    """Fingerprint by id of some stories, as an earlier run stored them."""
    return {name: content.stories[name].fingerprint for name in names}


def test_each_new_story_is_in_one_place(desk):
    layout = lay_out(desk.content)
    found = compare(layout, told(desk.content, "a", "c", "e"))
    assert found.new == ("g",)
    assert found.alike == (("f", "e"),), "new or not: nobody has decided"
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
    text = "".join(since_text(layout, earlier, "r-1"))
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
