"""What may leave this machine is named, and the marks subtract from it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline.catalog import Catalog
from pipeline.config.options import ReadOptions
from pipeline.errors import InputError, SovereigntyError
from pipeline.run.corpus import Corpus, gather
from pipeline.run.sovereignty import check_sovereignty, idle_patterns, is_allowed, mark_of, warnings
from pipeline.stories import Document
from tests import marked
from tests.marked import STORY
from tests.marked_beside import BESIDE, SPOKEN_OF
from tests.support import commands
from tests.support.providers import Provider

MARKED = {**marked.MARKED, **BESIDE}
OPEN = {**marked.OPEN, **SPOKEN_OF}

ROOT = Path(__file__).resolve().parents[2]
CLOUD = Catalog(ROOT / "data" / "models.toml").find("claude/claude-haiku-5-5")


def corpus_of(folder: Path, *forms: tuple[str, bytes]) -> Corpus:
    for number, (name, data) in enumerate(forms):
        (folder / f"{number}-{name}").write_bytes(data)
    return gather([folder])


@pytest.mark.parametrize("form", MARKED)
def test_no_cloud_is_sent_what_bears_a_mark_in_any_form(form: str, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, MARKED[form], OPEN["no mark"])
    with pytest.raises(SovereigntyError) as refused:
        check_sovereignty(corpus, CLOUD, allow_cloud=("all",))
    assert refused.value.exit_code == 5 and MARKED[form][0] in refused.value.where
    staying = check_sovereignty(corpus, CLOUD, allow_cloud=("all",), partly=True)
    assert staying == {s.id for s in corpus.extractions[0].stories}
    assert mark_of(corpus.documents.values()) == "local"


@pytest.mark.parametrize("form", OPEN)
def test_what_bears_none_may_leave(form: str, tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, OPEN[form])
    assert check_sovereignty(corpus, CLOUD, allow_cloud=("all",)) == frozenset()
    assert mark_of(corpus.documents.values()) == ""


@pytest.mark.parametrize(
    ("named", "leaves"),
    [
        (["all"], True),
        (["notes"], True),
        (["notes/"], True),
        (["notes/a.md"], True),
        (["notes/*.md"], True),
        (["*/a.md"], True),
        (["**/a.md"], True),
        (["n?tes/[a-c].md"], True),
        (["other", "notes"], True),
        ([], False),
        (["a.md"], False),
        (["*.md"], False),
        (["note"], False),
        (["notes/*.txt"], False),
        (["notes/b*"], False),
        (["ALL"], False),
        (["-"], False),
    ],
)
def test_paths_and_globs_name_what_may_leave(
    named: list[str], leaves: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text(STORY)
    monkeypatch.chdir(tmp_path)
    for path in ("notes/a.md", str(tmp_path / "notes" / "a.md"), "./notes/../notes/a.md"):
        assert is_allowed(Document("1", (path,), "markdown", ""), named) is leaves


def test_a_link_gives_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("open", "hr"):
        (tmp_path / folder).mkdir()
    (tmp_path / "hr" / "a.md").write_text(STORY)
    (tmp_path / "open" / "a.md").symlink_to(tmp_path / "hr" / "a.md")
    assert not is_allowed(Document("1", ("open/a.md",), "markdown", ""), ["open"])
    # The same bytes under a name that may leave and one that may not.
    assert not is_allowed(Document("1", ("hr/a.md", "open/b.md"), "markdown", ""), ["open"])


@pytest.mark.parametrize("named", ["", " ", "--max-cost"])
def test_an_option_is_no_permission(named: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        check_sovereignty(corpus_of(tmp_path), CLOUD, allow_cloud=(named,))


def test_patterns_that_match_nothing_are_said(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, OPEN["no mark"])
    assert idle_patterns(corpus, ["*.md", "hr/", "*.docx"]) == ["hr/", "*.docx"]
    said = warnings(corpus, allow_cloud=("nowhere",), local_only=("hr/",))
    assert len(said) == 2 and "'hr/'" in said[0] and "'nowhere'" in said[1]
    with pytest.raises(InputError):
        idle_patterns(corpus, ["[z-a]"])


def test_the_same_bytes_in_two_formats_are_kept_by_either_name(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"{STORY}\n")
    (tmp_path / "a.txt").write_text(f"{STORY}\n")
    corpus = gather([tmp_path], how=ReadOptions())
    assert len(corpus.extractions) == 2
    with pytest.raises(SovereigntyError):
        check_sovereignty(corpus, CLOUD, allow_cloud=("all",), local_only=("a.md",), partly=True)


@pytest.mark.enable_socket
def test_the_command_sends_nothing_of_all_forms_together(
    tmp_path: Path, shared_cache: Path
) -> None:
    (tmp_path / "in").mkdir()
    corpus_of(tmp_path / "in", *MARKED.values())
    with Provider() as provider:
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "STORYTRANSFORMER_CACHE": str(shared_cache),
            "ANTHROPIC_BASE_URL": provider.url,
            "ANTHROPIC_API_KEY": "k",
        }
        done = commands.run(
            ["merge", "in", "--model", CLOUD.name,
             "--allow-cloud", "all", "--json"],
            cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 5, done.stdout + done.stderr
        assert json.loads(done.stdout)["kind"] == "sovereignty"
        assert not provider.heard
