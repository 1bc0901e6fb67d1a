"""The frame of the page that :mod:`pipeline.merge.page` fills: its head, its look, its places."""

from __future__ import annotations

from string import Template

from pipeline.merge.page_ledger import LEDGER
from pipeline.merge.page_script import SCRIPT

_STYLE = """
:root { color-scheme: light dark; --back: #fbfaf7; --ink: #1d2129; --soft: #5f6774;
  --line: #dcd8cf; --card: #fff; --accent: #0b6e6e; --own: #eef4f3; --mark: #ffe08a;
  --markink: #1d2129; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --ink: #e7e6e2; --soft: #9aa3af;
  --line: #2e343c; --card: #1b1f25; --accent: #5cc8c0; --own: #22302f; --mark: #6b5512;
  --markink: #fff3cf; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 5rem; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
.page { display: grid; grid-template-columns: minmax(0, 46rem) minmax(18rem, 30rem);
  justify-content: center; gap: 2.5rem; max-width: 84rem; margin: 0 auto;
  padding: 2.2rem 1.5rem 6rem; }
h1 { font-size: 1.7rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; padding-bottom: .3rem;
  border-bottom: 1px solid var(--line); }
h2::first-letter { text-transform: uppercase; }
h3 { font-size: 1rem; margin: 0 0 .2rem; }
p { margin: 0; }
a { color: var(--accent); }
button, input, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.soft, .note { color: var(--soft); font-size: .9rem; }
nav { margin-top: .4rem; }
/* What is not in sight is neither laid out nor painted; some stories at a time, as the browser
   looks at every such part in every frame. */
.some { content-visibility: auto; contain-intrinsic-size: auto 150rem; }
article { padding: .7rem 0; overflow-wrap: anywhere; }
article.here { box-shadow: -3px 0 0 var(--accent); padding-left: .8rem; margin-left: -.8rem; }
ul { margin: .3rem 0 0; padding-left: 1.2rem; }
.s { cursor: pointer; border-radius: 3px; text-decoration: underline;
  text-decoration-color: var(--line); text-underline-offset: 3px; }
.s:hover { text-decoration-color: var(--accent); }
.s.on { background: color-mix(in srgb, var(--accent) 16%, transparent);
  box-shadow: 0 0 0 2px color-mix(in srgb, var(--accent) 16%, transparent); }
sup { color: var(--soft); font-size: .68rem; margin-left: .2em; line-height: 0; }
.tools { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem;
  align-items: center; margin: 1.2rem -.4rem 0; padding: .6rem .4rem; background: var(--back);
  border-bottom: 1px solid var(--line); }
.tools input, .tools select { min-width: 0; padding: .35rem .6rem; font-size: .9rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 7px; }
.tools input { flex: 1 1 11rem; }
.tools select { flex: 0 1 9.5rem; text-overflow: ellipsis; }
#left { flex-basis: 100%; font-size: .82rem; }
#left:empty { display: none; }
.sides { display: grid; gap: .8rem; margin: .3rem 0 .4rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
.sides blockquote { margin: 0; padding: .6rem .9rem; border-left: 3px solid var(--accent);
  background: var(--own); border-radius: 0 7px 7px 0; font-size: .95rem; }
.sides footer { margin-top: .4rem; color: var(--soft); font-size: .82rem; line-height: 1.4; }
aside { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem);
  overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 11px;
  padding: 1.1rem 1.2rem; overflow-wrap: anywhere; }
aside h2 { margin: 0; border: 0; padding: 0; }
aside header { display: flex; justify-content: space-between; align-items: center; }
.close { display: none; border: 1px solid var(--line); border-radius: 7px; background: none;
  width: 2rem; height: 2rem; cursor: pointer; }
.source { margin-top: 1rem; }
.where { font-size: .85rem; line-height: 1.4; color: var(--soft); }
.where b { color: var(--ink); }
.went { font-size: .88rem; margin-top: .5rem; }
.text { margin-top: .5rem; padding: .6rem .8rem; border: 1px solid var(--line);
  border-radius: 8px; background: var(--back); white-space: pre-wrap; font-size: .9rem;
  line-height: 1.55; color: var(--soft); unicode-bidi: plaintext; }
.own { background: var(--own); color: var(--ink); }
mark, mark.own { background: var(--mark); color: var(--markink); border-radius: 2px;
  padding: .05em 0; }
.link { border: 0; background: none; padding: 0; color: var(--accent); cursor: pointer;
  text-decoration: underline; text-underline-offset: 2px; }
.more { display: block; font-size: .82rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 500; }
td .link { white-space: nowrap; }
summary { cursor: pointer; font-weight: 600; margin-top: 2.4rem; }
kbd { font: .78rem ui-monospace, monospace; border: 1px solid var(--line); border-radius: 4px;
  padding: 0 .3rem; }
[hidden] { display: none !important; }
@media (max-width: 64rem) {
  .page { grid-template-columns: minmax(0, 46rem); padding: 1.5rem 1rem 4rem; }
  aside { position: fixed; inset: auto 0 0 0; top: auto; z-index: 2; max-height: 46vh;
    border-radius: 12px 12px 0 0; box-shadow: 0 -4px 24px rgb(0 0 0 / .18); }
  aside.empty { display: none; }
  .close { display: inline-block; }
  .page:has(aside:not(.empty)) { padding-bottom: 50vh; }
  html:has(aside:not(.empty)) { scroll-padding-bottom: 48vh; } }
@media (max-width: 36rem) { .tools { position: static; } .tools select { flex: 1 1 8rem; } }
@media print {
  :root { --back: #fff; --ink: #000; --soft: #444; --line: #ccc; --card: #fff; --own: #fff; }
  body { font-size: 10.5pt; }
  aside, .tools, .more, nav, .only-screen { display: none; }
  /* The ledger is printed where it was opened. */
  details:not([open]) { display: none; }
  .page { display: block; max-width: none; padding: 0; }
  .s { text-decoration: none; }
  .some { content-visibility: visible; }
  article { break-inside: avoid; padding: .35rem 0; }
  h2 { break-after: avoid; } }
"""

#: Everything before the stories.
OPENING = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Merged stories</title>
<style>"""
    + _STYLE.replace("$", "$$")
    + """</style>
</head>
<body>
<div class="page">
<main>
<h1>Merged stories</h1>
<p>$summary</p>
<p class="soft">$run</p>
<nav class="soft" aria-label="Contents">$contents</nav>
<form class="tools" id="tools" role="search">
<input type="search" id="q" placeholder="Words, or S-12" autocomplete="off"
 aria-label="Search words, or a source story such as S-12">
<select id="document" aria-label="Document"><option value="">all documents</option></select>
<select id="role" aria-label="Role"><option value="">all roles</option></select>
<select id="relation" aria-label="What became of them"><option value="">all relations</option>
</select>
<span class="soft" id="left" aria-live="polite"></span>
</form>
<div id="story">
"""
)
#: Between the stories and the data that the script draws from.
MIDDLE = """</div>
<details id="ledger"><summary>Ledger: what became of every source story</summary></details>
</main>
<aside id="panel" class="empty" aria-live="polite" aria-label="Sources" tabindex="-1"></aside>
</div>
"""
#: Everything behind the data.
CLOSING = f"""<script>{SCRIPT + LEDGER}</script>
</body>
</html>
"""
