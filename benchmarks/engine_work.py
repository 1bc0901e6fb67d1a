"""What ``benchmarks/engine.py`` gives its peers to do, and how it judges what they wrote.

    python benchmarks/engine_work.py

Run alone it shows the gate's shares of two replies, one faithful and one made up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipeline.extract.patterns import parse_story_text
from pipeline.gate.grounding import grounded, sentence_verdicts
from pipeline.stories import Locator, Source, Span, Story
from tests.support.said import missing

HERE = Path(__file__).resolve().parent

ROLES = ("shopper", "nurse", "driver", "teacher", "librarian", "farmer", "auditor", "tenant")
THINGS = ("orders", "rotas", "deliveries", "grades", "loans", "harvests", "invoices", "repairs")
WAYS = ("by date", "by status", "by place", "by owner", "by price")


@dataclass(frozen=True)
class Size:
    """How much of everything a run does; ``long`` is tokens in and out."""

    clusters: list[int]
    long: tuple[int, int]
    lengths: list[int]
    yarn: int
    packed: list[int]
    prose: int


SMALL = Size([4], (700, 40), [512, 1024], 0, [40, 90, 200, 350], 1200)
FULL = Size(
    [20, 200],
    (6000, 400),
    [1024, 2048, 4096, 8000],
    32_000,
    [60, 130, 300, 700, 1500, 3000],
    20_000,
)


def clusters(n: int) -> list[list[str]]:
    """Three stories each about one need, different in every cluster."""
    made = []
    for i in range(n):
        role, thing, way = ROLES[i % 8], THINGS[(i // 2) % 8], WAYS[i % 5]
        made.append(
            [
                f"As a {role}, I want to filter {thing} {way}, so that I find mine quickly.",
                f"As a {role}, I want to see at most {10 + i} {thing} on a page.",
                f"As a {role}, I want to export filtered {thing} as PDF, so that I can print them.",
            ]
        )
    return made


def gate_shares(written: Sequence[str], sources: Sequence[Sequence[str]]) -> dict[str, float]:
    """Shares of replies that are a user story, that say nothing ungrounded, and lose nothing."""
    whole = sound = complete = 0
    for text, cluster in zip(written, sources, strict=True):
        story = parse_story_text(text.strip())
        if not story.goal:
            continue
        whole += 1
        known = [as_story(source, i) for i, source in enumerate(cluster)]
        if grounded(sentence_verdicts(story, known)):
            sound += 1
            complete += not missing(story, known)
    n = max(1, len(written))
    return {"whole": whole / n, "grounded": sound / n, "complete": complete / n}


def as_story(text: str, number: int) -> Story:
    """A story that stands nowhere but here."""
    said = parse_story_text(text)
    source = Source("", "", Locator(), (Span(0, len(text)),))
    return Story(str(number), "agile", source, text, said.role, said.goal, said.benefit)


def prose(paths: Sequence[Path]) -> str:
    """The text of files; of this repository's documents without any."""
    root = HERE.parent
    chosen = paths or [root / "README.md", *sorted((root / "docs").glob("*.md")),
                       root / "ARCHITECTURE.md", root / "CHANGELOG.md"]  # fmt: skip
    return "\n\n".join(path.read_text(encoding="utf-8") for path in chosen)


def packed_against_padded(folder: Path, cache: Path, lengths: Sequence[int]) -> dict[str, Any]:
    """Prompts of unequal length in one packed pass against one padded batch (float32, the
    model's own code on the same weights): the largest gap of a last logit, and the times."""
    from pipeline.engine.attention.kv_cache import KeyValues
    from pipeline.engine.attention.packed import Segment, register
    from pipeline.engine.decoding.generate import read_packed
    from pipeline.engine.loading.loader import load

    register()
    torch.set_num_threads(1)
    model = load(folder, cache=cache, dtype="float32").model
    prompts = [[100 + i * 11 % 3000 for i in range(n)] for n in lengths]
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    parts = [(Segment(i, starts[i], len(p), 0), p) for i, p in enumerate(prompts)]
    keep = [start + n - 1 for start, n in zip(starts, lengths, strict=True)]
    width = max(lengths)
    ids = torch.tensor([[0] * (width - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (width - n) + [1] * n for n in lengths])
    places = (mask.cumsum(-1) - 1).clamp_min(0)
    took: dict[str, list[float]] = {"packed": [], "padded": []}
    for _ in range(2):  # the first round makes what the second reuses
        at = time.perf_counter()
        cache_ = KeyValues(model.config.num_hidden_layers, len(prompts), "sdpa_flash")
        packed = read_packed(model, cache_, parts, 0, torch.device("cpu"), keep=keep)
        took["packed"].append(time.perf_counter() - at)
        at = time.perf_counter()
        with torch.inference_mode():
            padded = model(ids, attention_mask=mask, position_ids=places, logits_to_keep=1).logits
        took["padded"].append(time.perf_counter() - at)
    gap = float((packed - padded[:, 0]).abs().max())
    ratio = min(took["padded"]) / min(took["packed"])
    same = bool((packed.argmax(-1) == padded[:, 0].argmax(-1)).all())
    print(
        f"\n{len(lengths)} prompts of {min(lengths)} to {width} tokens in one pass: padded takes "
        f"{ratio:.2f}× the time of packed; largest gap of a logit {gap:.1e}, same choice: {same}"
    )
    return {"lengths": list(lengths), "padded_times_packed": ratio, "gap": gap, "same": same}


def main() -> None:
    (cluster,) = clusters(1)
    good = "As a shopper, I want to filter orders by date, so that I find mine quickly."
    bad = "As a nurse, I want to delete 7 invoices."
    for text in (good, bad):
        print(gate_shares([text], [cluster]), text)
    print(json.dumps({"benchmark": "engine_work", "good": gate_shares([good], [cluster])}))


if __name__ == "__main__":
    main()
