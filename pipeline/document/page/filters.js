/* Search and filters: words, a story's name, topic, role, document, what became of it. */
const STATES = {
  conflict: ["in conflict", (e) => e.conflicts.some((c) => conflicts[c].kind === "conflict")],
  possible: ["possibly in conflict", (e) => e.conflicts.some((c) => conflicts[c].kind !== "conflict")],
  several: ["told more than once", (e) => e.sources.length > 1],
  roles: ["told in several roles", (e) => e.roles.length > 1],
  alike: ["alike, undecided", (e, n) => alikeTo[n].length > 0],
  judge: ["folded by a judge", (e) => e.folds.some((f) => f.by === "judge")],
  person: ["decided by a person", (e) => e.folds.some((f) => f.by === "person")],
};
const LISTED = 200; // options of a picker at a time
const asked = { q: "", topic: "", role: "", document: "", state: "" };
const pickers = {};

/* A list of options to choose from, the ones of most entries first, with a search field. */
function picker(id, label, options) {
  const box = at(id);
  const head = add(box, "summary", label);
  const body = add(box, "div");
  const field = add(body, "input");
  field.type = "search";
  field.placeholder = "Search " + told(options.length, label.toLowerCase());
  field.setAttribute("aria-label", field.placeholder);
  field.hidden = options.length < 8;
  const all = add(body, "ul");
  const names = new Map(options.map(([value, name]) => [value, name]));
  function draw() {
    const words = field.value.toLowerCase();
    const fitting = options.filter(([, name]) => name.toLowerCase().includes(words));
    all.textContent = "";
    for (const [value, name, n] of [["", "All", 0], ...fitting.slice(0, LISTED)]) {
      const one = button(add(all, "li"), name, "option", () => {
        asked[id] = value;
        box.open = false;
        filter();
      });
      one.setAttribute("aria-pressed", String(asked[id] === value));
      if (n) add(one, "small", n.toLocaleString("en"));
    }
    if (fitting.length > LISTED) add(all, "li", fitting.length - LISTED + " more: search", "soft");
  }
  field.addEventListener("input", (event) => { event.stopPropagation(); draw(); });
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    for (const other of document.querySelectorAll(".picker[open]")) if (other !== box) other.open = false;
    draw();
    // Inside the column of the text, also at its right edge.
    const room = document.querySelector("main").getBoundingClientRect().right
      - box.getBoundingClientRect().left - body.offsetWidth;
    if (getComputedStyle(box).position === "relative") body.style.left = Math.min(0, room) + "px";
    if (!field.hidden) field.focus();
  });
  pickers[id] = () => {
    const name = asked[id] && (names.get(asked[id]) || asked[id]);
    head.textContent = seen(name ? name : label);
    box.classList.toggle("set", Boolean(name));
  };
}
document.addEventListener("click", (event) => {
  for (const box of document.querySelectorAll(".picker[open]")) {
    if (!box.contains(event.target)) box.open = false;
  }
});
function counted(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
const rolesOf = entries.map((entry) => new Set(entry.roles.map(([role]) => role)));
const pathsOf = (entry) => new Set(entry.sources.map((n) => stories[n - 1].path));
picker("topic", "Topic", sections
  .map((section, n) => [String(n), section.title, sectionOf.filter((s) => s === n).length])
  .sort((a, b) => b[2] - a[2]));
picker("role", "Role", counted(rolesOf.flatMap((set) => [...set])).map(([r, n]) => [r, r, n]));
picker("document", "Document", counted(entries.flatMap((entry) => [...pathsOf(entry)]))
  .map(([path, n]) => [String(path), base(paths[path]), n]));
picker("state", "State", Object.entries(STATES)
  .map(([name, [label, is]]) => [name, label, entries.filter(is).length])
  .filter(([, , n]) => n));

const words = []; // an entry's words, once they are looked for
function wordsOf(n) {
  if (words[n] === undefined) {
    const entry = entries[n];
    words[n] = [
      ...entry.lines.map((line) => line[1]), ...entry.folds.map((fold) => fold.text),
      ...entry.roles.map(([role]) => role),
    ].join("\n").toLowerCase();
  }
  return words[n];
}
/* "S-12", "s12", "where did S-12 go?" */
const NAMED = /^(?:where\s+(?:did|is|has)\s+)?s[-\s]?0*(\d+)(?:\s+(?:go|gone|now))?\s*\??$/i;
function filter() {
  asked.q = at("q").value.trim();
  const number = NAMED.exec(asked.q), entry = /^e[-\s]?(\d+)$/i.exec(asked.q);
  const wanted = number || entry ? [] : asked.q.toLowerCase().split(/\s+/).filter(Boolean);
  const passes = (n) =>
    (!asked.topic || sectionOf[n] === Number(asked.topic))
    && (!asked.role || rolesOf[n].has(asked.role))
    && (!asked.document || pathsOf(entries[n]).has(Number(asked.document)))
    && (!asked.state || STATES[asked.state][1](entries[n], n))
    && wanted.every((word) => wordsOf(n).includes(word));
  lay(passes);
  for (const draw of Object.values(pickers)) draw();
  const some = wanted.length || asked.topic || asked.role || asked.document || asked.state;
  at("clear").hidden = !some;
  at("found").textContent = some
    ? order.length.toLocaleString("en") + " of " + told(entries.length, "entry", "entries") : "";
  remember({ q: asked.q, topic: asked.topic, role: asked.role, document: asked.document,
    state: asked.state });
  if (number && stories[number[1] - 1]) follow(Number(number[1]));
  else if (number) at("found").textContent = "There is no S-" + number[1] + ": the last is S-" + stories.length + ".";
  if (entry) {
    const place = entries.findIndex((one) => one.name === "E-" + Number(entry[1]));
    if (place >= 0) {
      bring(place);
      show(place);
    } else at("found").textContent = "There is no E-" + entry[1] + ".";
  }
}
function clear() {
  at("q").value = "";
  for (const id of Object.keys(pickers)) asked[id] = "";
  filter();
}
let waiting;
at("tools").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
at("q").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(filter, 150);
});
at("clear").addEventListener("click", clear);

/* First of all: what contradicts, what is told most often, what is undecided, what is not shown. */
function overview() {
  const box = at("overview");
  const line = add(box, "p", undefined, "figures");
  const figure = (state, n, one, many) => {
    if (n) button(line, told(n, one, many), "figure", () => { asked.state = state; filter(); });
  };
  const of = (state) => entries.filter(STATES[state][1]).length;
  figure("conflict", conflicts.filter((c) => c.kind === "conflict").length, "conflict");
  figure("possible", conflicts.filter((c) => c.kind !== "conflict").length, "possible conflict");
  figure("several", of("several"), "need told more than once", "needs told more than once");
  figure("alike", of("alike"), "entry to compare with those alike", "entries to compare with those alike");
  if (proposals.length) {
    const line = add(box, "p", told(proposals.length, "pair is", "pairs are") + " undecided: ", "soft");
    add(line, "code", review);
    line.append(" asks you, two side by side. To see where a story went, search for its name: ");
    link(line, 1);
    line.append(".");
  }
  if (often.length) {
    const more = add(box, "details");
    add(more, "summary", "Told most often");
    const all = add(more, "ul");
    for (const need of often) {
      const item = add(all, "li");
      add(item, "b", need.n + "×" + (need.alike ? " alike" : ""));
      item.append(seen(" " + (need.roles.join(", ") || "no role") + ": "));
      const [place] = need.entries;
      button(item, need.asks, "link", () => { bring(place); show(place); });
      item.append(" ");
      list(add(item, "small"), need.entries.flatMap((one) => entries[one].sources), RUNS);
      if (need.passages.length) {
        const beside = add(item, "small", "; a passage of ");
        list(beside, need.passages, RUNS);
      }
    }
  }
  const skipped = stories.filter((story) => story.entry < 0).length;
  const hidden = add(box, "details");
  add(hidden, "summary", "Not shown: " + Math.round(100 * left.share) + " % of the text is in no story"
    + (skipped ? ", " + told(skipped, "story", "stories") + " left out" : "")
    + (left.problems.length ? ", " + told(left.problems.length, "problem") : ""));
  const all = add(hidden, "ul");
  for (const [path, why] of left.problems) add(all, "li", base(path) + ": " + why);
  if (left.boilerplate) {
    add(all, "li", told(left.boilerplate, "bar or footer line", "bar and footer lines"));
  }
  const most = left.residue.filter(([, n]) => n).sort((a, b) => b[1] / b[2] - a[1] / a[2]);
  for (const [path, n, of] of most.slice(0, 50)) {
    add(all, "li", base(path) + ": " + Math.round((100 * n) / of) + " % in no story");
  }
}
