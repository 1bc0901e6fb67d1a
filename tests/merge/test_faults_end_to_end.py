"""From a document on disk to merged documents, with every way that a call can fail: the books
balance, the text of every story stands, and what failed is said."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evals.judges import FAULTS, Judge
from pipeline.edge import Edge
from pipeline.merge import job as jobs
from pipeline.settings import read_settings
from pipeline.store.reports import list_runs
from pipeline.stories import normalise
from pipeline.tokens import counter_for

HALLS = ("north", "south", "upper")


@pytest.fixture(scope="module")
def bench():
    """The benchmark as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / "faults_merge.py"
    spec = importlib.util.spec_from_file_location("bench_faults_merge", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def backlogs(kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backlog three times over, each in a hall of its own."""
    folder = tmp_path_factory.mktemp("halls")
    for hall in HALLS:
        text = kit.backlog_text.replace(", so that", f" in the {hall} hall, so that")
        (folder / f"{hall}.md").write_text(text)
    return folder


@pytest.mark.parametrize("strategy", ["edit", "tree", "fold"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_survived_from_document_to_document(
    tmp_path: Path, shared_cache: Path, backlogs: Path, strategy: str, fault: str
):
    settings = read_settings(
        {"STORYTRANSFORMER_CACHE": str(shared_cache)}, db=f"sqlite:///{tmp_path}/runs.sqlite"
    )
    edge = Edge(settings)
    with edge.store() as store:
        job = edge.merge_job(
            [str(backlogs)],
            "openai/judge@http://127.0.0.1:9/v1",
            store=store,
            out=str(tmp_path / "merged"),
            strategy=strategy,
        )
        job.spec = replace(job.spec, window=4_096, output_cap=2_048)
        counter = counter_for(job.spec, cache=shared_cache)
        judge = Judge(job.spec, counter.count_text, failing=0.5, faults=(fault,), seed=1)
        job.opener = lambda spec, options: judge
        result = jobs.run(job)
        row = next(r for r in list_runs(store) if r["run"] == result["run"])
    assert judge.failed
    assert sum(result["ledger"].values()) == result["stories"] == 12 * len(HALLS)
    assert row["state"] == "completed"
    merged = json.loads(Path(result["out"]["json"]).read_text())
    told = normalise(Path(result["out"]["markdown"]).read_text())
    for story in job.corpus.stories:
        assert normalise(story.goal) in told
        for criterion in story.criteria:
            assert normalise(criterion) in told
    if fault == "forgets":
        assert result["lost"] > 0 or strategy == "edit"
    elif result["failed_calls"] and strategy == "edit":
        # (What a failed call leaves standing, a later level may still merge.)
        assert result["fallbacks"] > 0
        assert "failed" in json.dumps(merged["ledger"])
    assert result["failed_calls"] == len(merged["failed_calls"])
    assert result["lost"] == len(merged["lost"])


@pytest.mark.parametrize("strategy", ["edit", "tree", "fold"])
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_random_failures_leave_no_story_unaccounted_for(kit, bench, backlog, strategy, share):
    """A fixed-seed sample of ``benchmarks/faults_merge.py``."""
    stories = {
        f"{name}-{hall}": replace(s, id=f"{name}-{hall}", goal=f"{s.goal} in the {hall} hall")
        for hall in HALLS
        for name, s in backlog.items()
    }
    plan, desk = bench.planned(strategy, list(stories.values()), kit.counter, kit.prompts)
    for seed in range(4):
        _, outcomes = bench.run(plan, stories, desk, kit.counter, failing=share, seed=seed)
        assert not bench.unaccounted(stories, outcomes)
