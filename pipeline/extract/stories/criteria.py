"""A cell of acceptance criteria: one a line or list item, or several on one line."""

from __future__ import annotations

from pipeline.extract.readers.markup import read_blocks
from pipeline.extract.stories.assembly import Draft, add_criterion, add_inline_criteria
from pipeline.extract.stories.cell_words import Flavour
from pipeline.extract.stories.leads import is_criteria_label
from pipeline.text.sentences import plain


def read_criteria(words: str, draft: Draft, flavour: Flavour = "cell") -> None:
    """Add the criteria of a cell; one line may hold several by ";"."""
    lines = [line for line in words.splitlines() if line.strip()]
    if len(lines) == 1:
        add_inline_criteria(draft, lines[0])
        return
    for block in read_blocks(words, flavour):
        raw = words[block.start : block.end]
        if is_criteria_label(raw) or block.kind == "meta":
            continue
        for piece in raw.splitlines() if block.kind == "paragraph" else [raw]:
            add_criterion(draft, plain(piece))
