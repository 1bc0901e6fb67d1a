"""The strategy ``pairs``: one question a candidate pair, the most promising first.

A candidate is a question, not an answer. Each is asked in one order, and near a threshold in the
other, too (:mod:`pipeline.plan.orders`); prompts share everything but the two tellings, so that a
local model reads the rest once and a cloud caches it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.calls import Band, Call, LaterCall, Size, canonical_json
from pipeline.columns import kinds_of
from pipeline.engine.weights.adapters import read_card
from pipeline.entries import Answer
from pipeline.models import ModelSpec
from pipeline.plan.call_factory import CallFactory, Drafted
from pipeline.plan.orders import Orders
from pipeline.plan.pair_calls import Measure, PairCalls
from pipeline.plan.rendering import pair_text
from pipeline.plan.selection import Selection
from pipeline.stories import Story

PAIR_PROMPT = "judge-pair"
#: What questions in the other order are called.
AGAIN = "other order"
#: Stories that each story is compared with, at least.
NEAREST = 10
#: What a judge may write, and what it means.
WORDS = {
    "same": Answer.ONE_NEED,
    "overlap": Answer.OVERLAPPING,
    "conflict": Answer.CONTRADICTING,
    "different": Answer.DIFFERENT,
}
#: What a reply looks like.
PAIR_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": list(WORDS)}},
    "required": ["answer"],
    "additionalProperties": False,
}
SCHEMA = canonical_json(PAIR_SCHEMA)
#: Tokens of such a reply: ``{"answer":"different"}`` in a vocabulary that knows little.
_REPLY = Band(4, 7, 16)


def pair_prompt(spec: ModelSpec) -> str:
    """The prompt that a judge is asked with: what its adapter was trained with, where it has one.

    Raises:
        EngineError: the adapter's card cannot be read.
    """
    card = read_card(spec.setup.lora) if spec.setup.lora else None
    return card.prompt if card is not None else PAIR_PROMPT


def plan_pairs(selection: Selection, factory: CallFactory) -> Drafted:
    """A call for each pair of near stories about which nothing is settled."""
    drafted = Drafted()
    near = {name for pair in selection.pairs for name in (pair.a, pair.b)}
    texts = {name: pair_text(selection.stories[name]) for name in near}
    measure = Measure(factory, pair_question, texts)
    pairs: list[tuple[str, str]] = []
    sizes: list[Size] = []
    too_long: dict[str, str] = {}
    for a, b, _ in selection.pairs:
        if factory.most_pairs is not None and len(pairs) >= factory.most_pairs:
            break
        size = measure.of(a, b)
        if size.input.high > factory.limits.input_tokens:
            why = f"a question of {size.input.high:,} tokens is too long for one window"
            too_long.update(dict.fromkeys((a, b), why))
            continue
        pairs.append((a, b))
        sizes.append(size)
    calls = PairCalls(factory, pair_question, texts, pairs, kinds_of(sizes))
    drafted.columns = calls
    if factory.orders is not None:
        named = zip(calls.keys, calls.kinds, strict=True)
        drafted.later += [
            _second(f"{factory.stage}-{number:04d} again", key, size, factory.orders)
            for number, (key, size) in enumerate(named, 1)
        ]
    asked = {name for pair in pairs for name in pair}
    _leave(drafted, list(selection.stories), asked, too_long, near=near)
    return drafted


def pair_call(factory: CallFactory, one: Story, other: Story, number: int) -> Call:
    """The question about two stories, in this order."""
    return pair_question(factory, (one.id, pair_text(one)), (other.id, pair_text(other)), number)


def pair_question(
    factory: CallFactory, one: tuple[str, str], other: tuple[str, str], number: int
) -> Call:
    """The question about two tellings, each the id of its story and its text."""
    return factory.call(
        pair_prompt(factory.spec),
        {"one": one[1], "other": other[1]},
        purpose="pair",
        handles=(("A", one[0]), ("B", other[0])),
        clusters=(("A", "B"),),
        output=_REPLY,
        number=number,
        schema=SCHEMA,
    )


def _second(name: str, first: str, size: Size, orders: Orders) -> LaterCall:
    """The question in the other order, which may be asked: about as long, as the same words stand
    in other places.

    Args:
        first: key of the one in the first order.
    """
    read = Band(size.input.low, size.input.n, size.input.high)
    shared = size.shared_tokens
    return LaterCall(name, AGAIN, read, size.output, shared, share=orders.share, after=first)


def _leave(
    drafted: Drafted,
    stories: Sequence[str],
    asked: set[str],
    too_long: dict[str, str],
    *,
    near: Collection[str],
) -> None:
    """Say of every story that no question shows why.

    Args:
        near: those that are in a pair.
    """
    for name in stories:
        if name in asked:
            continue
        if name in too_long:
            drafted.leave([name], too_long[name], reason="too_long")
        elif name in near:
            why = "what is like it is settled, or beyond the pairs that are asked about"
            drafted.leave([name], why, reason="asked enough")
        else:
            drafted.leave([name])


def plan_none(selection: Selection, factory: CallFactory) -> Drafted:
    """No call: proof alone decides."""
    drafted = Drafted()
    drafted.leave(selection.stories, "no judge is asked", reason="proof")
    return drafted
