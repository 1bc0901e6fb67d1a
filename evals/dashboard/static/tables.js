// Rows as tables, numbers, steps, facts, and two versions side by side.
import { FORMATS, day, element, go, link, page, parsed, shown, state } from "./core.js";

const BADGES = {
  completed: "good", ok: "good", inside: "good", kept: "good", answered: "good",
  failed: "bad", error: "bad", outside: "bad", conflict_with: "bad", bad: "bad",
  running: "odd", interrupted: "odd", truncated: "odd", refused: "odd", skipped: "odd",
  differs: "odd", "not asked": "odd", alike: "odd", proof: "good", judge: "odd", person: "good",
  "answered later": "good", "given up": "bad", "not believed": "odd", held: "odd",
};

export function badge(value, troubled) {
  const colour = troubled && BADGES[value] === "good" ? "odd" : BADGES[value] || "";
  return element("span", { class: `badge ${colour}`, text: value.replaceAll("_", " ") });
}

function runLink(value, row) {
  const kind = row.kind || value.split("-")[0];
  const [shownOn, filter] = page.runs[kind] || [];
  if (!shownOn) return value;
  return element("a", { href: link(filter ? { [filter]: value } : {}, `/${shownOn}`), text: value });
}

/* A command breaks between its words only, so that "--model" stays whole. */
function command(text) {
  const words = text.split(" ").flatMap((word) => [element("span", { text: word }), " "]);
  return element("code", {}, ...words.slice(0, -1));
}

function cell(column, row) {
  const kind = column.as || "text";
  const value = row[column.field];
  const td = element("td", { class: FORMATS[kind] ? "number" : `as-${kind}` });
  if (kind === "badge" && value) {
    td.append(badge(value, row[column.troubled] > 0));
    if (row[column.below]) td.append(element("small", { text: row[column.below] }));
  } else if (kind === "place" && value) {
    td.title = value;
    td.append(value.split("/").at(-1), element("small", { text: row.place }));
  } else if (kind === "run" && value) {
    td.append(runLink(value, row), element("small", { text: day(row.started) }));
  } else if (kind === "below") {
    td.append(shown(value), element("small", { text: row[column.below] }));
  } else if (kind === "open") {
    const to = { [column.opens]: row[column.opens], ...(column.tab ? { tab: column.tab } : {}) };
    const opens = element("a", { href: link(to), class: "open" });
    opens.textContent = typeof value === "number" ? FORMATS.integer(value) : value || "reply";
    opens.addEventListener("click", (event) => {
      event.preventDefault();
      go(to);
    });
    td.append(opens);
  } else if (kind === "words") {
    td.textContent = shown(value).replaceAll("_", " ");
  } else if (kind === "names") {
    const names = shown(value).split(", ");
    names.forEach((name, n) => td.append(element("span", { text: n + 1 < names.length ? `${name},` : name }), " "));
  } else {
    td.textContent = column.none && value === null ? column.none : shown(value, kind, row);
    const estimated = row[column.estimate];
    if (column.band && row[column.band[0]] !== null) {
      const [low, high] = column.band.map((field) => shown(row[field], kind, row));
      td.append(element("small", { class: "amount", text: `${low} to ${high}` }));
    } else if (column.estimate && estimated !== null && estimated !== undefined) {
      td.append(element("small", { class: "amount", text: `est. ${shown(estimated, kind, row)}` }));
    } else if (column.below && row[column.below]) {
      td.append(element("small", { text: row[column.below] }));
    }
    if (row[column.where]) td.append(element("small", { text: row[column.where] }));
  }
  return td;
}

/* What is open of a row, over the whole width below it: an error and a command are long. */
function remarkRow(column, row, across) {
  if (!row[column.field] && !row[column.command]) return null;
  const said = element("div", {}, row[column.field] || "");
  if (row[column.command]) said.append(command(row[column.command]));
  return element("tr", { class: "remark" }, element("td", { colspan: across }, said));
}

export function table(target, card, { rows, total }, name) {
  const { group } = card.display;
  const remark = card.display.columns.find((column) => column.as === "remark");
  const columns = card.display.columns.filter((column) => column !== remark);
  const head = element("tr");
  for (const column of columns) {
    const text = column.label || column.field.replaceAll("_", " ");
    head.append(element("th", { scope: "col", class: FORMATS[column.as] ? "number" : "", text }));
  }
  const body = element("tbody");
  let before;
  for (const row of rows) {
    const next = group && before !== undefined && row[group] !== before;
    before = row[group];
    body.append(element("tr", { class: next ? "next-group" : "" }, ...columns.map((c) => cell(c, row))));
    const more = remark && remarkRow(remark, row, columns.length);
    if (more) body.append(more);
  }
  const whole = element("table", {}, element("thead", {}, head), body);
  scrolled(target, whole, { "aria-labelledby": `title-${name}` }, "More columns");
  pager(target, card, rows, total, name);
}

/* What may be wider than its card: it scrolls within, and where it does, that is said. */
export function scrolled(target, inside, named, more) {
  const scroller = element("div", { class: "scroller", tabindex: 0, role: "region", ...named }, inside);
  target.append(element("p", { class: "sideways", text: `${more} at the side: scroll →` }), scroller);
  sized.observe(scroller);
}
const sized = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    const inside = target.firstElementChild.getBoundingClientRect().width;
    target.classList.toggle("wide", inside > target.clientWidth + 1);
  }
});

function pager(target, card, rows, total, name) {
  if (!card.rows || (total <= card.rows && !state().get(`${name}.page`))) return;
  const at = Number(state().get(`${name}.page`) || 1);
  const last = Math.max(1, Math.ceil(total / card.rows));
  const first = (at - 1) * card.rows;
  const turn = (label, to, possible) => {
    const button = element("button", { type: "button", text: label, disabled: !possible });
    button.addEventListener("click", () => go({ [`${name}.page`]: to === 1 ? null : String(to) }));
    return button;
  };
  const told = `${FORMATS.integer(rows.length ? first + 1 : 0)}–${FORMATS.integer(first + rows.length)} of ${FORMATS.integer(total)}`;
  target.append(
    element("div", { class: "pager" }, turn("Previous", at - 1, at > 1),
      element("span", { class: "soft", text: told }), turn("Next", at + 1, at < last)),
  );
}

export function numbers(target, card, { rows }) {
  const row = rows[0] || {};
  const list = element("dl", { class: "numbers" });
  for (const figure of card.display.figures) {
    const value = row[figure.field];
    const dd = element("dd");
    if (figure.as === "badge" && value) dd.append(badge(value, row[figure.troubled] > 0));
    else dd.textContent = shown(value, figure.as, row);
    const estimated = row[figure.estimate];
    if (estimated !== null && estimated !== undefined) {
      dd.append(element("small", { text: `estimated ${shown(estimated, figure.as, row)}` }));
    }
    if (row[figure.note]) dd.append(element("small", { text: row[figure.note] }));
    list.append(element("div", {}, element("dt", { text: figure.label }), dd));
  }
  target.append(list);
}

export function funnel(target, card, { rows }) {
  const list = element("ol", { class: "funnel" });
  for (const row of rows) {
    list.append(
      element("li", {}, element("span", { class: "step", text: row.step }),
        element("b", { text: shown(row.n, "integer") }), element("small", { text: row.remark || "" })),
    );
  }
  target.append(list);
}

export function facts(target, card, { rows }) {
  const list = element("dl", { class: "facts" });
  for (const row of rows) {
    list.append(element("dt", { text: row.name }), element("dd", { text: row.value }));
  }
  target.append(list);
}

export function bars(target, card, { rows }) {
  const most = Math.max(...rows.map((row) => row.value));
  const all = rows.reduce((sum, row) => sum + row.value, 0);
  const list = element("ul", { class: "bars" });
  for (const row of rows) {
    const value = row[card.display.link];
    const chosen = state().get(card.display.link) === value;
    const button = element(
      "button", { type: "button", "aria-pressed": String(chosen) },
      element("span", { class: "label", text: row.label }),
      element("span", { class: "track" }, element("i", { style: `width: ${(100 * row.value) / most}%` })),
      element("b", { text: shown(row.value, "integer") }),
      element("small", { text: shown(row.value / all, "share") }),
    );
    button.addEventListener("click", () => go({ [card.display.link]: chosen ? "" : value }));
    list.append(element("li", {}, button));
  }
  target.append(list);
}

/* What a person should know or do: words, a command to copy, a link. */
export function notice(target, card, { rows }) {
  for (const row of rows) {
    const said = element("p", {}, element("b", { text: row.head }), row.text ? ` ${row.text}` : "");
    if (row.command) said.append(" ", command(row.command));
    if (row.href) said.append(" ", element("a", { href: row.href, text: row.link }));
    target.append(said);
  }
}

/* A text with the words marked in which it differs. */
function marked(text, runs) {
  const made = element("p");
  let at = 0;
  for (const run of runs) {
    const found = run ? text.indexOf(run, at) : -1;
    if (found < 0) continue;
    made.append(text.slice(at, found), element("mark", { text: run }));
    at = found + run.length;
  }
  made.append(text.slice(at));
  return made;
}

export function sides(target, card, answer, name) {
  for (const row of answer.rows) {
    const both = element("div", { class: "both" });
    for (const side of parsed(row.sides, [])) {
      const from = [side.path, side.place].filter(Boolean).join(", ");
      const by = [side.author, side.written].filter(Boolean).join(", ");
      both.append(
        element("blockquote", {},
          marked(side.text, side.differs),
          element("footer", {}, element("span", { text: `${side.name} · ${from}` }),
            element("span", { text: by || "no date given" }))),
      );
    }
    const how = [row.kind === "possible" ? "possibly in conflict" : "in conflict", row.by === "code" ? "" : `says ${row.by}`, row.reason];
    target.append(
      element("article", { class: "conflict" },
        element("h3", { text: `${row.conflict}. ${row.about || "conflict"}` }), both,
        element("p", { class: "soft", text: how.filter(Boolean).join(" · ") }),
        row.command ? element("p", {}, command(row.command)) : null),
    );
  }
  pager(target, card, answer.rows, answer.total, name);
}
