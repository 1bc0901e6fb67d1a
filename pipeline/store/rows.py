"""Values of the other rooms as rows of the tables. Pure functions: no clock, no database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from pipeline.calls import Estimate, Plan, Reply, Request, Usage, canonical_json, micro_usd
from pipeline.outcomes import Edit, MergedStory, Outcomes, StoryText, Verdict
from pipeline.store.documents import locator_as_json
from pipeline.stories import Document, Extraction, Story, count_words

Rows = list[dict[str, Any]]


def content_hash(value: Any) -> str:
    """The sha256 of a JSON value: what makes writing twice writing once."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def micro(usd: Decimal | None) -> int | None:
    """Dollars as micro-USD, unknown as NULL."""
    return None if usd is None else micro_usd(usd)


def dollars(micro_dollars: int | None) -> Decimal | None:
    """Micro-USD as dollars, NULL as unknown."""
    return None if micro_dollars is None else Decimal(micro_dollars) / 1_000_000


# --- what was read ----------------------------------------------------------------------------


@dataclass
class CorpusRows:
    """The rows of a corpus, by table, and its hash."""

    sha256: str = ""
    corpus: dict[str, Any] = field(default_factory=dict)
    documents: Rows = field(default_factory=list)
    stories: Rows = field(default_factory=list)
    corpus_documents: Rows = field(default_factory=list)
    corpus_stories: Rows = field(default_factory=list)


def corpus_rows(extractions: Iterable[Extraction], created: datetime) -> CorpusRows:
    """Everything that was read, in its order."""
    rows = CorpusRows()
    identity: list[Any] = []
    n_words = 0
    for position, extraction in enumerate(extractions):
        document = document_row(extraction.document)
        stories = [story_row(story, document["key"]) for story in extraction.stories]
        entry = _corpus_document_row(extraction, document["key"], position)
        first = len(rows.corpus_stories)
        rows.documents.append(document)
        rows.stories += stories
        rows.corpus_documents.append(entry)
        rows.corpus_stories += [
            {"position": n, "id": s["id"], "story": s["key"], "document_position": position}
            for n, s in enumerate(stories, first)
        ]
        n_words += count_words(extraction.document.text)
        identity.append(
            [document["key"], entry["paths"], entry["problem"], entry["residue"]]
            + [story["key"] for story in stories]
        )
    rows.sha256 = content_hash(identity)
    rows.corpus = {
        "sha256": rows.sha256,
        "n_documents": len(rows.documents),
        "n_stories": len(rows.corpus_stories),
        "n_words": n_words,
        "n_chars": sum(document["n_chars"] for document in rows.documents),
        "residue_chars": sum(entry["residue_chars"] for entry in rows.corpus_documents),
        "created": created,
    }
    for row in (*rows.corpus_documents, *rows.corpus_stories):
        row["corpus"] = rows.sha256
    return rows


def document_row(document: Document) -> dict[str, Any]:
    """A document under the hash of all that was read from it; its paths belong to a corpus."""
    row: dict[str, Any] = {
        "sha256": document.sha256,
        "format": document.format,
        "encoding": document.encoding,
        "guessed": document.guessed,
        "n_chars": len(document.text),
        "front_matter": dict(document.front_matter),
        "text": document.text,
    }
    return {"key": content_hash(row), **row}


def story_row(story: Story, document_key: str) -> dict[str, Any]:
    """A story under the hash of all that was found in it."""
    source = story.source
    row: dict[str, Any] = {
        "id": story.id,
        "document": document_key,
        "kind": story.kind,
        "start_offset": story.start,
        "end_offset": story.end,
        "spans": [list(span) for span in source.spans],
        "place": str(source.locator),
        "locator": locator_as_json(source.locator),
        "source_key": source.key,
        "written": source.written.isoformat() if source.written else None,
        "author": source.author,
        "fingerprint": story.fingerprint,
        "text": story.text,
        **_text_columns(story),
    }
    return {"key": content_hash(row), **row}


def _text_columns(text: Story | StoryText) -> dict[str, Any]:
    return {
        "title": text.title,
        "role": text.role,
        "goal": text.goal,
        "benefit": text.benefit,
        "criteria": list(text.criteria),
        "body": list(text.body),
    }


def _corpus_document_row(extraction: Extraction, key: str, position: int) -> dict[str, Any]:
    document = extraction.document
    return {
        "position": position,
        "document": key,
        "path": document.path,
        "paths": list(document.paths),
        "problem": document.problem,
        "n_stories": len(extraction.stories),
        "residue": [list(span) for span in extraction.residue],
        "residue_chars": sum(end - start for start, end in extraction.residue),
    }


# --- what is asked, and what it costs ---------------------------------------------------------


def plan_row(plan: Plan, created: datetime) -> dict[str, Any]:
    """The head of a plan."""
    return {
        "sha256": plan.sha256,
        "strategy": plan.strategy,
        "model": plan.model,
        "n_stories": plan.n_stories,
        "n_clusters": plan.n_clusters,
        "n_calls": len(plan.calls),
        "limit_input": plan.limits.input_tokens,
        "limit_output": plan.limits.output_tokens,
        "limit_reason": plan.limits.reason,
        "parameters": dict(plan.parameters),
        "created": created,
    }


def request_row(request: Request) -> dict[str, Any]:
    """A request under its key, with everything that decides the reply."""
    return {
        "key": request.key,
        "model": request.model,
        "revision": request.revision,
        "purpose": request.purpose,
        "prompt": request.prompt,
        "prompt_sha256": request.prompt_sha256,
        "body": asdict(request),
    }


def planned_call_rows(plan: Plan) -> Rows:
    """The calls of a plan."""
    return [
        {
            "plan": plan.sha256,
            "position": position,
            "id": call.id,
            "stage": call.stage,
            "request": call.request.key,
            "handles": [list(pair) for pair in call.handles],
            "clusters": [list(handles) for handles in call.clusters],
            "input_tokens": call.input.n,
            "input_counter": call.input.counter,
            "input_exact": call.input.exact,
            "input_low": call.input.low,
            "input_high": call.input.high,
            "output_low": call.output.low,
            "output_likely": call.output.likely,
            "output_high": call.output.high,
        }
        for position, call in enumerate(plan.calls)
    ]


def planned_cluster_rows(plan: Plan) -> Rows:
    """The clusters that code settles."""
    return [
        {
            "plan": plan.sha256,
            "position": position,
            "relation": str(cluster.relation),
            "score": cluster.score,
            "why": cluster.why,
            "attribute": cluster.attribute,
            "values": list(cluster.values),
            "members": list(cluster.members),
        }
        for position, cluster in enumerate(plan.decided)
    ]


def planned_skip_rows(plan: Plan) -> Rows:
    """The stories that need no call."""
    return [
        {"plan": plan.sha256, "position": position, **skipped._asdict()}
        for position, skipped in enumerate(plan.skipped)
    ]


def estimate_row(
    run: str | None, corpus: str | None, estimate: Estimate, created: datetime
) -> dict[str, Any]:
    """An estimate under the hash of all it says, for whom."""
    usd = estimate.usd or (None, None, None)
    band = estimate.seconds_band or (None, None)
    row: dict[str, Any] = {
        "run": run,
        "corpus": corpus,
        "plan_sha256": estimate.plan_sha256,
        "model": estimate.model,
        "strategy": estimate.strategy,
        "feasible": estimate.feasible,
        "reason": estimate.reason,
        "calls": estimate.calls,
        "journalled_calls": estimate.journalled_calls,
        "input_tokens": estimate.input_tokens.n,
        "input_counter": estimate.input_tokens.counter,
        "input_exact": estimate.input_tokens.exact,
        "input_low": estimate.input_tokens.low,
        "input_high": estimate.input_tokens.high,
        "output_low": estimate.output_tokens.low,
        "output_likely": estimate.output_tokens.likely,
        "output_high": estimate.output_tokens.high,
        "micro_usd_low": micro(usd[0]),
        "micro_usd_likely": micro(usd[1]),
        "micro_usd_high": micro(usd[2]),
        "micro_usd_batch": micro(estimate.usd_batch),
        "micro_usd_worst": micro(estimate.usd_worst),
        "micro_usd_energy": micro(estimate.usd_energy),
        "micro_usd_rent": micro(estimate.usd_rent),
        "price_date": estimate.price_date,
        "price_source": estimate.price_source,
        "notes": list(estimate.notes),
        "seconds": estimate.seconds,
        "seconds_low": band[0],
        "seconds_high": band[1],
        "peak_memory_bytes": estimate.peak_memory_bytes,
        "kwh": estimate.kwh,
    }
    return {"id": content_hash(row), **row, "created": created}


def reply_row(
    reply: Reply, *, run: str | None, good: bool, why: str, created: datetime
) -> dict[str, Any]:
    """A reply as it came back, and what we think of it."""
    row: dict[str, Any] = {
        "request": reply.key,
        "run": run,
        "good": good,
        "why": why,
        "text": reply.text,
        "finish": reply.finish,
        "model": reply.model,
        "detail": reply.detail,
        "input_tokens": reply.usage.input,
        "output_tokens": reply.usage.output,
        "cache_read_tokens": reply.usage.cache_read,
        "cache_write_tokens": reply.usage.cache_write,
        "micro_usd": micro(reply.usd),
        "seconds": reply.seconds,
    }
    return {"id": content_hash(row), **row, "created": created}


def reply_from_row(row: Mapping[str, Any]) -> Reply:
    """The reply of a journal row."""
    return Reply(
        key=row["request"],
        text=row["text"],
        finish=row["finish"],
        usage=Usage(
            input=row["input_tokens"],
            output=row["output_tokens"],
            cache_read=row["cache_read_tokens"],
            cache_write=row["cache_write_tokens"],
        ),
        seconds=row["seconds"],
        model=row["model"],
        detail=row["detail"],
        usd=dollars(row["micro_usd"]),
    )


# --- what became of the stories ---------------------------------------------------------------


def outcome_rows(run: str, outcomes: Outcomes) -> dict[str, Rows]:
    """Everything a merge decided, by table name, parents first."""
    rows: dict[str, Rows] = {
        "merged_story": [_merged_row(story, n) for n, story in enumerate(outcomes.merged)],
        "merged_source": [
            {"merged": merged.id, "position": n, "story": story}
            for merged in outcomes.merged
            for n, story in enumerate(merged.sources)
        ],
        "verdict": [
            _verdict_row(merged.id, n, verdict)
            for merged in outcomes.merged
            for n, verdict in enumerate(merged.verdicts)
        ],
        "edit": [_edit_row(edit, n) for n, edit in enumerate(outcomes.edits)],
        "conflict": [
            {"position": n, "attribute": conflict.attribute, "reason": conflict.reason}
            for n, conflict in enumerate(outcomes.conflicts)
        ],
        "conflict_side": [
            {"conflict": n, "position": side, "story": story, "value": value}
            for n, conflict in enumerate(outcomes.conflicts)
            for side, (story, value) in enumerate(_sides(conflict.stories, conflict.values))
        ],
        "ledger": [
            {
                "story": row.story,
                "outcome": row.outcome.value,
                "target": row.target,
                "other": row.other,
                "relation": row.relation.value if row.relation else None,
                "reason": row.reason,
                "decided_by": row.decided_by,
            }
            for row in outcomes.ledger
        ],
        "failed_call": [{"call": call} for call in dict.fromkeys(outcomes.failed_calls)],
    }
    for row in (row for table in rows.values() for row in table):
        row["run"] = run
    return rows


def _sides(stories: Sequence[str], values: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each story with what it says; "" where the edit gave fewer values than stories."""
    return zip_longest(stories, values[: len(stories)], fillvalue="")


def _merged_row(story: MergedStory, position: int) -> dict[str, Any]:
    return {
        "id": story.id,
        "position": position,
        "origin": story.origin,
        "fallback": story.fallback,
        **_text_columns(story.text),
    }


def _verdict_row(merged: str, position: int, verdict: Verdict) -> dict[str, Any]:
    return {
        "merged": merged,
        "position": position,
        "stage": verdict.stage,
        "field": verdict.field,
        "text": verdict.text,
        "grounded": verdict.grounded,
        "findings": [[found.check, found.message] for found in verdict.findings],
        "sources": [[s.story, s.span.start, s.span.end] for s in verdict.sources],
    }


def _edit_row(edit: Edit, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "relation": edit.relation.value,
        "stories": list(edit.stories),
        "keep": edit.keep,
        "text": None if edit.text is None else asdict(edit.text),
        "attribute": edit.attribute,
        "values": list(edit.values),
        "reason": edit.reason,
    }
