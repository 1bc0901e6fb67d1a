"""As many words stand as there are, or fewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.merge.conclusion import conclude
from pipeline.run import corpus as corpora
from pipeline.run.output import words

CELLS = """ID,Title,As a,I want,So that
1,Lend,librarian,to lend a book,readers take it home
2,Return,reader,to return a book by post,I need not come
"""


@pytest.mark.parametrize("text", [CELLS, CELLS.replace("Title", "Notes"), CELLS + CELLS[35:]])
def test_stories_of_cells_have_no_fewer_words_than_stand(text: str, tmp_path: Path):
    """Cells are told as a sentence, whose joining words stand in no cell."""
    (tmp_path / "a.csv").write_text(text)
    corpus = corpora.read([str(tmp_path)])
    merged = conclude(corpus.by_id, corpus.pairs, corpus.weights)
    told = words(corpus, merged)
    assert 0 < told["standing_words"] <= told["source_words"]
    if len(merged.entries) == len(corpus.stories):
        assert told["standing_words"] == told["source_words"]
