"""Questions held as columns are the questions: to the token, the key, and the micro-dollar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.calls import Call, Message, Plan, Request, TokenCount, Usage, WindowLimits
from pipeline.catalog import Catalog
from pipeline.columns import Columns, kinds_of
from pipeline.cost.bill import asked, bill, caches, total_input, total_output
from pipeline.cost.prices import price
from pipeline.models import ModelSpec
from pipeline.plan.orders import Orders
from pipeline.plan.plan_outline import outline_as_text, outline_from_text
from pipeline.plan.strategies import make_plan
from pipeline.tokens.token_counters import counter_for, two_lines
from tests.support.stories import story

ROOT = Path(__file__).parents[2]
CATALOG = Catalog(ROOT / "data" / "models.toml")
LOCAL = "local/smollm2-135m"
MODELS = (
    LOCAL,
    "claude/claude-haiku-5-5",
    "claude/claude-opus-5-5",
    "gemini/gemini-2.5-flash-lite",
)
LIMITS = WindowLimits(4_000, 500, "test")
#: What tokenizers, templates and JSON treat in their own way, at the ends of a text above all.
ODD = (
    "", "/", "//x", " ", "a\nb", "a\r\n\r\n b", "<|im_end|>", "<|im_start|>user", "x<|im_end", "|>",
    "{{one}}", "{{other}} one", "one", "other", "A: one\nB: other", '"quoted" \\back\\', "é ü ß 漢",
    "1234567", "  7  8", "\u2028", "\ufdd0", "don't", "\t", "0", "emoji 🙂", "x\u00a0y",
    "<|endoftext|>",
)  # fmt: skip
texts = st.lists(st.sampled_from(ODD) | st.text(max_size=12), min_size=1, max_size=4).map(" ".join)


def planned(name: str, told: list[str], cache: Path, **more) -> Plan:
    """All pairs of stories with these goals."""
    stories = [story(f"s{i}", text) for i, text in enumerate(told)]
    pairs = [(a.id, b.id, 0.9) for i, a in enumerate(stories) for b in stories[i + 1 :]]
    return planned_of(name, stories, pairs, cache, **more)


def planned_of(name: str, stories, pairs, cache: Path, **more) -> Plan:
    from pipeline.plan.near.similarity import Pair

    spec = CATALOG.find(name)
    counter = more.pop("counter", None) or counter_for(spec, cache=cache)
    limits = more.pop("limits", LIMITS)
    near = [Pair(*pair) for pair in pairs]
    return make_plan(
        "pairs", stories, [], spec, limits, counter, more.pop("prompts", ROOT / "prompts"),
        revision="r", pairs=near, **more,
    )  # fmt: skip


def assert_columns_are_the_calls(plan: Plan) -> None:
    assert isinstance(plan.calls, Columns)
    calls = tuple(plan.calls)
    plainly = replace(plan, calls=calls)
    assert list(plan.keys) == [call.request.key for call in calls]
    assert list(plan.sizes) == [call.size for call in calls]
    assert plan.sizes.counted == kinds_of(call.size for call in calls).counted
    assert plan.sha256 == plainly.sha256 and plan == plainly
    assert [call.id for call in calls] == [f"pairs-{n:04d}" for n in range(1, len(calls) + 1)]


@pytest.mark.parametrize("name", MODELS)
def test_columns_are_the_calls_for_odd_texts(name, shared_cache):
    assert_columns_are_the_calls(planned(name, list(ODD), shared_cache))


@pytest.mark.parametrize("name", (LOCAL, MODELS[1]))
@given(told=st.lists(texts, min_size=2, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_columns_are_the_calls_for_any_texts(name, shared_cache, told):
    assert_columns_are_the_calls(planned(name, told, shared_cache))


@pytest.mark.parametrize("name", MODELS)
def test_lines_are_counted_by_themselves_where_the_tokenizer_is_known(name, shared_cache):
    """Else the tests above would compare the slow way with itself."""
    example = planned(name, ["alpha", "beta"], shared_cache).calls[0].request
    counts = two_lines(counter_for(CATALOG.find(name), cache=shared_cache), example)
    assert counts is not None and counts.first("A: alpha") is not None
    if name == LOCAL:
        assert counts.first("A: <|im_end|>") is None, "what has to be escaped is counted as a whole"


class Whole:
    """A tokenizer of which nothing is known: no part of a text counts as it would alone."""

    name, exact = "whole", True

    def count_text(self, text: str) -> TokenCount:
        n = len(text) ** 2 % 977
        return TokenCount(n, self.name, True, n, n)

    def count_request(self, request: Request) -> TokenCount:
        return self.count_text("|".join(message.content for message in request.messages))

    def count_texts(self, texts) -> list[TokenCount]:
        return [self.count_text(text) for text in texts]


def test_an_unknown_tokenizer_counts_every_question(shared_cache):
    assert_columns_are_the_calls(planned(MODELS[1], list(ODD), shared_cache, counter=Whole()))


@pytest.mark.parametrize(
    "turn",
    (
        "B: {{other}}\nA: {{one}}",
        "{{one}}\n{{other}}",
        "A: {{one}} B: {{other}}",
        "A: {{one}}.\nB: {{other}}.",
    ),
)
def test_a_prompt_of_another_shape_is_counted_as_a_whole(turn, shared_cache, tmp_path):
    (tmp_path / "judge-pair.v1.md").write_text(f"## system\n\nCompare.\n\n## user\n\n{turn}\n")
    told = ["alpha beta", "gamma", "/delta", "", "1 2"]
    for name in (LOCAL, MODELS[1]):
        assert_columns_are_the_calls(planned(name, told, shared_cache, prompts=tmp_path))


def test_limits_and_the_other_order_are_those_of_the_calls(shared_cache):
    told = ["word " * 9_000, "alpha", "beta", "gamma"]
    orders = Orders((("same", 0.7),))
    plan = planned(LOCAL, told, shared_cache, orders=orders, most_pairs=2)
    assert_columns_are_the_calls(plan)
    assert len(plan.calls) == 2 == len(plan.later)
    for call, again in zip(plan.calls, plan.later, strict=True):
        assert again.after == call.request.key and again.id == f"{call.id} again"
        assert again.input == (call.input.low, call.input.n, call.input.high)
    assert {one.story: one.reason for one in plan.skipped}["s0"] == "too_long"


def test_no_pair_is_no_call(shared_cache):
    plan = planned(LOCAL, ["alpha"], shared_cache)
    assert not plan.calls and not list(plan.keys) and plan == replace(plan, calls=())


def singly(spec: ModelSpec, calls: list[Call], day: date, *, batch: bool = False) -> list[Decimal]:
    """Low, likely and high dollars of calls, each priced by itself."""
    sums = [Decimal(0)] * 3
    for number, call in enumerate(calls):
        ends = (call.input.low, call.input.n, call.input.high)
        for end, (read, written) in enumerate(zip(ends, call.output, strict=True)):
            shared = call.shared_tokens if caches(spec, call.shared_tokens) else 0
            first = number == 0 or end == 2
            usage = Usage(
                max(0, read - shared),
                written,
                cache_read=0 if first else shared,
                cache_write=shared if first else 0,
            )
            found = price(spec, usage, as_of=day, batch=batch)
            assert found is not None
            sums[end] += found.usd
    return sums


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("answered", (0, 1, 3))
def test_a_price_by_sizes_is_the_sum_of_the_prices_of_single_calls(name, answered, shared_cache):
    """Also of an outline, also where the journal answers some, also with a prompt long enough to be
    cached."""
    spec, day = replace(CATALOG.find(name), min_cacheable=64), date(2026, 11, 21)
    told = [f"pay invoice {n} {'by card ' * (n % 4)}" for n in range(12)]
    plan = planned(name, told, shared_cache)
    known = outline_from_text(outline_as_text(plan))
    assert known is not None and list(known.keys) == list(plan.keys)
    journalled = frozenset(list(plan.keys)[:answered])
    for made in (plan, known):
        waiting = replace(made, journalled=journalled)
        calls = [call for call in plan.calls if call.request.key not in journalled]
        found = bill(spec, asked(spec, waiting), day)
        assert found.usd is not None and list(found.usd) == singly(spec, calls, day)
        if spec.leaves_machine:
            assert found.usd_batch == singly(spec, calls, day, batch=True)[1]
        read = total_input(waiting)
        assert (read.low, read.n, read.high) == tuple(
            sum(getattr(call.input, end) for call in calls) for end in ("low", "n", "high")
        )
        assert read.exact == all(call.input.exact for call in calls)
        written = total_output(asked(spec, waiting))
        assert written == tuple(map(sum, zip(*(call.output for call in calls), strict=True)))


@pytest.mark.parametrize(
    "harm", ({"keys": "0" * 63}, {"of": [0, 1, 2]}, {"of": [99]}, {"of": [-1]}, {"sizes": []})
)
def test_a_damaged_outline_is_a_miss(harm, shared_cache):
    import json

    body = json.loads(outline_as_text(planned(LOCAL, ["alpha", "beta"], shared_cache)))
    assert outline_from_text(json.dumps(body)) is not None
    assert outline_from_text(json.dumps(body | harm)) is None


def test_keys_with_other_turns_are_the_keys_of_such_requests():
    from pipeline.calls import canonical_json

    shared = (Message("system", "ä"),)
    one = Request("m", "r", "pair", "p.v1", "0", (*shared, Message("user", "x")), 5, shared=1)
    others = [(*shared, Message("user", text)) for text in ODD]
    told = [canonical_json(turns[1:]) for turns in others]
    assert list(one.keys_with(told)) == [replace(one, messages=turns).key for turns in others]
