"""Documents with one property each, read against a reader's count; and three ways to read a PDF.

    python benchmarks/extract_documents.py [CASES] [--pdf]

The repository's own documents (``tests/extract/documents``) are always read. ``CASES`` is a folder
of further ones, whose counts stand in ``COUNTED`` below; a file that is not there is left out, and
said to be. ``--pdf`` compares, on the repository's PDFs, the words in the order of the file
(pypdfium2 alone), ours, and pdfplumber with its tables. Prints what is wrong and, last, one JSON
line.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it is not part of a package

from pipeline.extract.extraction import extract
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.markup import read_blocks
from pipeline.stories import Document, Extraction
from tests.extract.documents import (
    formats,
    printed,
    printed_neighbours,
    printed_notes,
    trackers,
    web,
    word,
    workbook,
)
from tests.extract.documents.cases import Case, faults

GROUPS = {
    "word": word.CASES,
    "workbook": workbook.CASES,
    "web and Markdown": web.CASES,
    "trackers": trackers.CASES,
    "PDF": (*printed.CASES, *printed_neighbours.CASES, *printed_notes.CASES),
    "further formats": formats.CASES,
}


class Counted(NamedTuple):
    """What a reader counts in a document: its stories (at least, at most), words that its problem
    holds, words that no field of a story holds, words that the stories' fields do hold."""

    least: int
    most: int
    said: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


def exactly(
    count: int,
    said: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    held: tuple[str, ...] = (),
) -> Counted:
    return Counted(count, count, said, absent, held)


#: By path in the folder of cases.
COUNTED: dict[str, Counted] = {
    "01_tracked/tracked.docx": exactly(
        5,
        ("hidden", "moved", "deleted", "struck"),
        ("hidden user", "on paper", "14 days"),
        ("30 days",),
    ),
    "62_html/del.html": exactly(
        1, ("struck", "hidden"), ("30", "in cash", "in gold", "ghost"), ("20 euros", "paid by card")
    ),
    "21_html/gdocs.html": exactly(
        2, ("struck", "hidden", "comment"), ("hidden", "7 days", "[a]", "Legal"), ("14 days",)
    ),
    "07_xlsx_hidden/hidden.xlsx": exactly(
        2, ("hidden", "Old", "VeryOld"), ("sell my flat", "landlord")
    ),
    "35_pdf_hidden/hidden.pdf": exactly(1, ("invisible",), ("ghost",)),
    "63_md/strike.md": exactly(2, ("struck",), ("30", "~~", "smoke", "park"), ("20 euros",)),
    "20_md/obsidian.md": exactly(6, ("struck",), ("~~", "ghost", "A fee of"), ("No fee is added",)),
    "05_xlsx_merged/merged.xlsx": exactly(4, held=("shop manager", "print the tax report")),
    "03_docx_merged/merged.docx": exactly(4, held=("shop manager", "print the tax report")),
    "10_xlsx_two_tables/two.xlsx": exactly(
        2, absent=("Benefit", "Goal"), held=("porter", "see arriving guests", "nobody waits")
    ),
    "08_xlsx_formulas/formulas.xlsx": Counted(
        2, 3, ("formula",), ("CONCATENATE", "ROW()"), ("15%",)
    ),
    "27_json/azure.json": exactly(1, held=("rider", "within 2 s", "offline, too", "I need no key")),
    "27_json/trello.json": exactly(
        2,
        held=("Helmet is offered", "Age is at least 16", "return the bike anywhere"),
        absent=("5 euros",),
    ),
    "13_jira_csv/jira.csv": exactly(
        1,
        absent=("+customer", "\\\\", "{panel", "{code", "{expand", "{color", "[~"),
        held=("Works within 10 seconds", "also at night", "No reason is asked", "Unfreezing needs"),
    ),
    "28_xml/jiraexcel.xls": exactly(1, held=("Jira user", "the Excel export")),
    "28_xml/export.zip": exactly(0, ("ZIP",)),
    "28_xml/export.epub": exactly(0, ("EPUB",)),
    "14_csv_enc/badquote.csv": exactly(3, ("row",), held=('bake 5" pizzas', 'say "hello"')),
    "31_pdf_columns/rowwise.pdf": exactly(
        4, held=("I can plan the harvest", "nobody can cheat us")
    ),
    "33_pdf_table/table.pdf": exactly(48),
    "40_lead/lead.md": exactly(21),
    "26_lines/bom_mid.md": exactly(1),
    "23_gherkin/mdg.feature.md": exactly(1, held=("Given a purchase 3 days ago",)),
    "42_list/nested.md": exactly(4, held=("dog", "cat")),
    "62_html/pre.html": Counted(4, 4, held=("tabs", "blanks")),
    "45_front/blank_first.md": exactly(1, held=("spy",)),
}


def main(cases: Path | None, *, pdf: bool) -> None:
    figures: dict[str, object] = {}
    for group, documents in GROUPS.items():
        right = sum(not _tell(case) for case in documents)
        print(f"  {group:20} {right} of {len(documents)}")
        figures[group] = [right, len(documents)]
    if cases is not None:
        figures["cases"] = measure_cases(cases)
    if pdf:
        figures["pdf"] = compare_pdf()
    print(json.dumps({"benchmark": "extract_documents", **figures}))


def _tell(case: Case) -> list[str]:
    wrong = faults(case)
    if wrong:
        print(f"{case.name}:", *wrong, sep="\n    ")
    return wrong


def measure_cases(root: Path) -> list[int]:
    """How many of the counted documents of a folder are read as a reader counts them."""
    right = read = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, counted in COUNTED.items():
            # The same bytes under the name of another format.
            source = root / name.replace(".epub", ".zip")
            if not source.exists():
                print(f"left out: {name} is not there")
                continue
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, path)
            wrong = [each for e in extract([path]) for each in _unlike(e, counted)]
            read += 1
            right += not wrong
            if wrong:
                print(f"{name}:", *wrong, sep="\n    ")
    print(f"  {'cases':20} {right} of {read}")
    return [right, read]


def _unlike(extraction: Extraction, counted: Counted) -> list[str]:
    problem = (extraction.document.problem or "").casefold()
    fields = "\n".join(
        "\n".join((s.title, s.role, s.goal, s.benefit, *s.criteria, *s.body))
        for s in extraction.stories
    )
    count = len(extraction.stories)
    wrong = [] if counted.least <= count <= counted.most else [f"{count} stories"]
    wrong += [f"not said: {words}" for words in counted.said if words.casefold() not in problem]
    wrong += [f"in a story: {words}" for words in counted.absent if words in fields]
    wrong += [f"not in a story: {words}" for words in counted.held if words not in fields]
    return wrong


def compare_pdf() -> dict[str, dict[str, object]]:
    """Of the stories in the repository's PDFs, how many each way of reading finds as they are, and
    how many it makes up; and the milliseconds it takes for a document."""
    ways: dict[str, Callable[[bytes], Extraction]] = {
        "pypdfium2 alone": read_in_file_order,
        "ours": read_ours,
        "pdfplumber": read_with_pdfplumber,
    }
    rows: dict[str, dict[str, object]] = {}
    documents = [(case, case.make()) for case in GROUPS["PDF"]]
    print(f"  {'PDF':20} {'found':>7} {'of':>4} {'made up':>8} {'all right':>10} {'ms':>6}")
    for way, read in ways.items():
        found = made_up = wanted = whole = 0
        started = time.process_time()
        for case, data in documents:
            told = [(s.role, s.goal, s.benefit) for s in read(data).stories]
            right = [(each.role, each.goal, each.benefit) for each in case.stories]
            wanted += len(right)
            found += sum(each in told for each in right)
            made_up += sum(each not in right for each in told)
            whole += told == right
        spent = 1000 * (time.process_time() - started) / len(documents)
        rows[way] = {
            "found": found,
            "of": wanted,
            "made_up": made_up,
            "documents_right": whole,
            "documents": len(documents),
            "ms": round(spent, 1),
        }
        print(
            f"  {way:20} {found:>7} {wanted:>4} {made_up:>8} "
            f"{f'{whole} of {len(documents)}':>10} {spent:>6.1f}"
        )
    return rows


def read_ours(data: bytes) -> Extraction:
    from pipeline.extract.readers.registry import read_bytes

    return find_stories(read_bytes(data, ("a.pdf",)))


def _found_in(builder: TextBuilder) -> Extraction:
    return find_stories(Document("", ("a.pdf",), "pdf", builder.text, tuple(builder.blocks)))


def read_in_file_order(data: bytes) -> Extraction:
    """The text as pdfium gives it, read as a text file is."""
    import pypdfium2

    builder = TextBuilder()
    pdf = pypdfium2.PdfDocument(data)
    for page in pdf:
        text = page.get_textpage().get_text_range().replace("\r\n", "\n")
        builder.place(text + "\n\n", read_blocks(text, "text"))
    return _found_in(builder)


def read_with_pdfplumber(data: bytes) -> Extraction:
    """The text outside the tables that pdfplumber finds, and those tables."""
    import pdfplumber

    builder = TextBuilder()
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            tables = page.find_tables()
            boxes = [table.bbox for table in tables]

            def is_outside(item: dict[str, float], boxes: list[tuple[float, ...]] = boxes) -> bool:
                x = (item["x0"] + item["x1"]) / 2
                y = (item["top"] + item["bottom"]) / 2
                return not any(a <= x <= c and b <= y <= d for a, b, c, d in boxes)

            text = page.filter(is_outside).extract_text()
            builder.place(text + "\n\n", read_blocks(text, "text"))
            for table in tables:
                rows = [
                    (number, [cell or "" for cell in row])
                    for number, row in enumerate(table.extract(), start=1)
                ]
                builder.add_table(rows)
                builder.write("\n")
    return _found_in(builder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--pdf", action="store_true", help="compare three ways to read a PDF")
    given = parser.parse_args()
    main(given.cases, pdf=given.pdf)
