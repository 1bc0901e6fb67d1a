"""A question as a program reads it."""

from __future__ import annotations

from typing import Any

from pipeline.review.questions import Question


def as_json(question: Question) -> dict[str, Any]:
    """What ``review --json`` prints of a question."""
    before = question.decided or question.earlier
    return {
        "question": question.id,
        "kind": question.kind,
        "because": question.because,
        "about": question.about,
        "opposed": question.opposed,
        "saves_words": question.saves,
        "batch": question.batch,
        "stands": question.stands,
        "decided": None if before is None else {"answer": before.answer, "told": str(before)},
        **({"sovereignty": question.sovereignty} if question.sovereignty else {}),
        "stories": [
            {
                "number": number,
                "name": question.names[number - 1],
                "story": story.id,
                "fingerprint": story.fingerprint,
                "source": str(story.source),
                "key": story.source.key,
                "written": story.source.written.isoformat() if story.source.written else None,
                "author": story.source.author,
                "differs": question.differs[number - 1],
                "telling": [
                    {"field": told.field, "text": told.text}
                    for told in question.tellings[number - 1]
                ],
            }
            for number, story in enumerate(question.stories, 1)
        ],
    }
