"""Small exams whose figures can be counted by hand."""

from __future__ import annotations

from pipeline.entries import Answer
from pipeline.judge.calibration import Examined, Said
from pipeline.judge.intervals import Rate
from pipeline.judge.judge_records import Judge
from pipeline.judge.strata import Cell
from pipeline.judge.window_figures import Together, WindowFigures
from pipeline.stories import Locator, Source, Span, Story

JUDGE = Judge("local/j", "sha", "16 bit", "", "judge-pair.v1", "p-sha", "exam", "vetoes-4")
CELL = Cell("English", "agile", "to 25 words", "one frame")


def story(goal: str, name: str = "a", **more: object) -> Story:
    text = more.pop("text", f"As a user, I want to {goal}.")
    source = Source("doc", "doc.md", Locator(line=1), (Span(0, 9),))
    return Story(name, "agile", source, text, role="user", goal=goal, **more)  # type: ignore[arg-type]


def said(same: float) -> Said:
    """A judge that is so sure of one need, and divides the rest."""
    rest = (1 - same) / 3
    likelihoods = dict.fromkeys(Answer, rest) | {Answer.ONE_NEED: same}
    return Said(max(likelihoods, key=likelihoods.__getitem__), likelihoods)


def pairs(half: str, true: Answer, *sure: float, n: int = 1, **more: object) -> list[Examined]:
    """``n`` pairs of each likelihood."""
    cell, kind, veto = more.get("cell", CELL), more.get("kind", "words"), more.get("veto", "")
    return [Examined(half, kind, cell, true, said(p), veto) for p in sure for _ in range(n)]


def figures(*found: tuple[int, int], n: int = 170, within: int = 0) -> tuple[WindowFigures, ...]:
    """Sizes with how many of ``n`` pairs of one need are found."""
    return tuple(
        WindowFigures(
            stories,
            9,
            0,
            *[Together(Rate(hits, n), Rate(within, 300), Rate(0, 900), Rate(hits, n))] * 2,
        )
        for stories, hits in found
    )
