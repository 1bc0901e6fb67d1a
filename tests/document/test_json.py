"""The document as JSON: everything, by the names and ids of the values."""

from __future__ import annotations

import json
from dataclasses import replace

from pipeline.document.as_json import FORMAT, as_json, json_text
from pipeline.document.structure.layout import lay_out
from pipeline.entries import LedgerRow, Outcome


def value(content, kept=None) -> dict:
    """The JSON, read back."""
    return json.loads("".join(json_text(lay_out(content), kept)))


def test_json_holds_the_values(desk):
    found = value(desk.content, {"units": 9, "missing": []})
    assert found["format"] == FORMAT and found["kept"] == {"units": 9, "missing": []}
    assert found["counts"] == {
        "conflict_with": 2, "merged_into": 1, "duplicate_of": 0, "kept": 4, "skipped": 1
    }  # fmt: skip
    rooms = found["entries"][0]
    assert (rooms["name"], rooms["standing"], rooms["sources"]) == ("E-1", "a", ["a", "b"])
    assert rooms["roles"] == [
        {"text": "reader", "stories": ["a"]}, {"text": "guest", "stories": ["b"]}
    ]  # fmt: skip
    assert {"field": "benefit", "text": "our group can talk", "stories": ["b"]} in rooms["lines"]
    (fold,) = rooms["folds"]
    assert fold["text"] == desk.stories["b"].text and fold["otherwise"] == ["reserve"]
    assert {entry["topic"] for entry in found["entries"]}
    (conflict,) = found["conflicts"]
    assert [side["story"] for side in conflict["sides"]] == ["c", "d"]
    assert found["sources"]["b"]["name"] == "S-2"
    assert found["sources"]["b"]["path"] == "pile/deep/b.md"
    (link,) = found["links"]
    assert link["only_a"] == ["overdue"] and link["only_b"] == ["damaged"]
    assert [row["story"] for row in found["ledger"]] == list("abcdefgh")


def test_the_stream_is_the_value_an_entry_or_row_a_line(sample):
    layout = lay_out(sample.read.content(sample.merge))
    text = "".join(json_text(layout))
    assert json.loads(text) == json.loads(json.dumps(as_json(layout)))
    lines = text.splitlines()
    for name in ("entries", "ledger", "sources"):
        at = next(n for n, line in enumerate(lines) if line.startswith(f'"{name}": '))
        n = len(json.loads(text)[name])
        assert all(line.startswith(("{", '"')) for line in lines[at + 1 : at + 1 + n])
        assert lines[at + 1 + n].startswith(('"', "}")) or lines[at + n].endswith(("]", "}"))


def test_stories_say_what_they_said_to_the_letter(sample):
    found = value(sample.read.content(sample.merge))
    for story in sample.read.stories.values():
        source = found["sources"][story.id]
        assert source["text"] == story.text
        document = sample.read.documents[source["document"]]
        assert found["documents"][source["document"]]["chars"] == len(document.text)
        assert source["spans"] == [list(span) for span in story.source.spans]
    assert sum(found["counts"].values()) == len(sample.read.stories)


def test_half_a_character_is_no_broken_file(desk, kit):
    half = kit.story("a", "to see \ud800", title="\u2028")
    content = replace(desk.content, merge=kit.merge([kit.entry(half)]), stories={"a": half})
    text = "".join(json_text(lay_out(content)))
    assert json.loads(text.encode())["sources"]["a"]["text"] == half.text


def test_a_judge_and_its_record_stand_in_the_ledger(desk):
    row = LedgerRow("b", Outcome.MERGED_INTO, desk.merge.entries[0].id, "a", "one need", "judge",
                    judge="j-1", record="r-7", likelihood=0.98)  # fmt: skip
    rows = tuple(row if one.story == "b" else one for one in desk.merge.ledger)
    found = value(replace(desk.content, merge=replace(desk.merge, ledger=rows)))["ledger"][1]
    assert (found["judge"], found["record"], found["likelihood"]) == ("j-1", "r-7", 0.98)
    assert found["outcome"] == "merged_into" and found["at"] is None
