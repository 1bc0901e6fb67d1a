"""A judge's training as a sequence: pairs, what it needs, the training, its card.

Interrupted, it goes on from its last checkpoint when the same command is given again: the pairs
are made anew, and are the same ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.amounts import gigabytes
from pipeline.calls import canonical_json
from pipeline.cost.hardware import Hardware
from pipeline.engine.weights.adapters import CARD, WEIGHTS
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.entries import Answer, Decision
from pipeline.errors import InputError
from pipeline.models import Architecture, ModelSpec
from pipeline.plan.pairs import WORDS
from pipeline.prompts import labelled_prompt
from pipeline.run.sovereignty import mark_of
from pipeline.stories import Extraction
from pipeline.tokens.token_counters import open_tokenizer
from pipeline.train.dataset import Dataset, counted, make_dataset
from pipeline.train.training_memory import (
    CONTEXT,
    OPTIMIZERS,
    PROCESS,
    Needs,
    Training,
    fitting,
    needs,
    shape_of,
    work,
)
from pipeline.train.training_pairs import TrainingPair

if TYPE_CHECKING:
    from pipeline.engine.training.learning import Learned
    from pipeline.engine.training.samples import Sample

#: The prompt that judges are trained with, and asked with ever after.
PROMPT = "judge-brief.v1"
#: Floating-point operations a second of one thread of the processor that this was measured on.
THREAD_FLOPS = 90e9


@dataclass(frozen=True)
class Order:
    """What is to be trained.

    Args:
        spec: the base. tables, exams, prompts, cache: folders.
        n_train, n_dev: pairs. most_tokens: of a question; a longer one is dropped and counted.
        answers: 2 for "same" and "different" alone, 4 for all of :data:`WORDS`.
        without: kinds of difference that no pair is made of.
        decisions: a person's, of the database; those on the stories are learned, too.
        settings: of PEFT, TRL and transformers, under their names.
        threads: 0 for one less than there are.
    """

    spec: ModelSpec
    out: Path
    tables: Path
    exams: Path
    prompts: Path
    cache: Path
    n_train: int = 6400
    n_dev: int = 200
    most_tokens: int = 160
    seed: int = 17
    answers: int = 2
    without: Sequence[str] = ()
    decisions: Sequence[Decision] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 0

    @property
    def words(self) -> Mapping[Answer, str]:
        """The word that is learned for each answer."""
        written = {answer: word for word, answer in WORDS.items()}
        if self.answers == 4:
            return written
        other = written[Answer.DIFFERENT]
        return {
            answer: written[answer] if answer is Answer.ONE_NEED else other for answer in Answer
        }


@dataclass(frozen=True)
class Prepared:
    """Everything that is known before a training.

    Args:
        too_long: pairs dropped because they are longer than the limit.
        sovereignty: the mark of the documents that it is made of, "" where none has one. It
            travels with the adapter.
    """

    order: Order
    data: Dataset
    train: Sequence[Sample]
    dev: Sequence[Sample]
    too_long: int
    base_sha256: str
    needs: Needs
    training: Training
    seconds: float | None
    usd: Decimal | None
    fits: bool
    sovereignty: str = ""

    @property
    def n_tokens(self) -> int:
        """Tokens of all training questions."""
        return sum(len(one.ids) for one in self.train)


def prepare(extractions: Iterable[Extraction], order: Order, hardware: Hardware) -> Prepared:
    """Make the pairs, and say what training with them takes. Loads torch's numbers, no weights.

    Raises:
        InputError: no local model with a known configuration, nothing to train with, another
            number of answers than 2 and 4, or a kind to leave out that is not made.
        EngineError: its weights are not here.
    """
    from pipeline.engine.training.learning import LORA, TRAINER

    spec = order.spec
    if order.answers not in (2, 4):
        raise InputError(
            f"{order.answers} answers are not known.", where="--answers", next="Say 2 or 4."
        )
    if not spec.provider.is_local or spec.setup.lora:
        raise InputError(
            f"{spec.name} cannot be trained here.",
            where="--base",
            next="Name a model of this machine without an adapter, local/PATH.",
        )
    sha256 = weights_sha256(locate_weights(spec.weights), order.cache)
    read = list(extractions)
    data = make_dataset(
        read,
        tables=order.tables,
        exams=order.exams,
        n_train=order.n_train,
        n_dev=order.n_dev,
        seed=order.seed,
        without=order.without,
        decisions=order.decisions,
    )
    encode = _encoder(order)
    train, long = _fitting_samples(data.train, encode, order.most_tokens)
    dev, long_dev = _fitting_samples(data.dev, encode, order.most_tokens)
    if not train or not dev:
        raise InputError(
            f"no pair has {order.most_tokens} tokens or fewer.",
            where="--most-tokens",
            next="Allow longer ones.",
        )
    said = {**LORA, **TRAINER, **order.settings}
    shape = shape_of(spec, order.cache)
    training = training_of(shape, said, max(len(one.ids) for one in train), hardware)
    found = needs(training)
    n_tokens = sum(len(one.ids) for one in train) * int(said["num_train_epochs"])
    seconds, usd = _time_and_price(training, n_tokens, hardware)
    fits = found.total <= hardware.device_bytes
    mark = mark_of([each.document for each in read], ())
    return Prepared(
        order, data, train, dev, long + long_dev, sha256, found, training, seconds, usd, fits, mark
    )


def _encoder(order: Order) -> Callable[[TrainingPair], Sample]:
    from pipeline.engine.training.samples import encode

    tokenizer = open_tokenizer(order.spec.weights, order.cache)
    prompt = labelled_prompt(order.prompts, PROMPT)
    texts = [canonical_json({"answer": word}) for word in WORDS]
    places = {answer: list(WORDS).index(word) for answer, word in order.words.items()}

    def encoded(pair: TrainingPair) -> Sample:
        turns = [(m.role, m.content) for m in prompt.render(one=pair.a, other=pair.b)]
        return encode(tokenizer, turns, texts, places[pair.answer])

    return encoded


def _fitting_samples(
    pairs: Sequence[TrainingPair], encode: Callable[[TrainingPair], Sample], most: int
) -> tuple[list[Sample], int]:
    samples = [encode(pair) for pair in pairs]
    kept = [one for one in samples if len(one.ids) <= most]
    return kept, len(samples) - len(kept)


def training_of(
    shape: Architecture, said: Mapping[str, Any], tokens: int, hardware: Hardware
) -> Training:
    """What the memory formula is asked; an optimizer that it does not know counts as Adam."""
    optimizer = str(said.get("optim", "adamw"))
    known = next((name for name in sorted(OPTIMIZERS, key=len)[::-1] if name in optimizer), "")
    return Training(
        params=shape.params,
        layers=shape.layers + shape.window_layers,
        hidden=shape.hidden,
        heads=shape.heads,
        trained=trained_parameters(shape, int(said["r"])),
        tokens=tokens,
        batch=int(said["per_device_train_batch_size"]),
        optimizer=known or "adamw",
        weight_bytes=2,
        checkpointing=bool(said.get("gradient_checkpointing", False)),
        flash=True,
        gated=True,
        context=CONTEXT if hardware.gpu_name else PROCESS,
    )


def trained_parameters(shape: Architecture, rank: int) -> int:
    """Parameters of adapters of this rank at every matrix of every layer."""
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    h, i = shape.hidden, shape.intermediate
    a_layer = 2 * (h + queries) + 2 * (h + keys) + 3 * (h + i)
    return rank * a_layer * (shape.layers + shape.window_layers)


def _time_and_price(
    training: Training, n_tokens: int, hardware: Hardware
) -> tuple[float | None, Decimal | None]:
    if hardware.gpu_name and hardware.gpu is None:
        return None, None
    if hardware.gpu is None:
        return work(training, n_tokens) / (THREAD_FLOPS * hardware.threads), Decimal(0)
    gpu = hardware.gpu
    # A training step reaches about what prefill reaches at its low end.
    seconds = work(training, n_tokens) / (float(gpu.tflops * gpu.mfu[0]) * 1e12)
    if gpu.usd_per_hour is None:
        return seconds, None
    return seconds, gpu.usd_per_hour * Decimal(seconds) / 3600


def refuse_where_too_large(prepared: Prepared, hardware: Hardware) -> None:
    """Refuse a training that does not fit, with the setting that would.

    Raises:
        InputError: it does not.
    """
    if prepared.fits:
        return
    other = fitting(prepared.training, hardware.device_bytes)
    step = "Train a smaller base, or shorter pairs (--most-tokens)."
    if other is not None:
        said = " ".join(f"--set {name}={value}" for name, value in other[0].items())
        step = f"This would fit, in {gigabytes(other[1].total)}: {said}"
    raise InputError(
        f"the training needs {gigabytes(prepared.needs.total)}, and {hardware} has "
        f"{gigabytes(hardware.device_bytes)}.",
        next=step,
    )


def train(prepared: Prepared, progress: Callable[[int, int, float], None]) -> Learned:
    """Train, and write adapter and card.

    Raises:
        EngineError: the extra is missing, or weights that cannot be trained.
    """
    from pipeline.engine.training.learning import learn_base

    order = prepared.order
    learned = learn_base(
        locate_weights(order.spec.weights),
        prepared.train,
        prepared.dev,
        order.out,
        cache=order.cache,
        seed=order.seed,
        settings=order.settings,
        threads=order.threads,
        progress=progress,
    )
    if learned.leads:
        write_card(prepared, learned)
    return learned


def write_card(prepared: Prepared, learned: Learned) -> None:
    """Write what the adapter says of itself: :data:`CARD` beside its weights."""
    card = card_of(prepared, learned)
    (prepared.order.out / CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")


def card_of(prepared: Prepared, learned: Learned) -> dict[str, Any]:
    """What an adapter says of itself."""
    order, data = prepared.order, prepared.data
    return {
        "base": order.spec.name,
        "base_sha256": prepared.base_sha256,
        "prompt": PROMPT,
        "answers": [word for word in WORDS if word in order.words.values()],
        "data": {
            "sha256": data.sha256,
            "train_pairs": len(prepared.train),
            "dev_pairs": len(prepared.dev),
            "too_long": prepared.too_long,
            "dropped": dict(data.dropped),
            "kinds": counted(data.train),
            "without": list(order.without),
            "documents": [Path(source.name).name for source in data.dealt.train],
        },
        "sovereignty": prepared.sovereignty,
        "seed": order.seed,
        "settings": dict(learned.settings),
        "steps": {"best": learned.best_step, "trained_pairs": learned.n_trained},
        "stopped": learned.stopped,
        "losses": learned.losses,
        "dev_losses": learned.dev_losses,
        "seconds": round(learned.seconds),
        "peak_bytes": {"told": prepared.needs.total, "measured": learned.peak_bytes},
        "adapter_bytes": (order.out / WEIGHTS).stat().st_size,
    }
