/* The document: sections of groups of entries, drawn some at a time when they come in sight. */
const SOME = 20; // entries of a part
const RUNS = 6; // names in one list
const host = at("entries");
let order = []; // the entries that are listed, in order
let parts = []; // [{node, draw}]
const partOf = new Map(); // entry -> part
const watcher = new IntersectionObserver((seenNow) => {
  for (const one of seenNow) if (one.isIntersecting) one.target.draw();
}, { rootMargin: "1200px 0px" });

/* List the entries that pass. */
function lay(passes) {
  measure();
  watcher.disconnect();
  host.textContent = "";
  order = [];
  parts = [];
  partOf.clear();
  for (const section of sections) {
    const groups = section.groups
      .map((group) => ({ group, shown: group.entries.filter(passes) }))
      .filter(({ shown }) => shown.length);
    if (!groups.length) continue;
    const all = groups.flatMap(({ shown }) => shown);
    const box = add(host, "section");
    const head = add(box, "h2", section.title);
    add(head, "small", told(all.length, "entry", "entries") + " · " + sizes(all));
    let some = [], held = 0;
    const flush = () => {
      if (some.length) part(box, some);
      [some, held] = [[], 0];
    };
    for (const one of groups) {
      some.push(one);
      held += one.shown.length;
      order.push(...one.shown);
      if (held >= SOME) flush();
    }
    flush();
  }
  if (!order.length) add(host, "p", "Nothing fits.", "soft");
}
/* How many tell some entries, from how many documents, in how many roles. */
function sizes(places) {
  const sources = places.flatMap((place) => entries[place].sources);
  const roles = new Set(places.flatMap((place) => entries[place].roles.map(([role]) => role)));
  const parts = [told(sources.length, "telling"),
    told(new Set(sources.map((n) => stories[n - 1].path)).size, "document")];
  if (roles.size) parts.push(told(roles.size, "role"));
  return parts.join(", ");
}
function part(box, groups) {
  const node = add(box, "div", undefined, "some");
  let drawn = false;
  node.guess = () => {
    const tall = groups.reduce((sum, one) => sum + groupTall(one.group, one.shown), 0) + "px";
    node.style.containIntrinsicSize = "auto " + tall;
    if (!drawn) node.style.minHeight = tall;
  };
  node.guess();
  node.draw = () => {
    if (drawn) return;
    drawn = true;
    watcher.unobserve(node);
    for (const { group, shown } of groups) drawGroup(node, group, shown);
    node.style.minHeight = "";
  };
  for (const { shown } of groups) for (const entry of shown) partOf.set(entry, node);
  parts.push(node);
  watcher.observe(node);
}

function drawGroup(parent, group, shown) {
  const together = group.entries.length > 1;
  const box = together ? add(parent, "div", undefined, "group") : parent;
  for (const number of group.conflicts) {
    box.classList.add(conflicts[number].kind === "conflict" ? "conflict" : "possible");
  }
  if (group.conflicts.length === 1) contested(box, group.conflicts[0]);
  else if (group.conflicts.length) {
    // Each stands at its sides: here they are counted, and listed when that is asked for.
    const all = add(box, "details", undefined, "kind");
    add(add(all, "summary"), "b", contestsTold(group.conflicts));
    all.addEventListener("toggle", () => {
      for (const number of group.conflicts) contested(all, number);
    }, { once: true });
  }
  if (together && !group.conflicts.length) {
    const head = add(box, "p", undefined, "kind");
    add(head, "b", group.kind);
    head.append(": ");
    list(head, group.entries.map((place) => entries[place].sources[0]));
    head.append(" · " + sizes(group.entries) + (group.kind.startsWith("Overlapping") ? "" : " · undecided"));
    add(head, "span", " · ", "beside");
    const [a, b] = group.entries;
    button(head, "side by side", "link beside",
      () => compare(entries[a].sources[0], entries[b].sources[0], a));
  }
  for (const entry of shown) drawEntry(box, entry, group);
}

/* "2 conflicts, 15 possible conflicts" */
function contestsTold(numbers) {
  const sure = numbers.filter((number) => conflicts[number].kind === "conflict").length;
  const said = [[sure, "conflict"], [numbers.length - sure, "possible conflict"]];
  return said.filter(([n]) => n).map(([n, what]) => told(n, what)).join(", ");
}
/* A conflict in a line: its sides, or beside one of them the others. */
function contested(parent, number, own) {
  const conflict = conflicts[number];
  const line = add(parent, "p", undefined, "kind");
  const sides = conflict.sides.map(([n]) => n);
  const sure = conflict.kind === "conflict" ? "In conflict" : "Possibly in conflict";
  add(line, "b", sure);
  line.append(own ? " with " : ": ");
  list(line, sides.filter((n) => n !== own));
  if (conflict.about) line.append(seen(" · " + conflict.about));
  if (conflict.by !== "code") line.append(seen(" (" + (conflict.reason || conflict.by) + ")"));
  add(line, "span", " · ", "beside");
  const a = own || sides[0], b = sides.find((n) => n !== a);
  button(line, "side by side", "link beside", () => compare(a, b, stories[a - 1].entry));
}
/* What stands against an entry whose group has several conflicts: one line, more when asked for. */
function contests(node, place, group) {
  if (group.conflicts.length < 2) return;
  const own = entries[place].conflicts;
  const side = (number) => conflicts[number].sides.map(([n]) => n)
    .find((n) => stories[n - 1].entry === place);
  const [first, ...more] = own;
  if (first === undefined) return;
  contested(node, first, side(first));
  if (!more.length) return;
  const rest = add(node, "details", undefined, "kind");
  add(rest, "summary", "and " + more.length.toLocaleString("en") + " more");
  rest.addEventListener("toggle", () => {
    for (const number of more) contested(rest, number, side(number));
  }, { once: true });
}

/* Who put tellings of an entry one step behind, where anybody did. */
function foldedBy(entry) {
  const by = new Map();
  for (const fold of entry.folds) {
    if (fold.field !== "sentence" || fold.against) continue;
    by.set(fold.by, (by.get(fold.by) || new Set()).add(fold.story));
  }
  return [...by].map(([who, tellings]) => tellings.size.toLocaleString("en") + " folded by "
    + (who === "proof" ? who : "a " + who));
}

function drawEntry(parent, place, group) {
  const entry = entries[place];
  const node = add(parent, "article");
  node.id = "e" + place;
  const first = entry.sources[0];
  const head = add(node, "div", undefined, "head");
  const open = button(head, named(first), "open", () => show(place));
  open.title = "Its tellings, and where they stand";
  open.setAttribute("aria-expanded", String(chosen === place));
  if (chosen === place) node.classList.add("on");
  size(head, entry);
  const title = lineOf(entry, "title"), sentence = lineOf(entry, "sentence");
  if (title) add(node, "h3", title[1]);
  if (sentence) {
    const [runs, mark] = marksOf(place, group);
    drawMarked(add(node, "p"), sentence[1], runs, mark);
  }
  let items = null;
  for (const line of entry.lines) {
    if (line === title || line === sentence) continue;
    const [field, text, who, before] = line;
    if (field === "body" && text.length > 160) {
      items = null;
      whose(add(node, "p", text), who, first);
      continue;
    }
    items = items || add(node, "ul");
    const item = add(items, "li");
    if (before) add(item, "span", before + " ", "soft");
    item.append(seen(text));
    whose(item, who, first);
  }
  otherwise(node, entry);
  contests(node, place, group);
}
function whose(node, who, first) {
  if (who.includes(first)) return;
  node.append(" ");
  list(add(node, "small"), who, RUNS);
}
function size(head, entry) {
  const parts = [];
  if (entry.sources.length > 1) parts.push(told(entry.sources.length, "telling"));
  if (entry.roles.length > 1) parts.push(told(entry.roles.length, "role"));
  parts.push(...foldedBy(entry));
  if (parts.length) add(head, "span", parts.join(", "), "soft");
}
/* What the folds say otherwise, and the other roles. */
function otherwise(node, entry) {
  const notes = [];
  for (const [role, who] of entry.roles.slice(1)) notes.push(["also as ", role, who]);
  for (const fold of entry.folds) {
    const words = fold.otherwise.join(" … ") || (fold.against ? fold.text : "");
    if (!words || fold.field === "label") continue;
    notes.push([fold.against ? fold.reason + ": " : "also: ", words, [fold.story]]);
  }
  if (!notes.length) return;
  const box = add(node, "ul", undefined, "notes");
  for (const [what, words, who] of notes.slice(0, 8)) {
    const item = add(box, "li", what);
    add(item, "em", words);
    item.append(" ");
    list(add(item, "small"), who, RUNS);
  }
  if (notes.length > 8) {
    const item = add(box, "li");
    button(item, notes.length - 8 + " more", "link", () => show(entries.indexOf(entry)));
  }
}
/* What is marked in an entry's sentence: what the other side denies, what its neighbour lacks. */
function marksOf(place, group) {
  for (const number of entries[place].conflicts) {
    const side = conflicts[number].sides.find(([n]) => stories[n - 1].entry === place);
    if (side && side[2].length) return [side[2], "b"];
  }
  const index = group.entries.indexOf(place);
  const before = index ? group.entries.slice(0, index) : group.entries.slice(1, 2);
  const near = alikeTo[place].find((one) => before.includes(one.entry));
  return near ? [near.mine, "em"] : [[], "em"];
}

/* Bring an entry into sight. */
function bring(place) {
  if (!partOf.has(place)) clear();
  partOf.get(place).draw();
  const node = at("e" + place);
  for (const other of document.querySelectorAll("article.here")) other.classList.remove("here");
  node.classList.add("here");
  node.scrollIntoView({ block: "center" });
  // What comes in sight on the way is drawn, and takes another height than it was given.
  requestAnimationFrame(() => requestAnimationFrame(() => node.scrollIntoView({ block: "center" })));
}
host.addEventListener("click", (event) => {
  const node = event.target.closest("article");
  if (!node || String(getSelection()) || event.target.closest("a, button")) return;
  show(Number(node.id.slice(1)));
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape") {
    for (const picker of document.querySelectorAll(".picker[open]")) picker.open = false;
    leave();
  } else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    const here = order.indexOf(chosen);
    const next = order[here < 0 ? 0 : here + (event.key === "j" ? 1 : -1)];
    if (next === undefined) return;
    bring(next);
    show(next);
    at("e" + next).querySelector(".open").focus({ preventScroll: true });
  } else if (event.key === "/") {
    event.preventDefault();
    at("q").focus();
  }
});
window.addEventListener("beforeprint", () => {
  for (const node of parts) node.draw();
  for (const node of host.querySelectorAll("details.kind")) node.open = true;
});
