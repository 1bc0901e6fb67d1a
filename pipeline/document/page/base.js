"use strict";
/* What the page is drawn from, and how a node is made. Text of sources is written by textContent
   only, with characters that nobody sees shown by their number. */
const at = (id) => document.getElementById(id);
const data = (name) => JSON.parse(at("data-" + name).textContent);
const sections = data("sections"); // {title, groups: [{entries, conflicts}]}
const entries = data("entries"); // {name, sources, roles, lines, folds, conflicts}
const conflicts = data("conflicts"); // {kind, about, by, reason, sides: [[story, text, differs]]}
const links = data("links"); // [entry, entry, kind, words only here, words only there]
const stories = data("stories"); // S-1 is the first
const paths = data("paths");
const often = data("often"); // {n, alike, passages, entries, roles, asks}
const review = data("review"); // the command that asks a person
const proposals = data("proposals");
const left = data("left");
let held = null; // documents are parsed when the first of them is looked at
const texts = () => (held = held || data("texts"));
const panel = at("panel");

const UNSEEN = new RegExp("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x84\\x86-\\x9f\\u061c\\u200b\\u200e\\u200f"
  + "\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}"
  + "\\u{d800}-\\u{dfff}]", "gu");
const seen = (text) => text.replace(UNSEEN, (c) =>
  "<U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + ">");

function add(parent, name, text, kind) {
  const node = parent.appendChild(document.createElement(name));
  if (text !== undefined) node.textContent = seen(String(text));
  if (kind) node.className = kind;
  return node;
}
function button(parent, text, kind, does) {
  const node = add(parent, "button", text, kind);
  node.type = "button";
  node.addEventListener("click", (event) => { event.stopPropagation(); does(event); });
  return node;
}
const base = (path) => path.split("/").at(-1);
const told = (n, one, many) => n.toLocaleString("en") + " " + (n === 1 ? one : many || one + "s");
const named = (n) => "S-" + n;
/* A story's name that leads to where it went. */
const link = (parent, n) => button(parent, named(n), "link", () => follow(n));
function list(parent, numbers, most) {
  const some = numbers.slice(0, most || numbers.length);
  some.forEach((n, i) => {
    if (i) parent.append(", ");
    link(parent, n);
  });
  if (some.length < numbers.length) parent.append(" and " + (numbers.length - some.length) + " more");
}

/* By entry: its section, its group, and the entries that it is alike. */
const sectionOf = [];
const groupOf = [];
sections.forEach((section, s) => section.groups.forEach((group) => {
  for (const entry of group.entries) {
    sectionOf[entry] = s;
    groupOf[entry] = group;
  }
}));
const alikeTo = entries.map(() => []);
for (const [a, b, kind, mine, theirs] of links) {
  alikeTo[a].push({ entry: b, kind, mine, theirs });
  alikeTo[b].push({ entry: a, kind, mine: theirs, theirs: mine });
}
const lineOf = (entry, field) => entry.lines.find((line) => line[0] === field);
const sentenceOf = (entry) => (lineOf(entry, "sentence") || entry.lines[0] || ["", ""])[1];
