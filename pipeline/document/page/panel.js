/* The panel: an entry's tellings, two of them side by side, a telling at its place, where a story
   went. */
const AROUND = 240; // characters of a document shown around a telling
const MORE = 2000;
const TELLINGS = 40; // of one entry at a time
const OUTCOMES = {
  kept: "stands in its own words", duplicate_of: "says the same, word for word",
  merged_into: "is told under an entry", conflict_with: "is in conflict",
  skipped: "was left out",
};
const FIELDS = {
  sentence: "What it asks for", title: "Title", benefit: "Benefit", criterion: "A criterion",
  body: "A paragraph", label: "A label",
};
let chosen = -1; // the entry that the panel shows

/* The panel, cleared, with a heading. */
function opened(heading) {
  panel.className = "";
  panel.textContent = "";
  panel.scrollTop = 0;
  const head = add(panel, "header");
  add(head, "h2", heading);
  button(head, "×", "close", leave).setAttribute("aria-label", "Close");
}
function leave() {
  choose(-1);
  panel.className = "empty";
  panel.textContent = "";
  add(panel, "h2", "Tellings");
  add(panel, "p", "Choose an entry to see who tells it, in which words, and where.", "soft");
  const keys = add(panel, "p", undefined, "soft");
  const known = { j: " next, ", k: " previous entry, ", "/": " search, ", Esc: " close" };
  for (const [key, does] of Object.entries(known)) {
    add(keys, "kbd", key);
    keys.append(does);
  }
  remember({ story: null, entry: null });
}
function choose(entry) {
  for (const node of document.querySelectorAll("article.on")) {
    node.classList.remove("on");
    node.querySelector(".open")?.setAttribute("aria-expanded", "false");
  }
  chosen = entry;
  const node = entry < 0 ? null : at("e" + entry);
  if (node) {
    node.classList.add("on");
    node.querySelector(".open")?.setAttribute("aria-expanded", "true");
  }
}

/* An entry: who tells it, in which words, and what stands for them. */
function show(place) {
  choose(place);
  const entry = entries[place];
  opened(told(entry.sources.length, "telling") + " of " + named(entry.sources[0]));
  const beside = others(place);
  if (beside.length) {
    const tools = add(panel, "p", undefined, "compare");
    button(tools, "Compare two", "action", () => compare(entry.sources[0], beside[0], place));
  }
  let shown = 0;
  const more = () => {
    for (const n of entry.sources.slice(shown, shown + TELLINGS)) telling(panel, n, entry);
    shown = Math.min(entry.sources.length, shown + TELLINGS);
    if (shown < entry.sources.length) {
      const node = button(panel, told(entry.sources.length - shown, "more telling"), "link more",
        () => { node.remove(); more(); });
    }
  };
  more();
  uncover(at("e" + place));
  remember({ entry: named(entry.sources[0]), story: null });
}
/* Tellings to set one of an entry against: its own others, the other sides, what is alike. */
function others(place) {
  const [first, ...rest] = entries[place].sources;
  const sides = entries[place].conflicts.flatMap((c) => conflicts[c].sides.map(([n]) => n));
  const alike = alikeTo[place].map((one) => entries[one.entry].sources[0]);
  return [...new Set([...sides, ...rest, ...alike])].filter((n) => n !== first).slice(0, 200);
}
/* On a narrow screen the panel lies over the text: what was chosen stays in sight. */
function uncover(node) {
  if (!node || getComputedStyle(panel).position !== "fixed") return;
  const covered = node.getBoundingClientRect().top + 80 - panel.getBoundingClientRect().top;
  if (covered > 0) window.scrollBy(0, covered);
}

/* One telling: its name, its place, what became of its parts, its words. */
function telling(parent, number, entry) {
  const box = add(parent, "section", undefined, "telling");
  const story = stories[number - 1];
  where(box, number);
  const folds = entry.folds.filter((fold) => fold.story === number && fold.field !== "label");
  if (number === entry.sources[0]) add(box, "p", "Its words stand.", "state");
  else {
    const state = add(box, "p", undefined, "state");
    button(state, "Beside " + named(entry.sources[0]), "link",
      () => compare(entry.sources[0], number, story.entry));
  }
  for (const fold of folds) fate(box, fold);
  add(box, "div", story.text, "text own");
  inDocument(box, story);
}
function fate(box, fold) {
  const line = add(box, "p", undefined, "state");
  line.append((FIELDS[fold.field] || fold.field) + ": ");
  if (fold.against) {
    line.append(seen(fold.reason) + ".");
    return;
  }
  line.append("folded");
  if (fold.under) {
    line.append(" under ");
    link(line, fold.under);
  }
  const why = fold.by === "proof"
    ? (fold.rules.length ? "by proof (" + fold.rules.join(", ") + ")" : "by proof, the same to the letter")
    : "by a " + fold.by + (fold.reason ? " (" + fold.reason + ")" : "");
  const surely = fold.likelihood === null ? "" : ", " + Math.round(100 * fold.likelihood) + " %";
  line.append(seen(" " + why + surely + "."));
  if (fold.otherwise.length) {
    line.append(" Otherwise: ");
    fold.otherwise.forEach((run, i) => {
      if (i) line.append(" … ");
      add(line, "em", run);
    });
  }
}
function where(box, number) {
  const story = stories[number - 1];
  const line = add(box, "div", undefined, "where");
  link(line, number).title = "Where did it go?";
  line.append(" · ");
  add(line, "b", base(paths[story.path])).title = paths[story.path];
  line.append(seen(", " + story.place + (story.key ? " · " + story.key : "")));
  const by = [story.by, story.on].filter(Boolean).join(", ");
  if (by) add(line, "div", by);
}
/* A telling at its place in its document, when it is asked for. */
function inDocument(box, story) {
  if (story.document < 0) {
    add(box, "p", "The document's text was left out of this page.", "soft");
    return;
  }
  const line = add(box, "p");
  const node = button(line, "Show it in its document", "link", () => {
    line.remove();
    surroundings(add(box, "div", undefined, "text"), story, AROUND, AROUND);
  });
  return node;
}
function surroundings(target, story, before, after) {
  const text = texts()[story.document];
  let low = Math.max(0, Math.min(...story.spans.map(([start]) => start)) - before);
  let high = Math.min(text.length, Math.max(...story.spans.map(([, end]) => end)) + after);
  // From one blank to another: no word is cut.
  if (low > 0) low += Math.max(0, text.slice(low, low + 40).search(/\s/));
  if (high < text.length) high -= /\S*$/.exec(text.slice(high - 40, high))[0].length;
  target.textContent = "";
  const more = (sign, above, below) => button(target, sign + " more", "link more",
    () => surroundings(target, story, above, below));
  if (low > 0) more("↑", before + MORE, after);
  const cuts = [...new Set([low, ...story.spans.flat().filter((c) => low < c && c < high), high])];
  cuts.sort((a, b) => a - b);
  for (let n = 0; n + 1 < cuts.length; n += 1) {
    const own = story.spans.some(([start, end]) => start <= cuts[n] && cuts[n] < end);
    add(target, "span", text.slice(cuts[n], cuts[n + 1]), own ? "own" : "");
  }
  if (high < text.length) more("↓", before, after + MORE);
}

/* Two tellings side by side. */
function compare(a, b, place) {
  choose(place);
  opened("Side by side");
  panel.classList.add("wide");
  const all = [...new Set([a, b, ...entries[place].sources.slice(0, 200), ...others(place)])];
  const sides = add(panel, "div", undefined, "sides");
  const numbers = [a, b];
  let asks = null;
  const columns = numbers.map((n, i) => {
    const column = add(sides, "section");
    const select = add(column, "select");
    select.setAttribute("aria-label", i ? "Second telling" : "First telling");
    for (const one of all) select.append(new Option(named(one), String(one)));
    select.value = String(n);
    select.addEventListener("change", () => {
      numbers[i] = Number(select.value);
      draw();
    });
    return add(column, "div");
  });
  function draw() {
    const [left, right] = numbers.map((n) => stories[n - 1].said || stories[n - 1].text);
    const runs = differing(left, right);
    columns.forEach((column, i) => {
      column.textContent = "";
      where(column, numbers[i]);
      drawRuns(add(column, "div", undefined, "text own"), runs[i]);
    });
    if (asks) asks.textContent = asking(numbers);
  }
  draw();
  const line = add(panel, "p", "To decide: ", "state");
  asks = add(line, "code", asking(numbers));
  button(add(panel, "p"), "All tellings of " + named(entries[place].sources[0]), "link",
    () => show(place));
  // Beside the wide panel the text has less room and runs on.
  at("e" + place)?.scrollIntoView({ block: "nearest" });
  uncover(at("e" + place));
}

/* The command that asks a person about some stories. */
const asking = (numbers) => [review, ...[...new Set(numbers)].map(named)].join(" ");

/* Where did S-12 go? */
function follow(number) {
  const story = stories[number - 1];
  choose(-1);
  opened("Where did " + named(number) + " go?");
  const went = story.went;
  const said = add(panel, "p", "It " + (OUTCOMES[went.outcome] || "has no row"), "state");
  if (went.other) {
    said.append(went.outcome === "conflict_with" ? " with " : ": ");
    link(said, went.other);
  }
  said.append(". ");
  if (went.reason) said.append(seen(went.reason[0].toUpperCase() + went.reason.slice(1) + ". "));
  if (went.rules && went.rules.length) said.append(seen("Rules: " + went.rules.join(", ") + ". "));
  if (went.by && went.by !== "code") said.append(seen("By " + went.by + ". "));
  if (story.entry >= 0) {
    const entry = entries[story.entry];
    const line = add(panel, "p", undefined, "state");
    button(line, "Show " + (entry.sources[0] === number ? "it" : named(entry.sources[0])) + " in "
      + sections[sectionOf[story.entry]].title, "link",
      () => bring(story.entry));
    const near = alikeTo[story.entry].map((one) => entries[one.entry].sources[0]);
    if (near.length) {
      line.append(" · alike: ");
      list(line, near, RUNS);
    }
    if (entry.sources.length > 1) {
      line.append(" · ");
      button(line, told(entry.sources.length, "telling"), "link", () => show(story.entry));
    }
    for (const fold of entry.folds.filter((f) => f.story === number && f.field !== "label")) {
      fate(panel, fold);
    }
  }
  const box = add(panel, "section", undefined, "telling");
  where(box, number);
  add(box, "div", story.text, "text own");
  inDocument(box, story);
  remember({ story: named(number), entry: null });
}
