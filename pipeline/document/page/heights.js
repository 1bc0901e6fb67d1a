/* How tall entries will be once they are drawn, so that the scroll bar tells the truth before they
   are: from their characters, the width of the column, and what a line of each kind takes. */
const REM = parseFloat(getComputedStyle(document.documentElement).fontSize);
const LINE = 1.6 * REM, SMALL = 0.9; // of the text; a note's size to it
const PER_ENTRY = 1.2 * REM + 0.82 * 1.6 * REM; // its own blank, and the line with its name
const PER_GROUP = REM + 0.9 * 1.6 * REM + 0.2 * REM;
let perLine = 80; // characters

function measure() {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(document.body).font;
  const sample = "As a member, I want to see which tools are on the shelf, so that I do not come for nothing.";
  const wide = pen.measureText(sample).width / sample.length;
  // A line ends before the word that does not fit: half of one is left blank.
  perLine = Math.max(12, at("entries").clientWidth / wide - 2.5);
}
const linesOf = (characters, room) => Math.max(1, Math.ceil(characters / room));
function entryTall(place) {
  const entry = entries[place];
  let tall = PER_ENTRY, between = 0, items = 0;
  for (const [field, text, , before] of entry.lines) {
    const length = text.length + (before ? before.length + 1 : 0);
    if (field === "title") tall += LINE * linesOf(length * 1.08, perLine);
    else if (field === "sentence" || (field === "body" && text.length > 160)) {
      tall += LINE * linesOf(length, perLine);
      between += 1;
    } else {
      tall += LINE * linesOf(length, perLine - 3);
      items += 1;
    }
  }
  tall += 0.35 * REM * Math.max(0, between - 1 + (items ? 1 : 0));
  const notes = entry.roles.length - 1
    + entry.folds.filter((fold) => fold.otherwise.length && fold.field !== "label").length;
  return tall + Math.min(9, Math.max(0, notes)) * LINE * SMALL;
}
function groupTall(group, shown) {
  const several = group.conflicts.length > 1;
  const lines = (place) => (several ? Math.min(2, entries[place].conflicts.length) : 0);
  return shown.reduce((sum, place) => sum + entryTall(place) + PER_GROUP * lines(place), 0)
    + (group.entries.length > 1 ? PER_GROUP : 0);
}
let resized;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    measure();
    for (const node of parts) node.guess();
  }, 200);
});
