"""Canaries: planted in a copy of the documents, merged, and looked for in what came of it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.declared import PATHS, Artifact, Asked, Deployment, Eval
from evals.result_tables import Table
from pipeline.amounts import counted
from pipeline.config.options import MergeOptions, Options, option, parse_integers
from pipeline.providers.extractive import EXTRACTIVE

if TYPE_CHECKING:
    from evals.corpora.planted_canaries import Sighting
    from evals.metrics.statistics import Interval
    from pipeline.store.rows.eval_rows import Score

#: What a place may have been lost at and still count for a figure.
_FINE = {"survived": ("", "mutated", "source"), "unmutated": ("", "source"), "sourced": ("",)}


@dataclass(frozen=True, kw_only=True)
class CanaryOptions(Options):
    """Canaries to plant."""

    n: int = option(24, "Canaries; every second has a twin.", "Canaries", "-n", least=1)
    depths: tuple[float, ...] = option(
        (0, 50, 100),
        "Percent, comma separated [0,50,100].",
        "Depths in percent",
        parse=parse_integers,
    )
    seed: int = option(0, "Draws the canaries and their places.", "Seed")


def _run(asked: Asked) -> dict[str, Any]:
    """Plant canaries in a copy of the documents, merge the copy, and look for them.

    The copy and its merged document are deleted afterwards; the merge stays in the database as a
    run of its own, with its ledger and document.

    Returns:
        The run, the merge's run, model, n (places), scores with interval and n, what was lost at
        which stage, and every sighting.

    Raises:
        InputError: no document can carry a canary; as the merge does.
    """
    from evals.corpora.planted_canaries import look_for, plant
    from pipeline.run.corpus import gather, require
    from pipeline.run.job import run as run_job
    from pipeline.run.sovereignty import check_sovereignty

    chosen: CanaryOptions = asked.chosen
    corpus = gather(asked.paths, cache=asked.store)
    require(corpus)
    with tempfile.TemporaryDirectory(prefix="canaries-") as name:
        folder = Path(name)
        planted = plant(
            corpus.extractions, folder / "in", n=chosen.n, depths=chosen.depths, seed=chosen.seed
        )
        asked.say(
            f"planted {counted(len(planted), 'canary', 'canaries')} in a copy of "
            f"{counted(len(corpus.extractions), 'document')}"
        )
        merge = asked.merge(
            [folder / "in"],
            MergeOptions(out=str(folder / "out")),
            model=EXTRACTIVE,
            say=asked.say,
        )
        merge.goes_on = False  # a pipeline that was left halfway is not measured
        # The copies have other paths: what may not leave is told by the documents themselves.
        terms = merge.terms
        check_sovereignty(
            corpus, merge.spec, allow_cloud=terms.allow_cloud, local_only=terms.local_only
        )
        with asked.recorded(model=merge.spec.name, strategy=merge.terms.strategy) as run:
            merged = run_job(merge)
            document = json.loads(Path(merged["out"]["json"]).read_text(encoding="utf-8"))
            seen = look_for(planted, merge.corpus.stories, document)
            scores = rates(seen)
            rows = [_row(sighting) for sighting in seen]
            asked.store.save_scores(run, _as_scores(scores, rows, merge=merged["run"]))
    lost = Counter(s.lost_at for s in seen if s.lost_at)
    asked.say(f"{len(seen) - lost.total()} of {len(seen)} places came through whole")
    return {
        "run": run,
        "merge": merged["run"],
        "model": merge.spec.name,
        "n": len(seen),
        "scores": {name: score._asdict() for name, score in scores.items()},
        "lost": dict(lost),
        "canaries": rows,
    }


def _as_scores(
    scores: Mapping[str, Interval], rows: Sequence[Mapping[str, Any]], *, merge: str
) -> list[Score]:
    """The shares, and a score for each place: 1 where its canary came through whole."""
    from evals.recorded import figure
    from pipeline.store.rows.eval_rows import Score

    return [figure(name, score, merge=merge) for name, score in scores.items()] + [
        Score("canary", f"{row['word']}-{number}", float(not row["lost_at"]), detail=row)
        for number, row in enumerate(rows)
    ]


def rates(seen: Sequence[Sighting]) -> dict[str, Interval]:
    """The shares of places that came through, whole, and told to come from where they do."""
    from evals.metrics.statistics import proportion

    return {
        name: proportion(sum(s.lost_at in fine for s in seen), len(seen))
        for name, fine in _FINE.items()
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


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """Where canaries were lost, document by document and depth by depth."""
    depths = sorted({row["depth"] for row in result["canaries"]})
    grid: dict[tuple[int, str], dict[float, list[str]]] = {}
    for row in result["canaries"]:
        cells = grid.setdefault((row["document"], row["name"]), {})
        cells.setdefault(row["depth"], []).append(row["lost_at"])
    yield Table(
        ["document", *(f"{depth:g} %" for depth in depths)],
        [
            [name, *(_cell(cells.get(depth)) for depth in depths)]
            for (_, name), cells in sorted(grid.items())
        ],
        title=f"canaries through {result['model']}: whole, or lost at which stage",
    )
    for name, score in result["scores"].items():
        yield (
            f"{name:10} {score['mean']:.3f}  [{score['low']:.2f}, {score['high']:.2f}]  "
            f"n={score['n']}"
        )


def _cell(stages: Sequence[str] | None) -> str | None:
    if stages is None:
        return None
    lost = sorted({stage for stage in stages if stage})
    return f"{stages.count('')}/{len(stages)}" + (f" ({', '.join(lost)})" if lost else "")


def _told(result: Mapping[str, Any]) -> str:
    whole = result["n"] - sum(result["lost"].values())
    return f"{whole} of {result['n']} places came through whole."


EVAL = Eval(
    name="canary",
    help="Canaries: what the whole pipeline loses, planted in your own documents.",
    place=30,
    arguments=(PATHS,),
    options=CanaryOptions,
    run=_run,
    shown=_shown,
    told=_told,
    deployment=Deployment(
        "canaries",
        "Canary stories through the whole pipeline, planted in a copy of the documents.",
        "canaries",
        {"paths": ["data/sample"]},
        Artifact("counts", "Places of canaries lost", "lost"),
    ),
    page="needles",
    chooser="canary",
)
