"""Documents cut, the parts merged and read again, round after round: what is left of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.declared import PATHS, Asked, Deployment, Eval
from evals.result_tables import Table, merge_price
from pipeline.amounts import counted
from pipeline.config.options import EvalOptions, MergeOptions, option
from pipeline.errors import InputError
from pipeline.providers.extractive import EXTRACTIVE

if TYPE_CHECKING:
    from evals.merges.rounds import Round
    from pipeline.run.corpus import Corpus
    from pipeline.run.job import MergeJob

#: By what a document is cut into parts.
_SPLITS = ("role", "topic", "author", "random")


@dataclass(frozen=True, kw_only=True)
class RoundTripOptions(EvalOptions):
    """Documents cut, merged and read again, round after round."""

    by: str = option(
        "random", "Cut by role, topic, author, or at random.", "Cut by", choices=_SPLITS
    )
    strategy: str = option(
        "none",
        "none, pairs, groups; tree or fold write every story again.",
        "Strategy",
        choices=("none", "pairs", "groups", "tree", "fold"),
    )
    rounds: int = option(10, "Times to cut and merge.", "Rounds", least=1)
    parts: int = option(4, "Documents to cut into.", "Documents to cut into", least=1)
    seed: int = option(0, "Draws the parts.", "Seed")


def _job(asked: Asked, files: Sequence[Path], out: Path) -> MergeJob:
    """A merge of parts, ready to run: a model is asked where the strategy asks one."""
    from evals.merges.rewrite_job import rewrite_job
    from pipeline.run.job import REWRITING
    from pipeline.run.sovereignty import copies_of

    chosen: RoundTripOptions = asked.chosen
    options = MergeOptions(
        out=str(out),
        strategy=chosen.strategy,
        allow_cloud=copies_of(chosen.allow_cloud),
        propose=chosen.strategy in ("pairs", "groups"),
    )
    job = asked.merge(files, options)
    return rewrite_job(job) if job.terms.strategy in REWRITING else job


@contextmanager
def _cut(asked: Asked) -> Iterator[tuple[Path, Corpus, MergeJob]]:
    """A folder, the documents, and the merge of the first round's parts.

    Raises:
        InputError: no such way to split, or no story; as the merge does.
        SovereigntyError: what is asked for would send documents that may not leave: parts of them
            have other paths.
    """
    from evals.merges.rounds import split, write_parts
    from pipeline.run.corpus import gather, require
    from pipeline.run.sovereignty import check_sovereignty

    chosen: RoundTripOptions = asked.chosen
    if chosen.by not in _SPLITS:
        raise InputError(
            f"no way to split by {chosen.by!r}.",
            where="--by",
            next=f"There are: {', '.join(_SPLITS)}.",
        )
    corpus = gather(asked.paths, cache=asked.store)
    require(corpus)
    with tempfile.TemporaryDirectory(prefix="roundtrip-") as name:
        folder = Path(name)
        parts = split(corpus.stories, chosen.by, chosen.parts, seed=chosen.seed + 1)
        job = _job(asked, write_parts(parts, folder / "first"), folder / "priced")
        check_sovereignty(
            corpus, job.spec, allow_cloud=chosen.allow_cloud, local_only=job.terms.local_only
        )
        yield folder, corpus, job


def _price(asked: Asked) -> dict[str, Any]:
    """What all rounds would cost: the first one, times the rounds."""
    from evals.merges.merge_price import estimate_of, total

    with _cut(asked) as (_, _, job):
        estimate = estimate_of(job)
        told = {"model": job.spec.name, "strategy": job.terms.strategy}
        return told | total([estimate] * asked.chosen.rounds)


def _run(asked: Asked) -> dict[str, Any]:
    """Split documents and merge the parts, round after round.

    Every merge is a run of the database of its own; replies that are journalled are not asked for
    again, so that a run that was stopped comes by its rounds quickly.

    Returns:
        The run, model, strategy, the figures of the last round, the loss of a usual round, the
        catastrophes, dollars, and every round.
    """
    from evals.merges.rounds import decay, edition_of, figures, round_trips, scores
    from pipeline.run.job import run as run_job

    chosen: RoundTripOptions = asked.chosen
    spent = Decimal(0)
    with _cut(asked) as (folder, corpus, job):
        model, strategy = job.spec.name, job.terms.strategy

        def merge(files: Sequence[Path], out: Path) -> Sequence[Path]:
            nonlocal spent
            made = _job(asked, files, out)
            if chosen.max_cost is not None:
                made.chosen = replace(made.chosen, max_cost=chosen.max_cost - spent)
            done = run_job(made)
            spent += Decimal(done["usd"] or 0)
            return edition_of(out)

        with asked.recorded(model=model, strategy=strategy) as run:
            found = round_trips(
                corpus.stories,
                merge,
                folder,
                by=chosen.by,
                parts=chosen.parts,
                rounds=chosen.rounds,
                seed=chosen.seed,
                told=lambda one: asked.say(_told_of(one)),
            )
            went = decay(found)
            asked.store.save_scores(run, scores(found, went))
    return {
        "run": run,
        "model": model,
        "strategy": strategy,
        "by": chosen.by,
        "parts": chosen.parts,
        "stories": len(corpus.stories),
        "scores": {name: value._asdict() for name, value in figures(found[-1]).items()},
        "loss": None if went.loss is None else went.loss._asdict(),
        "catastrophes": list(went.catastrophes),
        "usd": str(spent),
        "rounds": [asdict(one) for one in found],
    }


def _told_of(one: Round) -> str:
    what = f"round {one.number}" if one.number else "cut and read again, before any merge"
    return f"{what}: {one.kept:.1%} kept, {one.altered:.1%} altered, {one.lost:.1%} lost"


def _shown(result: Mapping[str, Any]) -> Iterator[Table | str]:
    """Every round, and slow loss and catastrophes apart."""
    yield Table(
        ("round", "kept", "altered", "lost", "made up", "in order", "words", "stories"),
        [
            (
                one["number"],
                *(f"{one[name]:.3f}" for name in ("kept", "altered", "lost", "invented")),
                None if one["order"] is None else f"{one['order']:.2f}",
                f"{one['words']:.2f}",
                one["stories"],
            )
            for one in result["rounds"]
        ],
        title=f"{counted(result['stories'], 'story', 'stories')} cut by {result['by']}, merged "
        f"by {result['model']} "
        f"({result['strategy']})",
    )
    kept, loss = result["scores"]["kept"], result["loss"]
    yield (
        f"after {counted(len(result['rounds']) - 1, 'round')} {kept['mean']:.3f} of n = "
        f"{kept['n']} sentences "
        f"are kept [{kept['low']:.3f}, {kept['high']:.3f}], in "
        f"{result['scores']['words']['mean']:.2f} of the words"
    )
    if loss is not None:
        yield (
            f"a usual round loses {loss['mean']:.4f} [{loss['low']:.4f}, {loss['high']:.4f}] of "
            f"them, n = {loss['n']} rounds"
        )
    rounds = ", ".join(map(str, result["catastrophes"])) or "none"
    yield f"rounds that lost a tenth or more at once: {rounds}"


def _told(result: Mapping[str, Any]) -> str:
    kept, rounds = result["scores"]["kept"], len(result["rounds"]) - 1
    return (
        f"after {counted(rounds, 'round')} {kept['mean']:.1%} of {kept['n']} sentences are kept "
        f"(95 % interval {kept['low']:.1%} to {kept['high']:.1%}); "
        f"`storytransformer eval show {result['run']}` shows it."
    )


#: As the pages of the dashboard are written.
_DRAWN = """
filters:
  roundtrip:
    label: Round trips, side by side
    kind: choices
    options: >-
      SELECT id, model || ' · ' || strategy || ' · by ' || coalesce(json_extract(parameters,
      '$.by'), '?') || ' · ' || replace(substr(started, 1, 16), 'T', ' ')
      FROM run WHERE kind = 'roundtrip' AND state = 'completed' ORDER BY started DESC LIMIT 60
    default: >-
      SELECT id FROM (SELECT id, started, row_number() OVER (PARTITION BY model, strategy,
      json_extract(parameters, '$.by') ORDER BY started DESC) AS n
      FROM run WHERE kind = 'roundtrip' AND state = 'completed') WHERE n = 1 ORDER BY started DESC
      LIMIT 4
cards:
  roundtrip:
    title: "Cut, merged and read again: what is kept, round by round"
    kind: lines
    width: 6
    sql: >-
      SELECT r.id AS run, r.model || ' · ' || r.strategy || ' · by ' ||
      coalesce(json_extract(r.parameters, '$.by'), '?') AS series,
      CAST(s.item AS INTEGER) AS x, s.value AS y, s.low, s.high, s.n
      FROM json_each(:roundtrip) chosen JOIN run r ON r.id = chosen.value JOIN score s ON s.run =
      r.id AND s.name = 'kept' AND s.item <> ''
      ORDER BY chosen.key, x
    empty: "Not measured yet. Measure it: storytransformer eval roundtrip PATHS…"
    note: Round 0 is cut and read again before any merge.
    display:
      x: round
      y: sentences kept word for word
      steps: true
      columns:
        - {field: series}
        - {field: x, label: round, as: integer}
        - {field: y, label: kept, as: share, band: [low, high]}
        - {field: n, as: integer}
  roundtrips:
    title: Round trips in numbers
    sql: >-
      SELECT r.model, r.strategy || ', by ' || coalesce(json_extract(r.parameters, '$.by'), '?') AS
      how, r.id AS run,
      max(s.n) FILTER (WHERE s.name = 'catastrophes') AS rounds,
      max(s.value) FILTER (WHERE s.name = 'kept') AS kept, max(s.low) FILTER (WHERE s.name =
      'kept') AS low, max(s.high) FILTER (WHERE s.name = 'kept') AS high,
      max(s.n) FILTER (WHERE s.name = 'kept') AS n,
      max(s.value) FILTER (WHERE s.name = 'altered') AS altered, max(s.value) FILTER (WHERE s.name
      = 'lost') AS lost,
      max(s.value) FILTER (WHERE s.name = 'invented') AS invented, max(s.value) FILTER (WHERE
      s.name = 'order') AS in_order,
      max(s.value) FILTER (WHERE s.name = 'words') AS words,
      max(s.value) FILTER (WHERE s.name = 'loss') AS loss, max(s.low) FILTER (WHERE s.name =
      'loss') AS loss_low, max(s.high) FILTER (WHERE s.name = 'loss') AS loss_high,
      max(s.value) FILTER (WHERE s.name = 'catastrophes') AS catastrophes
      FROM json_each(:roundtrip) chosen JOIN run r ON r.id = chosen.value JOIN score s ON s.run =
      r.id AND s.item = ''
      GROUP BY r.id ORDER BY chosen.key
    empty: "Not measured yet. Measure it: storytransformer eval roundtrip PATHS…"
    note: >-
      After the last round, in shares of the first document's sentences; words beside them, as
      whoever only concatenates keeps everything. A catastrophe loses a tenth at once.
    display:
      columns:
        - {field: model, as: below, below: how}
        - {field: rounds, as: integer}
        - {field: kept, as: share, band: [low, high]}
        - {field: n, as: integer}
        - {field: altered, as: share}
        - {field: lost, as: share}
        - {field: invented, label: made up, as: share}
        - {field: in_order, label: in order, as: share}
        - {field: words, as: share}
        - {field: loss, label: lost a round, as: share, band: [loss_low, loss_high]}
        - {field: catastrophes, as: integer}
"""

EVAL = Eval(
    name="roundtrip",
    help="Cut documents, merge the parts, read the result again, ten times: what is left of them.",
    place=66,
    arguments=(PATHS,),
    options=RoundTripOptions,
    model=EXTRACTIVE,
    run=_run,
    shown=_shown,
    price=_price,
    priced=merge_price,
    told=_told,
    deployment=Deployment(
        "round-trips",
        "What is left of documents that are cut, merged and read again, ten times.",
        "round trips with {model}",
        {"paths": ["data/sample"]},
    ),
    page="quality",
    chooser="roundtrip",
    drawn=_DRAWN,
    unit="rounds",
    goes_on=True,
)
