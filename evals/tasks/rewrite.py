"""What is left of every story where a model writes all of them again, for comparison."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.declared import PATHS, Asked, Eval
from evals.result_tables import Table, merge_price, rate
from pipeline.amounts import counted
from pipeline.config.options import EvalOptions, MergeOptions, option
from pipeline.providers.local import DEFAULT_LOCAL

if TYPE_CHECKING:
    from evals.corpora.planted_canaries import Canary
    from evals.merges.rewrite_job import RewriteJob


@dataclass(frozen=True, kw_only=True)
class RewriteOptions(EvalOptions):
    """A strategy that writes every story again."""

    strategy: str = option("tree", "tree or fold.", "Strategy")
    canaries: int = option(
        0, "Canaries to plant in a copy of the documents.", "Canaries to plant", least=0
    )
    seed: int = option(0, "Draws the canaries and their places.", "Seed")
    out: str | None = option(None, "Folder to leave the text in.", "Folder of the text")


@contextmanager
def _job(asked: Asked) -> Iterator[tuple[RewriteJob, list[Canary]]]:
    """The job that writes the documents, or a copy with canaries in it, again.

    Raises:
        SovereigntyError: as the merge does, by the documents that canaries are planted into.
    """
    from evals.corpora.planted_canaries import plant
    from evals.merges.rewrite_job import rewrite_job
    from pipeline.run.corpus import gather, require
    from pipeline.run.sovereignty import check_sovereignty, copies_of

    chosen: RewriteOptions = asked.chosen
    with tempfile.TemporaryDirectory(prefix="rewrite-") as temporary:
        folder = Path(temporary)
        planted: list[Canary] = []
        read = asked.paths
        if chosen.canaries:
            corpus = gather(asked.paths, cache=asked.store)
            require(corpus)
            planted = plant(corpus.extractions, folder / "in", n=chosen.canaries, seed=chosen.seed)
            read = [str(folder / "in")]
        allowed = copies_of(chosen.allow_cloud) if planted else chosen.allow_cloud
        options = MergeOptions(
            out=chosen.out or str(folder / "out"),
            strategy=chosen.strategy,
            max_cost=chosen.max_cost,
            allow_cloud=allowed,
        )
        job = rewrite_job(asked.merge(read, options, say=asked.say))
        if planted:
            # The copies have other paths: what may not leave is told by the documents themselves.
            check_sovereignty(
                corpus,
                job.spec,
                allow_cloud=chosen.allow_cloud,
                local_only=job.terms.local_only,
            )
        yield job, planted


def _price(asked: Asked) -> dict[str, Any]:
    from evals.merges.merge_price import estimate_of, total

    with _job(asked) as (job, _):
        estimate = estimate_of(job)
        return {"model": job.spec.name, "strategy": job.terms.strategy} | total([estimate])


def _run(asked: Asked) -> dict[str, Any]:
    """Run a rewriting strategy over documents.

    Returns:
        What :meth:`evals.merges.rewrite_job.RewriteJob.write` does, and with canaries what became
        of them.
    """
    from evals.corpora.planted_canaries import look_in
    from evals.recorded import figure
    from evals.tasks.canary import rates
    from pipeline.run.job import run as run_job

    with _job(asked) as (job, planted):
        result = run_job(job)
    if asked.chosen.out is None:
        result["out"] = None
    if planted:
        seen = look_in(planted, job.corpus.stories, job.text)
        found = {f"canaries_{name}": one for name, one in rates(seen).items()}
        found.pop("canaries_sourced")  # a rewritten text does not say what comes from where
        asked.store.save_scores(job.run_id, [figure(name, one) for name, one in found.items()])
        result["scores"] |= {name: one._asdict() for name, one in found.items()}
    return result


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """What is left of the stories in a text that a model wrote."""
    yield (
        f"{result['strategy']} by {result['model']}: {result['words_in']:,} words of "
        f"{counted(result['stories'], 'story', 'stories')} became {result['words_out']:,}, in "
        f"{result['calls']:,} "
        f"calls ({result['failed_calls']:,} failed)"
    )
    for name, found in result["scores"].items():
        yield f"{name.replace('_', ' ')}: {rate(found)}"
    if result["remark"]:
        yield result["remark"]
    if result["out"]:
        yield result["out"]


EVAL = Eval(
    name="rewrite",
    help="What is left of every story where a model writes all of them again, for comparison.",
    place=70,
    arguments=(PATHS,),
    options=RewriteOptions,
    model=DEFAULT_LOCAL,
    run=_run,
    shown=_shown,
    price=_price,
    priced=merge_price,
)
