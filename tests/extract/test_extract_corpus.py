"""Paths to documents: walking, joining equal bytes, excluding, keeping, reporting."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.extract.extraction import extract
from pipeline.extract.globs import is_excluded
from pipeline.store.record import open_store
from pipeline.stories import Extraction

STORY = "As a cook, I want salt, so that it tastes.\n"


class Kept:
    """A cache in memory that counts what it is asked."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Extraction] = {}
        self.hits = 0

    def get_extraction(self, sha256: str, variant: str) -> Extraction | None:
        found = self.kept.get((sha256, variant))
        self.hits += found is not None
        return found

    def put_extraction(self, sha256: str, variant: str, extraction: Extraction) -> None:
        self.kept[sha256, variant] = extraction


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_walks_folders_in_order_and_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    write(tmp_path, b_dot_md=STORY + "b", a_dot_txt=STORY + "a", sub__c_dot_txt=STORY + "c")
    write(tmp_path, _dot_git__d_dot_txt=STORY + "d", code_dot_py=STORY)
    found = [Path(e.document.path).name for e in extract([tmp_path])]
    assert found == ["a.txt", "b.md", "c.txt"]
    globbed = [Path(e.document.path).name for e in extract([str(tmp_path / "**" / "*.txt")])]
    assert sorted(globbed) == ["a.txt", "c.txt"]


def test_equal_bytes_are_one_document_with_both_paths(tmp_path: Path) -> None:
    write(tmp_path, a_dot_txt=STORY, b_dot_txt=STORY, c_dot_txt=STORY + STORY)
    one, two = extract([tmp_path])
    assert [Path(path).name for path in one.document.paths] == ["a.txt", "b.txt"]
    assert len(one.stories) == 1
    assert len(two.stories) == 2
    assert two.stories[0].fingerprint == one.stories[0].fingerprint


def test_another_document_changes_nothing_of_the_others(tmp_path: Path) -> None:
    write(tmp_path, b_dot_txt=STORY, c_dot_md="# Kitchen\n\n- " + STORY)
    before = {e.document.path: e for e in extract([tmp_path])}
    write(tmp_path, a_dot_txt=STORY * 2, bb_dot_csv="Summary,Description\nx," + STORY)
    after = {e.document.path: e for e in extract([tmp_path])}
    assert {path: after[path] for path in before} == before


def test_excludes_as_gitignore_does(tmp_path: Path) -> None:
    write(tmp_path, a_dot_txt=STORY, old__b_dot_txt=STORY + "b", old__keep_dot_txt=STORY + "k")
    names = [
        Path(e.document.path).name for e in extract([tmp_path], exclude=["old/*", "!keep.txt"])
    ]
    assert names == ["a.txt", "keep.txt"]
    (tmp_path / ".storyignore").write_text("# not these\n/old/\n")
    assert [Path(e.document.path).name for e in extract([tmp_path])] == ["a.txt"]
    named = [Path(e.document.path).name for e in extract([tmp_path / "old" / "b.txt"])]
    assert named == ["b.txt"], "a file named outright is read"


@pytest.mark.parametrize(
    ("path", "patterns", "excluded"),
    [
        ("a/b.txt", ["*.txt"], True),
        ("a/b.txt", ["/b.txt"], False),
        ("a/b.txt", ["a/**"], True),
        ("a/c/b.txt", ["a/*/b.txt"], True),
        ("a/c/d/b.txt", ["a/**/b.txt"], True),
        ("b.txt", ["b.tx?"], True),
        ("b.txt", ["[a-c].txt"], True),
        ("b.txt", ["[!a-c].txt"], False),
        ("b.txt", ["*", "!b.txt"], False),
        ("b.txt", ["b.txt/"], False),
    ],
)
def test_patterns(path: str, patterns: list[str], excluded: bool) -> None:
    assert is_excluded(path, patterns) is excluded


def test_a_second_time_comes_from_the_cache_with_this_runs_paths(tmp_path: Path) -> None:
    write(tmp_path, a_dot_txt=STORY, b_dot_md=STORY + "b")
    cache = Kept()
    first = list(extract([tmp_path], cache=cache))
    assert cache.hits == 0
    assert list(extract([tmp_path], cache=cache)) == first
    assert cache.hits == 2
    (tmp_path / "a.txt").rename(tmp_path / "z.txt")
    moved = [e for e in extract([tmp_path], cache=cache) if e.document.path.endswith("z.txt")]
    assert cache.hits == 4
    assert moved[0].stories[0].source.path.endswith("z.txt")
    assert moved[0].stories[0].id == first[0].stories[0].id
    list(extract([tmp_path], cache=cache, encoding="latin-1"))
    assert cache.hits == 4, "another encoding is another reading"


def test_missing_paths_are_the_users_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(extract([tmp_path / "nowhere.txt"]))
    with pytest.raises(InputError, match="matches"):
        list(extract([str(tmp_path / "*.txt")]))
    write(tmp_path, a_dot_txt="caf\xe9 " + STORY)
    with pytest.raises(InputError, match="no encoding called"):
        list(extract([tmp_path], encoding="utf-9"))


def test_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STORY.encode())))
    (only,) = extract(["-"])
    assert only.document.paths == ("-",)
    assert only.stories[0].role == "cook"


def test_link_cycles_end(tmp_path: Path) -> None:
    write(tmp_path, sub__a_dot_txt=STORY)
    (tmp_path / "sub" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nothing.txt")
    found = {Path(e.document.path).name: e.document.problem for e in extract([tmp_path])}
    assert found["a.txt"] is None
    assert found["loop.txt"] is not None and "cannot be opened" in found["loop.txt"]
    assert found["gone.txt"] is not None and "cannot be opened" in found["gone.txt"]


def test_names_may_hold_anything(tmp_path: Path) -> None:
    odd = ["line\nbreak.txt", "odd..txt", "[x].txt", "a*b?.txt", " lead.txt", "ü–☃.txt"]
    for number, name in enumerate(odd):
        (tmp_path / name).write_text(STORY * (number + 1), encoding="utf-8")
    assert sorted(Path(e.document.path).name for e in extract([tmp_path])) == sorted(odd)
    inside = tmp_path / "sub" / ".." / "[x].txt"
    (tmp_path / "sub").mkdir()
    (only,) = extract([inside])
    assert len(only.stories) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_reported(tmp_path: Path) -> None:
    write(tmp_path, a_dot_txt=STORY, b_dot_txt=STORY * 2)
    (tmp_path / "a.txt").chmod(0)
    first, second = extract([tmp_path])
    assert first.document.problem is not None and "Permission" in first.document.problem
    assert len(second.stories) == 2


def test_unopenable_files_are_reported_and_the_rest_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_dot_txt=STORY, b_dot_txt=STORY * 2)
    real = Path.open

    def refuse(self: Path, *args: object, **options: object) -> object:
        if self.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refuse)
    first, second = extract([tmp_path])
    assert first.document.problem == "cannot be opened (Permission denied)"
    assert first.stories == ()
    assert len(second.stories) == 2


def test_a_file_that_vanishes_or_changes_while_read(tmp_path: Path) -> None:
    write(tmp_path, a_dot_txt=STORY, b_dot_txt=STORY * 2, c_dot_txt=STORY * 3)
    reading = extract([tmp_path])
    assert len(next(reading).stories) == 1
    (tmp_path / "b.txt").unlink()
    (tmp_path / "c.txt").write_text(STORY * 4)
    gone, changed = reading
    assert gone.document.problem is not None and "No such file" in gone.document.problem
    assert changed.document.problem == "it changed while it was read"
    assert len(changed.stories) == 4


def test_documents_that_cannot_be_read_here_are_named(tmp_path: Path) -> None:
    (tmp_path / "slides.ppt").write_bytes(b"\xd0\xcf\x11\xe0rest")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0")
    (only,) = extract([tmp_path])
    assert only.document.problem is not None and ".pptx" in only.document.problem, (
        "what to save it as"
    )
    (named,) = extract([tmp_path / "picture.png"])
    assert named.document.problem is not None


def test_what_is_kept_under_another_path_or_of_other_bytes_has_its_own_fingerprints(
    tmp_path: Path,
) -> None:
    """Out of the store's cache, in which fingerprints stand with the stories."""
    with open_store(f"sqlite:///{tmp_path}/x.sqlite", now=lambda: datetime.now(UTC)) as cache:
        write(tmp_path, wishes__a_dot_txt=STORY)
        for path, text in (
            ("wishes/a.txt", STORY),
            ("wishes/a.txt", STORY.replace("salt", "pepper")),
            ("rejected/a.txt", STORY),
        ):
            file = tmp_path / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            plain = [s.fingerprint for e in extract([file]) for s in e.stories]
            for _ in ("cold", "warm"):
                found = [s.fingerprint for e in extract([file], cache=cache) for s in e.stories]
                assert found == plain
