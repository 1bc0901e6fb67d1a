// Draws the cards of a page. What documents and models wrote goes in as text, never as markup.
"use strict";

const page = JSON.parse(document.getElementById("page").textContent);

const BADGES = {
  completed: "good", ok: "good", inside: "good", kept: "good",
  failed: "bad", error: "bad", outside: "bad", conflict_with: "bad",
  running: "odd", interrupted: "odd", truncated: "odd", refused: "odd", skipped: "odd",
};

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function dollars(value) {
  const digits = value === 0 || value >= 1 ? 2 : 4;
  return "$" + value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function duration(seconds) {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function amount(value, unit) {
  if (unit === "USD") return dollars(value);
  if (unit === "seconds") return duration(value);
  if (unit === "bytes") return `${(value / 1048576).toFixed(0)} MiB`;
  return whole.format(value);
}

const FORMATS = {
  integer: (value) => whole.format(value),
  usd: dollars,
  seconds: duration,
  ratio: (value) => value.toFixed(2),
  bytes: (value) => amount(value, "bytes"),
  percent: (value) => `${value.toFixed(1)} %`,
  amount: (value, row) => amount(value, row.unit),
};

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function shown(value, kind, row) {
  if (value === null || value === undefined || value === "") return "–";
  return FORMATS[kind] && typeof value === "number" ? FORMATS[kind](value, row) : String(value);
}

function address(chart, format) {
  const asked = new URLSearchParams(page.query);
  asked.set("sql", chart.query);
  if (format === "json") asked.set("_shape", "objects");
  return `${page.base}${chart.db}.${format}?${asked}`;
}

async function rowsOf(chart) {
  const answer = await fetch(address(chart, "json"));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body.rows;
}

function metric(target, chart, rows) {
  const row = rows[0] || {};
  target.append(element("div", shown(row[chart.display.field], chart.display.as, row), "metric"));
  if (row.note) target.append(element("div", row.note, "note"));
}

function cell(column, row) {
  const kind = column.as || "text";
  const value = row[column.field];
  const td = element("td", undefined, FORMATS[kind] ? "number" : `as-${kind}`);
  if (kind === "badge" && value) {
    td.append(element("span", value.replaceAll("_", " "), `badge ${BADGES[value] || ""}`));
  } else if (kind === "place" && value) {
    td.append(value, element("small", row.place));
  } else if (kind === "run") {
    const link = element("a", value);
    const asked = new URLSearchParams(page.query);
    asked.set(row.kind === "needle" ? "needle_run" : "run", value);
    link.href = `?${asked}`;
    td.append(link);
    if (row.error) td.title = row.error;
  } else {
    td.textContent = shown(value, kind, row);
  }
  return td;
}

function table(target, chart, rows) {
  const columns = chart.display.columns;
  const head = element("tr");
  for (const column of columns) {
    const label = column.label || column.field;
    const th = element("th", label, FORMATS[column.as] ? "number" : "");
    th.scope = "col";
    head.append(th);
  }
  const body = element("tbody");
  let group;
  for (const row of rows) {
    const tr = element("tr");
    if (chart.display.group) {
      if (group !== undefined && row[chart.display.group] !== group) tr.className = "next-group";
      group = row[chart.display.group];
    }
    if (row.run && Object.values(page.chosen).includes(row.run)) tr.className = "chosen";
    for (const column of columns) tr.append(cell(column, row));
    body.append(tr);
  }
  const made = element("table");
  const thead = element("thead");
  thead.append(head);
  made.append(thead, body);
  target.append(made);
}

async function picture(target, chart, rows) {
  const { empty, rows: lanes, ...display } = chart.display;
  const drawn = await vegaEmbed(target, {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: chart.title,
    width: "container",
    height: lanes.step * new Set(rows.map((row) => row[lanes.of])).size,
    background: "transparent",
    config: {
      view: { stroke: null },
      axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelColor: "#2b3646", gridColor: "#e8ecf0", labelLimit: 220 },
      legend: { labelFontSize: 12, titleFontSize: 12 },
    },
    data: { values: rows },
    ...display,
  }, { renderer: "svg", actions: { export: true, source: false, compiled: false, editor: false } });
  target.drawn = drawn.view;
}

const DRAW = { metric, table, "vega-lite": picture };

async function draw(slug, chart) {
  const target = document.getElementById(`chart-${slug}`);
  const csv = document.querySelector(`[data-csv="${slug}"]`);
  if (csv) csv.href = address(chart, "csv");
  try {
    const rows = await rowsOf(chart);
    if (rows.length === 0 && chart.library !== "metric") {
      target.append(element("p", chart.display.empty || "Nothing yet.", "empty"));
    } else {
      await DRAW[chart.library](target, chart, rows);
    }
    target.dataset.state = "drawn";
  } catch (error) {
    target.append(element("p", `This card could not be drawn: ${error.message}`, "empty"));
    target.dataset.state = "failed";
    console.error(slug, error);
  }
}

for (const [slug, chart] of Object.entries(page.charts)) draw(slug, chart);
