"""Canaries as a run: plant, merge, look, store."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evals.corpora.canary import Sighting, look_for, plant
from evals.metrics.statistics import Interval
from evals.recorded import figure, recorded, share
from pipeline.amounts import counted
from pipeline.run.corpus import gather, require
from pipeline.run.job import MergeJob
from pipeline.run.job import run as run_job
from pipeline.run.sovereignty import check_sovereignty
from pipeline.store.record import Store
from pipeline.store.rows.eval_rows import Score

#: What a place may have been lost at and still count for a figure.
_FINE = {"survived": ("", "mutated", "source"), "unmutated": ("", "source"), "sourced": ("",)}


def run_canaries(
    paths: Sequence[str],
    job: Callable[[Sequence[str], Path], MergeJob],
    store: Store,
    *,
    n: int,
    depths: Sequence[float] = (0, 50, 100),
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Plant canaries in a copy of the documents, merge the copy, and look for them.

    The copy and its merged document are deleted afterwards; the merge stays in the database as a
    run of its own, with its ledger and document.

    Args:
        job: a merge of paths into a folder, ready to run.
        n: canaries; every second one has a twin.

    Returns:
        What ``eval canary --json`` prints: run, the merge's run, model, n (places), scores with
        interval and n, what was lost at which stage, and every sighting.

    Raises:
        InputError: no document can carry a canary; as the merge does.
    """
    corpus = gather(paths, cache=store)
    require(corpus)
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        planted = plant(corpus.extractions, Path(folder) / "in", n=n, depths=depths, seed=seed)
        say(
            f"planted {counted(len(planted), 'canary', 'canaries')} in a copy of "
            f"{counted(len(corpus.extractions), 'document')}"
        )
        merge = job([str(Path(folder) / "in")], Path(folder) / "out")
        merge.goes_on = False  # a pipeline that was left halfway is not measured
        # The copies have other paths: what may not leave is told by the documents themselves.
        check_sovereignty(
            corpus,
            merge.spec,
            allow_cloud=merge.terms.allow_cloud,
            local_only=merge.terms.local_only,
        )
        with recorded(
            store,
            kind="canary",
            model=merge.spec.name,
            strategy=merge.terms.strategy,
            parameters={"paths": list(paths), "n": n, "depths": list(depths), "seed": seed},
        ) as run:
            merged = run_job(merge)
            document = json.loads(Path(merged["out"]["json"]).read_text(encoding="utf-8"))
            seen = look_for(planted, merge.corpus.stories, document)
            scores = rates(seen)
            rows = [_row(sighting) for sighting in seen]
            store.save_scores(
                run,
                [figure(name, score, merge=merged["run"]) for name, score in scores.items()]
                + [
                    Score(
                        "canary", f"{row['word']}-{number}", float(not row["lost_at"]), detail=row
                    )
                    for number, row in enumerate(rows)
                ],
            )
    lost = Counter(s.lost_at for s in seen if s.lost_at)
    say(f"{len(seen) - lost.total()} of {len(seen)} places came through whole")
    return {
        "run": run,
        "merge": merged["run"],
        "model": merge.spec.name,
        "n": len(seen),
        "scores": {name: score._asdict() for name, score in scores.items()},
        "lost": dict(lost),
        "canaries": rows,
    }


def rates(seen: Sequence[Sighting]) -> dict[str, Interval]:
    """The shares of places that came through, whole, and told to come from where they do."""
    return {
        name: share(sum(s.lost_at in fine for s in seen), len(seen)) for name, fine in _FINE.items()
    }


def _row(sighting: Sighting) -> dict[str, Any]:
    canary, place = sighting.canary, sighting.place
    return {
        "word": canary.word,
        "kind": canary.kind,
        "document": place.document,
        "name": Path(place.path).name,
        "depth": place.depth,
        "depth_actual": place.depth_actual,
        "lost_at": sighting.lost_at,
        "fields": sighting.fields,
    }
