// Maps of cells: needles by length and depth, canaries by document. Each cell can be reached by
// keyboard, tells its figures, and leads to what was asked and answered.
import { FORMATS, colours, drawn, element, go, rowsOf, state } from "./core.js";

const STOPS = ["#00224e", "#2a3f6d", "#575c6d", "#7f7c75", "#a59c74", "#d3c064", "#fee838"];
const ENDED = [["truncated", "cut off"], ["failed", "failed"], ["refused", "refused"]];

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/* Cividis: read alike by the colour-blind, and in grey. */
export function shade(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const from = Math.min(STOPS.length - 2, Math.floor(place));
  const [a, b] = [channels(STOPS[from]), channels(STOPS[from + 1])];
  return `rgb(${a.map((v, n) => Math.round(v + (place - from) * (b[n] - v))).join(", ")})`;
}

const share = (value) => value.toFixed(2).replace(/^0/, "");

/* What a cell says when it is pointed at or focused. */
const tip = document.getElementById("tip");
function tells(node, lines) {
  const show = () => {
    tip.replaceChildren(...lines.map((line) => element("div", { text: line })));
    tip.hidden = false;
    const at = node.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const left = Math.min(window.innerWidth - own.width - 8, Math.max(8, at.left + at.width / 2 - own.width / 2));
    const above = at.top - own.height - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  };
  const hide = () => { tip.hidden = true; };
  node.addEventListener("pointerenter", show);
  node.addEventListener("focus", show);
  node.addEventListener("pointerleave", hide);
  node.addEventListener("blur", hide);
}

function pressed(node, does) {
  node.addEventListener("click", does);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    does();
  });
}

/* Arrow keys go from cell to cell; one of them is a stop of the tabulator. */
function walks(cells) {
  const flat = cells.flat();
  for (const [row, line] of cells.entries()) {
    for (const [column, node] of line.entries()) {
      node.setAttribute("tabindex", node === flat[0] ? "0" : "-1");
      node.addEventListener("keydown", (event) => {
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        const next = step && cells[row + step[0]]?.[column + step[1]];
        if (!next) return;
        event.preventDefault();
        for (const other of flat) other.setAttribute("tabindex", other === next ? "0" : "-1");
        next.focus();
      });
    }
  }
}

function hatch(id, ink) {
  const lines = drawn("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  lines.append(drawn("rect", { width: 7, height: 7, fill: ink.card }), drawn("rect", { width: 2, height: 7, fill: ink.line }));
  return drawn("defs", {}, lines);
}

const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";

function sheet(width, height, label, ink) {
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label, "font-family": FONT, "font-size": 12 });
  svg.append(drawn("rect", { width, height, fill: ink.card }));
  return svg;
}

function text(x, y, said, told = {}) {
  return drawn("text", { x, y, text: said, ...told });
}

/* Marks of cells that ended otherwise: a triangle cut off, a cross failed, a bar refused. */
const SIGNS = { truncated: "M0 4 L4 -4 L-4 -4 Z", failed: "M-4 -4 L4 4 M4 -4 L-4 4", refused: "M-4 0 H4" };

function sign(kind, x, y, colour) {
  return drawn("path", {
    d: SIGNS[kind], transform: `translate(${x}, ${y})`, stroke: colour, "stroke-width": 2,
    fill: kind === "truncated" ? colour : "none", "data-sign": kind,
  });
}

export async function heatmaps(target, card, { rows }) {
  const runs = Map.groupBy ? Map.groupBy(rows, (row) => row.run) : grouped(rows);
  const { rows: effective } = await rowsOf("effective");
  const all = element("div", { class: "maps" });
  target.append(all);
  // Two stand beside each other where both can be read.
  const half = (target.clientWidth - 40) / 2;
  const room = runs.size > 1 && half > 420 ? half : target.clientWidth;
  for (const [run, cells] of runs) {
    const box = element("figure", { "data-run": run });
    box.append(element("figcaption", {}, element("b", { text: cells[0].model }), element("span", { class: "soft", text: ` ${cells[0].over} · ${run}` })));
    box.append(heatmap(run, cells, effective.filter((row) => row.run === run), room));
    all.append(box);
  }
  target.append(legend(target.clientWidth));
}

function grouped(rows) {
  const found = new Map();
  for (const row of rows) found.set(row.run, [...(found.get(row.run) || []), row]);
  return found;
}

function heatmap(run, cells, effective, room) {
  const ink = colours();
  const lengths = [...new Set(cells.map((cell) => cell.prompt_tokens))];
  const depths = [...new Set(cells.map((cell) => cell.depth))];
  const [left, top, high] = [84, 10, 38];
  const wide = Math.max(44, Math.min(96, 560 / lengths.length, (room - left - 110) / lengths.length));
  const bottom = top + depths.length * high;
  const height = bottom + 44 + effective.length * 20;
  const words = effective.map((one) => left + wide * Math.max(under(lengths, one.tokens), under(lengths, one.below)) + 12 + known(one).length * 6.2);
  const svg = sheet(Math.max(left + lengths.length * wide + 12, ...words), height, `Share found by ${cells[0].model}`, ink);
  const pattern = `hatch-${run}`;
  svg.append(hatch(pattern, ink));
  const grid = depths.map((depth, row) => {
    svg.append(text(left - 8, top + row * high + high / 2 + 4, `${depth} %`, { "text-anchor": "end", fill: ink.soft }));
    return lengths.map((length, column) => {
      const cell = cells.find((one) => one.prompt_tokens === length && one.depth === depth);
      const made = place(cell, left + column * wide, top + row * high, wide, high, pattern, ink);
      svg.append(made);
      return made;
    });
  });
  lengths.forEach((length, column) => {
    svg.append(text(left + (column + 0.5) * wide, bottom + 16, FORMATS.integer(length), { "text-anchor": "middle", fill: ink.ink }));
  });
  svg.append(text(left, bottom + 34, "prompt tokens, by depth of the needle", { fill: ink.soft }));
  effective.forEach((one, row) => svg.append(...reach(one, lengths, left, wide, bottom + 54 + row * 20, ink)));
  walks(grid);
  return svg;
}

/* How far a definition of the effective length reaches: a bar under the columns it holds for, a
   frame under the one in which it ends somewhere, and in words what that leaves open. */
const under = (lengths, tokens) => lengths.filter((length) => tokens !== null && length <= tokens).length;
const known = (one) => one.told.replace(/ tokens$/, "").replace("between ", "").replace(" and ", " to ");

function reach(one, lengths, left, wide, y, ink) {
  const [end, open] = [left + under(lengths, one.tokens) * wide, left + under(lengths, one.below) * wide];
  const marks = [
    text(left - 8, y, one.definition, { "text-anchor": "end", fill: ink.soft, "font-size": 11 }),
    drawn("rect", { x: left, y: y - 9, width: Math.max(2, end - left - 2), height: 11, rx: 3, fill: ink.accent, "fill-opacity": 0.3, "data-effective": one.definition, "data-tokens": one.tokens ?? "" }),
  ];
  if (open > end) marks.push(drawn("rect", { x: end + 1, y: y - 9, width: open - end - 4, height: 11, rx: 3, fill: "none", stroke: ink.accent, "stroke-dasharray": "3 3", "data-open": one.below }));
  return [...marks, text(Math.max(end, open) + 6, y, known(one), { fill: ink.ink, "font-size": 11 })];
}

function place(cell, x, y, wide, high, pattern, ink) {
  const measured = cell.n > 0;
  const fill = measured ? shade(cell.score) : `url(#${pattern})`;
  const word = measured && cell.score < 0.62 ? "#ffffff" : "#111827";
  const figures = measured
    ? `mean ${cell.score.toFixed(3)}, 95 % ${cell.low.toFixed(2)} to ${cell.high.toFixed(2)}, n ${cell.n}`
    : cell.skipped ? `skipped ${cell.skipped}` : "not measured";
  const odd = ENDED.filter(([name]) => cell[name]).map(([name, said]) => `${cell[name]} ${said}`);
  const label = [`${FORMATS.integer(cell.prompt_tokens)} tokens, depth ${cell.depth} %`, figures, ...odd];
  const made = drawn("g", {
    class: "cell", role: "button", "aria-label": label.join("; "), "data-length": cell.prompt_tokens,
    "data-depth": cell.depth, "data-score": cell.score ?? "", "data-n": cell.n,
  });
  made.append(drawn("rect", { x: x + 1, y: y + 1, width: wide - 2, height: high - 2, rx: 4, fill }));
  if (measured) made.append(text(x + wide / 2, y + high / 2 + (odd.length ? -1 : 4), share(cell.score), { "text-anchor": "middle", fill: word, "font-weight": 600, "font-size": 13 }));
  let at = x + wide / 2 - (odd.length - 1) * 11 - 5;
  for (const [name] of ENDED.filter(([name]) => cell[name])) {
    made.append(sign(name, at, y + high - 10, word), text(at + 7, y + high - 6, cell[name], { fill: word, "font-size": 10 }));
    at += 22;
  }
  tells(made, label);
  pressed(made, () => go({ length: String(cell.prompt_tokens), depth: String(cell.depth), "cells.page": null }));
  const asked = state();
  if (asked.get("length") === String(cell.prompt_tokens) && asked.get("depth") === String(cell.depth)) {
    made.classList.add("chosen");
    made.append(drawn("rect", { x: x + 1, y: y + 1, width: wide - 2, height: high - 2, rx: 4, fill: "none", stroke: ink.ink, "stroke-width": 2.5 }));
  }
  return made;
}

function legend(room) {
  const ink = colours();
  const narrow = room < 580;
  const svg = sheet(narrow ? 320 : 580, narrow ? 48 : 26, "How to read it", ink);
  svg.setAttribute("role", "img");
  svg.append(hatch("hatch-legend", ink), text(0, 17, "0", { fill: ink.soft }));
  for (let n = 0; n < 60; n += 1) svg.append(drawn("rect", { x: 14 + n * 2, y: 6, width: 2.4, height: 14, fill: shade(n / 59) }));
  svg.append(text(142, 17, "1 found", { fill: ink.soft }), drawn("rect", { x: 204, y: 6, width: 20, height: 14, fill: "url(#hatch-legend)", stroke: ink.line }));
  svg.append(text(230, 17, "not measured", { fill: ink.soft }));
  const down = narrow ? 24 : 0;
  let at = narrow ? 6 : 340;
  for (const [name, said] of ENDED) {
    svg.append(sign(name, at, 13 + down, ink.ink), text(at + 9, 17 + down, said, { fill: ink.soft }));
    at += 30 + said.length * 6.5;
  }
  svg.classList.add("legend");
  return svg;
}

/* Every canary by document and depth; a lost one says where it was lost. */
export function canaries(target, card, { rows }) {
  const ink = colours();
  const documents = [...new Set(rows.map((row) => row.position))];
  const depths = [...new Set(rows.map((row) => row.depth))];
  const at = (position, depth) => rows.filter((row) => row.position === position && row.depth === depth);
  const most = Math.max(...documents.flatMap((one) => depths.map((depth) => at(one, depth).length)));
  const [size, high, top] = [16, 26, 24];
  const named = documents.map((one) => rows.find((row) => row.position === one).name);
  const left = Math.min(240, 16 + Math.max(...named.map((name) => name.length)) * 6.8);
  const wide = most * size + 14;
  const svg = sheet(left + depths.length * wide + 8, top + documents.length * high + 6, "Canaries by document and depth", ink);
  depths.forEach((depth, column) => svg.append(text(left + column * wide, 14, `depth ${depth} %`, { fill: ink.soft })));
  const grid = documents.map((one, row) => {
    const name = named[row].length > 34 ? `${named[row].slice(0, 33)}…` : named[row];
    svg.append(text(left - 10, top + row * high + 15, name, { "text-anchor": "end", fill: ink.ink }));
    return depths.flatMap((depth, column) => at(one, depth).map((canary, n) => {
      const lost = canary.lost_at;
      const [x, y] = [left + column * wide + n * size, top + row * high + 3];
      const label = [`“${canary.word}”, ${canary.kind}`, `${canary.name}, depth ${canary.depth_actual} %`, lost ? `lost at: ${lost}` : "came through whole"];
      const made = drawn("g", { class: "cell", role: "img", "aria-label": label.join("; "), "data-lost": lost });
      made.append(drawn("rect", { x, y, width: size - 3, height: size, rx: 3, fill: lost ? ink.series[1] : ink.series[0], "fill-opacity": lost ? 1 : 0.75 }));
      if (lost) made.append(drawn("path", { d: SIGNS.failed, transform: `translate(${x + 6.5}, ${y + 8})`, stroke: ink.card, "stroke-width": 2 }));
      tells(made, label);
      return svg.appendChild(made);
    }));
  });
  walks(grid);
  const lost = rows.filter((row) => row.lost_at).length;
  target.append(element("p", { class: "soft", text: `${rows.length - lost} of ${rows.length} came through whole; a cross marks a lost one.` }));
  target.append(element("div", { class: "maps" }, svg));
}
