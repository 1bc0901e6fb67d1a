// What all drawings share: elements made of text, numbers for people, the address, the rows.
// What documents and models wrote goes in as text, never as markup.

export const page = JSON.parse(document.getElementById("page").textContent);

export function element(name, told = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(told)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export function drawn(name, told = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(told)) {
    if (value === undefined || value === null) continue;
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/* Numbers for people. */
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/* "$12.40", "$0.20", "$0.0022": below a dollar two decimals, or up to four that say something. */
export function dollars(value) {
  const size = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (size > 0 && size < 0.00005) return `under ${sign}$0.0001`;
  const shape = { minimumFractionDigits: 2, maximumFractionDigits: size < 0.99995 ? 4 : 2 };
  return `${sign}$${size.toLocaleString("en-US", shape)}`;
}

/* The same for the ticks of an axis, as an expression of Vega's. */
export const DOLLAR_TICKS = "datum.value == 0 ? '$0' : datum.value >= 1 ? '$' + format(datum.value, ',.2~f')"
  + " : abs(datum.value * 100 - round(datum.value * 100)) < 1e-6 ? '$' + format(datum.value, '.2f')"
  + " : '$' + format(datum.value, '.4~f')";

export function duration(seconds) {
  if (seconds === 0) return "–";
  if (seconds < 90) return `${seconds.toFixed(seconds < 1 ? 1 : 0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function bytes(value) {
  const size = value / 1e9;
  const digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return `${size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })} GB`;
}

function amount(value, row) {
  if (row.unit === "USD") return dollars(value);
  if (row.unit === "seconds") return duration(value);
  return row.unit === "bytes" ? bytes(value) : whole.format(value);
}

function number(value) {
  if (Number.isInteger(value)) return whole.format(value);
  return Math.abs(value) >= 100 ? whole.format(value) : value.toFixed(3);
}

export const FORMATS = {
  integer: (value) => whole.format(value),
  usd: dollars,
  seconds: duration,
  ratio: (value) => value.toFixed(2),
  share: (value) => `${(100 * value).toFixed(1)} %`,
  percent: (value) => `${value.toFixed(1)} %`,
  bytes,
  amount,
  number,
  signed: (value) => (value > 0 ? "+" : "") + number(value),
  small: (value) => value.toPrecision(3),
};

export function shown(value, kind, row) {
  if (value === null || value === undefined || value === "") return "–";
  return FORMATS[kind] && typeof value === "number" ? FORMATS[kind](value, row) : String(value);
}

export const day = (moment) => (moment || "").slice(0, 16).replace("T", " ");

/* The address holds all state, so that a link shows the same to whoever opens it. */
export const state = () => new URLSearchParams(location.search);

export function go(changes, push = true) {
  const asked = state();
  for (const [name, value] of Object.entries(changes)) {
    asked.delete(name);
    if (Array.isArray(value)) for (const one of value) asked.append(name, one);
    else if (value !== null) asked.set(name, value);
  }
  const address = `${location.pathname}?${asked}`;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  document.dispatchEvent(new CustomEvent("moved", { detail: Object.keys(changes) }));
}

export function link(changes, path = location.pathname) {
  const asked = path === location.pathname ? state() : new URLSearchParams();
  for (const [name, value] of Object.entries(changes)) asked.set(name, value);
  return `${path}?${asked}`;
}

export function address(name, form) {
  const given = state();
  const asked = new URLSearchParams();
  for (const parameter of page.cards[name].parameters) {
    for (const value of given.getAll(parameter)) asked.append(parameter, value);
  }
  if (form === "json" && given.get(`${name}.page`)) asked.set("page", given.get(`${name}.page`));
  return `/cards/${page.name}/${name}.${form}?${asked}`;
}

export async function rowsOf(name) {
  const answer = await fetch(address(name, "json"));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || answer.statusText);
  return body;
}

export function parsed(text, otherwise) {
  try {
    return JSON.parse(text) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/* "No run yet. Make one: storytransformer merge PATHS…": the command stands apart. */
export function emptiness(text) {
  const [said, command] = text.split(/: (?=storytransformer )/);
  const made = element("p", { class: "empty", text: command ? `${said}:` : said });
  if (command) made.append(element("code", { text: command }));
  return made;
}

/* The colours of the moment. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "soft", "line", "card", "accent", "back"];
  const series = [0, 1, 2, 3, 4, 5].map((n) => value(`c${n}`));
  return { ...Object.fromEntries(names.map((name) => [name, value(name)])), series };
}
