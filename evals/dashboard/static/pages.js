// Draws the cards of a page, and draws again what the address changes.
import { address, element, emptiness, go, page, rowsOf, state } from "./core.js";
import { history as historyFigure, intervals, lines, ranges } from "./figures.js";
import { canaries, heatmaps } from "./maps.js";
import { reader } from "./reader.js";
import { savers } from "./saving.js";
import { bars, facts, funnel, notice, numbers, scrolled, sides, table } from "./tables.js";
import { shownTab, showTab } from "./tabs.js";

const DRAW = {
  table, numbers, funnel, facts, bars, sides, notice, heatmaps, canaries,
  ranges, intervals, lines, history: historyFigure, picture,
};
const PAINTED = new Set(["heatmaps", "canaries", "ranges", "intervals", "lines", "history"]);

function picture(target, card) {
  const asked = new URLSearchParams();
  for (const name of card.parameters) if (state().get(name)) asked.set(name, state().get(name));
  if (![...asked].length) {
    target.append(emptiness(card.empty));
    return undefined;
  }
  const image = element("img", { alt: `${card.title}. ${card.display.note}`, src: `/${card.display.source}?${asked}` });
  scrolled(target, image, { "aria-label": card.title }, "More");
  target.append(element("p", { class: "soft note", text: card.display.note }));
  return new Promise((done) => {
    image.addEventListener("load", done);
    image.addEventListener("error", () => {
      target.replaceChildren(emptiness(card.empty));
      done();
    });
  });
}

//: The newest drawing of a card: an answer that comes late does not overwrite it.
const turns = {};
//: Cards of a tab that was not looked at since they changed.
const stale = new Set();

async function draw(name) {
  const card = page.cards[name];
  const target = document.getElementById(name);
  if (!target) return;
  if (card.tab && card.tab !== shownTab()) {
    stale.add(name);
    return;
  }
  stale.delete(name);
  const turn = (turns[name] = (turns[name] || 0) + 1);
  target.dataset.state = "waiting";
  const fresh = element("div");
  try {
    const answer = card.kind === "picture" ? { rows: [1] } : await rowsOf(name);
    if (turn !== turns[name]) return;
    target.replaceChildren(fresh);
    // A notice has something to say or is not there.
    target.closest(".card").hidden = card.kind === "notice" && answer.rows.length === 0;
    if (answer.rows.length === 0) fresh.append(emptiness(card.empty));
    else await DRAW[card.kind](fresh, card, answer, name);
    if (turn !== turns[name]) return;
    tools(name, card, fresh, answer.rows.length > 0);
    target.dataset.state = "drawn";
  } catch (error) {
    target.replaceChildren(element("p", { class: "empty", text: `This card could not be drawn: ${error.message}` }));
    target.dataset.state = "failed";
    console.error(name, error);
  }
}

function tools(name, card, target, some) {
  const place = document.querySelector(`[data-tools="${name}"]`);
  place.replaceChildren();
  if (!some) return;
  const clears = card.display.clears || [];
  if (clears.some((filter) => state().get(filter))) {
    const all = element("button", { type: "button", text: "show all" });
    all.addEventListener("click", () => go(Object.fromEntries(clears.map((filter) => [filter, null]))));
    place.append(all);
  }
  place.append(...savers(name, card, target));
  if (card.kind !== "picture" && card.kind !== "notice") {
    place.append(element("a", { href: address(name, "csv"), "data-csv": name, text: "CSV", "aria-label": `${card.title} as CSV` }));
  }
}

/* Filters: a change is in the address at once, and in the cards that depend on it. */
const controls = [...document.querySelectorAll(".filters [name]")];

function chosen(name) {
  const same = controls.filter((control) => control.name === name);
  if (same[0].type === "checkbox") return same.filter((control) => control.checked).map((control) => control.value);
  return same[0].value;
}

function changed(control) {
  const pages = {};
  for (const [name, card] of Object.entries(page.cards)) if (card.parameters.includes(control.name)) pages[`${name}.page`] = null;
  const value = chosen(control.name);
  // Several that became none are said so, or the defaults would come back.
  go({ ...pages, [control.name]: Array.isArray(value) && !value.length ? "" : value });
  if (RELOADS.has(`${page.name}.${control.name}`)) location.reload();
}

//: Filters on which the choices of other filters depend.
const RELOADS = new Set(["run.run"]);

let waiting;
for (const control of controls) {
  control.addEventListener("change", () => changed(control));
  if (control.type === "search") {
    control.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => changed(control), 250);
    });
  }
}
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());

/* A list of choices closes as a menu does. */
for (const choices of document.querySelectorAll(".choices")) {
  document.addEventListener("click", (event) => {
    if (!choices.contains(event.target)) choices.open = false;
  });
  choices.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !choices.open) return;
    choices.open = false;
    choices.querySelector("summary").focus();
  });
}

function follow() {
  const asked = state();
  for (const control of controls) {
    if (control.type === "checkbox") control.checked = asked.getAll(control.name).includes(control.value);
    else if (control !== document.activeElement) control.value = asked.get(control.name) || "";
  }
  for (const summary of document.querySelectorAll(".choices")) {
    summary.querySelector("b").textContent = summary.querySelectorAll(":checked").length;
  }
}

function showTabs() {
  showTab();
  for (const name of [...stale]) draw(name);
}

document.addEventListener("moved", ({ detail }) => {
  follow();
  showTabs();
  for (const [name, card] of Object.entries(page.cards)) {
    const concerned = detail.some((changed) => card.parameters.includes(changed) || changed === `${name}.page`);
    const marked = detail.some((changed) => ["length", "depth", "outcome", "folded"].includes(changed)) && ["heatmaps", "bars"].includes(card.kind);
    if (concerned || marked) draw(name);
  }
  reader();
});
window.addEventListener("popstate", () => {
  follow();
  showTab();
  drawAll();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [name, card] of Object.entries(page.cards)) if (PAINTED.has(card.kind)) draw(name);
});

function drawAll() {
  for (const name of Object.keys(page.cards)) draw(name);
  reader();
}

// A search within a page starts anywhere with "/".
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  if (event.key !== "/" || !search || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  search.focus();
});

showTab();
// A module runs when the page and the deferred scripts before it are there.
drawAll();
