"""What holds for every document, whatever is in it."""

from __future__ import annotations

import contextlib
import hashlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.patterns import find_stories, parse_story_text
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.extract.stories.found import unescape_yaml
from pipeline.outcomes import StoryText
from pipeline.stories import Extraction, Span, normalise, story_id

_LINES = st.sampled_from(
    [
        "As a cook, I want salt, so that it tastes.",
        "As a guest\nI want soup\nSo that I am warm",
        "In order to rest\nAs a nurse\nI want to swap shifts",
        "- As a clerk, I want to print",
        "  - the paper is white",
        "1. As a pilot, I want maps",
        "As an editor, I want:",
        "- to cut",
        "## User stories",
        "### Story 1: Soup",
        "# Kitchen",
        "Acceptance criteria:",
        "* it is hot",
        "Given a pan",
        "When I cook; Then it sizzles",
        "Prose that tells of nothing in particular. It goes on.",
        "",
        "\t",
        "---",
        "```",
        "<!-- As a ghost, I want to haunt -->",
        "| As a | I want | so that |",
        "| --- | --- | --- |",
        "| cook | salt | it tastes |",
        "> [!note] As a reader, I want margins",
        "title: x",
        "Feature: Soup",
        "  Scenario: Hot soup",
        "    Given a pan",
        "key,summary,description",
        'A-1,Soup,"As a cook, I want ""salt"""',
        "\u2028odd\u0085\x0b\x00\r",
        "As a <role>, I want <goal>",
    ]
)
_LISTED = "As a cook, I want salt, so that it tastes."
_TEXT = st.one_of(
    st.lists(_LINES, max_size=14).map("\n".join),
    st.lists(_LINES, max_size=8).map("\r\n".join),
    st.text(max_size=200),
    st.builds(
        lambda before, after, one, other: "\n".join(
            [_LISTED] * before + [one] + [_LISTED] * after + [other]
        ),
        st.integers(0, 12),
        st.integers(9, 12),
        _LINES,
        st.one_of(_LINES, st.text(max_size=20)),
    ),
    st.builds(
        lambda a, b: a + b, st.lists(_LINES, max_size=6).map("\n".join), st.text(max_size=60)
    ),
)
_NAMES = st.sampled_from(
    ["a.txt", "a.md", "a.feature", "a.csv", "a.tsv", "a.html", "a.json", "a.jsonl", "a.rst"]
)
_QUICK = settings(max_examples=150)


def _read(text: str, name: str) -> Extraction:
    return find_stories(read_bytes(text.encode("utf-8", "surrogatepass"), (name,)))


def as_written(stored: str, kind: str) -> str:
    """A stored text without what its format does to it: the words that its author wrote."""
    if kind in ("csv", "tsv"):
        return stored.replace('""', '"')
    if kind in ("json", "jsonl"):
        with contextlib.suppress(ValueError):  # a span of several cells is not a string
            return str(json.loads(f'"{stored}"', strict=False))
    return unescape_yaml(stored) if kind == "yaml" else stored


def check_invariants(extraction: Extraction) -> None:
    """Every character in a story or in residue; spans, ids and locators right."""
    document = extraction.document
    text = document.text
    covered = bytearray(len(text))
    for start, end in extraction.residue:
        assert 0 <= start < end <= len(text)
        for position in range(start, end):
            covered[position] += 1
    assert list(extraction.residue) == sorted(extraction.residue)
    in_stories = bytearray(len(text))
    for story in extraction.stories:
        spans = story.source.spans
        assert spans
        for (start, end), after in zip(spans, [*spans[1:], None], strict=True):
            assert 0 <= start < end <= len(text)
            assert after is None or end <= after.start
            in_stories[start:end] = b"\1" * (end - start)
        assert story.id == story_id(document.sha256, spans, story.kind)
        rest = story.text
        for (start, end), before in zip(spans, [None, *spans[:-1]], strict=True):
            piece = as_written(text[start:end], document.format)
            if before is None:
                assert rest.startswith(piece)
            elif (before.end, start) in document.left_out and "\n" not in text[before.end : start]:
                assert rest.startswith((piece, f" {piece}")), "struck out of a line"
                rest = rest.removeprefix("" if rest.startswith(piece) else " ")
            else:
                assert rest.startswith(f"\n{piece}")
                rest = rest[1:]
            rest = rest[len(piece) :]
        assert not rest
        assert story.fields
        line = story.source.locator.line
        assert line is None or 1 <= line <= text.count("\n") + 1
    for residue, stories in zip(covered, in_stories, strict=True):
        assert residue + stories == 1
    assert len({story.id for story in extraction.stories}) == len(extraction.stories)
    last = 0
    for block in document.blocks:
        assert 0 <= block.start <= block.end <= len(text)
        if document.format != "json" and document.format != "jsonl":
            assert block.start >= last
            last = block.end
        for _, start, end in block.columns:
            assert block.start <= start <= end <= block.end


@given(_TEXT, _NAMES)
@_QUICK
def test_stories_and_residue_reproduce_the_text(text: str, name: str) -> None:
    extraction = _read(text, name)
    check_invariants(extraction)
    pieces = sorted(
        {Span(*span) for story in extraction.stories for span in story.source.spans}
        | set(extraction.residue)
    )
    rebuilt, position = "", 0
    for start, end in pieces:
        rebuilt += extraction.document.text[max(start, position) : end]
        position = max(position, end)
    assert rebuilt == extraction.document.text


@given(_TEXT, _NAMES)
@_QUICK
def test_the_same_bytes_give_the_same_stories(text: str, name: str) -> None:
    assert _read(text, name) == _read(text, name)


_GLUE = frozenset(
    normalise(
        """
        as a an the i we want wants need needs wish would like d love to be able so that
        in order should can could am is are such also really just only one of our any
        every each some your another acceptance criteria criterion ac user story us
        wanted desire wan prefer
        """
    ).split()
)


@given(st.lists(_LINES.filter(lambda line: "\x00" not in line), max_size=14).map("\n".join))
@_QUICK
def test_the_fields_hold_every_word_of_a_markdown_story(text: str) -> None:
    for story in _read(text, "a.md").stories:
        said = set(normalise(" ".join(words for _, words in story.fields)).split())
        missing = [
            word
            for word in normalise(story.text).split()
            if word not in said and word not in _GLUE and not word.isdigit()
        ]
        # Parts of a tag or mark are not words of the story.
        assert not [
            word for word in missing if word not in ("note", "story", "title", "scenario")
        ], (story, missing)


@given(st.text(max_size=300))
@_QUICK
def test_any_reply_can_be_parsed(text: str) -> None:
    told = parse_story_text(text)
    assert told.role or told.goal or told == StoryText(body=(text,))


def test_ids_are_the_same_on_every_machine() -> None:
    data = b"As a cook, I want salt.\n"
    extraction = find_stories(read_bytes(data, ("kitchen.txt",)))
    assert extraction.document.sha256 == hashlib.sha256(data).hexdigest()
    assert [story.id for story in extraction.stories] == ["9cdb7a0fd619b2a7"]
