"""Every format to the same story, with a place that a person can follow."""

from __future__ import annotations

import datetime
import io
import json
from pathlib import Path

import pytest

from pipeline.extract.patterns import find_stories
from pipeline.extract.readers.reader_registry import FORMATS, read_bytes, read_document, reader_of
from pipeline.stories import Extraction, Story

STORY = "As a cook, I want salt, so that it tastes."


def read(data: bytes | str, name: str) -> Extraction:
    raw = data.encode() if isinstance(data, str) else data
    return find_stories(read_bytes(raw, (name,)))


def only(data: bytes | str, name: str) -> Story:
    extraction = read(data, name)
    assert extraction.document.problem is None
    (story,) = extraction.stories
    return story


def said(story: Story) -> tuple[str, str, str]:
    return story.role, story.goal, story.benefit


def docx_bytes() -> bytes:
    import docx

    document = docx.Document()
    document.core_properties.author = "Mina Orlov"
    document.core_properties.created = datetime.datetime(2026, 3, 4, 10)
    document.add_heading("Kitchen", 1)
    document.add_paragraph(STORY, style="List Bullet")
    document.add_paragraph("the salt is dry", style="List Bullet 2")
    document.add_paragraph("Prose.")
    table = document.add_table(rows=3, cols=2)
    rows = [("As a", "waiter"), ("I want to", "see the tables"), ("So that", "nobody waits")]
    for row, (left, right) in zip(table.rows, rows, strict=True):
        row.cells[0].text, row.cells[1].text = left, right
    document.add_paragraph("As a guest,")
    document.add_paragraph("I want soup,")
    document.add_paragraph("so that I am warm.")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def xlsx_bytes() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "工作表1"
    sheet.append(["Wishes of the kitchen"])
    sheet.append([])
    sheet.append(["collected in spring"])
    sheet.append(
        ["ID", "US: As a", "US: I want to", "US: So that", "Acceptance criteria", "Date", "Points"]
    )
    sheet.append(
        [
            "K-1",
            "cook",
            "have salt",
            "it tastes",
            "- dry\n- white",
            datetime.date(2026, 5, 6),
            "=1+2",
        ]
    )
    sheet.append(["K-2", "< type of user >", "< some goal >", "< some reason >"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def xls_bytes() -> bytes:
    """A BIFF workbook whose table begins neither in row 1 nor in column A."""
    import xlwt

    book = xlwt.Workbook()
    book.add_sheet("Empty")
    sheet = book.add_sheet("Wünsche")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    sheet.write(2, 1, "Wishes of the kitchen")
    rows = (
        (4, ("ID", "As a", "I want to", "So that", "Acceptance criteria", "Date", "Points")),
        (5, ("K-1", "cook", "have salt", "it tastes", "- dry\n- white", (2026, 5, 6), 3.0)),
        (8, ("K-2", "guest", "eat soup", "I am warm", "", (2026, 5, 7), 2.5)),
        (9, ("K-3", "< type of user >", "< some goal >", "< some reason >", "", "", "")),
    )
    for row, cells in rows:
        for column, value in enumerate(cells, start=1):
            if isinstance(value, tuple):
                sheet.write(row, column, datetime.date(*value), day)
            else:
                sheet.write(row, column, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def pdf_bytes() -> bytes:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

    styles = getSampleStyleSheet()
    target = io.BytesIO()
    SimpleDocTemplate(target, author="Mina Orlov").build(
        [
            Paragraph("Kitchen", styles["Heading1"]),
            Paragraph(
                "Prose that is long enough to be broken into lines by the page. " * 3,
                styles["BodyText"],
            ),
            Paragraph(STORY, styles["BodyText"]),
            PageBreak(),
            Paragraph("Dining room", styles["Heading1"]),
            Paragraph(
                "As a guest with a rather long name for a role, I want to have a table beside "
                "the window, so that I can look at the sea while I wait for the soup.",
                styles["BodyText"],
            ),
        ]
    )
    return target.getvalue()


def test_plain_text_wrapped_lines() -> None:
    story = only("KITCHEN\n=======\n\nAs a cook,\nI want salt,\nso that it tastes.\n", "a.txt")
    assert said(story) == ("cook", "salt", "it tastes")
    assert story.source.locator.line == 4
    assert str(story.source.locator) == "line 4, KITCHEN"


def test_one_story_a_line() -> None:
    stories = read(f"{STORY}\nAs a guest, I want soup.\nAs User, I want bread.\n", "a.txt").stories
    assert [(story.role, story.source.locator.line) for story in stories] == [
        ("cook", 1),
        ("guest", 2),
        ("User", 3),
    ]


def test_markdown_front_matter_headings_and_nested_criteria() -> None:
    text = (
        "---\nauthor: Mina Orlov\ndate: 2026-02-03\ntags: [a, b]\n---\n# Kitchen\n\n"
        f"## Food\n\n1. {STORY}\n   - it is dry\n   - it is white\n2. Buy a pan.\n"
    )
    story = only(text, "a.md")
    assert said(story) == ("cook", "salt", "it tastes")
    assert story.criteria == ("it is dry", "it is white")
    assert story.source.author == "Mina Orlov"
    assert story.source.written == datetime.date(2026, 2, 3)
    assert story.source.locator.heading == ("Kitchen", "Food")
    assert story.source.locator.line == 10
    assert text[story.start :].startswith("As a cook")


def test_obsidian_notes_keep_links_and_callouts() -> None:
    story = only(f"# Daily\n\n> [!todo] Later\n> {STORY} See [[Salt|the salt note]].\n", "a.md")
    assert said(story) == ("cook", "salt", "it tastes")
    assert story.title == "Later"
    assert story.body == ("See [[Salt|the salt note]].",)


def test_stories_in_code_and_comments_are_no_stories() -> None:
    assert not read(f"```\n{STORY}\n```\n<!-- {STORY}\n{STORY} -->\n", "a.md").stories
    assert len(read(f"```\n{STORY}\n", "a.md").stories) == 1, "a fence that is never closed is text"


def test_jira_export_with_repeated_columns() -> None:
    text = (
        "Summary,Issue key,Issue Type,Reporter,Created,Labels,Labels,Description\r\n"
        "Salt,SEA-7,Story,Ada B,22/Sep/25 9:26 AM,food,sea,"
        '"*As a* cook, I want ""sea"" salt.\r\n\r\n'
        'h3. Acceptance criteria\r\n# it is dry\r\n# it is white"\r\n'
        "Broken oven,SEA-8,Bug,Ada B,22/Sep/25 9:30 AM,,,The oven is cold.\r\n"
        '"As a guest, I want soup",SEA-9,Story,Ada B,2025-10-01,,,"- hot\n- with bread"\r\n'
    )
    extraction = read(text, "a.csv")
    first, second = extraction.stories
    assert (first.role, first.goal) == ("cook", '"sea" salt')
    assert first.criteria == ("it is dry", "it is white")
    assert first.source.key == "SEA-7"
    assert first.source.author == "Ada B"
    assert first.source.written == datetime.date(2025, 9, 22)
    assert str(first.source.locator) == "row 2, line 2"
    assert (second.source.key, second.role, second.criteria) == (
        "SEA-9",
        "guest",
        ("hot", "with bread"),
    )
    assert second.source.locator.line == 8
    columns = extraction.document.blocks[1].columns
    assert [name for name, _, _ in columns].count("Labels") == 2


def test_azure_devops_export() -> None:
    text = (
        "ID,Work Item Type,Title,State,Created Date,Description,Acceptance Criteria\n"
        "12,User Story,Salt on board,New,3/4/2026,"
        '"<div>As a cook, I want salt<br>so that it tastes</div>",'
        '"<ul><li>dry</li><li>white</li></ul>"\n'
    )
    story = only(text, "a.csv")
    assert said(story) == ("cook", "salt", "it tastes")
    assert story.criteria == ("dry", "white")
    assert story.title == "Salt on board"


def test_semicolons_tabs_and_wide_tables() -> None:
    assert only("Key;User Story\nA-1;As a cook, I want salt\n", "a.csv").source.key == "A-1"
    assert only("Key\tUser Story\nA-1\tAs a cook, I want salt\n", "a.tsv").goal == "salt"
    wide = ",".join(["Summary", *["Comment"] * 2000]) + "\n" + f'"{STORY}"' + "," * 2000 + "\n"
    assert said(only(wide, "a.csv")) == ("cook", "salt", "it tastes")


def test_workbook_with_a_late_header_dates_and_formulas() -> None:
    extraction = read(xlsx_bytes(), "a.xlsx")
    (story,) = extraction.stories
    assert said(story) == ("cook", "have salt", "it tastes")
    assert story.criteria == ("dry", "white")
    assert story.source.key == "K-1"
    assert story.source.written == datetime.date(2026, 5, 6)
    assert str(story.source.locator).startswith("sheet 工作表1, row 5")
    assert "=1+2" in extraction.document.text, "a formula never calculated shows itself"


def test_old_workbook_with_a_late_header_and_dates() -> None:
    extraction = read(xls_bytes(), "a.xls")
    assert (extraction.document.format, extraction.document.problem) == ("xls", None)
    first, second = extraction.stories
    assert said(first) == ("cook", "have salt", "it tastes")
    assert said(second) == ("guest", "eat soup", "I am warm")
    assert first.criteria == ("dry", "white")
    assert [(s.source.key, s.source.written) for s in (first, second)] == [
        ("K-1", datetime.date(2026, 5, 6)),
        ("K-2", datetime.date(2026, 5, 7)),
    ]
    places = [(s.source.locator.sheet, s.source.locator.row) for s in (first, second)]
    assert places == [("Wünsche", 6), ("Wünsche", 9)], "rows as the spreadsheet numbers them"
    rows = [block for block in extraction.document.blocks if block.kind == "row"]
    points = [
        extraction.document.text[start:end]
        for block in rows
        for name, start, end in block.columns
        if name == "Points"
    ]
    assert points[-2:] == ["3", "2.5"], "a whole number is not a fraction"


def test_word_lists_tables_and_paragraphs() -> None:
    extraction = read(docx_bytes(), "a.docx")
    first, second, third = extraction.stories
    assert said(first) == ("cook", "salt", "it tastes")
    assert first.criteria == ("the salt is dry",)
    assert said(second) == ("waiter", "see the tables", "nobody waits")
    assert said(third) == ("guest", "soup", "I am warm")
    assert first.source.locator.heading == ("Kitchen",)
    assert first.source.author == "Mina Orlov"
    assert first.source.written == datetime.date(2026, 3, 4)


def test_word_content_controls() -> None:
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    document.element.body.insert(
        0,
        parse_xml(
            f'<w:sdt xmlns:w="{space}"><w:sdtContent><w:p><w:r><w:t>{STORY}</w:t></w:r></w:p>'
            "</w:sdtContent></w:sdt>"
        ),
    )
    target = io.BytesIO()
    document.save(target)
    assert said(only(target.getvalue(), "a.docx")) == ("cook", "salt", "it tastes")


def test_web_page() -> None:
    html = (
        '<html><head><title>Kitchen</title><meta name="author" content="Mina Orlov">'
        '<meta name="date" content="2026-01-02"></head>'
        "<body><nav><ul><li>Home</ul></nav><h1>Kitchen</h1>"
        f"<ul><li><b>As a</b> cook, I want salt,<br>so that it tastes.<ul><li>it is dry</ul></ul>"
        "<table><tr><th>As a</th><th>I want</th></tr><tr><td>guest</td><td>soup</td></tr></table>"
        f"<script>{STORY}</script></body></html>"
    )
    first, second = read(html, "a.html").stories
    assert said(first) == ("cook", "salt", "it tastes")
    assert first.criteria == ("it is dry",)
    assert first.source.author == "Mina Orlov"
    assert first.source.written == datetime.date(2026, 1, 2)
    assert first.source.locator.heading == ("Kitchen",)
    assert (second.role, second.goal, second.source.locator.row) == ("guest", "soup", 2)


def test_pdf_pages_and_wrapped_lines() -> None:
    extraction = read(pdf_bytes(), "a.pdf")
    first, second = extraction.stories
    assert said(first) == ("cook", "salt", "it tastes")
    assert str(first.source.locator) == "page 1, Kitchen"
    assert second.role == "guest with a rather long name for a role"
    assert second.benefit == "I can look at the sea while I wait for the soup"
    assert str(second.source.locator) == "page 2, Dining room"
    assert first.source.author == "Mina Orlov"


def test_json_records_and_lines() -> None:
    issue = {"key": "K-1", "fields": {"summary": "Salt", "description": f"{STORY}\n\nAC:\n- dry"}}
    story = only(json.dumps({"issues": [issue]}), "a.json")
    assert said(story) == ("cook", "salt", "it tastes")
    assert story.criteria == ("dry",)
    assert story.source.key == "K-1"
    lines = "\n".join(
        json.dumps(row)
        for row in (
            {"id": "1", "role": "cook", "goal": "salt", "benefit": "it tastes"},
            {"userStory": STORY, "acceptanceCriteria": ["dry", "white"]},
            {"other": STORY},
        )
    )
    first, second = read(lines, "a.jsonl").stories
    assert said(first) == said(second) == ("cook", "salt", "it tastes")
    assert second.criteria == ("dry", "white")
    assert second.source.locator.line == 2
    assert [s.role for s in read(json.dumps([STORY, "prose"]), "b.json").stories] == ["cook"]


def test_rst_role_headings() -> None:
    text = (
        "Kitchen\n=======\n\nCooks\n-----\n\n- I need salt, so I can season.\n- I want a pan.\n\n"
        ".. note:: As a ghost, I want nothing.\n\nSee also\n--------\n\n- I like soup.\n"
    )
    first, second = read(text, "a.rst").stories
    assert said(first) == ("Cooks", "salt", "I can season")
    assert said(second) == ("Cooks", "a pan", "")
    assert [text[a:b] for a, b in first.source.spans] == ["Cooks", "I need salt, so I can season."]


def test_gives_the_path_and_problem_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(STORY)
    document = read_document(path)
    assert document.path == str(path)
    assert (document.format, document.encoding, document.guessed) == ("text", "utf-8", False)


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("noname", STORY.encode(), "text"),
        ("noname", b"# Kitchen\n\nx", "markdown"),
        ("noname", b"<!DOCTYPE html><p>x", "html"),
        ("noname", pdf_bytes(), "pdf"),
        ("noname", docx_bytes(), "docx"),
    ],
)
def test_a_name_without_suffix_is_told_by_its_content(name: str, head: bytes, kind: str) -> None:
    assert read_bytes(head, (name,)).format == kind


def test_stories_of_one_cell_begin_with_their_headings_in_the_stored_text() -> None:
    first = "As a cook, I want salt, so that it tastes."
    second = "As a baker, I want flour so that I bake."
    words = f"## First\\n\\n{first}\\n\\n## Second\\n\\n{second}"
    text = f'[{{"key": "X-1", "summary": "Two", "description": "{words}"}}]'
    extraction = find_stories(read_bytes(text.encode(), ("a.json",)))
    told = [(story.role, story.source.key) for story in extraction.stories]
    assert told == [("cook", "X-1"), ("baker", "X-1")]
    places = [story.source.spans[-1] for story in extraction.stories]
    assert places[1].start == text.index("Second") and places[1].end == text.index('"}]')
    assert "First" in text[slice(*places[0])] and "Second" not in text[slice(*places[0])]
    assert [story.body for story in extraction.stories] == [("First",), ("Second",)]


def test_every_format_has_a_reader() -> None:
    for kind in set(FORMATS.values()):
        assert callable(reader_of(kind)), kind


@pytest.mark.parametrize(
    ("cell", "goal"),
    [
        ("to fill 10<sup>2</sup> jars", "fill 10² jars"),
        ("to store H<sub>2</sub>O in m<SUP>3</SUP>", "store H₂O in m³"),
        ("to be paid on the 1<sup>st</sup>", "be paid on the 1st"),
        ("to fill 10<sup><b>2</b></sup> jars", "fill 10² jars"),
        ('to fill 10<sup style="x">-3</sup> jars', "fill 10⁻³ jars"),
        ("to read `<sup>` as code", "read `<sup>` as code"),
    ],
)
def test_a_power_in_a_cell_is_not_a_digit_more(cell: str, goal: str) -> None:
    assert only(f"As a,I want,So that\nclerk,{cell},it fits\n", "a.csv").goal == goal
