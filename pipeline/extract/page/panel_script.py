"""The second half of the page's script: the story in the panel, keys, and links that lead here."""

from __future__ import annotations

MOVES = r"""
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
  const known = { j: " next, ", k: " previous story, ", "/": " filter, ", Esc: " close" };
  for (const [key, does] of Object.entries(known)) {
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
  const last = shown ? shown.stories.length - 1 : -1;
  if (last < 0) return;
  const next = chosen < 0 && by < 0 ? last : chosen + by;
  choose(Math.min(last, Math.max(0, next)), true);
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
  for (const name of ["where", "key", "date", "author"]) {
    if (story[name]) { add(places, "dt", name); add(places, "dd", story[name]); }
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
    const sign = '{"id":"' + story + '"';
    n = docs.findIndex((doc, i) => doc.held && at("d" + i).textContent.includes(sign));
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
  const covered = event.clientY + 60 - at("panel").getBoundingClientRect().top;
  const sheet = getComputedStyle(at("panel")).position === "fixed";
  if (sheet && covered > 0) window.scrollBy(0, covered);
});
document.addEventListener("focusin", (event) => {
  const tag = event.target;
  if (tag.matches("#text .tag:focus-visible")) choose(Number(tag.dataset.s), false);
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
