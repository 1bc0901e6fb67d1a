"""Pages in little memory: what is parsed in pieces, and what is let go of, changes no story."""

from __future__ import annotations

import random

import pytest

from benchmarks.extract_growth import MOST, SHAPES, twofold
from pipeline.extract import patterns
from pipeline.extract.patterns import find_stories
from pipeline.extract.readers import builder, condensing, web_runs
from pipeline.extract.readers.reader_registry import read_bytes
from pipeline.stories import Extraction

STORY = "As a cook, I want salt {n}, so that it tastes."
_ITEMS = (
    "<li>w{n}</li>\n",
    "<li><p>w{n}</p> more</li>",
    "<LI class=x title='a b'>w{n} <b>bold</b> <a href='http://x/{n}'>there</a></li>\n",
    "<li hidden>h{n}</li>",
    f"<li>{STORY}</li>\n",
    "<li>a<br>b {n}</li>",
    "<li>x<sup>2</sup> {n}</li>",
    '<li title="a>b">{n}</li>',
    "<li><del>{n}</del></li>",
    "<li>{n}<ul><li>in it</li></ul></li>",
)
_ROWS = (
    "<tr><td>k{n}</td><td>v</td></tr>\n",
    "<tr><td rowspan=3>k{n}</td><td>v</td></tr>",
    f"<tr><td>{STORY}</td><td></td></tr>",
    "<tr hidden><td>x</td></tr>",
    "<tr><td><table><tr><td>{n}</td></tr></table></td></tr>",
    "<tr><td><p>a{n}</p><p>b</p></td></tr>",
)
_LINES = ("<p>w{n}</p>\n", f"<p>{STORY}</p>", "<div>d{n}</div> text ", "<p><s>{n}</s> a</p>")
_AROUND = (
    ("<ul>{}</ul>", _ITEMS),
    ("<h2>User stories</h2><ol>{}", _ITEMS),
    ("<table>{}</table>", _ROWS),
    ("<table><tr><th>Role</th><th>Goal</th></tr>{}</table>", _ROWS),
    ("{}", _LINES),
    ("<!-- {} -->", _LINES),
    ("<textarea>{}</textarea>", _LINES),
    ("<pre>{}</pre>", _LINES),
    ("<s>{}</s>", _LINES),
    ("<select>{}</select>", _ITEMS),
)


def page(chance: random.Random) -> str:
    head = chance.choice(("", "", "<style>.x{display:none}</style>"))
    parts = []
    for around, kinds in (chance.choice(_AROUND) for _ in range(chance.randint(1, 5))):
        likely = chance.sample(kinds, 2)
        runs = (chance.choice(likely).format(n=n) for n in range(chance.randint(1, 40)))
        parts.append(around.format("".join(runs)))
    return f"<html><head>{head}</head><body>{''.join(parts)}</body></html>"


def extraction(text: str) -> Extraction:
    return find_stories(read_bytes(text.encode(), ("a.html",)))


def test_a_page_parsed_in_pieces_is_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_runs, "_LONG", 1)
    chance, in_pieces = random.Random(18), 0
    for _ in range(120):
        html = page(chance)
        monkeypatch.setattr(web_runs, "_RUN", len(html))
        whole = extraction(html)
        monkeypatch.setattr(web_runs, "_RUN", 4)
        monkeypatch.setattr(web_runs, "_PIECE", 5)
        in_pieces += bool(web_runs.PageRuns(html)._runs)
        assert extraction(html) == whole, html
    assert in_pieces > 20


def test_stories_of_a_long_page_are_found_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = []
    for n in range(1500):
        parts.append(f"<h2>Part {n}</h2><p>Prose that goes on.</p><ul><li>an item</li></ul>")
        if n % 377 == 5:
            parts.append(f"<p>{STORY.format(n=n)}</p><ul><li>it is white</li></ul>")
        if n == 1100:
            parts.append("<h1>User stories</h1><ul><li>print a receipt</li></ul><h1>End</h1>")
    html = "".join(parts)
    whole = extraction(html)
    for module in (builder, condensing):
        monkeypatch.setattr(module, "LONG", 10_000)
        monkeypatch.setattr(module, "RUN", 500)
    short = extraction(html)
    assert len(short.document.blocks) < len(whole.document.blocks) * 0.8
    assert short.stories == whole.stories and len(whole.stories) == 4
    told = [
        patterns.find_stories(each.document, pattern="^Prose").stories for each in (short, whole)
    ]
    assert [len(stories) for stories in told] == [1500, 1500]


@pytest.mark.parametrize(
    "shape",
    ["unclosed macros.xml", "unclosed titles.xml", "stops in a wish.md", "brackets.md",
     "marked heading.md", "escaped quotes.json", "struck.json"],
)  # fmt: skip
def test_repeated_pieces_take_no_second_power(shape: str) -> None:
    assert shape in SHAPES
    took = min(twofold(shape, 20_000) for _ in range(2))
    assert took < 1.3 * MOST, "a second power would be four"
