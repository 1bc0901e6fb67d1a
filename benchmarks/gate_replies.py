"""Replies that the local model really gives, to judge the gate on.

Groups of similar stories, two or three each, are merged by the model as the product asks it to:
those that code finds to overlap, and the closest members of looser groups, where a small model
errs more. Every other group is asked without the vocabulary mask that the product lays on the
model, so that words of no source occur. The replies hold other people's text: they are written to
``data/runs`` (git-ignored), one JSON line each, never into the repository. Labels made by reading
them stand in ``benchmarks/labels``, by the replies' hashes.

    python benchmarks/gate_replies.py [PATH…] [--limit N] [--out FILE]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.calls import Call, Cluster
from pipeline.catalog import Catalog
from pipeline.cost.estimate import window_limits
from pipeline.merge.corpus import Corpus, read
from pipeline.models.base import ModelOptions
from pipeline.models.opening import open_model, revision_of
from pipeline.outcomes import Relation
from pipeline.plan.rendering import story_line
from pipeline.plan.strategies import make_plan
from pipeline.settings import read_settings
from pipeline.stories import Locator, Source, Span, Story
from pipeline.tokens import counter_for

MODEL = "local/smollm2-135m"
#: Stories of one group, at most.
GROUP = 3
#: Characters of a story as the model sees it, at most: longer ones are merged by passage.
LINE = 400


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One reply with the stories it was made from.

    Args:
        corpus: name of the folder the stories come from.
        masked: whether the model could only use words of the sources.
    """

    corpus: str
    masked: bool
    sources: tuple[Story, ...]
    text: str
    finish: str

    @property
    def hash(self) -> str:
        """16 hex digits of a sha256 over what the model was shown and what it said."""
        shown = [story_line(story) for story in self.sources]
        return hashlib.sha256(json.dumps([shown, self.text]).encode()).hexdigest()[:16]

    @property
    def unseen(self) -> bool:
        """Whether the reply is of the half that no rule was tuned on: by its hash's parity."""
        return int(self.hash, 16) % 2 == 1


def groups(corpus: Corpus) -> list[Cluster]:
    """What code finds to overlap, then the closest members of looser groups; no story twice."""
    taken: set[str] = set()
    found: list[Cluster] = []
    overlaps = [c for c in corpus.decided if c.relation == Relation.OVERLAP]
    for cluster in (*overlaps, *corpus.stars):
        members = [m for m in cluster.members if m not in taken and _shown(corpus.by_id[m])]
        if len(members) > 1:
            found.append(replace(cluster, members=tuple(members[:GROUP]), relation="overlap"))
            taken.update(members[:GROUP])
    return found


def _shown(story: Story) -> bool:
    return bool(story.goal) and len(story_line(story)) <= LINE


def ask(path: Path, limit: int) -> Iterator[StoredReply]:
    """The model's replies on one corpus."""
    settings = read_settings({})
    spec = Catalog(settings.models_toml).find(MODEL)
    corpus = read([path])
    plan = make_plan(
        "edit",
        corpus.stories,
        groups(corpus)[:limit],
        spec,
        window_limits(spec),
        counter_for(spec, cache=settings.cache),
        settings.prompts,
        revision=revision_of(spec, settings.cache),
    )
    calls: dict[str, tuple[Call, bool]] = {}
    for number, call in enumerate(plan.calls):
        masked = number % 2 == 0
        request = call.request if masked else replace(call.request, vocabulary="")
        calls[request.key] = (replace(call, request=request), masked)
    model = open_model(spec, ModelOptions(cache=settings.cache, threads=1))
    try:
        for reply in model.complete([call.request for call, _ in calls.values()]):
            call, masked = calls[reply.key]
            sources = tuple(corpus.by_id[story] for _, story in call.handles)
            yield StoredReply(path.name, masked, sources, reply.text, reply.finish)
    finally:
        model.close()


def write(replies: Sequence[StoredReply], file: Path) -> None:
    """One JSON line a reply, in order of their hashes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.dumps(_row(r), ensure_ascii=False) for r in sorted(replies, key=lambda r: r.hash)]
    file.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def stored(file: Path) -> list[StoredReply]:
    """The replies of a file that :func:`write` wrote."""
    return [_reply(json.loads(row)) for row in file.read_text(encoding="utf-8").splitlines()]


def _row(reply: StoredReply) -> dict[str, Any]:
    return {
        "hash": reply.hash,
        "corpus": reply.corpus,
        "masked": reply.masked,
        "finish": reply.finish,
        "reply": reply.text,
        "sources": [
            {
                "id": s.id, "kind": s.kind, "text": s.text, "role": s.role, "goal": s.goal,
                "benefit": s.benefit, "criteria": s.criteria, "title": s.title, "body": s.body,
            }
            for s in reply.sources
        ],
    }  # fmt: skip


def _reply(row: dict[str, Any]) -> StoredReply:
    place = Source("", row["corpus"], Locator(), (Span(0, 1),))
    sources = tuple(
        Story(
            source["id"], source["kind"], place, source["text"], source["role"], source["goal"],
            source["benefit"], tuple(source["criteria"]), source["title"], tuple(source["body"]),
        )
        for source in row["sources"]
    )  # fmt: skip
    return StoredReply(row["corpus"], row["masked"], sources, row["reply"], row["finish"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", default=[Path("data/sample")], type=Path)
    parser.add_argument("--limit", type=int, default=24, help="groups of each path, at most")
    parser.add_argument("--out", type=Path, default=Path("data/runs/gate_replies.jsonl"))
    asked = parser.parse_args()
    replies = list({r.hash: r for path in asked.paths for r in ask(path, asked.limit)}.values())
    write(replies, asked.out)
    print(f"{'corpus':24} replies  masked  words")
    for name in dict.fromkeys(r.corpus for r in replies):
        of = [r for r in replies if r.corpus == name]
        words = sum(len(r.text.split()) for r in of)
        print(f"{name:24} {len(of):7} {sum(r.masked for r in of):7} {words:6}")
    figures = {"replies": len(replies), "unseen": sum(r.unseen for r in replies)}
    print(json.dumps({"benchmark": "gate_replies", "out": str(asked.out), **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
