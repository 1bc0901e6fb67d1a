"""The second half of the page's script: filters, where a story went, the ledger, and links."""

from __future__ import annotations

LEDGER = r"""
/* Filters and search. */
const articles = [...document.querySelectorAll("article[data-o]")];
const n_stories = articles.filter((one) => !one.classList.contains("conflict")).length;
const parts = [...document.querySelectorAll(".some")];
const sections = [...document.querySelectorAll("#story section")];
const NAMES = {
  kept: "kept", duplicate_of: "with duplicates", merged_into: "merged",
  conflict_with: "in conflict", replaced: "replaced by the gate", skipped: "left out",
};
const OUTCOMES = {
  kept: "was kept", duplicate_of: "is a duplicate", merged_into: "was merged",
  conflict_with: "is in conflict", skipped: "was left out",
};
const filters = ["q", "document", "role", "relation"];
const words = [];   // an article's words, once they are looked for
const told = (n) => n.toLocaleString("en");
const wordsOf = (n) => (words[n] = words[n] || articles[n].textContent.toLowerCase());

function options(id, values) {
  for (const [value, label] of values) at(id).append(new Option(label, value));
}
options("document", paths.map((path, n) => [String(n), base(path)]));
const byName = (a, b) => a.localeCompare(b);
const roles = [...new Set(articles.map((one) => one.dataset.r))].filter(Boolean).sort(byName);
options("role", roles.map((role) => [role, role]));
const became = new Set(articles.flatMap((one) => one.dataset.o.split(" ")));
options("relation", Object.entries(NAMES).filter(([name]) => became.has(name)));

function filter() {
  const [q, from, role, relation] = filters.map((id) => at(id).value.trim());
  const number = /^s-?(\d+)$/i.exec(q);
  if (number && stories[number[1] - 1]) {
    follow(Number(number[1]));
  }
  const wanted = number ? [] : q.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  articles.forEach((one, n) => {
    const fits = (!from || one.dataset.d.split(" ").includes(from))
      && (!role || one.dataset.r === role)
      && (!relation || one.dataset.o.split(" ").includes(relation))
      && wanted.every((word) => wordsOf(n).includes(word));
    one.hidden = !fits;
    left += fits && !one.classList.contains("conflict");
  });
  // From the inside: what has nothing left to show takes no room.
  const empty = (nodes) => [...nodes].every((node) => node.hidden);
  for (const one of parts) one.hidden = empty(one.children);
  for (const one of sections) one.hidden = empty(one.querySelectorAll(".some"));
  const some = from || role || relation || wanted.length;
  at("left").textContent = some ? told(left) + " of " + told(n_stories) + " stories" : "";
  remember({ q, document: from, role, relation });
}
let waiting;
at("tools").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
at("tools").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 120);
});

/* Where did S-12 go? */
function follow(number) {
  const story = stories[number - 1];
  if (chosen) off(chosen);
  chosen = null;
  opened("Where did S-" + number + " go?");
  const went = story.went;
  const said = add(panel, "p", "It " + (OUTCOMES[went.outcome] || "has no row"), "went");
  if (went.other) {
    said.append(went.outcome === "duplicate_of" ? " of " : " with ");
    button(said, "S-" + went.other, "link", () => follow(went.other));
  }
  said.append(". ");
  if (went.reason) said.append(went.reason[0].toUpperCase() + went.reason.slice(1) + ". ");
  if (went.by) said.append("Decided by " + went.by + ".");
  const target = went.target && at("m-" + went.target);
  if (target) {
    const line = add(panel, "p", undefined, "went");
    button(line, "Show it in the document", "link", () => bring(target));
  }
  source(number, []);
  remember({ story: "S-" + number });
}
function bring(target) {
  if (target.hidden) {
    for (const id of filters) at(id).value = "";
    filter();
  }
  for (const other of document.querySelectorAll("article.here")) other.classList.remove("here");
  target.classList.add("here");
  target.scrollIntoView({ block: "center" });
}

/* The ledger, some rows at a time; on paper all of it, where it was opened. */
const SOME = 300;
let listed = 0;
function list(upto) {
  const box = at("ledger");
  if (!box.querySelector("table")) {
    const table = add(add(box, "div", undefined, "wide"), "table");
    const head = add(add(table, "thead"), "tr");
    for (const name of ["source", "stands in", "outcome", "with", "reason", "decided by"]) {
      add(head, "th", name).scope = "col";
    }
    add(table, "tbody");
    button(box, "", "link more", () => list(listed + SOME));
  }
  const body = box.querySelector("tbody");
  for (; listed < Math.min(upto, stories.length); listed += 1) {
    const story = stories[listed], went = story.went, number = listed + 1;
    const row = add(body, "tr");
    button(add(row, "td"), "S-" + number, "link", () => follow(number));
    add(row, "td", paths[story.path] + ", " + story.place);
    const relation = went.relation ? " (" + went.relation + ")" : "";
    add(row, "td", (went.outcome || "").replaceAll("_", " ") + relation);
    const other = add(row, "td");
    if (went.other) button(other, "S-" + went.other, "link", () => follow(went.other));
    add(row, "td", went.reason);
    add(row, "td", went.by);
  }
  const rest = stories.length - listed;
  const more = box.querySelector(".more");
  if (rest) more.textContent = "Show more (" + told(rest) + " left)";
  else if (more) more.remove();
}
at("ledger").addEventListener("toggle", () => { if (at("ledger").open && !listed) list(SOME); });
window.addEventListener("beforeprint", () => { if (at("ledger").open) list(stories.length); });

/* The address says what is shown, so that a link can be shared. */
function remember(changes) {
  const asked = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const [name, value] of Object.entries(changes)) {
    if (value) asked.set(name, value);
    else asked.delete(name);
  }
  if (![...asked].length && !location.hash.includes("=")) return;
  history.replaceState(null, "", [...asked].length ? "#" + asked : location.pathname);
}
function recall() {
  const asked = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const id of filters) at(id).value = asked.get(id) || "";
  const story = /^S-(\d+)$/.exec(asked.get("story") || "");
  if ([...asked].length) filter();
  if (story && stories[story[1] - 1]) follow(Number(story[1]));
}
leave();
recall();
window.addEventListener("hashchange", recall);
"""
