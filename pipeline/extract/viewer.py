"""The fixed parts of the page that :mod:`pipeline.extract.page` fills: style, frame, script.

Text from documents is written by ``textContent`` only; a policy in the head forbids requests.
"""

from __future__ import annotations

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
  gap: 1.75rem; max-width: 94rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
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
.bad { display: block; color: var(--warn); font-size: .8rem; }
#list .bad { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical;
  overflow: hidden; }
.callout { margin-top: .7rem; padding: .55rem .8rem; border-left: 4px solid var(--warn);
  border-radius: 4px; background: var(--warnback); color: var(--warn); overflow-wrap: anywhere; }
#burger { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: .5rem; }
.legend mark { padding: 0 .4rem; }
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
  nav .fold { display: none; }
  nav.open .fold { display: block; }
  #list { max-height: 60vh; border: 1px solid var(--line); border-radius: 8px; margin: .6rem 0 0; }
  #burger { display: inline-block; margin-top: .5rem; align-self: start; }
  #text { padding: .8rem .85rem; } }
@media print { nav, aside { display: none; } .page { display: block; }
  .chunk { content-visibility: visible; } }
"""

_SCRIPT = r"""
"use strict";
const at = (id) => document.getElementById(id);
const index = JSON.parse(at("index").textContent);
const docs = index.documents;
const numberOf = new Map(docs.map((doc, n) => [doc.key, n]));
const count = (n, noun, nouns) => n.toLocaleString("en") + " " + (n === 1 ? noun : nouns || noun + "s");
let shown = null;   // the document on the right: {n, stories, marks, tags}
let chosen = -1;    // its story in the panel

function add(parent, name, text, kind) {
  const node = parent.appendChild(document.createElement(name));
  if (text !== undefined) node.textContent = text;
  if (kind) node.className = kind;
  return node;
}
function link(n, s) {
  const story = s >= 0 ? "&story=" + shown.stories[s].id : "";
  return "#doc=" + docs[n].key + story;
}
function share(doc) {
  return doc.chars ? Math.round(100 * (doc.chars - doc.residue) / doc.chars) + " %" : "–";
}

/* The list on the left. */
const facets = [
  ["with problems", (doc) => doc.problem],
  ["without a story", (doc) => !doc.stories],
  ["text left out", (doc) => !doc.held],
];
let facet = null;
const rows = docs.map((doc, n) => {
  const item = add(at("list"), "li");
  const row = add(item, "a");
  row.href = link(n, -1);
  row.title = doc.path;
  add(row, "b", doc.path.slice(index.folder.length) || doc.path);
  add(row, "span", [doc.format, doc.encoding + (doc.guessed ? " (guessed)" : ""),
    count(doc.stories, "story", "stories"), share(doc)].join(" · "), "facts");
  const bar = add(add(row, "span", undefined, "meter"), "i");
  bar.style.width = doc.chars ? 100 * (doc.chars - doc.residue) / doc.chars + "%" : "0";
  if (doc.problem) add(row, "span", "⚠ " + doc.problem, "bad");
  if (!doc.held) add(row, "span", "◌ text left out of this page", "bad");
  return { item, row, words: (doc.path + " " + doc.others.join(" ") + " " + row.textContent).toLowerCase() };
});
function filter() {
  const wanted = at("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  rows.forEach(({ item, words }, n) => {
    item.hidden = !((!facet || facet(docs[n])) && wanted.every((word) => words.includes(word)));
    if (!item.hidden) left += 1;
  });
  at("left").textContent = left < docs.length ? left + " of " + count(docs.length, "document") : "";
}
function overview() {
  const sum = (field) => docs.reduce((total, doc) => total + doc[field], 0);
  const all = { chars: sum("chars"), residue: sum("residue") };
  add(at("sum"), "span", count(docs.length, "document") + ", "
    + count(sum("stories"), "story", "stories") + ", " + share(all) + " of "
    + count(all.chars, "character") + " in stories.");
  if (index.folder) add(at("sum"), "span", " In " + index.folder);
  for (const [name, test] of facets) {
    const n = docs.filter(test).length;
    if (!n) continue;
    const pill = add(at("facets"), "button", n + " " + name, "pill");
    pill.setAttribute("aria-pressed", "false");
    pill.addEventListener("click", () => {
      const on = facet !== test;
      for (const other of at("facets").children) other.setAttribute("aria-pressed", "false");
      pill.setAttribute("aria-pressed", String(on));
      facet = on ? test : null;
      filter();
    });
  }
  const without = docs.filter((doc) => !doc.held).length;
  if (without) add(at("notes"), "p", "This page holds " + count(index.limit, "character")
    + " of text at most. The texts of " + count(without, "document") + " were left out; they are "
    + "marked ◌ in the list. A page over fewer documents shows them.", "callout");
}

/* The text on the right. Spans may overlap: the text is cut wherever one begins or ends. */
function segments(length, stories) {
  const edges = [];
  stories.forEach((story, s) => {
    for (const [start, end] of story.spans) edges.push([start, 1, s], [end, 0, s]);
  });
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const cut = [], inside = new Set();
  let here = 0;
  for (const [place, opens, s] of edges) {
    if (place > here) { cut.push([here, place, [...inside]]); here = place; }
    if (opens) inside.add(s); else inside.delete(s);
  }
  if (here < length) cut.push([here, length, []]);
  return cut;
}
/* A story's label stands where text is its own, not on what it shares with others. */
function homes(text, cut, n) {
  const home = Array(n).fill(-1), own = Array(n).fill(false);
  cut.forEach(([from, to, inside], i) => {
    for (const s of inside) {
      const alone = inside.length === 1 && text.slice(from, to).trim() !== "";
      if (home[s] < 0 || (alone && !own[s])) home[s] = i;
      own[s] = own[s] || alone;
    }
  });
  return home;
}
/* Text is laid out in chunks, those in sight only; a chunk ends with a line where it can. */
function chunkEnd(text, from) {
  const end = text.indexOf("\n", from + 3000) + 1 || text.length;
  if (end - from < 20000) return end;
  const odd = /[\ud800-\udbff]/.test(text[from + 19999]);
  return from + (odd ? 19999 : 20000);
}
function draw(text, stories) {
  const cut = segments(text.length, stories);
  const home = homes(text, cut, stories.length);
  const marks = stories.map(() => []), tags = [];
  const drawn = document.createDocumentFragment();
  let chunk = null, stop = 0;
  cut.forEach(([from, to, inside], i) => {
    for (let a = from, b; a < to; a = b) {
      if (a === stop) {
        stop = chunkEnd(text, a);
        const lines = (stop - a) / 90 + text.slice(a, stop).split("\n").length;
        chunk = add(drawn, "div", undefined, "chunk");
        chunk.style.containIntrinsicSize = "auto " + Math.round(lines * 24) + "px";
      }
      b = Math.min(to, stop);
      const said = text.slice(a, b);
      if (!inside.length) { chunk.append(said); continue; }
      const kind = inside.length > 1 ? "many" : "t" + inside[0] % 2;
      const mark = add(chunk, "mark", undefined, kind);
      mark.dataset.s = inside.join(" ");
      const lead = a === from ? said.length - said.trimStart().length : 0;
      if (lead) mark.append(said.slice(0, lead));
      for (const s of inside) {
        marks[s].push(mark);
        if (a === from && home[s] === i) tags[s] = label(mark, stories[s], s);
      }
      mark.append(said.slice(lead));
    }
  });
  if (tags[0]) tags[0].tabIndex = 0;
  at("text").replaceChildren(drawn);
  return { marks, tags };
}
function label(parent, story, s) {
  const tag = add(parent, "button", story.kind + " " + (s + 1), "tag");
  tag.dataset.s = s;
  tag.tabIndex = -1;
  tag.setAttribute("aria-pressed", "false");
  tag.setAttribute("aria-label", story.kind + " " + (s + 1) + ": "
    + (story.title || story.goal || story.body[0] || "").slice(0, 120));
  return tag;
}
function show(n) {
  const doc = docs[n], head = at("head");
  head.textContent = "";
  add(head, "h2", doc.path);
  const facts = [doc.format, doc.encoding + (doc.guessed ? " (guessed)" : ""),
    count(doc.stories, "story", "stories"),
    share(doc) + " of " + count(doc.chars, "character") + " in stories"];
  add(head, "p", facts.join(" · "), "soft");
  if (doc.others.length) add(head, "p", "The same bytes: " + doc.others.join(", "), "soft");
  if (doc.problem) add(head, "p", "⚠ " + doc.problem, "callout");
  if (!doc.held) add(head, "p", "The text of this document was left out of this page, which holds "
    + count(index.limit, "character") + " of text at most.", "callout");
  else if (!doc.chars) add(head, "p", "There is no text.", "soft");
  rows.forEach(({ row }, i) => {
    if (i === n) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
  });
  rows[n].row.scrollIntoView({ block: "nearest" });
  document.title = doc.path.slice(index.folder.length) + " – documents and their stories";
  const { text, stories } = doc.held ? JSON.parse(at("d" + n).textContent) : { text: "", stories: [] };
  shown = { n, stories, ...draw(text, stories) };
  if (stories.length) legend(head);
  at("nav").classList.remove("open");
  at("burger").setAttribute("aria-expanded", "false");
  window.scrollTo(0, 0);
  forget();
}
function legend(head) {
  const told = add(head, "p", undefined, "legend soft");
  const tints = add(told, "span");
  add(tints, "mark", "one story", "t0");
  add(tints, "mark", "the next", "t1");
  if (at("text").querySelector(".many")) add(told, "span").append(add(told, "mark", "text that stories share", "many"));
  add(told, "span", "plain: residue, in no story");
}

/* The story in the panel. */
function forget() {
  if (chosen >= 0) mark(chosen, false);
  chosen = -1;
  const panel = at("panel");
  panel.className = "empty";
  panel.textContent = "";
  add(panel, "h2", "Story");
  add(panel, "p", shown && shown.stories.length ? "Choose marked text to see what was read from it."
    : "No story to show in this document.", "soft");
  const keys = add(panel, "p", undefined, "soft");
  for (const [key, does] of [["j", " next, "], ["k", " previous story, "], ["/", " filter, "], ["Esc", " close"]]) {
    add(keys, "kbd", key);
    keys.append(does);
  }
}
function mark(s, on) {
  for (const node of shown.marks[s]) node.classList.toggle("on", on);
  const tag = shown.tags[s];
  tag.setAttribute("aria-pressed", String(on));
  if (on) for (const other of shown.tags) other.tabIndex = other === tag ? 0 : -1;
}
function choose(s, bring) {
  if (s !== chosen) {
    if (chosen >= 0) mark(chosen, false);
    chosen = s;
    mark(s, true);
    fields(s);
    history.replaceState(null, "", link(shown.n, s));
  }
  if (!bring) return;
  shown.tags[s].focus({ preventScroll: true });
  shown.tags[s].scrollIntoView({ block: "center" });
}
function step(by) {
  const n = shown ? shown.stories.length : 0;
  if (n) choose(chosen < 0 ? (by > 0 ? 0 : n - 1) : Math.min(n - 1, Math.max(0, chosen + by)), true);
}
function fields(s) {
  const story = shown.stories[s], panel = at("panel");
  panel.className = "";
  panel.textContent = "";
  panel.scrollTop = 0;
  const top = add(panel, "div", undefined, "top");
  add(top, "span", story.kind, "tag");
  add(top, "span", "story " + (s + 1) + " of " + shown.stories.length, "soft");
  for (const [sign, says, by] of [["↑", "previous story (k)", -1], ["↓", "next story (j)", 1]]) {
    const go = add(top, "button", sign, "pill");
    go.setAttribute("aria-label", says);
    go.title = says;
    go.disabled = !shown.stories[s + by];
    go.addEventListener("click", () => step(by));
  }
  const close = add(top, "button", "×", "pill close");
  close.setAttribute("aria-label", "close");
  close.addEventListener("click", leave);
  if (story.title) add(panel, "h3", story.title);
  const said = add(panel, "dl");
  for (const name of ["role", "goal", "benefit"]) {
    if (story[name]) { add(said, "dt", name); add(said, "dd", story[name]); }
  }
  if (story.criteria.length) {
    add(said, "dt", story.criteria.length === 1 ? "criterion" : "criteria");
    const list = add(add(said, "dd"), "ol");
    for (const one of story.criteria) add(list, "li", one);
  }
  if (story.body.length) {
    add(said, "dt", "body");
    const all = add(said, "dd");
    for (const one of story.body) add(all, "p", one);
  }
  const places = add(panel, "dl", undefined, "places");
  for (const [name, value] of [["where", story.at], ["key", story.key], ["date", story.date], ["author", story.author]]) {
    if (value) { add(places, "dt", name); add(places, "dd", value); }
  }
  const along = new Set(shown.marks[s].flatMap((node) => node.dataset.s.split(" ").map(Number)));
  along.delete(s);
  if (along.size) {
    add(places, "dt", "shares text with");
    const others = add(places, "dd", undefined, "facets");
    for (const other of [...along].slice(0, 60)) {
      const go = add(others, "button", shown.stories[other].kind + " " + (other + 1), "pill");
      go.addEventListener("click", () => choose(other, true));
    }
    if (along.size > 60) others.append("and " + (along.size - 60) + " more");
  }
  add(places, "dt", "id, a link to this story");
  const own = add(add(places, "dd"), "a", story.id);
  own.href = link(shown.n, s);
}
function leave() {
  if (!shown) return;
  if (chosen >= 0) history.replaceState(null, "", link(shown.n, -1));
  forget();
}

/* Where the address points: #doc=KEY&story=ID, or a story alone. */
function route() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const story = asked.get("story");
  let n = numberOf.get(asked.get("doc"));
  if (n === undefined && story) {
    n = docs.findIndex((doc, i) => doc.held && at("d" + i).textContent.includes('{"id":"' + story + '"'));
  }
  const lost = n === undefined || n < 0;
  at("lost").hidden = !(lost && (story || asked.get("doc")));
  if (lost) n = 0;
  if (!shown || shown.n !== n) show(n);
  if (!story) { if (chosen >= 0) forget(); return; }
  const s = shown.stories.findIndex((one) => one.id === story);
  if (s >= 0) choose(s, s !== chosen);
  else at("lost").hidden = false;
}

document.addEventListener("click", (event) => {
  const node = event.target.closest("#text mark");
  if (!node || !window.getSelection().isCollapsed) return;
  const tag = event.target.closest(".tag");
  const inside = node.dataset.s.split(" ").map(Number);
  const next = inside[(inside.indexOf(chosen) + 1) % inside.length];
  const s = tag ? Number(tag.dataset.s) : inside.length === 1 ? inside[0] : next;
  choose(s, false);
  shown.tags[s].focus({ preventScroll: true });
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches("#text .tag:focus-visible")) choose(Number(event.target.dataset.s), false);
});
function along(by) {
  const seen = rows.filter(({ item }) => !item.hidden).map(({ row }) => row);
  const here = seen.indexOf(document.activeElement);
  const next = seen[here < 0 ? 0 : Math.min(seen.length - 1, here + by)];
  if (here === 0 && by < 0) at("filter").focus(); else if (next) next.focus();
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const focus = document.activeElement, typing = focus === at("filter");
  const vertical = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const letters = { j: 1, k: -1 }[event.key];
  if (vertical && (typing || at("list").contains(focus))) along(vertical);
  else if (vertical && focus.matches("#text .tag")) step(vertical);
  else if (letters && !typing) step(letters);
  else if (event.key === "/" && !typing) { at("nav").classList.add("open"); at("filter").focus(); }
  else if (event.key === "Escape" && typing) { at("filter").value = ""; filter(); focus.blur(); }
  else if (event.key === "Escape") leave();
  else return;
  event.preventDefault();
});
at("filter").addEventListener("input", filter);
at("list").addEventListener("click", (event) => {
  if (event.target.closest("a[aria-current]")) at("nav").classList.remove("open");
});
at("burger").addEventListener("click", () => {
  at("burger").setAttribute("aria-expanded", String(at("nav").classList.toggle("open")));
});
window.addEventListener("hashchange", route);
overview();
if (docs.length) route(); else add(at("head"), "p", "No document was read.", "soft");
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
TAIL = f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
