"""The merged document as one self-contained page on which every sentence shows its sources.

No request leaves the page: styles, script and the excerpts are inside, and a policy in its head
forbids everything else. Source text is data: it reaches the page through a JSON island and
``textContent`` only, or escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from pipeline.merge.grouping import Group, grouped
from pipeline.merge.layout import (
    Part,
    balance_told,
    cited,
    echoes,
    excerpt,
    lines,
    numbers,
    sentence,
    spoken,
    title,
)
from pipeline.outcomes import MergedStory, Outcomes, SourceSpan
from pipeline.stories import Document, Story


def html(
    outcomes: Outcomes,
    stories: Mapping[str, Story],
    documents: Mapping[str, Document],
    head: Mapping[str, Any] | None = None,
    by: Group = "role",
) -> str:
    """The page. Arguments as for :func:`pipeline.merge.document.markdown`."""
    page = _Page(stories, documents)
    parts = [(i, *found) for i, found in enumerate(grouped(outcomes, by), 1)]
    groups = "".join(
        f'<section><h2 id="g{i}">{escape(heading)}</h2>'
        + "".join(page.story(merged) for merged in group)
        + "</section>"
        for i, heading, group in parts
    )
    told = " · ".join(f"<b>{n}</b> {name}" for n, name in balance_told(outcomes))
    contents = [
        f'<a href="#g{i}">{escape(heading)}</a> {len(group)}' for i, heading, group in parts
    ]
    if outcomes.conflicts:
        contents.append(f'<a href="#conflicts">conflicts</a> {len(outcomes.conflicts)}')
    run = " · ".join(escape(str(head[k])) for k in ("model", "run") if head and head.get(k))
    return _PAGE.substitute(
        summary=f"{len(stories)} stories became {len(outcomes.merged)}: {told}",
        run=run,
        contents=" · ".join(contents),
        groups=groups,
        conflicts=page.conflicts(outcomes),
        ledger=page.ledger(outcomes),
        sources=page.sources(),
        data=page.island(),
    )


class _Page:
    """Writes the parts of the page and gathers the excerpts they point to."""

    def __init__(self, stories: Mapping[str, Story], documents: Mapping[str, Document]) -> None:
        self._stories = stories
        self._documents = documents
        self._number = numbers(stories)
        self._places: dict[SourceSpan, int] = {}

    def story(self, merged: MergedStory) -> str:
        heading = title(merged)
        out = [f'<article id="m-{merged.id}">']
        if heading is not None:
            out.append(f"<h3>{self._part(heading)}</h3>")
        told = sentence(merged, self._stories)
        if told:
            out.append("<p>" + "".join(escape(p.lead) + self._part(p) for p in told) + ".</p>")
        again = [self._whole(source) for source in echoes(merged, self._stories)]
        if again:
            out.append(f'<p class="note">Said again in {", ".join(again)}</p>')
        rest = lines(merged)
        if rest:
            items = "".join(f"<li>{self._part(part)}</li>" for part in rest)
            out.append(f"<ul>{items}</ul>")
        if merged.fallback:
            what = "Kept" if merged.origin == "kept" else "United"
            out.append(f'<p class="note">{what} word for word: {escape(merged.fallback)}</p>')
        return "".join([*out, "</article>"])

    def conflicts(self, outcomes: Outcomes) -> str:
        if not outcomes.conflicts:
            return ""
        out = ["<section id=conflicts><h2>Conflicts</h2>"]
        out.append("<p>Kept side by side; a person decides.</p>")
        for conflict in outcomes.conflicts:
            values = conflict.values or ("",) * len(conflict.stories)
            out.append(f"<article><h3>{escape(conflict.attribute) or 'disagreement'}</h3><ul>")
            for story, value in zip(conflict.stories, values, strict=True):
                whole = self._stories[story]
                places = tuple(SourceSpan(story, span) for span in whole.source.spans)
                part = Part("body", "", spoken(story, outcomes, self._stories), places)
                says = f"<b>{escape(value)}</b>: " if value else ""
                out.append(f"<li>{says}{self._part(part)}</li>")
            out.append(f'</ul><p class="note">{escape(conflict.reason)}</p></article>')
        return "".join([*out, "</section>"])

    def ledger(self, outcomes: Outcomes) -> str:
        rows = "".join(
            f"<tr><td>{self._link(row.story)}<td>{row.outcome.value.replace('_', ' ')}"
            f"{f' ({row.relation.value})' if row.relation else ''}"
            f"<td>{self._link(row.other) if row.other else ''}<td>{escape(row.reason)}"
            f"<td>{escape(row.decided_by)}"
            for row in outcomes.ledger
        )
        return (
            "<table><thead><tr><th>source<th>outcome<th>with<th>reason<th>decided by"
            f"</thead><tbody>{rows}</tbody></table>"
        )

    def sources(self) -> str:
        return "<ol>" + "".join(
            f'<li id="source-{self._number[story.id]}">{escape(str(story.source))}'
            f"{f' ({escape(story.source.key)})' if story.source.key else ''}</li>"
            for story in self._stories.values()
        ) + "</ol>"  # fmt: skip

    def island(self) -> str:
        """The excerpts as JSON that no text can break out of."""
        shown = []
        for place in self._places:
            found = excerpt(place, self._stories, self._documents)
            story = self._stories[place.story]
            shown.append(
                {
                    "n": self._number[place.story],
                    "at": str(story.source),
                    "by": story.source.author,
                    "on": story.source.written.isoformat() if story.source.written else "",
                    "parts": [found.before, found.marked, found.after],
                }
            )
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        return (
            text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        )

    def _part(self, part: Part) -> str:
        """A sentence that can be clicked or focused, and the numbers of its sources."""
        ids = [self._places.setdefault(place, len(self._places)) for place in part.sources]
        cites = "".join(f"<sup>{n}</sup>" for n in cited(part.sources, self._number))
        return (
            f'<span class="s" role="button" tabindex="0" data-s="{" ".join(map(str, ids))}">'
            f"{escape(part.text.rstrip('. ') if part.field == 'benefit' else part.text)}</span>"
            f"{cites}"
        )

    def _whole(self, story: str) -> str:
        """A source that can be clicked to show all of it."""
        places = tuple(SourceSpan(story, span) for span in self._stories[story].source.spans)
        ids = [self._places.setdefault(place, len(self._places)) for place in places]
        return (
            f'<span class="s" role="button" tabindex="0" data-s="{" ".join(map(str, ids))}">'
            f"source {self._number[story]}</span>"
        )

    def _link(self, story: str) -> str:
        n = self._number[story]
        return f'<a href="#source-{n}">[{n}]</a>'


_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Merged stories</title>
<style>
:root { color-scheme: light dark; --back: #fbfaf7; --ink: #1d2129; --soft: #636b78;
  --line: #dcd8cf; --card: #fff; --accent: #0b6e6e; --mark: #ffe9a8; --markink: #1d2129; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --ink: #e7e6e2; --soft: #9aa3af;
  --line: #2e343c; --card: #1b1f25; --accent: #5cc8c0; --mark: #5a4a12; --markink: #fff3cf; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
.page { display: grid; grid-template-columns: minmax(0, 46rem) minmax(18rem, 26rem);
  gap: 2.5rem; max-width: 78rem; margin: 0 auto; padding: 2.5rem 1.5rem 6rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .6rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
h2::first-letter { text-transform: uppercase; }
h3 { font-size: 1rem; margin: 0 0 .2rem; }
article { padding: .7rem 0; }
article p { margin: 0; }
ul { margin: .3rem 0 0; padding-left: 1.2rem; }
.soft, .note { color: var(--soft); font-size: .9rem; }
.s { cursor: pointer; border-radius: 3px; text-decoration: underline;
  text-decoration-color: var(--line); text-underline-offset: 3px; }
.s:hover { text-decoration-color: var(--accent); }
.s:focus-visible, .s.on { outline: 2px solid var(--accent); outline-offset: 2px; }
.s.on { background: color-mix(in srgb, var(--accent) 14%, transparent); }
sup { color: var(--soft); font-size: .68rem; margin-left: .2em; }
a { color: var(--accent); }
aside { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem);
  overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.1rem 1.2rem; }
aside h2 { margin: 0 0 .5rem; border: 0; padding: 0; }
blockquote { margin: .4rem 0 1.1rem; padding-left: .8rem; border-left: 3px solid var(--line);
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92rem; color: var(--soft); }
mark { background: var(--mark); color: var(--markink); border-radius: 2px; padding: 0 .1em; }
.where { font-size: .85rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; margin-top: 2.4rem; }
@media (max-width: 60rem) { .page { grid-template-columns: minmax(0, 1fr); padding-bottom: 45vh; }
  aside { position: fixed; inset: auto 0 0 0; max-height: 40vh; border-radius: 10px 10px 0 0; } }
@media print { aside { display: none; } .page { display: block; } }
</style>
</head>
<body>
<div class="page">
<main>
<h1>Merged stories</h1>
<p>$summary</p>
<p class="soft">$run</p>
<nav class="soft">$contents</nav>
$groups
$conflicts
<details><summary>Ledger: what became of every source story</summary>
<div class="wide">$ledger</div></details>
<details><summary>Sources</summary>$sources</details>
</main>
<aside aria-live="polite" id="panel"><h2>Sources</h2>
<p class="soft">Choose a sentence to see where it comes from.</p></aside>
</div>
<script type="application/json" id="places">$data</script>
<script>
"use strict";
const places = JSON.parse(document.getElementById("places").textContent);
const panel = document.getElementById("panel");
let chosen = null;
function add(parent, name, text, kind) {
  const node = parent.appendChild(document.createElement(name));
  node.textContent = text;
  if (kind) node.className = kind;
  return node;
}
function show(node) {
  if (chosen) { chosen.classList.remove("on"); chosen.removeAttribute("aria-pressed"); }
  chosen = node;
  node.classList.add("on");
  node.setAttribute("aria-pressed", "true");
  panel.textContent = "";
  add(panel, "h2", "Sources");
  for (const id of node.dataset.s.split(" ").filter(Boolean)) {
    const place = places[id];
    const told = [place.by, place.on].filter(Boolean).join(", ");
    add(panel, "div", "[" + place.n + "] " + place.at + (told ? " (" + told + ")" : ""), "where");
    const quote = add(panel, "blockquote", "");
    add(quote, "span", place.parts[0]);
    add(quote, "mark", place.parts[1]);
    add(quote, "span", place.parts[2]);
  }
}
document.addEventListener("click", (event) => {
  const node = event.target.closest(".s");
  if (node) show(node);
});
document.addEventListener("focusin", (event) => {
  if (event.target.classList.contains("s")) show(event.target);
});
document.addEventListener("keydown", (event) => {
  if ((event.key === "Enter" || event.key === " ") && event.target.classList.contains("s")) {
    event.preventDefault();
    show(event.target);
  }
});
</script>
</body>
</html>
"""
)
