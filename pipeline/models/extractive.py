"""The model that needs no model: the deterministic union behind the same seam as the others.

It is the baseline that every other model is measured against. A prompt of purpose ``union`` is
JSON: ``{"clusters": [{"relation": …, "stories": [{"handle": …, "id": …, fields…}]}]}``; the reply
follows the schema of edits and rewrites nothing: the union of the stories it names is made where
the run is concluded. No tokens are counted, nothing is spent.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeline.calls import Reply, Request, TokenCount, Usage, canonical_json
from pipeline.catalog import ModelSpec
from pipeline.compare.union import VERSION, by_fullness
from pipeline.stories import Locator, Source, Span, Story

#: What exactly answers: the version of the union and of the form of its reply.
REVISION = f"{VERSION}, edits-2"


class ExtractiveModel:
    """Answers requests of purpose ``union``: unite what code found to belong together."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.revision = REVISION

    def count(self, request: Request) -> TokenCount:
        """None: no tokens are read or written."""
        return TokenCount(0, "none", True, 0, 0)

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer each request in turn; one that is no JSON of clusters is an error reply."""
        for request in requests:
            started = time.perf_counter()
            try:
                clusters = json.loads(request.messages[-1].content)["clusters"]
                text = canonical_json({"edits": [_edit(cluster) for cluster in clusters]})
                finish, detail = "stop", ""
            except (ValueError, KeyError, TypeError, IndexError) as exc:
                text, finish = "", "error"
                detail = f"the extractive model reads clusters as JSON: {exc!r}"
            yield Reply(
                key=request.key,
                text=text,
                finish="stop" if finish == "stop" else "error",
                usage=Usage(),
                seconds=time.perf_counter() - started,
                model=self.revision,
                detail=detail,
            )

    def describe(self) -> Mapping[str, str]:
        """What runs: the version of the union."""
        return {"model": "extractive", "algorithm": VERSION}

    def close(self) -> None:
        """Nothing to let go of."""


def _edit(cluster: Mapping[str, Any]) -> dict[str, Any]:
    stories = [_story(fields, i) for i, fields in enumerate(cluster["stories"])]
    handles = {story.id: fields["handle"] for story, fields in zip(stories, cluster["stories"],
                                                                   strict=True)}  # fmt: skip
    fullest = [handles[story.id] for story in by_fullness(stories)]
    relation = cluster.get("relation") or "overlap"
    if relation not in ("same", "overlap"):
        raise ValueError(f"there is no union of stories that are {relation!r}")
    return {"same": fullest} if relation == "same" else {"overlap": fullest, "rewrite": []}


def _story(fields: Mapping[str, Any], position: int) -> Story:
    """The fields of a prompt as a story without a place; only its words matter here."""
    return Story(
        id=str(fields.get("id") or fields["handle"]),
        kind="agile",
        source=Source("", "", Locator(), (Span(position, position + 1),)),
        text=str(fields.get("text", "")),
        role=str(fields.get("role", "")),
        goal=str(fields.get("goal", "")),
        benefit=str(fields.get("benefit", "")),
        criteria=tuple(fields.get("criteria", ())),
        title=str(fields.get("title", "")),
        body=tuple(fields.get("body", ())),
    )
