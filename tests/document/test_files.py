"""The files of a document: all or none, under their names, and nothing stale beside them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.document import document_files
from pipeline.document.document_files import MARK, write_document, write_set
from pipeline.document.structure.content import Content
from pipeline.document.structure.layout import lay_out
from pipeline.errors import InputError
from pipeline.kept import Told, check, read_edition
from pipeline.run.corpus import gather
from pipeline.run.sovereignty import stays_here

MAIN = {"merged.md", "merged.lists.md", "merged.tellings.md", "merged.json", "merged.html"}


def names(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def many(kit) -> Content:
    """So many stories that each topic has files of its own."""
    told = [kit.story(f"s{i}", f"to see thing{i % 9} number{i}") for i in range(320)]
    return Content(kit.merge([kit.entry(one) for one in told]), {one.id: one for one in told})


def test_a_document_is_written_with_everything_it_links_to(desk, tmp_path):
    out = write_document(tmp_path / "a" / "b", lay_out(desk.content))
    assert names(tmp_path / "a" / "b") == MAIN
    assert {Path(path).name for path in out.values()} == MAIN - {
        "merged.tellings.md",
        "merged.lists.md",
    }
    assert json.loads(Path(out["json"]).read_text())["counts"]["skipped"] == 1


def test_what_an_earlier_run_left_is_gone_and_nobody_elses(desk, many, tmp_path):
    write_document(tmp_path, lay_out(many))
    topics = names(tmp_path) - MAIN
    assert len(topics) >= 5 and all(name.startswith("topics/") for name in topics)
    (tmp_path / "topics" / "mine.md").write_text("# my notes\n")
    (tmp_path / "notes.md").write_text("mine too")
    write_document(tmp_path, lay_out(desk.content))
    assert names(tmp_path) == MAIN | {"topics/mine.md", "notes.md"}
    write_document(tmp_path, lay_out(many))
    assert names(tmp_path) == MAIN - {"merged.tellings.md"} | topics | {
        "topics/mine.md", "notes.md"
    }  # fmt: skip
    assert (tmp_path / "topics" / "contents.md").read_text().startswith(MARK)


def test_a_gap_is_written_under_another_name_and_leaves_the_whole_one(desk, many, tmp_path):
    write_document(tmp_path, lay_out(desk.content))
    before = {name: (tmp_path / name).read_bytes() for name in MAIN}
    out = write_document(tmp_path, lay_out(many), {"units": 2, "missing": [1]}, incomplete=True)
    assert all(path.endswith(".incomplete") and Path(path).exists() for path in out.values())
    assert {name: (tmp_path / name).read_bytes() for name in MAIN} == before
    assert "1 of 2 sentences are missing" in Path(out["html"]).read_text()
    assert not [name for name in names(tmp_path) - MAIN if not name.endswith(".incomplete")]
    gap = names(tmp_path) - MAIN
    links = {
        (name, target.partition("#")[0])
        for name in gap
        if ".md" in name
        for target in re.findall(r"(?<!\\)\]\(([^)]*)\)", (tmp_path / name).read_text())
    }
    for name, target in links:
        assert not target or (tmp_path / name).parent.joinpath(target).resolve().exists(), target
        assert not target or target.endswith(".incomplete")
    stories = {story.id: Told(story.text, story.kind) for story in many.stories.values()}
    assert check(read_edition(out["markdown"]), stories).missing == ()
    write_document(tmp_path, lay_out(desk.content))
    assert names(tmp_path) == MAIN


@pytest.mark.parametrize("fails", ["merged.tellings.md", "merged.json", "merged.html", "merged.md"])
def test_where_one_file_fails_none_is_changed(desk, tmp_path, monkeypatch, fails):
    write_document(tmp_path, lay_out(desk.content))
    before = {name: (tmp_path / name).read_bytes() for name in MAIN}
    fewer = replace(desk.merge, links=())
    (tmp_path / fails).unlink()
    (tmp_path / fails).mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_document(tmp_path, lay_out(replace(desk.content, merge=fewer)))
    assert names(tmp_path) == MAIN - {fails}
    for name in MAIN - {fails}:
        assert (tmp_path / name).read_bytes() == before[name]


def test_a_text_that_breaks_off_leaves_nothing(tmp_path):
    def broken():
        yield "half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_set(tmp_path, [("a.md", ["whole"]), ("topics/b.md", broken())])
    assert names(tmp_path) == set()


def test_a_full_disk_is_told_with_the_file(tmp_path):
    def full():
        raise OSError(28, "No space left on device")
        yield ""

    with pytest.raises(InputError, match="No space left on device") as told:
        write_set(tmp_path, [("a.md", ["whole"]), ("b.md", full())])
    assert told.value.where == str(tmp_path / "b.md") and names(tmp_path) == set()


def test_every_asset_of_the_page_is_in_it(desk, tmp_path):
    out = write_document(tmp_path, lay_out(desk.content))
    page = Path(out["html"]).read_text()
    folder = Path(document_files.__file__).with_name("page")
    for asset in folder.glob("*.[jc]s*"):
        assert asset.read_text().strip() in page, asset.name
    assert not re.search(r"(?:src|href)=.?(?:https?:|//)", page.partition('id="data-sections"')[0])


@pytest.mark.parametrize("mark", ["", "local"])
def test_every_file_bears_the_mark_of_what_it_was_made_of(many, tmp_path, mark):
    content = replace(many, head={"sovereignty": mark} if mark else {})
    for full in (False, True):
        write_document(tmp_path, lay_out(content, full=full), beside=[("since.md", ["# Since\n"])])
        found = names(tmp_path)
        assert ("topics/contents.md" in found) is not full, "stale topics are known by their line"
        for name in found:
            (document,) = (e.document for e in gather([tmp_path / name]).extractions)
            assert bool(stays_here(document)) is bool(mark), name
