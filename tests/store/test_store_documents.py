"""Whatever a document holds comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from pipeline.store.connection.column_types import ExactText, JsonText, UtcTime
from pipeline.store.record import open_store
from pipeline.store.rows import extraction_text as documents_module
from pipeline.store.rows.extraction_text import extraction_as_text, extraction_from_text
from pipeline.store.tables import CorpusDocumentRow, RunRow, table_of
from pipeline.stories import Block, Document, Extraction, Locator, Source, Span, Story

anything = st.text(st.characters(exclude_categories=()), max_size=30)
some_texts = st.lists(anything, max_size=3).map(tuple)
offsets = st.integers(0, 10**9)
maybe = st.none() | st.integers(1, 10**6)

locators = st.builds(
    Locator,
    line=maybe,
    page=maybe,
    sheet=st.none() | anything,
    row=maybe,
    column=st.none() | anything,
    heading=some_texts,
    beside=some_texts,
)
spans = st.builds(Span, offsets, offsets)
blocks = st.builds(
    Block,
    offsets,
    offsets,
    st.sampled_from(["heading", "paragraph", "item", "row", "cell", "step", "meta", "code"]),
    locators,
    st.integers(0, 6),
    st.lists(st.tuples(anything, offsets, offsets), max_size=2).map(tuple),
)
documents = st.builds(
    Document,
    sha256=anything,
    paths=st.lists(anything, min_size=1, max_size=3).map(tuple),
    format=anything,
    text=anything,
    blocks=st.lists(blocks, max_size=3).map(tuple),
    encoding=anything,
    guessed=st.booleans(),
    front_matter=st.dictionaries(anything, anything, max_size=2),
    problem=st.none() | anything,
)
sources = st.builds(
    Source,
    document=anything,
    path=anything,
    locator=locators,
    spans=st.lists(spans, min_size=1, max_size=3).map(tuple),
    key=anything,
    written=st.none() | st.dates(date(1970, 1, 1)),
    author=anything,
)
stories = st.builds(
    Story,
    id=anything,
    kind=st.sampled_from(["agile", "scenario", "narrative"]),
    source=sources,
    text=anything,
    role=anything,
    goal=anything,
    benefit=anything,
    criteria=some_texts,
    title=anything,
    body=some_texts,
)
extractions = st.builds(
    Extraction,
    document=documents,
    stories=st.lists(stories, max_size=3).map(tuple),
    residue=st.lists(spans, max_size=3).map(tuple),
)


@given(extractions)
@settings(max_examples=150)
def test_an_extraction_comes_back_as_it_was(extraction):
    text = extraction_as_text(extraction)
    assert text.isascii() and "\0" not in text
    assert extraction_from_text(text) == extraction


def test_every_field_of_a_value_is_kept():
    """A field added to a value later must be added to the codec: a whole value has no default.
    What is not part of a value (links' targets, read while stories are found) is not kept."""
    place = Locator(1, 2, "s", 3, "c", ("h",), 4, ("b",), ("l",), ("u",))
    block = Block(0, 1, "row", place, 2, (("n", 0, 1),))
    source = Source("a", "p", place, (Span(0, 1),), "K", date(2026, 1, 2), "me")
    extraction = Extraction(
        Document(
            "a", ("p",), "markdown", "t", (block,), "cp1252", True, {"k": "v"}, "odd", (Span(0, 1),)
        ),
        (Story("i", "scenario", source, "t", "r", "g", "b", ("c",), "ti", ("bo",)),),
        (Span(0, 1),),
    )
    for value in (extraction, extraction.document, block, place, extraction.stories[0], source):
        defaults = {
            name: field.default
            for name, field in type(value).__dataclass_fields__.items()
            if field.compare and getattr(value, name) == field.default
        }
        assert not defaults, f"give {type(value).__name__} a value of its own for {defaults}"
    assert extraction_from_text(extraction_as_text(extraction)) == extraction


@pytest.mark.parametrize("damage", ["", "{}", '{"shape": 1}', "[]", "not json", "null"])
def test_damaged_cache_text_is_a_miss(damage):
    assert extraction_from_text(damage) is None


def test_text_of_another_shape_is_a_miss(make):
    body = json.loads(extraction_as_text(make.extraction()))
    assert extraction_from_text(json.dumps(body | {"shape": 2})) is None


texts = Table(
    "probe",
    MetaData(),
    Column("t", ExactText),
    Column("j", JsonText),
    Column("at", UtcTime),
)


@pytest.fixture(scope="module")
def probe():
    engine = create_engine("sqlite://")
    texts.metadata.create_all(engine)
    yield engine
    engine.dispose()


@given(st.text(st.characters(exclude_categories=())))
@settings(max_examples=200)
def test_any_string_survives_a_text_and_a_json_column(probe, value):
    with probe.begin() as connection:
        connection.execute(texts.delete())
        connection.execute(insert(texts).values(t=value, j={"v": [value]}))
        assert connection.execute(select(texts.c.t, texts.c.j)).one() == (value, {"v": [value]})


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))])))
def test_a_time_comes_back_in_utc_and_sorts_as_text(probe, moment):
    with probe.begin() as connection:
        connection.execute(texts.delete())
        try:
            moment.astimezone(UTC)
        except OverflowError:
            return
        connection.execute(insert(texts).values(at=moment))
        found = connection.execute(select(texts.c.at)).scalar_one()
    assert found == moment and found.tzinfo == UTC


def test_a_time_without_a_zone_is_refused(probe):
    with probe.begin() as connection, pytest.raises(StatementError, match="no time zone"):
        connection.execute(insert(texts).values(at=datetime(2026, 1, 1)))


def test_odd_text_survives_in_either_database(url, clock, make):
    """NUL, lone surrogates, our own mark, and plain text of every plane."""
    odd = "a\0b \ud800 \ufdd0 é 🜁 \u2028"
    with open_store(url, now=clock) as store:
        extraction = make.extraction(1, path=odd)
        store.put_extraction("s", "v", extraction)
        assert store.get_extraction("s", "v") == extraction
        corpus = store.save_corpus([extraction])
        run = store.start_run(kind="merge", corpus=corpus, model="m", strategy="edit")
        store.finish_run(run, "failed", error=odd)
        with store.database.read() as connection:
            table = table_of(CorpusDocumentRow)
            assert connection.execute(select(table.c.path, table.c.paths)).one() == (odd, [odd])
            assert connection.execute(select(table_of(RunRow).c.error)).scalar_one() == odd


def kept_story(
    text: str = "As a cook, I want salt, so that it tastes.", path: str = "a.md"
) -> Story:
    source = Source("d" * 64, path, Locator(line=1), (Span(0, 1),))
    return Story("i", "agile", source, text, "cook", "salt", "it tastes")


def extraction_of(story: Story) -> Extraction:
    return Extraction(Document("d" * 64, (story.source.path,), "markdown", story.text), (story,))


def test_fingerprints_are_kept_with_an_extraction():
    one = kept_story()
    back = extraction_from_text(extraction_as_text(extraction_of(one)))
    assert back is not None
    assert back.stories[0].__dict__["fingerprint"] == kept_story().fingerprint


def test_fingerprints_told_by_other_code_are_told_again(monkeypatch):
    """A changed rule, another interpreter: what was kept is not believed."""
    body = json.loads(extraction_as_text(extraction_of(kept_story())))
    body["fingerprints"] = ["0" * 64]
    text = json.dumps(body)
    believed = extraction_from_text(text)
    assert believed is not None and believed.stories[0].fingerprint == "0" * 64
    monkeypatch.setattr(documents_module, "fingerprints_told_by", lambda: "other code")
    again = extraction_from_text(text)
    assert again is not None and again.stories[0].fingerprint == kept_story().fingerprint


def test_all_that_tells_a_fingerprint_is_hashed(tmp_path, monkeypatch):
    """A changed byte of any file of the room changes what it was told by."""
    told = documents_module.fingerprints_told_by
    before = told()
    for file in (
        *Path(documents_module.text.__file__).parent.glob("*.py"),
        Path(documents_module.stories.__file__),
    ):
        copy = tmp_path / file.stem
        copy.mkdir()
        for other in Path(documents_module.text.__file__).parent.glob("*.py"):
            (copy / other.name).write_bytes(other.read_bytes())
        (copy / "stories.py").write_bytes(Path(documents_module.stories.__file__).read_bytes())
        monkeypatch.setattr(documents_module.text, "__file__", str(copy / "__init__.py"))
        monkeypatch.setattr(documents_module.stories, "__file__", str(copy / "stories.py"))
        (copy / file.name).write_bytes(file.read_bytes() + b"\n")
        told.cache_clear()
        assert told() != before, file.name
        monkeypatch.undo()
    told.cache_clear()
    assert told() == before


def test_a_story_of_another_place_tells_its_own_fingerprint():
    """What is kept belongs to the very fields it was told of: a changed story forgets it."""
    one = kept_story()
    assert one.fingerprint
    moved = replace(one, source=replace(one.source, path="rejected/a.md"))
    assert "fingerprint" not in moved.__dict__
    assert moved.fingerprint == kept_story(path="rejected/a.md").fingerprint != one.fingerprint
