"""A Markdown edition names the stories that it leaves out, and says who folded the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document.document_files import write_document
from pipeline.document.markdown.overview import overview
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.entries import Fold
from pipeline.kept import Told, check, read_edition
from pipeline.merge.conclusion import conclude
from pipeline.run.corpus import read
from pipeline.run.output import laid_out

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
EDITIONS = {"two files": {}, "one file": {"full": True}, "many files": {"split": True}}


@pytest.fixture(scope="module")
def corpus():
    return read([SAMPLE])


@pytest.fixture(scope="module")
def told(corpus) -> dict[str, Told]:
    return {story.id: Told(story.text, story.kind) for story in corpus.stories}


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("word", ["reserve", "zeppelin"])
def test_what_is_left_out_is_not_missing(corpus, told, tmp_path, edition, word):
    merged = conclude(corpus.by_id, corpus.pairs, {}, about=[word])
    out = write_document(tmp_path, replace(laid_out(corpus, merged, {}), **EDITIONS[edition]))
    by_json, by_page = (check(read_edition(out[kind]), told) for kind in ("json", "markdown"))
    assert by_page.whole and by_json.whole
    assert by_page.units == by_json.units


def test_a_story_that_is_taken_off_the_list_is_missing(corpus, told, tmp_path):
    merged = conclude(corpus.by_id, corpus.pairs, {}, about=["reserve"])
    write_document(tmp_path, laid_out(corpus, merged, {}))
    tellings = tmp_path / "merged.tellings.md"
    text = tellings.read_text(encoding="utf-8")
    at = text.index("- S-", text.index('id="left-out"')) + 2
    name, rest = text[at:].split(", ", 1)
    tellings.write_text(text[:at] + rest, encoding="utf-8")
    found = check(read_edition(tmp_path / "merged.md"), told)
    assert f"{name} is in no entry and is not skipped." in found.faults and found.missing
    tellings.write_text(text[:at] + "S-9999, " + text[at:], encoding="utf-8")
    found = check(read_edition(tmp_path / "merged.md"), told)
    assert found.faults == ("S-9999 is left out, but is not a story of the documents.",)


def test_a_story_that_stands_and_is_left_out_is_a_fault(corpus, told, tmp_path):
    write_document(tmp_path, laid_out(corpus, conclude(corpus.by_id, corpus.pairs, {}), {}))
    with (tmp_path / "merged.tellings.md").open("a", encoding="utf-8") as file:
        file.write('\n## <a id="left-out"></a>Left out\n\n- S-1: names none of the keywords\n')
    found = check(read_edition(tmp_path / "merged.md"), told)
    assert any(fault.startswith("S-1 is skipped and in E-") for fault in found.faults)


@pytest.mark.parametrize(
    ("left_out", "n", "says"),
    [
        (0, 4, "All 4 sentences of the stories are here."),
        (0, 1, "The 1 sentence of the stories is here."),
        (1, 3, "1 story is left out. All 3 sentences of the others are here."),
        (2, 1, "2 stories are left out. The 1 sentence of the others is here."),
    ],
)
def test_the_overview_says_how_many_are_left_out(desk, left_out, n, says):
    (row,) = desk.content.skipped
    ledger = [one for one in desk.merge.ledger if one is not row] + [row] * left_out
    content: Content = replace(
        desk.content,
        merge=replace(desk.merge, ledger=tuple(ledger)),
        head={"kept": {"units": n, "missing": []}},
    )
    assert says in "\n".join(overview(lay_out(content), "merged.md"))


@pytest.mark.parametrize(
    ("folds", "by"),
    [
        ([("proof", "")], "proof"),
        ([("judge", "judge-1, record 7, the same words")], "judge"),
        ([("person", "decided by Lena")], "person"),
        ([("person", "decided against by Lena on 2026-11-30")], "person"),
        ([("proof", ""), ("judge", "judge-1, record 7")], "proof judge unstated"),
        ([("person", "decided by Lena"), ("judge", "judge-1")], "person judge unstated"),
    ],
)
def test_who_folded_is_read_from_the_remark_of_a_telling(desk, tmp_path, folds, by):
    rooms, b = desk.merge.entries[0], desk.stories["b"]
    texts = (b.text, "Room “B”: folded")
    made = tuple(
        Fold("b", "sentence" if n == 0 else "title", texts[n], who, "a", reason=why)
        for n, (who, why) in enumerate(folds)
    )
    merge = replace(desk.merge, entries=(replace(rooms, folds=made), *desk.merge.entries[1:]))
    out = write_document(tmp_path, lay_out(replace(desk.content, merge=merge)))
    (entry,) = [e for e in read_edition(out["markdown"])["entries"] if e["name"] == "E-1"]
    *said, fold = [fold for fold in entry["folds"] if fold["story"] == "S-2"]
    # Words that several folded are told apart, each by whom.
    assert " ".join([one["by"] for one in (*said, fold)]) == by
    assert [one["text"] for one in said] == list(texts[: len(said)])
    assert "Lena" not in fold["text"] and "judge-1" not in fold["text"] and b.text in fold["text"]
