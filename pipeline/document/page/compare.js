/* Two texts side by side, with what differs marked: the longest common run of words (Myers'
   problem, by dynamic programming, where the middle that differs is short enough). */
const CELLS = 4e6;

function differing(a, b) {
  // A mark at a word's end is one of its own; the point of 1.5 is not.
  const words = (text) => text.split(/(\s+|[.,;:!?]+(?=\s|$))/).filter(Boolean);
  const left = words(a), right = words(b);
  const plain = (word) => (/^an$/i.test(word) ? word.slice(0, 1) : word.trim());
  let start = 0;
  while (start < left.length && start < right.length && plain(left[start]) === plain(right[start])) {
    start += 1;
  }
  let end = 0;
  while (end < left.length - start && end < right.length - start
    && plain(left[left.length - 1 - end]) === plain(right[right.length - 1 - end])) end += 1;
  const m = left.slice(start, left.length - end), n = right.slice(start, right.length - end);
  const same = [new Array(m.length).fill(false), new Array(n.length).fill(false)];
  if (m.length * n.length <= CELLS) {
    const width = n.length + 1;
    const longest = new Uint32Array((m.length + 1) * width);
    for (let i = m.length - 1; i >= 0; i -= 1) {
      for (let j = n.length - 1; j >= 0; j -= 1) {
        longest[i * width + j] = plain(m[i]) === plain(n[j])
          ? longest[(i + 1) * width + j + 1] + 1
          : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
      }
    }
    for (let i = 0, j = 0; i < m.length && j < n.length;) {
      if (plain(m[i]) === plain(n[j])) {
        same[0][i] = same[1][j] = true;
        i += 1;
        j += 1;
      } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) i += 1;
      else j += 1;
    }
  }
  const runs = (all, kept) => all.map((word, i) => {
    const inside = i >= start && i < all.length - end;
    // Marks between words, and the blanks, are how it is set: no difference by themselves.
    return [word, inside && !kept[i - start] && /[^\s.,;:!?]/.test(word)];
  });
  return [runs(left, same[0]), runs(right, same[1])];
}

/* Words as text, those that differ in a mark of their own. */
function drawRuns(parent, runs) {
  let mark = null;
  runs.forEach(([word, differs], i) => {
    // A blank between two words that differ belongs to the mark.
    const blank = word.trim() === "" && mark && i + 1 < runs.length && runs[i + 1][1];
    if (differs || blank) {
      mark = mark || add(parent, "mark", "");
      mark.append(seen(word));
    } else {
      mark = null;
      parent.append(seen(word));
    }
  });
}

/* Text with runs of its words marked, each once, in their order. */
function drawMarked(parent, text, runs, name) {
  let from = 0;
  const shown = text.replace(/\s+/g, " ").trim();
  for (const run of runs) {
    const wanted = run.replace(/\s+/g, " ").trim().replace(/[.,;:!?]+$/, "");
    const place = wanted ? find(shown, wanted, from) : -1;
    if (place < 0) continue;
    parent.append(seen(shown.slice(from, place)));
    add(parent, name, wanted);
    from = place + wanted.length;
  }
  parent.append(seen(shown.slice(from)));
}
const LETTER = /[\p{L}\p{N}_]/u;
function find(text, run, from) {
  for (let place = text.indexOf(run, from); place >= 0; place = text.indexOf(run, place + 1)) {
    const before = place ? text[place - 1] : " ", after = text[place + run.length] || " ";
    const fits = (edge, outside) => !LETTER.test(edge) || !LETTER.test(outside);
    if (fits(run[0], before) && fits(run.at(-1), after)) return place;
  }
  return -1;
}
