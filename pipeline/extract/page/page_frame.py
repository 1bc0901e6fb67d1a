"""The frame of the page that :mod:`pipeline.extract.page` fills: its head, its look, its places.

The policy in the head forbids every request.
"""

from __future__ import annotations

from pipeline.extract.page.panel_script import MOVES
from pipeline.extract.page.text_script import TEXT

_STYLE = """
:root { color-scheme: light dark; --back: #fbfaf7; --ink: #1d2129; --soft: #5f6774;
  --line: #dcd8cf; --card: #fff; --accent: #0b6e6e; --warn: #9a3412; --warnback: #fdeee2;
  --blue: #cfe6f7; --gold: #fbe3ac; --bluerule: #0072b2; --goldrule: #b87700; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --ink: #e7e6e2; --soft: #9aa3af;
  --line: #2e343c; --card: #1b1f25; --accent: #5cc8c0; --warn: #ffb48a; --warnback: #3a2417;
  --blue: #1c3d55; --gold: #4b3a10; --bluerule: #56b4e9; --goldrule: #e69f00; } }
* { box-sizing: border-box; }
html { scroll-padding: 4rem 0; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif; }
.page { display: grid; grid-template-columns: 18rem minmax(0, 48rem) minmax(17rem, 22rem);
  gap: 1.75rem; max-width: 94rem; margin: 0 auto; padding: 1.5rem 1.25rem; }
h1 { font-size: 1.25rem; line-height: 1.25; margin: 0 0 .2rem; }
h2 { font-size: 1.15rem; line-height: 1.35; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 1rem; line-height: 1.4; margin: .5rem 0 0; overflow-wrap: anywhere; }
p { margin: .2rem 0 0; }
.soft { color: var(--soft); font-size: .875rem; }
a { color: var(--accent); }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
nav, aside { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); }
nav { display: flex; flex-direction: column; min-height: 0; }
nav input { width: 100%; margin-top: .8rem; padding: .4rem .6rem; border-radius: 7px;
  border: 1px solid var(--line); background: var(--card); }
.facets { display: flex; flex-wrap: wrap; gap: .35rem; margin-top: .45rem; }
.pill { border: 1px solid var(--line); border-radius: 99px; background: none; padding: 0 .65rem;
  font-size: .8rem; cursor: pointer; }
.pill:hover { border-color: var(--accent); }
.pill[aria-pressed=true] { background: var(--accent); border-color: var(--accent);
  color: var(--back); }
.pill:disabled { opacity: .45; cursor: default; border-color: var(--line); }
#list { list-style: none; margin: .6rem -.4rem 0; padding: .15rem .4rem; overflow: auto; }
#list a { display: block; padding: .4rem .6rem; border-radius: 7px; color: inherit;
  text-decoration: none; overflow-wrap: anywhere; line-height: 1.35;
  border-left: 3px solid transparent; }
#list a:hover { background: color-mix(in srgb, var(--accent) 8%, transparent); }
#list a[aria-current=true] { background: var(--card); border-left-color: var(--accent);
  box-shadow: 0 0 0 1px var(--line); }
#list b { font-weight: 600; font-size: .92rem; }
.facts { display: block; color: var(--soft); font-size: .78rem; }
.meter { display: block; height: 3px; margin-top: .25rem; border-radius: 2px;
  background: var(--line); }
.meter i { display: block; height: 100%; border-radius: 2px; background: var(--accent); }
.bad { display: block; color: var(--warn); font-size: .8rem; margin-top: .25rem; }
#list .bad { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical;
  overflow: hidden; }
.callout { margin-top: .7rem; padding: .55rem .8rem; border-left: 4px solid var(--warn);
  border-radius: 4px; background: var(--warnback); color: var(--warn); overflow-wrap: anywhere; }
nav .callout { font-size: .85rem; }
#burger { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: .5rem; }
.legend mark { padding: 0 .4rem; color: var(--ink); cursor: default; }
#text { margin-top: 1rem; padding: 1.1rem 1.2rem; background: var(--card); font-size: .95rem;
  border: 1px solid var(--line); border-radius: 10px; }
#text:empty { display: none; }
.chunk { content-visibility: auto; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
  unicode-bidi: plaintext; }
mark { color: inherit; border-radius: 2px; padding: .1em 0; cursor: pointer;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
mark.t0 { background: var(--blue); --rule: var(--bluerule); }
mark.t1 { background: var(--gold); --rule: var(--goldrule); }
mark.many { background: repeating-linear-gradient(135deg, var(--blue) 0 7px, var(--gold) 7px 14px);
  --rule: var(--ink); }
mark.on { box-shadow: 0 2px 0 var(--rule), 0 -1px 0 var(--rule); }
.tag { border: 1px solid var(--rule, var(--soft)); border-radius: 4px; background: var(--card);
  color: var(--ink); font: 600 .68rem/1.35 system-ui, sans-serif; padding: 0 .35em;
  margin-right: .4em; vertical-align: .12em; cursor: pointer; user-select: none;
  white-space: nowrap; }
.tag:focus-visible { outline-offset: 1px; }
button.tag[aria-pressed=true] { background: var(--rule); color: var(--card); }
aside { overflow: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 1rem 1.1rem; font-size: .94rem; overflow-wrap: anywhere; }
aside .top { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem; }
aside .top .soft { margin-right: auto; }
dl { margin: .6rem 0 0; }
dt { color: var(--soft); font-size: .78rem; margin-top: .55rem; }
dd { margin: 0; white-space: pre-wrap; }
dd ol { margin: 0; padding-left: 1.3rem; }
dd p { margin: 0 0 .5rem; }
dl.places { border-top: 1px solid var(--line); padding-top: .2rem; margin-top: .9rem;
  font-size: .85rem; }
kbd { font: .78rem ui-monospace, monospace; border: 1px solid var(--line); border-radius: 4px;
  padding: 0 .3rem; }
.close { display: none; }
@media (max-width: 72rem) {
  .page { grid-template-columns: 16rem minmax(0, 1fr); }
  aside { position: fixed; top: auto; inset: auto 0 0 0; max-height: 42vh; z-index: 2;
    border-radius: 12px 12px 0 0; box-shadow: 0 -4px 24px rgb(0 0 0 / .18); }
  aside.empty { display: none; }
  .close { display: inline-block; }
  .page:has(aside:not(.empty)) { padding-bottom: 48vh; }
  html:has(aside:not(.empty)) { scroll-padding-bottom: 44vh; } }
@media (max-width: 48rem) {
  .page { display: block; padding: 1rem .8rem 4rem; }
  nav { position: static; max-height: none; margin-bottom: 1.2rem; }
  nav:not(.open) .fold { display: none; }
  #list { max-height: 60vh; border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0 0; }
  #burger { display: inline-block; margin-top: .5rem; align-self: start; }
  #text { padding: .8rem .85rem; } }
@media print { nav, aside { display: none; } .page { display: block; }
  .chunk { content-visibility: visible; } }
"""

#: Everything before the first document.
HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Documents and their stories</title>
<style>{_STYLE}</style>
</head>
<body>
<div class="page">
<nav id="nav" aria-label="Documents">
<h1>Documents and their stories</h1>
<p class="soft" id="sum"></p>
<button id="burger" class="pill" aria-expanded="false">Choose a document</button>
<div class="fold" id="notes"></div>
<div class="fold"><input id="filter" type="search" placeholder="Filter documents"
 aria-label="Filter documents" autocomplete="off"></div>
<div class="fold facets" id="facets"></div>
<p class="fold soft" id="left" aria-live="polite"></p>
<ul class="fold" id="list"></ul>
</nav>
<main>
<noscript><p class="callout">This page needs JavaScript to show the documents that are in it. It
loads nothing from elsewhere.</p></noscript>
<p class="callout" id="lost" hidden>What the address names is not in this page.</p>
<div id="head"></div>
<div id="text"></div>
</main>
<aside id="panel" class="empty" aria-live="polite" aria-label="Story"></aside>
</div>
"""

#: Everything after the last document.
TAIL = f"<script>{TEXT}{MOVES}</script>\n</body>\n</html>\n"
