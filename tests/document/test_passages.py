"""Sentences of long stories that say something like a need."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pipeline.document.markdown.markdown_edition import files_of
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.document.structure.needs import most_told

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
FILLER = "Then a person looked out of the window and thought of nothing much. " * 15


def long(kit, name: str, sentence: str):
    text = f"{FILLER}{sentence} {FILLER}"
    one = kit.story(name, role="", kind="narrative", text=text, body=(text,))
    return replace(one, goal="")


def content_of(kit, *stories, **more) -> Content:
    entries = [kit.entry(one) for one in stories]
    return Content(kit.merge(entries, **more), {one.id: one for one in stories})


def test_a_sentence_with_nearly_all_words_of_a_need_is_its_passage(kit):
    says = "He would have liked to order spare parts from the page of the repair."
    need = kit.story("a", "to order spare parts for a repair")
    content = content_of(kit, need, kit.story("b", "to order a pizza"), long(kit, "n", says))
    (found,) = content.passages_of.values()
    assert [(one.story, one.text, one.held) for one in found] == [("n", says, 1.0)]
    needs, often, alike = most_told(
        [group for section in lay_out(content).sections for group in section.groups], content
    )
    assert (often, alike) == (0, 0)
    assert [(need.sources, need.passages) for need in needs] == [(("a",), ("n",))]
    text = {name: "".join(lines) for name, lines in files_of(lay_out(content))}
    assert "for a repair. (passage [S-3](merged.tellings.md#s-3))" in text["merged.md"]
    assert f"Alike, a passage of [S-3](#s-3): “{says}”" in (text["merged.tellings.md"])


def test_one_word_or_the_words_of_another_need_are_no_passage(kit):
    says = "A text message on the day the repaired item is ready to collect would be enough."
    repaired = kit.story("a", "a text message when my repaired item is ready to collect")
    reserved = kit.story("b", "a text message when my reserved tool is ready to collect")
    content = content_of(kit, repaired, reserved, kit.story("c", "an item"), long(kit, "n", says))
    of = content.merge.entries[0].id
    assert set(content.passages_of) == {of}


def test_short_stories_have_no_passages(kit):
    short = kit.story(
        "n", role="", kind="narrative", text="I would order spare parts for a repair."
    )
    content = content_of(kit, kit.story("a", "to order spare parts for a repair"), short)
    assert content.passages_of == {}


def test_what_is_found_in_the_sample_is_in_its_truth(sample):
    """By the truth that was written down before: every passage found is one, and of the pairs that
    there are more than three quarters are found."""
    content = sample.read.content(sample.merge)
    ids = {story.id: name for name, story in sample.found.items()}
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    true = {(pair["long"], pair["story"]) for pair in truth["long_overlaps"]}
    found = 0
    for entry in content.merge.entries:
        for passage in content.passages_of.get(entry.id, ()):
            pairs = {(ids[passage.story], ids[source]) for source in entry.sources}
            assert pairs & true, passage
            found += len(pairs & true)
    assert 4 * found > 3 * len(true)


def benefits(kit, *told: str) -> Content:
    stories = [kit.story(f"s{n}", f"to do thing{n}", benefit=why) for n, why in enumerate(told)]
    return content_of(kit, *stories)


LIKE = ("I am assigned only repairs that I know", "I am only given repairs that I understand")


def test_two_benefits_in_nearly_the_same_words_point_at_each_other(kit):
    content = benefits(kit, *LIKE, "I sleep well")
    one, two, _ = (entry.id for entry in content.merge.entries)
    assert content.like_benefits == {one: two, two: one}
    text = {name: "".join(lines) for name, lines in files_of(lay_out(content))}
    assert text["merged.md"].count("(like benefit [S-") == 2
    assert "[1 more](merged.lists.md#benefits) by benefit" not in text["merged.md"], "none asked"
    assert "in nearly the same words (1)\n\n- [S-1]" in text["merged.lists.md"]


def test_a_benefit_that_many_tell_or_that_says_little_points_at_nobody(kit):
    assert not benefits(kit, *LIKE, "I am only given repairs that I know").like_benefits
    assert not benefits(kit, "I am on time", "I am in my garden").like_benefits
    assert not benefits(kit, "I can be on it", "I can be in on it").like_benefits, "no content"
    tied = benefits(kit, *LIKE)
    links = (kit.link(*tied.merge.entries, 0.9),)
    assert not replace(tied, merge=replace(tied.merge, links=links)).like_benefits
    near = (kit.link(*tied.merge.entries, 0.4),)
    assert replace(tied, merge=replace(tied.merge, links=near)).like_benefits


def test_what_is_only_near_says_how_near_and_by_which_words(kit):
    told = [kit.story(f"s{n}", f"to read {what}") for n, what in
            enumerate(("old books at home", "new books at sea", "letters"))]  # fmt: skip
    entries = [kit.entry(one) for one in told]
    merge = kit.merge(entries, links=(kit.link(entries[0], entries[1], 0.44),))
    content = Content(merge, {one.id: one for one in told})
    text = {name: "".join(lines) for name, lines in files_of(lay_out(content))}
    heading = text["merged.md"].partition("**Near**, 44%: ")[2].partition("\n")[0]
    assert "books" in heading and "home" not in heading
    # Where one has its like, the other is named, not joined.
    links = (kit.link(entries[0], entries[2], 0.9), kit.link(entries[0], entries[1], 0.44))
    content = replace(content, merge=replace(merge, links=links))
    text = {name: "".join(lines) for name, lines in files_of(lay_out(content))}
    assert "**Near**" not in text["merged.md"]
    assert "at sea. (near [S-1](merged.tellings.md#e-1) 44%)" in text["merged.md"]
