"""Long tables and lists of records: rows that tell nothing are let go of, and no story is."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers import builder, condensing, xml_records
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.extract.readers.row_store import Cells, Names, RowStore
from pipeline.stories import Extraction

ROOT = Path(__file__).resolve().parents[2]
STORY = "As a cook, I want salt, so that it tastes."
MANY = 2000

PEAK = """
import sys
from pipeline.extract.extraction import extract
from pipeline.run.dispatch.usage import peak_memory_bytes
(only,) = extract([sys.argv[1]])
print(peak_memory_bytes() // 1_000_000, len(only.stories))
"""


def _row(chance: random.Random, number: int) -> str:
    """A row of three columns, now and then one that tells, shows or strikes out something."""
    drawn = chance.random()
    if drawn < 0.005:
        return f'K{number},"As a cook, I want salt {number}, so that it tastes.",open\n'
    if drawn < 0.007:
        return f"K{number},~~As a cook I want pepper {number}~~,open\n"
    if drawn < 0.009:
        return f"K{number},I want {number} of them,open\n"
    if drawn < 0.011:
        return f"As a,clerk,open\nI want,to print {number},\nSo that,it is done,\n"
    if drawn < 0.013:
        return f",,it is met {number}\n"
    return f"K{number},v{number},s\n"


def _object(chance: random.Random, number: int) -> object:
    drawn = chance.random()
    if drawn < 0.005:
        return {"title": "x", "description": f"As a cook, I want salt {number}, so that it tastes."}
    if drawn < 0.007:
        return {"title": "~~struck~~", "description": f"As a cook, I want ~~salt~~ {number}"}
    if drawn < 0.009:
        return {"type": "story", "title": f"a b c d {number}"}
    if drawn < 0.011:
        inner = [{"title": f"As a cook, I want salt {number}"}]
        return {"title": "p", "children": inner, "description": "As a chef, I want rice"}
    if drawn < 0.013:
        return f"As a cook, I want rice {number}, so that there is some."
    return {"title": f"w{number}"} if drawn < 0.5 else f"word {number}"


def _table(head: str, seed: int) -> bytes:
    chance = random.Random(seed)
    return (head + "".join(_row(chance, n) for n in range(MANY))).encode()


def _list(seed: int, n: int = MANY) -> list[object]:
    chance = random.Random(seed)
    return [_object(chance, number) for number in range(n)]


def _element(chance: random.Random, number: int) -> str:
    drawn, told = chance.random(), f"As a cook, I want salt {number}, so that it tastes."
    if drawn < 0.005:
        return (
            f"<item id='{number}'><title>T</title><summary>s</summary><key>K-{number}</key>"
            f"<description>&lt;p&gt;{told}&lt;/p&gt;</description></item>\n"
        )
    if drawn < 0.007:
        return f"<item><title>~~x~~</title><description><p>{told}</p></description></item>"
    if drawn < 0.009:
        return f"<item key='K{number}'>{told}</item><!-- remark -->"
    if drawn < 0.011:
        return f"<a><b><title>{told}</title></b></a>"
    kinds = ("<item><title>t{n}</title></item>\n", "<w>w{n}</w>tail", '<o k="w{n}"/>')
    return chance.choice(kinds).replace("{n}", str(number))


def _tree(before: str, after: str, seed: int) -> bytes:
    chance = random.Random(seed)
    return (before + "".join(_element(chance, n) for n in range(MANY)) + after).encode()


def _bars(seed: int) -> bytes:
    chance = random.Random(seed)
    told = (f"|K{n}\n|As a cook, I want salt {n}, so that it tastes.\n\n" for n in range(MANY))
    rows = (one if chance.random() < 0.01 else f"|K{n} |v\n" for n, one in enumerate(told))
    return ("= Desk\n\n|===\n|Key |Description\n\n" + "".join(rows) + "|===\n").encode()


def _page(seed: int) -> bytes:
    chance = random.Random(seed)
    told = (
        f"<tr><td>K{n}</td><td>As a cook, I want salt {n}, so that it tastes.</td></tr>"
        for n in range(MANY)
    )
    rows = (
        one if chance.random() < 0.01 else f"<tr><td>k{n}</td><td>v</td></tr>\n"
        for n, one in enumerate(told)
    )
    return f"<h1>Desk</h1><table><tr><th>Key<th>Description</tr>{''.join(rows)}</table>".encode()


def _lines(before: str, unit: str) -> bytes:
    """Words a line, and few stories."""
    told = {400: f"{STORY[:-1]} a.", 402: f"{STORY[:-1]} b.", 1500: f"{STORY[:-1]} c."}
    lines = (
        unit.replace("{n}", str(n)).replace("{words}", told.get(n, f"w{n}")) for n in range(MANY)
    )
    return (before + "".join(lines)).encode()


def _shared(seed: int) -> bytes:
    """A role that stands for the rows below it, blank rows and all."""
    chance = random.Random(seed)
    kinds = ("{n},cook,have salt {n}\n", "{n},,have pepper {n}\n", "{n},,\n", "{n},,\n")
    return (
        "Key,Role,I want to\n"
        + "".join(chance.choice(kinds).replace("{n}", str(n)) for n in range(MANY))
    ).encode()


DOCUMENTS = {
    "named.csv": _table("Key,Value,Status\n", 1),
    "described.csv": _table("Key,Description,Notes\n", 2),
    "criteria.csv": _table("Key,Description,Acceptance criteria\n", 3),
    "bare.csv": _table("", 4),
    "jira.csv": _table("Issue key,Summary,Status\n", 5),
    "roles.csv": _shared(6),
    "list.json": json.dumps(_list(7)).encode(),
    "inside.json": json.dumps({"title": "T", "words": _list(8)}).encode(),
    "lines.jsonl": "\n".join(map(json.dumps, _list(9))).encode(),
    "rss.xml": _tree("<rss><channel><title>x</title>", "</channel></rss>", 11),
    "mixed.xml": _tree("<r a='1'><x/>", "<title>z</title><summary>q</summary><key>1</key></r>", 12),
    "rows.adoc": _bars(13),
    "rows.html": _page(14),
    "rows.md": _lines("| Key | Description |\n|---|---|\n", "| k{n} | {words} |\n"),
    "items.rst": _lines("Desk\n====\n\n", "- {words}\n"),
    "list.yaml": yaml.safe_dump(_list(10, 700)).encode(),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_same_is_found_with_most_rows_let_go_of(name: str, monkeypatch: pytest.MonkeyPatch):
    def read(least: int) -> Extraction:
        monkeypatch.setattr(condensing, "LONG", least)
        monkeypatch.setattr(builder, "LONG", least)
        monkeypatch.setattr(xml_records, "_LONG", least)
        return find_stories(read_bytes(DOCUMENTS[name], (name,)))

    monkeypatch.setattr(condensing, "_ROWS", 150)
    monkeypatch.setattr(condensing, "RUN", 150)
    monkeypatch.setattr(builder, "RUN", 150)
    monkeypatch.setattr(xml_records, "_MANY", 50)
    monkeypatch.setattr(condensing, "_KEPT", 60)
    whole, long = read(10**9), read(0)
    assert long.stories == whole.stories and whole.stories
    assert long.residue == whole.residue
    assert long.document.text == whole.document.text
    assert long.document.left_out == whole.document.left_out
    if name != "items.rst":  # where fewer items are left, fewer are said to stand beside stories
        assert long.document.problem == whole.document.problem
    else:
        assert bool(long.document.problem) == bool(whole.document.problem)
    kept, there = len(long.document.blocks), len(whole.document.blocks)
    shared = name in ("roles.csv", "criteria.csv")  # each row may tell of the others
    assert shared or kept < 0.7 * there


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("a.csv", "k{n},v\n"),
        ("b.json", '{"title":"w{n}"},'),
        ("c.json", '"w{n}",'),
        ("d.xml", '<o title="w{n}"/>'),
    ],
)
def test_short_values_take_no_more_than_the_limit(name: str, unit: str, tmp_path: Path):
    """A table of 3 MB took 323 MB when every cell was held as an object."""
    body = "".join(unit.replace("{n}", str(n)) for n in range(2_500_000 // len(unit)))
    path = tmp_path / name
    whole = {
        ".csv": f'{body}z,"{STORY}"\n',
        ".json": f'[{body}"{STORY}"]',
        ".xml": f"<r>{body}<o><title>{STORY}</title></o></r>",
    }
    path.write_text(whole[path.suffix])
    told = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert told[1] == "1"
    assert int(told[0]) < 200 + 2 * path.stat().st_size / 1e6, "MB"


def test_rows_come_in_the_order_of_their_places():
    names = Names()
    store, other = RowStore(names), RowStore(names)
    cells = Cells(names)
    cells.add("b", 12, 14)
    cells.add("a", 30, 31)
    store.add(20, 25, cells)
    inner = Cells(names)
    inner.add("a", 5, 6)
    other.add(4, 8, inner)
    other.add_each(inner)
    store.extend(other)
    assert list(cells.names) == ["b", "a"] and len(store) == 3
    assert list(store.in_order()) == [
        (4, 8, (("a", 5, 6),)),
        (5, 6, (("", 5, 6),)),
        (12, 31, (("b", 12, 14), ("a", 30, 31))),
    ]
