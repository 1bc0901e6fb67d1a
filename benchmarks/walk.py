"""A newcomer's walk: documents as people write them, and README's commands on them.

    python benchmarks/walk.py [--keep FOLDER]

Makes a Notion export (CSV and Markdown in a ZIP), a Jira CSV, an Azure DevOps CSV, a Word file,
meeting notes, a Trello board, an Obsidian vault and a PDF outside of the repository, each with
stories of its own; runs ``storytransformer extract``, ``estimate`` and ``merge`` on them as README
does; and says of every story that was written whether it was found, and of every one that was not
whether that was said. Exits 1 where a story is missing in silence or a command fails.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

#: Role, goal, benefit: what each document tells, so that a finding can be looked up.
Wish = tuple[str, str, str]
WISHES: dict[str, tuple[Wish, ...]] = {
    "notion": (
        ("tenant", "report a leaking tap", "the caretaker comes in time"),
        ("caretaker", "see today's repairs on a map", "I drive no way twice"),
        ("landlord", "approve repairs above 500 euros", "costs stay in the budget"),
        ("tenant", "cancel a repair", "nobody comes in vain"),
        ("accountant", "export invoices per house", "I can close the month"),
        ("neighbour", "be told before the water is turned off", "I can fill a bucket"),
    ),
    "jira": (
        ("cyclist", "find a free box", "my bike is dry"),
        ("cyclist", "extend a rental by an hour", "I can finish my coffee"),
        ("operator", "lock a broken box", "nobody is trapped"),
        ("auditor", "list refunds of a quarter", "I can check them"),
        ("commuter", "reserve a box for Mondays", "I catch my train"),
    ),
    "azure": (
        ("nurse", "hand over a shift in writing", "nothing is forgotten"),
        ("doctor", "see the last three readings", "I can judge a trend"),
        ("patient", "call for help with one hand", "I am heard"),
        ("porter", "know which lift is out of order", "I take the other one"),
        ("pharmacist", "be warned of double orders", "no drug is given twice"),
    ),
    "word": (
        ("teacher", "mark absences on my phone", "the office knows by nine"),
        ("parent", "excuse my child by nine", "nobody calls me at work"),
        ("head teacher", "print a list for a fire drill", "nobody is missed"),
        ("pupil", "see when a lesson is cancelled", "I can sleep longer"),
        ("janitor", "know which rooms are free", "I can clean them"),
    ),
    "notes": (
        ("volunteer", "sign up for a shift", "the kitchen is staffed"),
        ("cook", "know how many guests come", "I buy no food in vain"),
        ("guest", "say that I eat no nuts", "I stay well"),
        ("treasurer", "count donations by day", "I can thank people"),
        ("driver", "get a list of pick-ups", "the bread is fresh"),
    ),
    "trello": (
        ("gardener", "be reminded to water", "nothing dries out"),
        ("gardener", "swap a bed with somebody", "we both have sun"),
        ("beekeeper", "mark where the hives stand", "nobody is stung"),
        ("chair", "invite everyone to a meeting", "we can vote"),
        ("newcomer", "see which beds are free", "I can choose one"),
    ),
    "obsidian": (
        ("reader", "renew a loan twice", "I can finish a long book"),
        ("librarian", "block a lost card", "nobody else uses it"),
        ("reader", "be told when a book is back", "I do not ask in vain"),
        ("archivist", "scan a page on request", "old books stay here"),
        ("child", "find books by their picture", "I need not spell"),
        ("librarian", "count visits per hour", "desks are staffed"),
    ),
    "pdf": (
        ("skipper", "book a berth for a night", "I sleep in the harbour"),
        ("harbour master", "see which berths are free", "I can wave ships in"),
        ("diver", "know when ships leave", "I stay out of their way"),
        ("customs officer", "list ships from abroad", "I can meet them"),
        ("fisher", "sell my catch at the quay", "it is eaten fresh"),
    ),
}


class Step(NamedTuple):
    """A command that was run, its exit code and what it printed."""

    command: str
    code: int
    out: str
    err: str


def sentence(wish: Wish) -> str:
    role, goal, benefit = wish
    return f"As {'an' if role[0] in 'aeio' else 'a'} {role}, I want to {goal} so that {benefit}."


def as_csv(rows: Sequence[Sequence[str]], start: str = "") -> bytes:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return (start + target.getvalue()).encode()


def make_notion(folder: Path) -> None:
    """A database as CSV and its pages as Markdown: a page repeats its row's properties."""
    wishes = WISHES["notion"]
    rows = [("Name", "Status", "Tags", "User Story")]
    rows += [(w[1].capitalize(), "To do", "repairs, app", sentence(w)) for w in wishes[:3]]
    with zipfile.ZipFile(folder / "Export-3f2a.zip", "w") as archive:
        archive.writestr("Repairs 1a2b3c.csv", as_csv(rows, "\ufeff"))
        for number, wish in enumerate(wishes[3:]):
            page = (
                f"# {wish[1].capitalize()}\n\nStatus: To do\nTags: repairs\n\n{sentence(wish)}\n\n"
                "### Acceptance criteria\n\n- [ ] works on a phone\n- [x] asks once\n"
            )
            archive.writestr(f"Repairs 1a2b3c/Page {number} 9f8e.md", page)


def make_jira(folder: Path) -> None:
    head = ["Summary", "Issue key", "Issue id", "Issue Type", "Status", "Labels", "Labels"]
    head += ["Description", "Custom field (Acceptance Criteria)", "Outward issue link (Blocks)"]
    rows = [head]
    for number, wish in enumerate(WISHES["jira"], start=7):
        role, goal, benefit = wish
        told = (
            f"*As a* {role}\n*I want to* {goal}\n*so that* {benefit}.\n\n{{color:red}}Soon{{color}}"
        )
        told = sentence(wish) if number % 2 else told
        criteria = "* shown at once\n* -by fax-\n* in {{euros}}"
        more = [told, criteria, "BOX-2" if number == 8 else ""]
        rows.append([goal, f"BOX-{number}", f"{1000 + number}", "Story", "Open", "mvp", "", *more])
    (folder / "jira.csv").write_bytes(as_csv(rows))


def make_azure(folder: Path) -> None:
    head = ["ID", "Work Item Type", "Title 1", "Title 2", "State", "Parent"]
    rows = [[*head, "Description", "Acceptance Criteria"]]
    rows.append(["40", "Feature", "Ward", "", "New", "", "", ""])
    for number, wish in enumerate(WISHES["azure"], start=41):
        told = f"<div>{sentence(wish).replace(' I ', '&nbsp;I ')}</div>"
        criteria = "<ul><li>within 2&nbsp;s</li><li>also at night</li></ul>"
        rows.append([str(number), "User Story", "", wish[1], "New", "40", told, criteria])
    (folder / "azure.csv").write_bytes(as_csv(rows, "\ufeff"))


def make_word(folder: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading("Wishes of the school", 0)
    document.add_paragraph("Collected in March; please comment.")
    first, second, third, fourth, fifth = WISHES["word"]
    document.add_heading("Absences", 1)
    document.add_paragraph(sentence(first), style="List Bullet")
    document.add_paragraph(sentence(second), style="List Number")
    table = document.add_table(rows=1, cols=3)
    for cell, name in zip(table.rows[0].cells, ("As a", "I want to", "So that"), strict=True):
        cell.text = name
    for cell, words in zip(table.add_row().cells, third, strict=True):
        cell.text = words
    document.add_heading("Lessons", 1)
    paragraph = document.add_paragraph()
    paragraph.add_run(f"As a {fourth[0]}, ").bold = True
    paragraph.add_run(f"I want to {fourth[1]} so that {fourth[2]}.")
    document.add_paragraph(f"As a {fifth[0]}\nI want to {fifth[1]}\nSo that {fifth[2]}")
    document.save(str(folder / "school.docx"))


def make_notes(folder: Path) -> None:
    first, second, third, fourth, fifth = WISHES["notes"]
    (folder / "meeting notes.txt").write_text(
        "Soup kitchen, Tuesday 4 March\nPresent: Ann, Ben, Kim (late)\n\n"
        f"Ann: {sentence(first)}\nBen agrees.\n\n- {sentence(second)}\n- {sentence(third)}\n\n"
        f"TODO Kim asks the bakery. {sentence(fourth)} We talk about that next week.\n\n"
        f"* as a {fifth[0]} i want to {fifth[1]} so that {fifth[2]}\n\nNext meeting: 11 March.\n",
        encoding="utf-8",
    )


def make_trello(folder: Path) -> None:
    wishes = WISHES["trello"]
    cards = [
        {
            "id": f"c{n}",
            "idShort": n,
            "name": wish[1].capitalize() if n % 2 else sentence(wish),
            "desc": sentence(wish) if n % 2 else "",
            "closed": False,
            "idChecklists": [f"k{n}"],
        }
        for n, wish in enumerate(wishes, start=1)
    ]
    cards.append({"id": "c9", "idShort": 9, "name": "Buy rakes", "desc": "", "closed": True})
    checklists = [
        {"id": "k1", "idCard": "c1", "name": "Acceptance criteria",
         "checkItems": [{"name": "by text message", "state": "complete"}]}
    ]  # fmt: skip
    board = {"name": "Allotments", "lists": [{"id": "l1", "name": "Wishes"}], "cards": cards}
    (folder / "board.json").write_text(json.dumps({**board, "checklists": checklists}, indent=1))


def make_obsidian(folder: Path) -> None:
    vault = folder / "Library vault"
    (vault / ".obsidian").mkdir(parents=True)
    (vault / ".obsidian" / "app.json").write_text("{}")
    for number, wish in enumerate(WISHES["obsidian"]):
        role, goal, benefit = wish
        told = (
            f"As a [[{role}]], I want to {goal} so that {benefit}. #loan ^s{number}"
            if number % 2
            else f"> [!quote] Story\n> {sentence(wish)}"
        )
        head = f"---\ntags: [library, wish]\naliases: [W{number}]\ncreated: 2026-03-09\n---\n"
        links = "See also [[Opening hours|when we open]], ![[plan.png]].\n\n- [ ] ask Kim 📅\n"
        (vault / f"{goal}.md").write_text(f"{head}\n{told}\n\n{links}", encoding="utf-8")
    (vault / "Opening hours.md").write_text("Ten to six, #always.\n")


def make_pdf(folder: Path) -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import ListFlowable, Paragraph, SimpleDocTemplate, Table

    style = getSampleStyleSheet()
    first, second, *others = WISHES["pdf"]
    cells = [[Paragraph(each, style["BodyText"]) for each in ("ID", "User story", "Priority")]]
    for number, wish in enumerate(others, start=1):
        row = (f"H-{number}", sentence(wish), "high")
        cells.append([Paragraph(each, style["BodyText"]) for each in row])
    SimpleDocTemplate(str(folder / "harbour.pdf")).build(
        [
            Paragraph("Harbour wishes", style["Title"]),
            Paragraph(sentence(first), style["BodyText"]),
            ListFlowable([Paragraph(sentence(second), style["BodyText"])], bulletType="bullet"),
            Table(cells, colWidths=[50, 300, 60], style=[("GRID", (0, 0), (-1, -1), 0.5, "black")]),
        ]
    )


MAKERS = (
    make_notion,
    make_jira,
    make_azure,
    make_word,
    make_notes,
    make_trello,
    make_obsidian,
    make_pdf,
)


def run(folder: Path, *arguments: str) -> Step:
    """One command of README, in the folder that a newcomer stands in."""
    command = [str(Path(sys.executable).with_name("storytransformer")), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    return Step(
        "storytransformer " + " ".join(arguments), done.returncode, done.stdout, done.stderr
    )


def missing(told: Sequence[dict[str, str]]) -> list[str]:
    """The stories that were written and not found as they are."""
    found = {(s["role"], s["goal"], s["benefit"]) for s in told}
    return [f"{kind}: {sentence(w)}" for kind, ws in WISHES.items() for w in ws if w not in found]


def walk(folder: Path) -> int:
    """Make the documents, run the commands, say what is wrong; the number of faults."""
    documents = folder / "my-documents"
    documents.mkdir()
    for make in MAKERS:
        make(documents)
    read = run(folder, "extract", "my-documents/", "--json")
    result = json.loads(read.out)
    faults = [f"not found: {each}" for each in missing(result["stories"])]
    wanted = sum(map(len, WISHES.values()))
    extra = len(result["stories"]) - wanted + len(faults)
    for document in result["documents"]:
        print(f"  {document['path']}: {document['stories']} stories; {document['problem'] or ''}")
    steps = [
        read,
        run(folder, "extract", "my-documents/"),
        run(folder, "estimate", "my-documents/"),
        run(folder, "merge", "my-documents/"),
    ]
    for step in steps:
        print(f"  {step.command}: exit code {step.code}")
        faults += [f"{step.command}: {step.code}\n{step.err[-2000:]}"] if step.code else []
    merged = folder / "merged" / "merged.tellings.md"
    text = " ".join(merged.read_text(encoding="utf-8").split()) if merged.exists() else ""
    lost = [w for ws in WISHES.values() for w in ws if w[1] not in text]
    faults += [f"not in the merged document: {sentence(wish)}" for wish in lost]
    print(*faults, sep="\n")
    figures = {"stories": wanted, "found": len(result["stories"]) - extra, "extra": extra}
    print(json.dumps({"benchmark": "walk", **figures, "faults": len(faults)}))
    return len(faults)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--keep", type=Path, help="make the documents here, and leave them")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True)
        sys.exit(bool(walk(given.keep.resolve())))
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(bool(walk(Path(folder))))


if __name__ == "__main__":
    main()
