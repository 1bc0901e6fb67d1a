"""The picture of the trade-off: what is drawn is what was computed, cliffs included."""

import itertools
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pipeline.catalog import Catalog
from pipeline.cost.hardware import Hardware
from pipeline.cost.model_choice import Choice
from pipeline.cost.picture import Axis, draw_tradeoff
from pipeline.cost.tradeoff import Curve, tradeoff_curves

CATALOG = Catalog(Path(__file__).parents[2] / "data" / "models.toml")
CARD = Hardware(threads=1, memory_bytes=2**34, gpu=CATALOG.gpus["RTX 4090"], gpu_name="RTX 4090")
SVG = "{http://www.w3.org/2000/svg}"


def curves(*names: str, words: int = 440_000) -> list[Curve]:
    return tradeoff_curves(
        [Choice(name) for name in names], CATALOG, words=words, tokens_per_word=None,
        as_of=date(2026, 11, 21), hardware=CARD,
    )  # fmt: skip


def drawn(shown: list[Curve], title: str = "t") -> ElementTree.Element:
    text = draw_tradeoff(
        shown, title=title, assumptions=["a", "b"], device="RTX 4090", usable_bytes=22 * 2**30
    )
    assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), "nothing is fetched"
    return ElementTree.fromstring(text)


def words_of(svg: ElementTree.Element) -> str:
    return "\n".join(node.text or "" for node in svg.iter(f"{SVG}text"))


def test_a_cliff_is_a_step_in_the_line_and_is_named_with_its_height():
    (haiku,) = curves("claude/claude-haiku-5-5")
    svg = drawn([haiku])
    (line,) = [node for node in svg.iter(f"{SVG}polyline") if node.get("class") == "curve"]
    points = [tuple(map(float, pair.split(","))) for pair in (line.get("points") or "").split()]
    steps = [(b[0] - a[0], a[1] - b[1]) for a, b in itertools.pairwise(points)]
    assert any(across < 0.1 and up > 30 for across, up in steps)
    usd = {point.window: point.usd for point in haiku.points}
    assert usd[100_000] and usd[100_001]
    assert f"past 100,000: × {usd[100_001] / usd[100_000]:.1f}" in words_of(svg)
    assert usd[100_001] / usd[100_000] > 4
    assert len([node for node in svg.iter(f"{SVG}line") if node.get("class") == "cliff"]) == 1


def test_a_cliff_that_the_job_never_reaches_is_none():
    """7,000 words are one prompt however long a window is: past the cliff nothing gets dearer."""
    svg = drawn(curves("claude/claude-haiku-5-5", words=7_077))
    assert "past 100,000" not in words_of(svg) and "× 1.0" not in words_of(svg)
    assert not [node for node in svg.iter(f"{SVG}line") if node.get("class") == "cliff"]


def test_dollars_below_one_have_their_decimals():
    said = re.findall(r"\$\S+", words_of(drawn(curves("claude/claude-haiku-5-5", words=7_077))))
    assert len(said) > 1 and all(re.fullmatch(r"\$0\.\d{2,}|\$[1-9][\d,.]*", one) for one in said)


def test_local_models_get_time_with_its_band_memory_and_the_limit_of_the_card():
    svg = drawn(curves("local/llama-3.1-8b", "claude/claude-haiku-5-5"))
    said = words_of(svg)
    for part in ("Dollars for the whole job", "Time on RTX 4090", "Memory on RTX 4090",
                 "may be filled", "llama-3.1-8b", "claude-haiku-5-5"):  # fmt: skip
        assert part in said
    classes = [node.get("class") for node in svg.iter(f"{SVG}polyline")]
    assert sorted(classes) == ["curve", "curve", "curve", "eager"]
    assert len(list(svg.iter(f"{SVG}polygon"))) == 1


def test_everything_stands_inside_the_picture():
    svg = drawn(curves("local/smollm2-135m", "gemini/gemini-3.1-pro-preview", "extractive"))
    _, _, width, height = map(float, (svg.get("viewBox") or "").split())
    for node in svg.iter():
        for x, y in re.findall(r"([\d.]+),([\d.]+)", node.get("points") or ""):
            assert 0 <= float(x) <= width and 0 <= float(y) <= height
        if node.tag == f"{SVG}text":
            assert 0 <= float(node.get("y") or -1) <= height


def test_names_cannot_break_out_of_the_picture_and_nothing_known_is_said():
    nothing = Curve("local/<x>", 16, True, (), ())
    svg = drawn([nothing], title='<script> & "quotes"')
    assert "Nothing is known to draw." in words_of(svg)
    assert not list(svg.iter(f"{SVG}script"))
    (text,) = [node.text for node in svg.iter(f"{SVG}text") if node.get("class") == "title"]
    assert text == '<script> & "quotes"'


@given(st.floats(1e-6, 1e12), st.floats(1.001, 1e9), st.floats(0, 1))
def test_a_scale_keeps_order_and_ends(low, factor, share):
    axis = Axis(low, low * factor, 300.0, 100.0)
    value = low * factor**share
    assert axis(low) == 300.0 and abs(axis(low * factor) - 100.0) < 1e-6
    assert 100.0 - 1e-6 <= axis(value) <= 300.0 + 1e-6
    assert all(low * (1 - 1e-9) <= tick <= low * factor * (1 + 1e-9) for tick in axis.decades())


def test_prices_follow_the_assumed_tokens_a_word():
    (one,) = tradeoff_curves(
        [Choice("claude/claude-opus-5-5")], CATALOG, words=100_000, tokens_per_word=Decimal(1),
        as_of=date(2026, 11, 21), hardware=CARD,
    )  # fmt: skip
    last = one.points[-1]
    assert last.calls == 1 and last.usd == Decimal("0.9036"), "100,900 in at $4, 25,000 at $20"
