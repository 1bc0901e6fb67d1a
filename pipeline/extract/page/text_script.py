"""The first half of the page's script: the list of documents, and a document's text with its
stories marked. What documents hold is written by ``textContent`` only.
"""

from __future__ import annotations

TEXT = r"""
"use strict";
const at = (id) => document.getElementById(id);
const index = JSON.parse(at("index").textContent);
const docs = index.documents;
const numberOf = new Map(docs.map((doc, n) => [doc.key, n]));
const count = (n, one, many) =>
  n.toLocaleString("en") + " " + (n === 1 ? one : many || one + "s");
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
function name(doc) {
  return doc.path.slice(index.folder.length) || doc.path;
}
function share(doc) {
  return doc.chars ? Math.round(100 * (doc.chars - doc.residue) / doc.chars) + " %" : "–";
}

/* The list on the left. */
const facets = [
  ["with problems", (doc) => doc.problem],
  ["without a story", (doc) => !doc.stories],
  ["with text left out", (doc) => !doc.held],
];
let facet = null;
const rows = docs.map((doc, n) => {
  const item = add(at("list"), "li");
  const row = add(item, "a");
  row.href = link(n, -1);
  row.title = doc.path;
  add(row, "b", name(doc));
  add(row, "span", [doc.format, doc.encoding + (doc.guessed ? " (guessed)" : ""),
    count(doc.stories, "story", "stories"), share(doc)].join(" · "), "facts");
  const bar = add(add(row, "span", undefined, "meter"), "i");
  bar.style.width = doc.chars ? 100 * (doc.chars - doc.residue) / doc.chars + "%" : "0";
  if (doc.problem) add(row, "span", "⚠ " + doc.problem, "bad");
  if (!doc.held) add(row, "span", "◌ text left out of this page", "bad");
  const words = [doc.path, ...doc.others, row.textContent].join(" ").toLowerCase();
  return { item, row, words };
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
function contents(n) {
  return docs[n].held ? JSON.parse(at("d" + n).textContent) : { text: "", stories: [] };
}
function show(n) {
  const doc = docs[n], head = at("head");
  head.textContent = "";
  add(head, "h2", name(doc)).title = doc.path;
  const facts = [doc.format, doc.encoding + (doc.guessed ? " (guessed)" : ""),
    count(doc.stories, "story", "stories"),
    share(doc) + " of " + count(doc.chars, "character") + " in stories"];
  add(head, "p", facts.join(" · "), "soft");
  if (doc.others.length) add(head, "p", "The same bytes: " + doc.others.join(", "), "soft");
  if (doc.problem) add(head, "p", "⚠ " + doc.problem, "callout");
  if (!doc.held) add(head, "p", "The text of this document was left out of this page, which holds "
    + count(index.limit, "character") + " of text at most. A page over fewer documents shows it.",
    "callout");
  else if (!doc.chars) add(head, "p", "There is no text.", "soft");
  rows.forEach(({ row }, i) => {
    if (i === n) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
  });
  rows[n].row.scrollIntoView({ block: "nearest" });
  document.title = name(doc) + " – documents and their stories";
  const { text, stories } = contents(n);
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
  tints.append(" ");
  add(tints, "mark", "the next", "t1");
  if (at("text").querySelector(".many")) {
    add(add(told, "span"), "mark", "text that stories share", "many");
  }
  add(told, "span", "plain: residue, in no story");
}
"""
