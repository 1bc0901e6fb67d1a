"""The judgement of somebody else's document as a run: its figures are stored, its text is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.foreign import judge
from evals.recorded import figure, recorded
from pipeline.errors import InputError
from pipeline.merge.corpus import Corpus, gather
from pipeline.store.record import Store

#: What stands in place of a model: nobody says what wrote the document.
SOMEBODY = "somebody else"


def run_foreign(file: Path, corpus: Corpus, store: Store) -> Mapping[str, Any]:
    """Judge a document against the stories it was made of.

    Args:
        file: in any format that can be read.

    Returns:
        What ``eval document --json`` prints: the figures with interval and n, every sentence that
        is not supported with the places of the stories nearest to it, every story that is not told.

    Raises:
        InputError: the document cannot be read, or holds no text.
    """
    document = gather([file]).extractions[0].document
    if not document.text.strip():
        raise InputError(
            document.problem or "there is no text in it.",
            where=str(file),
            next="Give the merged document as text, Markdown, HTML, DOCX or PDF.",
        )
    with recorded(
        store,
        kind="fabrication",
        model=SOMEBODY,
        strategy="",
        parameters={"document": document.sha256, "stories": len(corpus.stories)},
    ) as run:
        judged = judge([document.text], corpus.stories)
        rates = judged.rates()
        store.save_scores(run, [figure(name, rate) for name, rate in rates.items()])
    places = {story.id: str(story.source) for story in corpus.stories}
    untold = frozenset(judged.untold)
    return {
        "run": run,
        "document": document.path,
        "stories": len(corpus.stories),
        "scores": {name: rate._asdict() for name, rate in rates.items()},
        "doubted": [
            {
                "text": sentence.text,
                "mark": sentence.mark,
                "nearest": [places[story] for story in sentence.nearest],
            }
            for sentence in judged.sentences
            if sentence.mark != "supported"
        ],
        "untold": [
            {"id": story.id, "place": places[story.id], "goal": story.goal or story.text}
            for story in corpus.stories
            if story.id in untold
        ],
    }
