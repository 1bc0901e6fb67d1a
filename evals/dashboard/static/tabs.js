// Tabs of a page: which is shown stands in the address; arrow keys go from one to the next.
import { go, page, state } from "./core.js";

const tabs = [...document.querySelectorAll("[role=tab]")];

/* Without one in the address, the one that the server chose from the filters in it. */
export const shownTab = () => {
  const named = state().get("tab");
  return named in page.tabs ? named : page.tab;
};

export function showTab() {
  const shown = shownTab();
  for (const tab of tabs) {
    const on = tab.dataset.tab === shown;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    document.getElementById(`panel-${tab.dataset.tab}`).hidden = !on;
  }
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

tabs.forEach((tab, n) => {
  tab.addEventListener("click", () => go({ tab: tab.dataset.tab }));
  tab.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: tabs.length - 1 };
    const to = event.key in ends ? ends[event.key] : n + (STEPS[event.key] || 0);
    const next = tabs[(to + tabs.length) % tabs.length];
    if (next === tab) return;
    event.preventDefault();
    next.focus();
    next.click();
  });
});
