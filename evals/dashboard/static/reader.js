// What a call or a cell was asked and what came back, beside the page.
import { FORMATS, duration, element, go, page, parsed, rowsOf, shown, state } from "./core.js";

const panel = document.getElementById("reader");
//: The filter that opens it, and the card it shows, by page.
const OPENS = { run: ["request", "call"], needles: ["cell", "cell"] };

panel.addEventListener("close", () => {
  const [filter] = OPENS[page.name] || [];
  if (filter && state().get(filter)) go({ [filter]: null });
});
panel.addEventListener("click", (event) => {
  if (event.target === panel) panel.close();
});

function part(title, ...content) {
  return element("section", {}, element("h3", { text: title }), ...content);
}

function quoted(text, label) {
  return element("pre", { text, tabindex: 0, role: "region", "aria-label": label });
}

function told(row) {
  const list = element("dl", { class: "facts" });
  const facts = [
    ["model", row.model], ["prompt", row.prompt], ["status", row.status], ["score", shown(row.score, "ratio")],
    ["expected", row.expected], ["tokens", row.prompt_tokens ?? row.input_tokens], ["written", row.output_tokens],
    ["depth", row.depth_actual === undefined ? null : `${row.depth_actual.toFixed(1)} %`], ["finish", row.finish],
    ["time", row.seconds === null || row.seconds === undefined ? null : duration(row.seconds)],
    ["why bad", row.why], ["flags", parsed(row.flags, []).join(", ")],
  ];
  for (const [name, value] of facts) {
    if (value === null || value === undefined || value === "" || value === "–") continue;
    const said = typeof value === "number" ? FORMATS.integer(value) : value;
    list.append(element("dt", { text: name }), element("dd", { text: said }));
  }
  return list;
}

function readable(reply) {
  const value = parsed(reply, null);
  return value === null || typeof value !== "object" ? reply : JSON.stringify(value, null, 2);
}

export async function reader() {
  const [filter, card] = OPENS[page.name] || [];
  if (!filter || !state().get(filter)) {
    if (panel.open) panel.close();
    return;
  }
  const close = element("button", { type: "button", class: "close", "aria-label": "Close", text: "×" });
  close.addEventListener("click", () => panel.close());
  const head = element("header", {}, element("h2", { id: "reader-title", text: card === "cell" ? "A cell" : "A call" }), close);
  panel.replaceChildren(head);
  if (!panel.open) panel.showModal();
  const { rows } = await rowsOf(card);
  if (!rows.length) {
    panel.append(element("p", { class: "empty", text: page.cards[card].empty }));
    panel.dataset.state = "drawn";
    return;
  }
  panel.append(told(rows.at(-1)));
  for (const row of rows) {
    const text = row.reply === null ? "It was not asked." : readable(row.reply) || "The reply is empty.";
    panel.append(part(row.good === 0 ? `Reply, not used: ${row.why}` : "Reply", quoted(text, "Reply")));
  }
  const messages = parsed(rows[0].body, {}).messages || [];
  for (const [role, content] of messages) {
    panel.append(part(`Prompt: ${role}`, quoted(content, `Prompt, ${role}`)));
  }
  if (!messages.length) panel.append(element("p", { class: "soft", text: "The prompt is not stored; it may have been purged." }));
  panel.dataset.state = "drawn";
}
