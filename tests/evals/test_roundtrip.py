"""Round trips: fakes that lose in a known way, our own merge, and a model that writes again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals.cli.eval_commands import app
from evals.merges.rounds import (
    Original,
    Round,
    decay,
    figures,
    read_again,
    round_trips,
    split,
    write_parts,
)
from pipeline.config.options import MergeOptions
from pipeline.config.settings import read_settings
from pipeline.errors import GateError, InputError, SovereigntyError
from pipeline.extract.extraction import extract
from pipeline.run.job import run as run_job
from pipeline.runtime import Runtime
from pipeline.store.reading import reports
from pipeline.store.record import Store
from pipeline.stories import Story
from pipeline.tokens.token_counters import counter_for
from tests.support.asked import Answered, ask
from tests.support.rewriters import Rewriter

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
MODEL = "claude/claude-haiku-5-5"


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [story for found in extract([SAMPLE]) for story in found.stories]


def joined(stories: Sequence[Story], out: Path) -> list[Path]:
    """What a merge that only concatenates leaves."""
    return write_parts([stories], out)


def concatenating(files: Sequence[Path], out: Path) -> list[Path]:
    return joined(read_again(files), out)


def forgetting(share: Callable[[int], float]) -> Callable[[Sequence[Path], Path], list[Path]]:
    """Forgets a share of its stories, by the number of the round."""

    def merge(files: Sequence[Path], out: Path) -> list[Path]:
        number = int(out.parent.name)
        told = read_again(files)
        draw = random.Random(number)
        lost = set(draw.sample(range(len(told)), round(share(number) * len(told))))
        return joined([story for n, story in enumerate(told) if n not in lost], out)

    return merge


def test_concatenating_keeps_everything_and_saves_no_word(
    stories: list[Story], tmp_path: Path
) -> None:
    found = round_trips(stories, concatenating, tmp_path, by="random", parts=1, rounds=3)
    assert [one.number for one in found] == [0, 1, 2, 3]
    assert {(one.kept, one.altered, one.lost, one.invented) for one in found} == {(1, 0, 0, 0)}
    assert all(one.order == 1 and one.words == pytest.approx(1, abs=0.01) for one in found)
    assert decay(found).catastrophes == ()


def test_a_lossy_merge_decays_and_one_that_forgets_in_round_seven_is_a_catastrophe(
    stories: list[Story], tmp_path: Path
) -> None:
    lossy = forgetting(lambda number: 0.03)
    found = round_trips(stories, lossy, tmp_path / "a", by="role", rounds=10)
    went = decay(found)
    assert went.catastrophes == () and went.loss is not None
    assert went.loss.low < (1 - found[-1].kept) / 10 < went.loss.high and went.loss.n == 10
    left = 122
    for one in found[1:]:
        left -= round(0.03 * left)
        assert one.stories == left
    # What two stories tell in the same words is kept as long as one of them is there.
    assert left / 122 < found[-1].kept < 0.9 and found[-1].invented == 0

    seventh = forgetting(lambda number: 0.5 if number == 7 else 0.0)
    found = round_trips(stories, seventh, tmp_path / "b", by="topic", rounds=10)
    went = decay(found)
    assert went.catastrophes == (7,) and went.loss is not None
    assert (went.loss.mean, went.loss.n) == (0, 9)
    assert found[6].kept == 1 > 0.8 > found[7].kept == found[10].kept


def test_what_is_altered_lost_made_up_and_moved_is_told_apart(stories: list[Story]) -> None:
    told = [s for s in stories if s.text.startswith("As a") and "\n" not in s.text][:20]
    original = Original(told)

    def again(*texts: str) -> Round:
        return original.compare(1, [replace(told[0], text=text) for text in texts])

    texts = [story.text for story in told]
    assert again(*texts).kept == 1 and again(*texts).order == 1
    assert again(*reversed(texts)).order == 0 and again(*reversed(texts)).kept == 1
    one = again(*texts[:-1])
    assert one.lost == pytest.approx(1 / 20) and one.altered == 0 < one.words < 1
    one = again(*texts[:-1], texts[-1].replace("I want to", "I wish to"))
    assert one.altered == pytest.approx(1 / 20) and one.lost == one.invented == 0
    one = again(*texts, "Bakers weigh seven purple zeppelins.")
    assert (one.kept, one.invented) == (1, pytest.approx(1 / 21))
    nothing = original.compare(1, [])
    assert (nothing.kept, nothing.lost, nothing.order, nothing.invented) == (0, 1, None, 0)
    assert figures(one)["kept"].high == 1 and "order" not in figures(nothing)


@pytest.mark.parametrize("by", ["role", "topic", "author", "random"])
def test_a_split_has_every_story_once_and_keeps_what_belongs_together(
    stories: list[Story], by: Any
) -> None:
    parts = split(stories, by, 4, seed=1)
    assert sorted(s.id for part in parts for s in part) == sorted(s.id for s in stories)
    assert len(parts) == 4 and all(15 < len(part) < 50 for part in parts)
    names = {"role": lambda s: s.role, "author": lambda s: s.source.author}
    if by in names:
        for name in {names[by](s) for s in stories} - {""}:
            assert sum(any(names[by](s) == name for s in part) for part in parts) == 1
    assert split(stories, by, 4, seed=1) == parts
    assert len(split(stories[:2], by, 4, seed=1)) <= 2


def test_parts_are_read_as_they_were_written(stories: list[Story], tmp_path: Path) -> None:
    again = read_again(write_parts(split(stories, "random", 3, seed=2), tmp_path))
    assert Original(stories).compare(0, again).kept == 1
    assert len(again) == len(stories)


def test_an_edition_is_read_again_with_every_cell_of_a_row(
    tmp_path: Path, runtime: Runtime, store: Store
) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "Title,As a,I want,So that,Notes,Acceptance criteria,Status\n"
        "Late fees,member,to see my fees,I can pay,Ask Ann,Shown in euros; Shown at once,open\n"
        "Labels,clerk,to print labels,,,On A6,open\n"
    )
    run_job(runtime.merge_job([str(table)], "extractive", MergeOptions(out=str(tmp_path / "out")),
                           store=store))  # fmt: skip
    written = [s for e in extract([table]) for s in e.stories]
    edition = sorted((tmp_path / "out").glob("merged.tellings*.md"))
    again = {s.goal: s for e in extract(edition) for s in e.stories}
    assert len(again) == len(written) == 2
    for one in written:
        same = again[one.goal]
        for field in ("title", "role", "benefit", "criteria", "body"):
            assert getattr(same, field) == getattr(one, field)
    parts = {s.goal: s for e in extract(write_parts([written], tmp_path / "p")) for s in e.stories}
    assert parts["see my fees"].title == "Late fees" and parts["see my fees"].body == ("Ask Ann",)


@pytest.fixture
def runtime(tmp_path: Path, shared_cache: Path) -> Runtime:
    return Runtime(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache), "ANTHROPIC_API_KEY": "never sent"},
            db=f"sqlite:///{tmp_path}/evals.sqlite",
        )
    )


def test_our_own_merge_goes_round_and_loses_nothing(runtime: Runtime, store: Store) -> None:
    said: list[str] = []
    files = ["lending-desk.md", "payments-and-reports.xlsx"]
    done = ask(
        "roundtrip",
        runtime,
        store,
        paths=[str(SAMPLE / file) for file in files],
        by="author",
        rounds=3,
        parts=2,
        say=said.append,
    )
    rounds = done["rounds"]
    assert [one["kept"] for one in rounds] == [1] * 4, "criteria of rows are read back, too"
    assert (done["catastrophes"], done["usd"], done["strategy"]) == ([], "0", "none")
    assert len(said) == 4
    rows = {(r["name"], r["item"]): r for r in reports.scores(store, done["run"])}
    assert rows["kept", ""]["value"] == rows["kept", "03"]["value"] == rounds[-1]["kept"]
    assert rows["catastrophes", ""]["value"] == 0 and rows["kept", "00"]["value"] == 1


def test_a_model_that_writes_again_is_priced_and_held_to_the_same(
    runtime: Runtime, store: Store
) -> None:
    spec = runtime.find(MODEL)
    count = counter_for(spec, cache=runtime.settings.cache).count_text
    model = Rewriter(spec, count, words=99, failing=1.0, faults=("forgets",))

    def trip(**more: Any) -> dict[str, Any]:
        return ask(
            "roundtrip",
            Answered(runtime.settings, model),
            store,
            paths=[str(SAMPLE / "lending-desk.md")],
            model=MODEL,
            strategy="tree",
            rounds=2,
            allow_cloud=("all",),
            **more,
        )

    dry = trip(dry_run=True)
    assert (dry["merges"], dry["strategy"]) == (2, "tree") and not model.asked
    done = trip(parts=2)
    assert model.asked and done["strategy"] == "tree" and done["usd"] != "0"
    first, last = done["rounds"][1], done["rounds"][-1]
    assert last["stories"] < first["stories"] < done["stories"], "each reply leaves one out"
    assert 0 < first["lost"] < last["lost"] < 0.5 and last["kept"] < first["kept"]
    assert last["kept"] + last["altered"] + last["lost"] == pytest.approx(1)


@pytest.mark.parametrize("strategy", ["tree", "pairs"])
def test_a_run_that_was_stopped_comes_to_the_same_and_asks_for_no_reply_twice(
    tmp_path: Path, shared_cache: Path, strategy: str
) -> None:
    class Stopping(Rewriter):
        stop_at = 10**9

        def complete(self, requests: Any, progress: Any = None) -> Any:
            for request in requests:
                if len(self.asked) == self.stop_at:
                    raise KeyboardInterrupt
                yield from super().complete([request], progress)

        def answer(self, request: Any) -> str:
            return super().answer(request) if strategy == "tree" else '{"answer": "different"}'

    settings = {"STORYTRANSFORMER_CACHE": str(shared_cache), "ANTHROPIC_API_KEY": "never sent"}
    found, asked = [], []
    for name, stops in (("whole", ()), ("stopped", (1, 2))):
        runtime = Runtime(read_settings(settings, db=f"sqlite:///{tmp_path}/{name}.sqlite"))
        spec = runtime.find(MODEL)
        model = Stopping(spec, counter_for(spec, cache=runtime.settings.cache).count_text, words=99)
        with runtime.store() as store:

            def trip(runtime=runtime, store=store, model=model) -> dict[str, Any]:
                return ask(
                    "roundtrip",
                    Answered(runtime.settings, model),
                    store,
                    paths=[str(SAMPLE / "lending-desk.md")],
                    model=MODEL,
                    strategy=strategy,
                    rounds=3,
                    parts=2,
                    allow_cloud=("all",),
                )

            for stop in stops:
                model.stop_at = stop
                with pytest.raises(KeyboardInterrupt):
                    trip()
            model.stop_at = 10**9
            done = trip()
        found.append(done["rounds"])
        asked.append(sorted(request.key for request in model.asked))
    assert found[0] == found[1] and asked[0] == asked[1] and len(asked[0]) > 2
    assert len(set(asked[0])) == len(asked[0])


def test_what_may_not_leave_does_not_in_parts_either(runtime: Runtime, store: Store) -> None:
    paths = [str(SAMPLE / "lending-desk.md")]
    with pytest.raises(SovereigntyError):
        ask(
            "roundtrip",
            runtime,
            store,
            paths=paths,
            model=MODEL,
            strategy="tree",
            allow_cloud=(str(SAMPLE / "volunteers.txt"),),
        )
    with pytest.raises(InputError, match="no way to split"):
        ask("roundtrip", runtime, store, paths=paths, by="colour")


def test_the_command_shows_every_round(tmp_path: Path) -> None:
    args = ["roundtrip", str(SAMPLE / "lending-desk.md"), "--rounds", "2", "--parts", "2"]
    args += ["--db", f"sqlite:///{tmp_path}/x.sqlite", "--quiet"]
    shown = CliRunner().invoke(app, args)
    assert shown.exit_code == 0, shown.output
    assert "after 2 rounds" in shown.output and "at once: none" in shown.output
    result = json.loads(CliRunner().invoke(app, [*args, "--json"]).stdout)
    assert [one["number"] for one in result["rounds"]] == [0, 1, 2]
    again = ["--db", f"sqlite:///{tmp_path}/x.sqlite"]
    shown = CliRunner().invoke(app, ["show", result["run"], *again])
    assert shown.exit_code == 0 and "catastrophes\t0\t–\t2" in shown.output, "a count has no band"
    bound = CliRunner().invoke(app, ["gate", result["run"], "--min", "catastrophes=1", *again])
    assert isinstance(bound.exception, GateError) and "is 0, n=2" in str(bound.exception)
