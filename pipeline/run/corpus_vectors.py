"""The sentence vectors of a corpus: kept in the database by fingerprint, computed once by a merge.

An estimate takes those that are there and loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from pipeline.amounts import counted
from pipeline.calls import Band, Plan, TokenCount
from pipeline.config.extras import LOCAL, lacking
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.errors import EngineError
from pipeline.estimates import Estimate
from pipeline.plan.near.candidates import (
    ENCODER,
    ENCODER_PACKAGE,
    TEXT_VERSION,
    WINDOW,
    StoryVectors,
)
from pipeline.plan.near.similarity import unique
from pipeline.plan.pairs import NEAREST
from pipeline.progress import Progress, Show, show_nothing
from pipeline.store.record import Store
from pipeline.stories import Story

#: Stories that are embedded before they are stored: what a killed merge computes again at most.
_AT_ONCE = 512
#: Pairs that a story's vectors find, beside those that the index finds: as measured on 1,449
#: stories of real documents, ten nearest of each (benchmarks/exam_draw.py).
_LIKELY = 7


def known_vectors(
    store: Store | None, stories: Sequence[Story], *, cache: Path
) -> StoryVectors | None:
    """The vectors that the database holds; None where the encoder's package, or what runs it, is
    not installed.

    Args:
        store: None where there is none, which holds no vectors.
    """
    if lacking(LOCAL):
        return None
    try:
        sha256 = weights_sha256(locate_weights(ENCODER), cache)
    except EngineError:
        return None
    encoder = f"{ENCODER_PACKAGE} {sha256[:16]}, {WINDOW} tokens, text {TEXT_VERSION}"
    fingerprints = [story.fingerprint for story in unique(stories)]
    held = store.get_vectors(encoder, fingerprints) if store else {}
    if not held:  # numpy takes a tenth of an estimate whose plans are remembered
        return StoryVectors(encoder, {}, len(fingerprints))
    import numpy as np

    found = {
        fingerprint: np.frombuffer(body, np.float16).reshape(passages, -1).astype(np.float32)
        for fingerprint, (passages, body) in held.items()
    }
    return StoryVectors(encoder, found, len(fingerprints))


def all_vectors(
    store: Store,
    stories: Sequence[Story],
    *,
    cache: Path,
    say: Callable[[str], None],
    show: Show = show_nothing,
) -> StoryVectors | None:
    """The vectors of every story: what the database does not hold is computed and stored. None
    where the encoder's package is not installed.

    Args:
        show: told how many are computed, several times a minute.

    Raises:
        EngineError: the encoder cannot be loaded.
        StoreError: they cannot be stored.
    """
    known = known_vectors(store, stories, cache=cache)
    if known is None or not known.n_missing:
        return known
    import numpy as np

    from pipeline.engine.embeddings import SentenceEncoder
    from pipeline.plan.near.passage_vectors import embedded_text

    missing = [story for story in unique(stories) if story.fingerprint not in known.of]
    say(f"embedding {counted(len(missing), 'story', 'stories')}, once")
    encoder = SentenceEncoder.load(ENCODER, window=WINDOW)
    for start in range(0, len(missing), _AT_ONCE):
        some = missing[start : start + _AT_ONCE]

        def tell(share: float, start: int = start, n: int = len(some)) -> None:
            done = start + round(share * n)
            show(Progress("embedding", "stories", done, len(missing), fresh=done))

        vectors = encoder.encode([embedded_text(story) for story in some], tell)
        rows = {
            story.fingerprint: (len(passages), passages.astype(np.float16).tobytes())
            for story, passages in zip(some, vectors, strict=True)
        }
        store.put_vectors(known.encoder, rows)
    # Read back: what is compared now is what will be compared next time.
    return known_vectors(store, stories, cache=cache)


def as_parameters(vectors: StoryVectors | None) -> dict[str, str]:
    """What a plan records of where its pairs come from."""
    if vectors is None:
        return {"candidates": "index"}
    some = f"{len(vectors.of):,} of {vectors.n_stories:,} stories"
    return {"candidates": "index and vectors", "vectors": f"{some}, {vectors.encoder}"}


def further_questions(plan: Plan, vectors: StoryVectors | None, most: int | None) -> Band | None:
    """How many more questions there will be once every story has vectors; None where it has.

    At most each story that has none brings its nearest, and is new among the nearest of the others.
    Of the stories that ``--about`` leaves out no question is asked; which of the others have
    vectors is not known, so as many are taken to have none as may.

    Args:
        most: questions about pairs, at most.
    """
    if plan.strategy != "pairs" or vectors is None or not vectors.n_missing:
        return None
    n = max(0, vectors.n_stories - plan.skipped_by_reason().get("about", 0))
    missing = min(vectors.n_missing, n)
    if n < 2:
        return None
    high = missing * NEAREST + len(vectors.of) * min(NEAREST, missing)
    high = min(high, n * NEAREST, n * (n - 1) // 2)
    if most is not None:
        high = min(high, max(0, most - len(plan.calls)))
    return Band(0, min(high, missing * _LIKELY), high)


def widened(line: Estimate, whole: Estimate, further: Band, vectors: StoryVectors) -> Estimate:
    """An estimate with further questions in it, each as long and as dear as those that are planned.

    Args:
        whole: of all questions that are planned, the answered ones, too.
    """
    missing = f"{vectors.n_missing:,} of {vectors.n_stories:,} stories"
    note = (
        f"{missing} have no sentence vectors yet, which `merge` computes: "
        f"0 to {further.high:,} more questions, likely {further.likely:,}"
    )
    if not whole.calls:
        note += "; what they cost is not known, as none is planned to go by"
        return replace(line, usd=None, usd_batch=None, seconds=None, notes=(*line.notes, note))
    likely, high = (Decimal(n) / whole.calls for n in (further.likely, further.high))
    read, more = line.input_tokens, whole.input_tokens
    tokens = TokenCount(
        read.n + round(more.n * likely),
        read.counter,
        exact=False,
        low=read.low,
        high=read.high + round(more.high * high),
    )
    written = Band(
        line.output_tokens.low,
        line.output_tokens.likely + round(whole.output_tokens.likely * likely),
        line.output_tokens.high + round(whole.output_tokens.high * high),
    )
    usd = None
    if line.usd is not None and whole.usd is not None:
        now, each = line.usd, whole.usd
        usd = (now[0], _more(now[1], each[1], likely), _more(now[2], each[2], high))
    band = None
    if line.seconds_band is not None and whole.seconds_band is not None:
        most = line.seconds_band[1] + whole.seconds_band[1] * float(high)
        band = (line.seconds_band[0], most)
    return replace(
        line,
        input_tokens=tokens,
        output_tokens=written,
        usd=usd,
        usd_batch=_more_or_none(line.usd_batch, whole.usd_batch, likely),
        usd_worst=_more_or_none(line.usd_worst, whole.usd_worst, high),
        usd_energy=_more_or_none(line.usd_energy, whole.usd_energy, likely),
        usd_rent=_more_or_none(line.usd_rent, whole.usd_rent, likely),
        seconds=_longer(line.seconds, whole.seconds, likely),
        kwh=_longer(line.kwh, whole.kwh, likely),
        seconds_band=band,
        notes=(*line.notes, f"{note}; the likely and the high figures hold them"),
    )


def _more(now: Decimal, each: Decimal, share: Decimal) -> Decimal:
    """Dollars and a share of others, to the micro-dollar if there is any."""
    return now + (each * share).quantize(Decimal("0.000001")) if each else now


def _more_or_none(now: Decimal | None, each: Decimal | None, share: Decimal) -> Decimal | None:
    return None if now is None or each is None else _more(now, each, share)


def _longer(now: float | None, each: float | None, share: Decimal) -> float | None:
    return None if now is None or each is None else now + each * float(share)
