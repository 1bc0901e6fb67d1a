// Figures drawn with Vega-Lite, in the colours of the moment, without evaluating code.
import { DOLLAR_TICKS, colours, shown } from "./core.js";

const SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "triangle-down"];

function config(ink) {
  const font = "system-ui, -apple-system, 'Segoe UI', sans-serif";
  return {
    font,
    background: "transparent",
    view: { stroke: null },
    axis: {
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelColor: ink.ink, titleColor: ink.soft,
      gridColor: ink.line, domainColor: ink.line, tickColor: ink.line, labelLimit: 200, titlePadding: 12,
    },
    legend: { labelFontSize: 12, labelColor: ink.ink, titleColor: ink.soft, orient: "top", title: null, symbolSize: 90, offset: 4 },
    header: { labelColor: ink.ink },
  };
}

/* A narrow card has its legend in two columns, long names stand in half as many. */
function columns(names) {
  const narrow = window.innerWidth < 600;
  if (names.some((name) => name.length > 24)) return narrow ? 1 : 2;
  return narrow ? 2 : 0;
}

function coloured(field, rows, ink) {
  const domain = [...new Set(rows.map((row) => row[field]))];
  const scale = { domain, range: domain.map((_, n) => ink.series[n % 6]) };
  const shapes = { domain, range: domain.map((_, n) => SHAPES[n % 6]) };
  const legend = domain.length > 1 ? { columns: columns(domain.map(String)), labelLimit: 280 } : null;
  return {
    color: { field, type: "nominal", scale, legend, title: null },
    shape: { field, type: "nominal", scale: shapes, legend, title: null },
  };
}

function tips(rows, fields) {
  for (const row of rows) {
    row.told = fields
      .map(([label, field, kind]) => `${label}: ${shown(row[field], kind, row)}`)
      .join("\n");
  }
}

async function embed(target, rows, spec, height) {
  const ink = colours();
  const box = document.createElement("div");
  box.className = "vega";
  target.append(box);
  const found = await vegaEmbed(box, {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container", height, autosize: { type: "fit-x", contains: "padding" },
    config: config(ink), data: { values: rows }, ...spec,
  }, { renderer: "svg", actions: false, ast: true, tooltip: { theme: "none" } });
  target.view = found.view;
}

/* Seconds at which an axis of time has its ticks, at most six: whole seconds, minutes and hours. */
function timesOf(most) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = steps.find((one) => most / one <= 5) ?? 86400 * Math.ceil(most / 86400 / 5);
  return Array.from({ length: Math.floor(most / step) + 2 }, (_, n) => Number((n * step).toFixed(1)));
}

/* Low to high as a bar, likely as a mark; one lane a model. */
export async function ranges(target, card, { rows }) {
  const ink = colours();
  const { unit, group, title } = card.display;
  rows = rows.filter((row) => row.likely !== null);
  for (const row of rows) {
    row.lane = rows.filter((other) => other.model === row.model).length > 1 ? `${row.model} · ${row.strategy}` : row.model;
  }
  tips(rows, [["model", "model"], ["strategy", "strategy"], ["low", "low", unit], ["likely", "likely", unit],
    ["high", "high", unit], ...(rows.some((row) => row.reason) ? [["cannot run", "reason"]] : [])]);
  const axis = unit === "seconds"
    ? { labelExpr: "datum.value < 90 ? datum.value + ' s' : datum.value < 5400 ? format(datum.value / 60, '.2~f') + ' min' : format(datum.value / 3600, '.2~f') + ' h'", values: timesOf(Math.max(...rows.map((row) => row.high ?? row.likely))) }
    : { labelExpr: DOLLAR_TICKS, tickCount: 5 };
  const { color, shape } = coloured(group, rows, ink);
  await embed(target, rows, {
    encoding: { y: { field: "lane", type: "nominal", sort: null, title: null, axis: { domain: false, ticks: false, labelPadding: 10, labelLimit: 230 } }, tooltip: { field: "told" } },
    layer: [
      { mark: { type: "bar", height: 12, cornerRadius: 6, opacity: 0.3 },
        encoding: { x: { field: "low", type: "quantitative", title, axis }, x2: { field: "high" }, color } },
      { mark: { type: "point", filled: true, size: 110, opacity: 1 },
        encoding: { x: { field: "likely", type: "quantitative" }, color, shape } },
    ],
  }, Math.max(90, new Set(rows.map((row) => row.lane)).size * 30));
}

/* A share with its 95 % interval; one lane a label, one mark a series. */
export async function intervals(target, card, { rows }) {
  const ink = colours();
  tips(rows, [["", "label"], ["of", "series"], ["value", "value", "number"], ["from", "low", "number"], ["to", "high", "number"], ["n", "n", "integer"]]);
  const { color, shape } = coloured("series", rows, ink);
  const series = [...new Set(rows.map((row) => row.series))];
  const offset = { field: "series", type: "nominal", sort: series };
  await embed(target, rows, {
    encoding: {
      y: { field: "label", type: "nominal", sort: null, title: null, axis: { domain: false, ticks: false, grid: true, labelPadding: 10 } },
      yOffset: offset, color, tooltip: { field: "told" },
    },
    layer: [
      { mark: { type: "rule", strokeWidth: 2.5, opacity: 0.55 },
        encoding: { x: { field: "low", type: "quantitative", title: card.display.title, scale: { domain: card.display.domain } }, x2: { field: "high" } } },
      { mark: { type: "point", filled: true, size: 80, opacity: 1 }, encoding: { x: { field: "value", type: "quantitative" }, shape } },
    ],
  }, Math.max(100, new Set(rows.map((row) => row.label)).size * Math.max(30, 16 * series.length)));
}

/* How far estimates were off, run by run. */
export async function history(target, card, { rows }) {
  const ink = colours();
  tips(rows, [["run", "run"], ["quantity", "quantity"], ["actual ÷ likely", "ratio", "ratio"], ["likely", "likely", "amount"], ["actual", "actual", "amount"]]);
  const { color, shape } = coloured("quantity", rows, ink);
  const most = Math.max(2, ...rows.map((row) => Math.max(row.ratio, 1 / row.ratio)));
  await embed(target, rows, {
    encoding: {
      x: { field: "started", type: "temporal", title: "when the run began", axis: { tickCount: 4, grid: false, format: "%-d %b %H:%M", labelOverlap: true } },
      tooltip: { field: "told" },
    },
    layer: [
      { mark: { type: "rule", color: ink.soft, strokeDash: [3, 3], aria: false }, encoding: { y: { datum: 1 }, x: null, tooltip: null } },
      { mark: { type: "point", filled: true, size: 85, opacity: 0.9 },
        encoding: { y: { field: "ratio", type: "quantitative", title: "actual ÷ likely (logarithmic)",
          scale: { type: "log", domain: [1 / most, most] }, axis: { labelExpr: "datum.value >= 1 ? '× ' + format(datum.value, '.3~r') : '÷ ' + format(1 / datum.value, '.3~r')", values: ticks(most) } }, color, shape } },
    ],
  }, 260);
}

function ticks(most) {
  const steps = [1.1, 1.25, 1.5, 2, 3, 5, 10, 30, 100].filter((step) => step <= most);
  const kept = steps.slice(-2);
  return [...kept.map((step) => 1 / step), 1, ...kept];
}

/* One line a series: both axes logarithmic, or steps across and shares up. */
export async function lines(target, card, { rows }) {
  const ink = colours();
  const { x, y, steps } = card.display;
  tips(rows, steps
    ? [["", "series"], [x, "x", "integer"], [y, "y", "share"], ["from", "low", "share"], ["to", "high", "share"], ["n", "n", "integer"]]
    : [["", "series"], [x, "low_token", "integer"], ["to", "high_token", "integer"], [y, "y", "number"], ["n", "n", "integer"]]);
  const { color, shape } = coloured("series", rows, ink);
  const log = (title) => ({ type: "quantitative", scale: { type: "log" }, title: `${title} (logarithmic)` });
  const plain = (title, scale) => ({ type: "quantitative", scale, title });
  await embed(target, rows, {
    encoding: {
      x: { field: "x", ...(steps ? plain(x, {}) : log(x)), axis: { format: ",d", tickCount: steps ? Math.min(10, Math.max(...rows.map((row) => row.x)) || 1) : 5 } },
      y: { field: "y", ...(steps ? plain(y, { zero: false }) : log(y)), axis: { tickCount: 5, format: steps ? ".0%" : "~s" } },
      color, tooltip: { field: "told" },
    },
    layer: [{ mark: { type: "line", strokeWidth: 2 } }, { mark: { type: "point", filled: true, size: 70 }, encoding: { shape } }],
  }, 260);
}

