"""Two versions of a prompt, of which one makes the model invent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evals.judges import Judge
from evals.prompts_run import run_prompts
from evals.reading import figures, show
from evals.versions import find_version, only_version
from pipeline.calls import Request, canonical_json
from pipeline.edge import Edge
from pipeline.errors import InputError, SovereigntyError
from pipeline.prompts import load_prompt
from pipeline.settings import read_settings
from pipeline.store.reports import list_runs
from pipeline.tokens import counter_for

PROMPTS = Path(__file__).parents[2] / "prompts"
JUDGE = "openai/judge@http://127.0.0.1:9/v1"
BACKLOG = "".join(
    f"- As a {role}, I want to {goal}, so that {benefit}.\n"
    for role in ("rider", "dispatcher", "mechanic")
    for goal, benefit in (
        ("see the timetable of every bus", "I miss none"),
        ("see the timetable of every bus", "I can plan the transfer"),
        ("report a broken seat", "it is mended before 5 riders complain"),
        ("report a broken seat", "nobody is hurt"),
        ("print the monthly invoice", "the ledger is complete"),
        ("print the monthly invoice", "my employer pays"),
    )
)


class Obedient(Judge):
    """Adds a sentence of its own where the prompt asks for one."""

    def answer(self, request: Request) -> str:
        body = json.loads(super().answer(request))
        for edit in body["edits"]:
            if "Embellish" in request.messages[0].content:
                invented = {"at": "title", "text": "The invoice is stamped by a notary."}
                edit["rewrite"].append(invented)
        return canonical_json(body)


@pytest.fixture
def edge(tmp_path: Path, shared_cache: Path) -> Edge:
    return Edge(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache)}, db=f"sqlite:///{tmp_path}/x.sqlite"
        )
    )


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    released = (PROMPTS / "merge-edits.v2.md").read_text(encoding="utf-8")
    path = tmp_path / "merge-edits.v3.md"
    path.write_text(released.replace("Rules:", "Embellish where it reads well.\n\nRules:"))
    return path


@pytest.fixture
def compared(edge: Edge, tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "lines.md").write_text(f"# Lines\n\n{BACKLOG}")
    spec = edge.find(JUDGE)
    model = Obedient(spec, counter_for(spec, cache=edge.settings.cache).count_text)

    def run(a: object, b: object, **wanted: Any) -> Any:
        name = wanted.pop("model", JUDGE)
        before = len(model.asked)
        with edge.store() as store:
            found = run_prompts(
                str(a), str(b), [str(tmp_path / "lines.md")], edge.find(name),
                edge.options(spec), store, edge.terms(), opened=model, **wanted,
            )  # fmt: skip
            stored = figures(show(store, found["run"])) if found["run"] else {}
        return found, stored, len(model.asked) - before

    return run


def test_a_prompt_that_makes_the_model_invent_shows_in_the_paired_difference(
    compared: Callable[..., Any], draft: Path
) -> None:
    found, stored, asked = compared("merge-edits.v2", draft)
    n = found["a"]["clusters"]
    assert n >= 3 and asked == 2 * n
    assert (found["a"]["prompt"], found["b"]["prompt"]) == ("merge-edits.v2", "merge-edits.v3")
    assert found["a"]["scores"]["fabricated"]["mean"] == 0.0
    assert found["differences"]["fabricated"]["low"] > 0
    assert found["differences"]["passed"]["mean"] == -1.0
    assert found["differences"]["usable"]["mean"] == 0.0
    assert found["differences"]["output_tokens"]["low"] > 0
    assert found["differences"]["fabricated"]["n"] == n
    assert stored["difference_passed"].mean == -1.0 and stored["a_passed"].n == n
    assert found["b"]["output_tokens"] > found["a"]["output_tokens"] > 0
    assert found["a"]["estimated_input_tokens"] > 0
    again, _, asked = compared("merge-edits.v2", draft)
    assert asked == 0 and again["a"]["journalled"] == n
    assert again["differences"] == found["differences"]


def test_the_same_version_twice_differs_in_nothing(compared: Callable[..., Any]) -> None:
    found, _, asked = compared("merge-edits.v1", PROMPTS / "merge-edits.v1.md", most=2)
    assert asked == found["a"]["clusters"] == 2
    assert all(d["mean"] == d["low"] == d["high"] == 0 for d in found["differences"].values())


def test_the_second_prompt_asks_for_shorter_replies_that_are_as_good(
    compared: Callable[..., Any],
) -> None:
    found, _, _ = compared("merge-edits.v1", "merge-edits.v2")
    assert found["differences"]["output_tokens"]["high"] < 0
    assert found["b"]["output_tokens"] < found["a"]["output_tokens"] / 2
    for mark in ("usable", "passed", "fabricated"):
        assert found["differences"][mark]["mean"] == 0.0


def test_a_truth_tells_which_pairs_were_put_together_rightly(
    compared: Callable[..., Any], tmp_path: Path
) -> None:
    stories = [
        {"id": f"s{n}", "document": "lines.md", "key": "", "starts": line[2:]}
        for n, line in enumerate(BACKLOG.splitlines())
    ]
    truth = {"stories": stories, "duplicates": [{"stories": ["s0", "s1"]}]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    found, _, _ = compared(
        "merge-edits.v2", "merge-edits.v2", truth=tmp_path / "truth.json", dry_run=False
    )
    assert 0 < found["a"]["scores"]["pairs_right"]["mean"] < 1


def test_a_dry_run_asks_nothing_and_leaves_no_run(
    compared: Callable[..., Any], edge: Edge, draft: Path
) -> None:
    found, _, asked = compared("merge-edits.v2", draft, dry_run=True)
    assert asked == 0 and found["run"] is None
    assert found["b"]["estimated_input_tokens"] > found["a"]["estimated_input_tokens"] > 0
    with edge.store() as store:
        assert list_runs(store) == []


def test_what_cannot_be_compared_is_refused(
    compared: Callable[..., Any], draft: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no version"):
        compared("merge-edits.v99", draft)
    with pytest.raises(InputError, match="two prompts"):
        compared("merge-story.v1", draft)
    with pytest.raises(InputError, match="not asked with merge-story"):
        compared("merge-story.v1", "merge-story.v1")
    broken = tmp_path / "merge-edits.v4.md"
    broken.write_text("no turns at all")
    with pytest.raises(InputError, match="turns"):
        compared("merge-edits.v1", broken)
    with pytest.raises(SovereigntyError):
        compared("merge-edits.v2", draft, model="claude/claude-haiku-5-5")


def test_a_version_stands_alone_in_its_folder(draft: Path, tmp_path: Path) -> None:
    version = find_version(str(draft), PROMPTS)
    folder = only_version(version, PROMPTS, tmp_path / "alone")
    assert load_prompt(folder, "merge-edits").label == "merge-edits.v3"
    assert load_prompt(folder, "merge-story").label == load_prompt(PROMPTS, "merge-story").label
