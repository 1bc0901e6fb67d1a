"""What a document says that an earlier run did not read."""

from __future__ import annotations

from pipeline.document.content import Content
from pipeline.document.layout import lay_out
from pipeline.document.since import compare, since_text


def told(content, *names: str) -> dict[str, str]:
    """Fingerprint by id of some stories, as an earlier run stored them."""
    return {name: content.stories[name].fingerprint for name in names}


def test_each_new_story_is_in_one_place(desk):
    layout = lay_out(desk.content)
    found = compare(layout, told(desk.content, "a", "c", "e"))
    assert found.new == ("f", "g")
    assert found.told == (("b", "a"),)
    assert found.against == (("d", "c"),)
    assert found.gone == 0


def test_where_both_sides_are_new_nothing_earlier_is_contradicted(desk):
    found = compare(lay_out(desk.content), told(desk.content, "a"))
    assert found.against == () and {"c", "d"} <= set(found.new)


def test_a_story_that_moved_in_its_document_is_no_new_one(desk, kit):
    layout = lay_out(desk.content)
    moved = {f"old-{name}": print_ for name, print_ in told(desk.content, *"abcdefg").items()}
    found = compare(layout, moved)
    assert (found.new, found.told, found.against, found.gone) == ((), (), (), 0)


def test_a_copy_of_what_is_still_there_is_told_already(kit):
    first, copy = kit.story("a", "to see"), kit.story("b", "to see", path="new.md")
    content = Content(kit.merge([kit.entry(first, copy)]), {"a": first, "b": copy})
    assert compare(lay_out(content), {"a": first.fingerprint}).told == (("b", "a"),)


def test_the_section_names_what_it_says(desk):
    layout = lay_out(desk.content)
    earlier = told(desk.content, "a", "c", "e") | {"gone": "0" * 64}
    text = "".join(since_text(layout, earlier, "r-1"))
    assert "2 new, 1 told already, 1 possibly contradicting; 1 of that run are no longer" in text
    against = text.partition("## Possibly contradicting (1)")[2].partition("\n## ")[0]
    assert "**3** euros.” (pile/deep/b.md, line 3); against [S-3]" in against
    assert (
        text.index("## Possibly contradicting")
        < text.index("## New")
        < text.index("## Told already")
    )
    assert "told by [S-1](merged.tellings.md#s-1) “to book a room for 2 hours”" in text
