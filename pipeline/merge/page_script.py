"""The first half of the page's script: a sentence's sources at their place in their documents.
What documents hold is written by ``textContent`` only.
"""

from __future__ import annotations

SCRIPT = r"""
"use strict";
const at = (id) => document.getElementById(id);
const data = (id) => JSON.parse(at(id).textContent);
const stories = data("stories");   // S-1 is the first
const places = data("places");     // [number of the story, start, end]
const paths = data("paths");
let held = null;                   // texts are parsed when the first sentence is chosen
const texts = () => (held = held || data("texts"));
const AROUND = 240;                // characters of a document shown around what supports
const MORE = 2000;
const panel = at("panel");
let chosen = null;

function add(parent, name, text, kind) {
  const node = parent.appendChild(document.createElement(name));
  if (text !== undefined) node.textContent = text;
  if (kind) node.className = kind;
  return node;
}
function button(parent, text, kind, does) {
  const node = add(parent, "button", text, kind);
  node.type = "button";
  node.addEventListener("click", does);
  return node;
}
const base = (path) => path.split("/").at(-1);

/* The panel, cleared, with a heading. */
function opened(heading) {
  panel.className = "";
  panel.textContent = "";
  panel.scrollTop = 0;
  const head = add(panel, "header");
  add(head, "h2", heading);
  button(head, "×", "close", leave).setAttribute("aria-label", "Close");
}
function leave() {
  if (chosen) off(chosen);
  chosen = null;
  panel.className = "empty";
  panel.textContent = "";
  add(panel, "h2", "Sources");
  add(panel, "p", "Choose a sentence to see where it comes from.", "soft");
  const keys = add(panel, "p", undefined, "soft");
  const known = { j: " next, ", k: " previous story, ", "/": " search, ", Esc: " close" };
  for (const [key, does] of Object.entries(known)) {
    add(keys, "kbd", key);
    keys.append(does);
  }
}
function off(node) {
  node.classList.remove("on");
  node.removeAttribute("aria-pressed");
}

/* A sentence: every source story with the words that support it marked. */
function show(node) {
  if (node === chosen) return;
  if (chosen) off(chosen);
  chosen = node;
  node.classList.add("on");
  node.setAttribute("aria-pressed", "true");
  const found = node.dataset.s.split(" ").filter(Boolean).map((id) => places[id]);
  const numbers = [...new Set(found.map(([number]) => number))];
  opened(numbers.length === 1 ? "Source" : numbers.length + " sources");
  for (const number of numbers) {
    const own = found.filter((place) => place[0] === number);
    source(number, own.map(([, start, end]) => [start, end]));
  }
  // On a narrow screen the panel lies over the text: the sentence stays in sight.
  const covered = node.getBoundingClientRect().bottom + 12 - panel.getBoundingClientRect().top;
  if (getComputedStyle(panel).position === "fixed" && covered > 0) window.scrollBy(0, covered);
  remember({ story: null });
}

/* One source story: who says it and where, what became of it, and its place in the document. */
function source(number, marks) {
  const story = stories[number - 1];
  const box = add(panel, "section", undefined, "source");
  const where = add(box, "div", undefined, "where");
  button(where, "S-" + number, "link", () => follow(number)).title = "Where did it go?";
  where.append(" · ");
  add(where, "b", base(paths[story.path])).title = paths[story.path];
  where.append(", " + story.place + (story.key ? " · " + story.key : ""));
  const told = [story.by, story.on].filter(Boolean).join(", ");
  if (told) add(where, "div", told);
  if (story.text < 0) {
    add(box, "div", story.own, "text own");
    add(box, "p", "The document's text was left out of this page.", "soft");
    return;
  }
  surroundings(add(box, "div", undefined, "text"), story, marks, AROUND, AROUND);
}

/* The text of a document around some places of it, and buttons for more. */
function surroundings(target, story, marks, before, after) {
  const text = texts()[story.text];
  const all = marks.length ? marks : story.spans;
  let low = Math.max(0, Math.min(...all.map(([start]) => start)) - before);
  let high = Math.min(text.length, Math.max(...all.map(([, end]) => end)) + after);
  // From one blank to another: no word is cut.
  if (low > 0) low += Math.max(0, text.slice(low, low + 40).search(/\s/));
  if (high < text.length) high -= /\S*$/.exec(text.slice(high - 40, high))[0].length;
  target.textContent = "";
  const more = (sign, above, below) => button(target, sign + " more", "link more",
    () => surroundings(target, story, marks, above, below));
  if (low > 0) more("↑", before + MORE, after);
  const within = (spans, from) => spans.some(([start, end]) => start <= from && from < end);
  const ends = [...story.spans, ...marks].flat().filter((end) => low < end && end < high);
  const cuts = [...new Set([low, ...ends, high])].sort((a, b) => a - b);
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const [from, to] = [cuts[n], cuts[n + 1]];
    const kind = within(marks, from) ? "mark" : "span";
    add(target, kind, text.slice(from, to), within(story.spans, from) ? "own" : "");
  }
  if (high < text.length) more("↓", before, after + MORE);
}

at("story").addEventListener("click", (event) => {
  const node = event.target.closest(".s");
  if (node) show(node);
});
at("story").addEventListener("focusin", (event) => {
  if (event.target.classList.contains("s")) show(event.target);
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    leave();
    remember({ story: null });
  } else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  } else if ((event.key === "Enter" || event.key === " ") && event.target.classList.contains("s")) {
    event.preventDefault();
    show(event.target);
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "/") {
    event.preventDefault();
    at("q").focus();
  }
});
function step(by) {
  const shown = articles.filter((one) => !one.hidden);
  const here = chosen ? shown.indexOf(chosen.closest("article")) : -1;
  const next = shown[here < 0 && by < 0 ? shown.length - 1 : here + by];
  if (!next) return;
  next.querySelector(".s").focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
}
"""
