"""Mutations of the sample in its formats: does a damaged document end anything but itself?

    python benchmarks/fuzz.py [-n 2000] [--seed 1] [--minutes 40] [--keep FOLDER]

About 50 documents a second on a processor of its own; ``--minutes`` ends earlier, and the last
line says after how many.

Each document is a file of ``data/sample``, or the same told in a format that the sample does not
hold, changed by a few of: bytes flipped, cut out, doubled, moved; runs repeated; brackets, quotes,
marks and odd characters put in; another document's part; parts of a zip file changed inside it. A
mutation has a number, and ``--seed`` with it makes the same document again. Counted are errors that
nobody handled, spans that are wrong (outside the text, not ascending, not all of it), and documents
over their limit of time; each is printed with its number, and ``--keep`` writes it to a file.
Prints a table and, last, one JSON line; ends with 8 unless all three are 0.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.extract.extraction import extract
from pipeline.extract.readers.reader_registry import FORMATS
from pipeline.extract.reading_limits import SECONDS, SECONDS_A_MB
from pipeline.stories import Extraction

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
STORY = "As a clerk, I want to print a receipt, so that the customer has proof."
_TOKENS = (
    *(b'"', b"'", b"<", b">", b"[", b"]", b"{", b"}", b"(", b")", b"|", b",", b";", b"\t", b"\n"),
    *(b"\r", b"\0", b"\\", b"---\n", b"```\n", b"<!--", b"-->", b"# ", b"- ", b"As a ", b"&a [*a]"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u202e".encode(), b"&#xD800;", b"\\ud800"),
    *(b"<table>", b"</td>", b'colspan="99999"', b"Feature:", b"Scenario:", b'"""\n', b"Given "),
    *(b"9" * 400, b"\x1b[31m", b"sovereignty: x\n", b"<![CDATA[", b"%PDF-", b"PK\x03\x04"),
)


def seeds() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every document that is changed: the sample, and the formats it lacks."""
    held = set()
    for path in sorted(SAMPLE.rglob("*")):
        if path.is_file() and path.suffix.lower() in FORMATS and path.stat().st_size < 300_000:
            held.add(path.suffix.lower())
            yield path.name, path.read_bytes()
    for name, data in others().items():
        if Path(name).suffix not in held:
            yield name, data


def others() -> dict[str, bytes]:
    """One small document of every format."""
    import docx
    import openpyxl
    import xlwt

    word, book = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_heading("User stories")
    document.add_paragraph(STORY)
    document.save(word)
    sheets = openpyxl.Workbook()
    sheets.active.append(["Summary", "Story"])
    sheets.active.append(["Receipt", STORY])
    sheets.save(book)
    old = xlwt.Workbook()
    sheet = old.add_sheet("Stories")
    for row, words in enumerate(["Story", STORY]):
        sheet.write(row, 0, words)
    old_book = io.BytesIO()
    old.save(old_book)
    page = f"<html><body><h1>Stories</h1><ul><li>{STORY}</li></ul><table><tr><td>{STORY}</td></tr>"
    record = json.dumps({"summary": "Receipt", "description": STORY})
    texts = {
        "a.txt": f"{STORY}\n", "a.md": f"---\nauthor: Ann\n---\n# Stories\n\n- {STORY}\n",
        "a.rst": f"Stories\n=======\n\n{STORY}\n", "a.html": page,
        "a.csv": f'Summary,Story\nReceipt,"{STORY}"\n', "a.tsv": f"Summary\tStory\nx\t{STORY}\n",
        "a.json": f"[{record}]", "a.text": f"{STORY}\n", "a.jsonl": f"{record}\n{record}\n",
        "a.feature": f"Feature: Receipts\n  {STORY}\n\n  Scenario: Print\n    Given a sale\n",
    }  # fmt: skip
    return {
        "a.docx": word.getvalue(),
        "a.xlsx": book.getvalue(),
        "a.xls": old_book.getvalue(),
        **{name: text.encode() for name, text in texts.items()},
    }


def mutated(data: bytes, chance: random.Random, other: bytes) -> bytes:
    """A document changed in one to six places."""
    if data.startswith(b"PK") and chance.random() < 0.7:
        return _inside(data, chance, other)
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(_CHANGES)(data, chance, other)
    return data[:2_000_000]


def _inside(data: bytes, chance: random.Random, other: bytes) -> bytes:
    """An office file with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        names = old.namelist()
        chosen = chance.choice([n for n in names if n.endswith(".xml")] or names)
        for name in names:
            part = old.read(name)
            new.writestr(name, mutated(part, chance, other) if name == chosen else part)
    return file.getvalue()


def _flip(data: bytes, chance: random.Random, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random, other: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[end:]


def _end(data: bytes, chance: random.Random, other: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _repeat(data: bytes, chance: random.Random, other: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    run = data[start : start + chance.randint(1, 200)]
    return data[:start] + run * chance.choice((2, 10, 300)) + data[start:]


def _put(data: bytes, chance: random.Random, other: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_TOKENS) * chance.choice((1, 1, 3, 500)) + data[at:]


def _graft(data: bytes, chance: random.Random, other: bytes) -> bytes:
    at, start = chance.randrange(len(data) + 1), chance.randrange(len(other) + 1)
    return data[:at] + other[start : start + chance.randint(1, 2000)] + data[at:]


def _swap(data: bytes, chance: random.Random, other: bytes) -> bytes:
    a, b, c = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


_CHANGES: tuple[Callable[[bytes, random.Random, bytes], bytes], ...] = (
    _flip, _cut, _end, _repeat, _put, _put, _graft, _swap,
)  # fmt: skip


def wrong_spans(found: Extraction) -> str:
    """What is wrong with the places of a document's stories, "" when nothing is."""
    text = found.document.text
    covered = bytearray(len(text))
    for story in found.stories:
        last = 0
        for start, end in story.source.spans:
            if not last <= start < end <= len(text):
                return f"span {start}-{end} of a text of {len(text)}"
            covered[start:end] = b"\1" * (end - start)
            last = end
    for start, end in found.residue:
        if any(covered[start:end]):
            return f"residue {start}-{end} is in a story, too"
        covered[start:end] = b"\1" * (end - start)
    return "" if all(covered) else "a character is in no story and no residue"


def processor_time() -> float:
    """Seconds of this process and of those that it started: PDF and XLS are read in others."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def try_one(name: str, data: bytes, folder: Path) -> tuple[str, str]:
    """(kind, what) of what went wrong with a document; ("", "") when nothing did."""
    path = folder / name
    path.write_bytes(data)
    started = processor_time()
    try:
        (found,) = extract([path])
        found.document.text.encode()
        wrong = wrong_spans(found)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "unhandled", f"{type(error).__name__}: {error}"
    problem = found.document.problem or ""
    if "reader failed" in problem or "finding stories failed" in problem:
        return "unhandled", problem
    if "the limit for a document" in problem or (
        processor_time() - started > SECONDS + SECONDS_A_MB * len(data) / 1e6
    ):
        return "over_limit", problem or "slow"
    return ("spans", wrong) if wrong else ("", "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so many")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    known = list(seeds())
    counts: Counter[str] = Counter()
    formats: Counter[str] = Counter()
    slowest, end = 0.0, time.monotonic() + 60 * asked.minutes
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for number in range(asked.first, asked.first + asked.n):
            if time.monotonic() > end:
                break
            chance = random.Random(f"{asked.seed}:{number}")
            name, data = chance.choice(known)
            changed = mutated(data, chance, chance.choice(known)[1])
            formats[Path(name).suffix.lower()] += 1
            started = processor_time()
            kind, what = try_one(name, changed, Path(folder))
            slowest = max(slowest, processor_time() - started)
            if kind:
                counts[kind] += 1
                print(f"{number} {name}: {kind}: {what[:200]}", flush=True)
                if asked.keep:
                    asked.keep.mkdir(parents=True, exist_ok=True)
                    (asked.keep / f"{asked.seed}-{number}-{name}").write_bytes(changed)
    for suffix, n in sorted(formats.items()):
        print(f"{suffix:10} {n}")
    found = {kind: counts[kind] for kind in ("unhandled", "spans", "over_limit")}
    figures = {"seed": asked.seed, "documents": formats.total(), "formats": len(formats), **found}
    print(json.dumps({"benchmark": "fuzz", **figures, "slowest_seconds": round(slowest, 2)}))
    return 8 if sum(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
