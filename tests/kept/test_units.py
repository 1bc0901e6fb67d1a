"""What a unit is, and when a text holds it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.kept import Told, check, units
from pipeline.kept.normal_form import find_whole, settle, unmark

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "pipeline" / "kept"
WIDE = "As a very long-winded member of the library I want"


def test_the_room_imports_the_standard_library_alone():
    names: set[str] = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module
                names.add(node.module)
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign and all(name.startswith("pipeline.kept") for name in foreign)


def test_nothing_else_of_the_project_is_loaded_with_it():
    code = (
        "import sys; before = set(sys.modules); import pipeline.kept;"
        "print(sorted(m for m in set(sys.modules) - before"
        " if m.split('.')[0] not in sys.stdlib_module_names"
        " and m != 'pipeline' and not m.startswith('pipeline.kept')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I lend tools. You lend books.", ["I lend tools.", "You lend books."]),
        ("Use e.g. a drill. It works.", ["Use e.g. a drill.", "It works."]),
        ("Ask Dr. Brandt vs. Mrs. Öz. Done.", ["Ask Dr. Brandt vs. Mrs. Öz.", "Done."]),
        ("Mr. J. Smith pays 1.5 % by 3 p.m. today.", ["Mr. J. Smith pays 1.5 % by 3 p.m. today."]),
        ("See https://a.example/b.c?d=1. Then go.", ["See https://a.example/b.c?d=1.", "Then go."]),
        ("Zum 3. Mai, z. B. hier. Dann Schluss.", ["Zum 3. Mai, z. B. hier.", "Dann Schluss."]),
        ("It costs 5. It broke... then stopped.", ["It costs 5. It broke... then stopped."]),
        ("It costs 500. It broke.", ["It costs 500.", "It broke."]),
        ('He said "Stop." Then he left!', ['He said "Stop."', "Then he left!"]),
        ("¿Cuándo? Mañana.", ["¿Cuándo?", "Mañana."]),
        ("予約したい。工具は3つまで！はい", ["予約したい。", "工具は3つまで！", "はい"]),
        ("أريد أداة؟ نعم.", ["أريد أداة؟", "نعم."]),
        ("मुझे औज़ार चाहिए। धन्यवाद।", ["मुझे औज़ार चाहिए।", "धन्यवाद।"]),
        ("Я хочу инструмент, т. е. дрель. Да.", ["Я хочу инструмент, т. е. дрель.", "Да."]),
        ("Title\nAs a member, I lend.", ["Title", "As a member, I lend."]),
        ("- one\n* two\n1. three\n2) four", ["one", "two", "three", "four"]),
        ("(a) five\n☐ six\n- [x] seven", ["five", "six", "seven"]),
        ("## Heading\n\nh3. Jira heading\n> Quoted", ["Heading", "Jira heading", "Quoted"]),
        ("> 5 items\n-5 degrees", ["> 5 items", "-5 degrees"]),
        ("member\nreserve a tool\nI can plan", ["member", "reserve a tool", "I can plan"]),
        ("| role | goal |\n|---|---|\n| member | lend |", ["role | goal", "member | lend"]),
        ("one<br>two", ["one", "two"]),
        ("---\n***\n```json\n```\n", []),
        ("😀\n€", ["😀", "€"]),
        (f"{WIDE}\nto lend.", [f"{WIDE}\nto lend."]),
        (f"{WIDE}\n- to lend", [WIDE, "to lend"]),
        ("", []),
    ],
)  # fmt: skip
def test_prose_and_lists_are_cut_into_units(text: str, expected: list[str]):
    assert units(text, "agile") == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (
            "Background:\n  Given a shelf\nScenario: A tool\n  When I lend. Or not\n  * it goes",
            "scenario",
            ["Given a shelf", "A tool", "When I lend. Or not", "it goes"],
        ),
        (
            "@loans\n# see 3\nFunktionalität: Leihen\n  Als Mitglied\n\n  Szenario: Bohrer",
            "agile",
            ["@loans", "see 3", "Leihen", "Als Mitglied", "Bohrer"],
        ),
        (
            'Feature: Lend\n  Given a text\n    """\n    to be read\n    """\n    | foo | bar |',
            "agile",
            ["Lend", "Given a text", "to be read", "foo | bar"],
        ),
        ("# Feature: Lend\n\n* Given a tool", "agile", ["Lend", "Given a tool"]),
        # no Gherkin: the word before the colon counts
        ("I lend tools.\nRule: at most 3", "agile", ["I lend tools.", "Rule: at most 3"]),
        ("Caution: members only", "agile", ["Caution: members only"]),
    ],
)  # fmt: skip
def test_gherkin_is_cut_by_line_without_its_block_words(text: str, kind: str, expected: list[str]):
    assert units(text, kind) == expected


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("use", "As a user"), ("user", "a user's tool"), ("user", "user-friendly"),
        ("mail", "by e-mail"), ("OK", "BOOKED"), ("C", "C++ and C#"), ("10", "10² m"),
        ("5 days", "1.5 days"), ("5 days", "15 days"), ("at 1", "at 1.5"), ("at 1", "at 1,5"),
        ("5 days", "<5 days"), ("5 days", "≤ 5 days"), ("5 days", "-5 days"), ("5 days", "€5 days"),
        ("pay 5", "pay 5 %"), ("pay 5", "pay 5%"), ("pay 5", "pay 5€"), ("or", "and/or"),
        ("com", "a.com"), ("cafe", "cafe\u0301s"), ("US", "us"), ("Lend.", "Lend!"),
    ],
)  # fmt: skip
def test_a_text_that_goes_on_does_not_hold_a_unit(unit: str, text: str):
    assert not find_whole(settle(unit), settle(text))


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("user", "As a user, I lend"), ("OK", '"OK" is shown'), ("use", "users use it"),
        ("5 days", "for 5 days, at most"), ("10² m", "is 10² m long"), ("pay 5", "I pay 5."),
        ("C++", "in C++ or C"), ("顧客", "顧客として予約したい"), ("café", "a cafe\u0301"),
        ("a member lends", "As  a\n\tmember\u00a0lends tools"), ("**must** pay", "I must pay"),
        ("some_name and a*b", "`some_name` and a*b"), ("two\u200bfold", "twofold"),
        ("bell\x07s", "bell\\x07s"), ("zero\u200bwidth", "zero<U+200B>width"),
        ("5 * 3", "is 5 * 3"), ("Rule: pay", "Rule: pay; go"), ("a tool:", "title, a tool: b"),
    ],
)  # fmt: skip
def test_a_text_holds_a_unit_whole(unit: str, text: str):
    assert find_whole(settle(unit), settle(text))


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (r"a \< b \& c \_d\_ \*e\* \`f\` \[g\](h)", "a < b & c _d_ *e* `f` [g](h)"),
        ("a &lt; b &amp; c", "a < b & c"),
        (r"\&lt; stays", "&lt; stays"),
        ("&amp;lt; stays", "&lt; stays"),
        ('<a id="e-1"></a>[S-1](x.md#s-1) **must** be', "S-1 must be"),
        (r"C:\\dir\\file", r"C:\dir\file"),
        ("1 &lt; 2 &gt; 1", "1 < 2 > 1"),
    ],
)
def test_markdown_is_read_as_its_reader_sees_it(markdown: str, text: str):
    assert unmark(markdown) == text


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("Use <b>not</b> this.", "Use not this."),
        ('un<SPAN class="x">do</SPAN> <em>it</em>', "undo it"),
        ("<b>Not this.", "Not this."),
        ("nor that.</strong>", "nor that."),
        ("R&amp;D &lt; 5&nbsp;% &#169;&#8203; &#x41;", "R&D < 5 % © A"),
        ("&lt;b&gt;x&lt;/b&gt;", "x"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("10<sup>2</sup> of H<sub>2</sub>O", "10² of H₂O"),
        ("10<sup><i>-n</i></sup> x<sup>a</sup>", "10⁻ⁿ x^(a)"),
        ("see Town<sup>1, 2</sup> on 1<sup>st</sup>", "see Town [1, 2] on 1st"),
        ('<a class="k" href="u">here</a> <a name="x"></a>on', "[here](u) on"),
    ],
)
def test_tags_of_formatting_and_entities_are_apart(text: str, settled: str):
    assert settle(text) == settled == settle(settled)


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c",
        "a<b>c",
        "copy <b> to <i>",
        "if a <b and c> d",
        "10<sup>2",
        "<del>gone</del>",
        "AT&T; fish &chips; &notit;",
    ],
)
def test_signs_that_are_no_markup_count(text: str):
    assert settle(text) == text


def test_a_hundred_thousand_tags_are_read_in_time():
    assert settle("a<b>" * 100_000) == "a<b>" * 100_000


def edition(*entries: tuple[list[str], list[tuple[str, str]], list[tuple[str, str]]]) -> dict:
    return {
        "entries": [
            {
                "name": f"E-{n}",
                "sources": sources,
                "standing": sources[0],
                "lines": [{"text": text, "stories": [story]} for story, text in lines],
                "folds": [
                    {"story": story, "text": text, "by": "proof", "under": sources[0]}
                    for story, text in folds
                ],
            }
            for n, (sources, lines, folds) in enumerate(entries, 1)
        ]
    }


ROW = Told("member\nreserve a tool\nOK", "agile")


def test_cells_are_found_in_the_sentence_they_were_put_into():
    whole = edition((["a"], [("a", "As a member, I want to reserve a tool (status: OK)")], []))
    assert check(whole, {"a": ROW}).whole


def test_a_short_cell_is_not_found_inside_another_word():
    lost = edition((["a"], [("a", "As a member, I want to reserve a toolBOOKED")], []))
    assert [unit for _, unit in check(lost, {"a": ROW}).missing] == ["reserve a tool", "OK"]


def test_a_wrapped_sentence_is_found_whole_or_line_by_line():
    story = {
        "a": Told("As a member of the library, I want to lend a\ntool, so that I save.", "agile")
    }
    for lines in (
        ["As a member of the library, I want to lend a tool, so that I save."],
        ["As a member of the library, I want to lend a", "tool, so that I save."],
    ):
        assert check(edition((["a"], [("a", text) for text in lines], [])), story).whole
    cut = edition((["a"], [("a", "As a member of the library, I want to lend a tool, so")], []))
    assert len(check(cut, story).missing) == 1


def test_what_a_colon_announces_may_stand_apart_but_must_stand():
    story = {"a": Told("Story 3: The wet Saturday", "narrative")}
    title = [("a", "The wet Saturday")]
    assert check(edition((["a"], title, [("a", "Story 3:")])), story).whole
    assert len(check(edition((["a"], title, [])), story).missing) == 1


def test_another_story_of_the_entry_may_say_it_but_no_other_entry():
    stories = {"a": Told("I lend tools.", "agile"), "b": Told("I lend tools.", "agile")}
    together = edition((["a", "b"], [("a", "I lend tools.")], []))
    assert check(together, stories).whole
    apart = edition((["a"], [("a", "I lend tools.")], []), (["b"], [("b", "I lend.")], []))
    assert check(apart, stories).missing == (("b", "I lend tools."),)


def test_a_longer_line_of_another_story_is_not_what_this_one_says():
    stories = {"a": Told("I never lend tools to you", "agile"), "b": Told("lend tools", "agile")}
    one = edition((["a", "b"], [("a", "I never lend tools to you")], []))
    assert check(one, stories).missing == (("b", "lend tools"),)


def test_a_fold_counts_for_its_own_story_only():
    stories = {"a": Told("I lend.", "agile"), "b": Told("I borrow.", "agile")}
    one = edition((["a", "b"], [("a", "I lend.")], [("a", "I borrow.")]))
    assert check(one, stories).missing == (("b", "I borrow."),)
