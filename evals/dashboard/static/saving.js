// A figure as a file: SVG as it stands, PNG at twice its size.
import { colours, element, page } from "./core.js";

const FIGURES = new Set(["heatmaps", "canaries", "ranges", "intervals", "lines", "history", "picture"]);

function offer(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/* Several drawings of a card become one, side by side. */
function joined(drawings) {
  if (drawings.length === 1) return drawings[0].outerHTML;
  let [across, tall] = [0, 0];
  const parts = drawings.map((one) => {
    const { width, height } = one.viewBox.baseVal;
    const copy = one.cloneNode(true);
    const caption = one.closest("figure")?.querySelector("figcaption")?.textContent || "";
    copy.setAttribute("x", across);
    copy.setAttribute("y", 26);
    const title = `<text x="${across + 8}" y="18" font-size="13" fill="${colours().ink}">${escaped(caption)}</text>`;
    across += width + 16;
    tall = Math.max(tall, height + 26);
    return title + copy.outerHTML;
  });
  const back = `<rect width="${across}" height="${tall}" fill="${colours().card}"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${across} ${tall}" width="${across}" height="${tall}" font-family="system-ui, sans-serif">${back}${parts.join("")}</svg>`;
}

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

async function source(target) {
  const image = target.querySelector("img");
  if (image) return (await fetch(image.src)).text();
  if (target.view) return target.view.toSVG();
  return joined([...target.querySelectorAll(".maps svg")]);
}

async function asPng(text) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = element("canvas", { width: image.width * 2, height: image.height * 2 });
  const context = canvas.getContext("2d");
  context.fillStyle = colours().card;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

/* The buttons that save a card's figure; none where it has none. */
export function savers(name, card, target) {
  if (!FIGURES.has(card.kind)) return [];
  const file = `${page.name}-${name}`;
  const button = (form, make) => {
    const made = element("button", { type: "button", text: form, "aria-label": `Save ${card.title} as ${form}` });
    made.addEventListener("click", async () => {
      const text = namespaced(await source(target));
      offer(await make(text), `${file}.${form.toLowerCase()}`);
    });
    return made;
  };
  return [button("SVG", (text) => new Blob([text], { type: "image/svg+xml" })), button("PNG", asPng)];
}

const namespaced = (text) => text.includes("xmlns=") ? text : text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
