/* The ledger, some rows at a time; on paper all of it, where it was opened. */
const ROWS = 300;
let listed = 0;
function rows(upto) {
  const box = at("ledger");
  if (!box.querySelector("table")) {
    const table = add(add(box, "div", undefined, "scroll"), "table");
    const head = add(add(table, "thead"), "tr");
    for (const name of ["story", "place", "outcome", "with", "reason", "by"]) {
      add(head, "th", name).scope = "col";
    }
    add(table, "tbody");
    button(box, "", "link more", () => rows(listed + ROWS));
  }
  const body = box.querySelector("tbody");
  for (; listed < Math.min(upto, stories.length); listed += 1) {
    const story = stories[listed], went = story.went;
    const row = add(body, "tr");
    link(add(row, "td"), listed + 1);
    add(row, "td", paths[story.path] + ", " + story.place);
    add(row, "td", (went.outcome || "").replaceAll("_", " "));
    const other = add(row, "td");
    if (went.other) link(other, went.other);
    const rules = went.rules && went.rules.length ? " (" + went.rules.join(", ") + ")" : "";
    add(row, "td", (went.reason || "") + rules);
    add(row, "td", went.by || "");
  }
  const rest = stories.length - listed;
  const more = box.querySelector(".more");
  if (rest) more.textContent = "Show more (" + rest.toLocaleString("en") + " left)";
  else if (more) more.remove();
}
at("ledger").addEventListener("toggle", () => { if (at("ledger").open && !listed) rows(ROWS); });
window.addEventListener("beforeprint", () => { if (at("ledger").open) rows(stories.length); });

/* The address says what is shown, so that a link can be shared. */
const hashed = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
function remember(changes) {
  const now = hashed();
  for (const [name, value] of Object.entries(changes)) {
    if (value) now.set(name, value);
    else now.delete(name);
  }
  if (![...now].length && !location.hash) return;
  if (String(now) === location.hash.slice(1)) return;
  history.replaceState(null, "", [...now].length ? "#" + now : location.pathname);
}
function recall() {
  const now = hashed();
  at("q").value = now.get("q") || "";
  for (const id of Object.keys(pickers)) asked[id] = now.get(id) || "";
  if (!STATES[asked.state]) asked.state = "";
  if (!sections[asked.topic]) asked.topic = "";
  const story = /^S-(\d+)$/.exec(now.get("story") || "");
  // By the story whose words stand; links of before have the entry's own name.
  const standing = now.get("entry") || "";
  const entry = entries.findIndex((one) => named(one.sources[0]) === standing || one.name === standing);
  filter();
  if (story && stories[story[1] - 1]) {
    follow(Number(story[1]));
  } else if (entry >= 0) {
    bring(entry);
    show(entry);
  } else if (!NAMED.test(asked.q) && !/^e[-\s]?\d+$/i.test(asked.q)) {
    leave();
  }
}
overview();
recall();
window.addEventListener("hashchange", recall);
