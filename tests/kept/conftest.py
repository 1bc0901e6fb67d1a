"""One small merged document, written by hand in both its forms, and a large one of the sample."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract.extraction import extract
from pipeline.kept import Told

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"

PRICE = """Weekend reservation
As a member, I want to reserve a tool for < 5 % of its price, so that I can plan my job.

Acceptance criteria:
- I must not pay twice
- The bench needs 10² cm of room"""
PRICE_AGAIN = (
    "As a member, I'd like to reserve a tool for < 5 % of its price, so that I can plan my job."
)
THIRTY = "As a treasurer, I want US donors to get their receipt in 30 days."
FOURTEEN = "As a treasurer, I want US donors to get their receipt in 14 days."
SCAN = """Scenario: A barcode that cannot be read
  Given the card of "Ruth" is valid
  When I type the number by hand
  Then the loan goes on"""
SCANNING = "As a desk volunteer, I need loans to go on when a label is scratched."
WERKSTATT = """Geschichte 3: Der Schlüssel
Frau Öz öffnet die Werkstatt z. B. am 3. Mai. Den Schlüssel hat Dr. Brandt nicht
zurückgegeben, weil ihn niemand danach gefragt hat."""
SKIPPED = "As a member, I want a cargo bike."


@pytest.fixture
def stories() -> dict[str, Told]:
    return {
        "price": Told(PRICE, "agile"),
        "price-2": Told(PRICE_AGAIN, "agile"),
        "thirty": Told(THIRTY, "agile"),
        "fourteen": Told(FOURTEEN, "agile"),
        "scan": Told(SCAN, "scenario"),
        "scanning": Told(SCANNING, "agile"),
        "werkstatt": Told(WERKSTATT, "narrative"),
        "bike": Told(SKIPPED, "agile"),
    }


def line(text: str, *stories: str, field: str = "sentence") -> dict[str, Any]:
    return {"field": field, "text": text, "stories": list(stories)}


def fold(story: str, text: str, by: str, under: str, field: str = "sentence") -> dict[str, Any]:
    return {"story": story, "field": field, "text": text, "by": by, "under": under}


def row(story: str, outcome: str, entry: str, other: str = "") -> dict[str, Any]:
    return {"story": story, "outcome": outcome, "entry": entry, "other": other}


@pytest.fixture
def merged() -> dict[str, Any]:
    names = ("price", "price-2", "thirty", "fourteen", "scan", "scanning", "werkstatt", "bike")
    return {
        "format": "storytransformer-merge-2",
        "sources": {story: {"name": f"S-{n}"} for n, story in enumerate(names, 1)},
        "entries": [
            {
                "id": "e1",
                "name": "E-1",
                "standing": "price",
                "sources": ["price", "price-2"],
                "roles": [{"text": "member", "stories": ["price", "price-2"]}],
                "lines": [
                    line("Weekend reservation", "price", field="title"),
                    line(
                        "As a member, I want to reserve a tool for < 5 % of its price, so that I "
                        "can plan my job.",
                        "price",
                    ),
                    line("I must not pay twice", "price", field="criterion"),
                    line("The bench needs 10² cm of room", "price", field="criterion"),
                ],
                "folds": [
                    fold("price", "Acceptance criteria:", "proof", "", field="label"),
                    fold("price-2", PRICE_AGAIN, "proof", "price"),
                ],
            },
            {
                "id": "e2",
                "name": "E-2",
                "standing": "thirty",
                "sources": ["thirty"],
                "roles": [{"text": "treasurer", "stories": ["thirty"]}],
                "lines": [line(THIRTY, "thirty")],
                "folds": [],
            },
            {
                "id": "e3",
                "name": "E-3",
                "standing": "fourteen",
                "sources": ["fourteen"],
                "roles": [{"text": "treasurer", "stories": ["fourteen"]}],
                "lines": [line(FOURTEEN, "fourteen")],
                "folds": [],
            },
            {
                "id": "e4",
                "name": "E-4",
                "standing": "scan",
                "sources": ["scan", "scanning"],
                "roles": [{"text": "desk volunteer", "stories": ["scanning"]}],
                "lines": [
                    line("A barcode that cannot be read", "scan", field="title"),
                    line(
                        'Given the card of "Ruth" is valid; When I type the number by hand; '
                        "Then the loan goes on",
                        "scan",
                        field="criterion",
                    ),
                ],
                "folds": [fold("scanning", SCANNING, "judge", "scan")],
            },
            {
                "id": "e5",
                "name": "E-5",
                "standing": "werkstatt",
                "sources": ["werkstatt"],
                "roles": [],
                "lines": [
                    line("Der Schlüssel", "werkstatt", field="title"),
                    line(
                        "Frau Öz öffnet die Werkstatt z. B. am 3. Mai.", "werkstatt", field="body"
                    ),
                    line(
                        "Den Schlüssel hat Dr. Brandt nicht zurückgegeben, weil ihn niemand "
                        "danach gefragt hat.",
                        "werkstatt",
                        field="body",
                    ),
                ],
                "folds": [fold("werkstatt", "Geschichte 3:", "proof", "", field="label")],
            },
        ],
        "conflicts": [
            {
                "id": "c1",
                "kind": "possible",
                "about": "number",
                "sides": [
                    {"story": "thirty", "text": THIRTY, "differs": ["30"]},
                    {"story": "fourteen", "text": FOURTEEN, "differs": ["14"]},
                ],
            }
        ],
        "ledger": [
            row("price", "kept", "e1"),
            row("price-2", "duplicate_of", "e1", "price"),
            row("thirty", "conflict_with", "e2", "fourteen"),
            row("fourteen", "conflict_with", "e3", "thirty"),
            row("scan", "kept", "e4"),
            row("scanning", "merged_into", "e4", "scan"),
            row("werkstatt", "kept", "e5"),
            row("bike", "skipped", ""),
        ],
        "counts": {
            "kept": 3, "duplicate_of": 1, "merged_into": 1, "conflict_with": 2, "skipped": 1,
        },
    }  # fmt: skip


@pytest.fixture
def told(stories: dict[str, Told]) -> dict[str, Told]:
    """The stories of the Markdown edition, which skips none."""
    return {name: story for name, story in stories.items() if name != "bike"}


@pytest.fixture
def pages() -> dict[str, str]:
    """The Markdown edition: an overview and two topics, each with its tellings."""
    return {
        "merged.md": (
            "# Merged: 7 stories\n\n## Conflicts\n\n1. "
            '"receipt in **30** days" – [S-3](topics/money.tellings.md#s-3), '
            '"in **14** days" – [S-4](topics/money.tellings.md#s-4)\n\n'
            "## Topics\n\n| topic | entries |\n|---|---|\n"
            "| [Loans](topics/loans.md) | 3 |\n| [Money](topics/money.md) | 2 |\n"
        ),
        "topics/loans.md": (
            "# Loans\n\nEvery telling: [loans.tellings.md](loans.tellings.md) · "
            "[overview](../merged.md)\n\n"
            '- <a id="e-1"></a>[S-1](loans.tellings.md#s-1) Weekend reservation: As a member, I '
            "want to reserve a tool for &lt; 5 % of its price, so that I can plan my job. "
            "(2 tellings)\n"
            "  - also: *I'd like to*, [S-2](loans.tellings.md#s-2)\n"
            "  - criteria: I must not pay twice; The bench needs 10² cm of room\n"
            '- <a id="e-4"></a>**S-5** A barcode that cannot be read (2 tellings: S-5, S-6)\n\n'
            "### From the workshop\n\n"
            '- <a id="e-5"></a>S-7 Der Schlüssel\n'
        ),
        "topics/loans.tellings.md": (
            "# Loans: the tellings\n\n"
            "## E-1\n\n"
            '### <a id="s-1"></a>S-1 · desk.md, line 3\n\n'
            "Weekend reservation\n\nAs a member, I want to reserve a tool for \\< 5 % of its "
            "price, so that I can plan my job.\n\nAcceptance criteria:\n\n- I must not pay twice\n"
            "- The bench needs 10² cm of room\n\n"
            '### <a id="s-2"></a>S-2 · jira.csv, row 7\n\n'
            "As a member, I'd like to reserve a tool for &lt; 5 % of its price, so that I can plan "
            "my job.\n\n"
            "## E-4\n\n"
            '### <a id="s-5"></a>S-5 · scan.feature, line 3\n\n'
            '```gherkin\nScenario: A barcode that cannot be read\n  Given the card of "Ruth" is '
            "valid\n  When I type the number by hand\n  Then the loan goes on\n```\n\n"
            '### <a id="s-6"></a>S-6 · notes.txt, line 9\n\n'
            "As a desk volunteer, I need loans to go on when a label is scratched.\n\n"
            "## E-5\n\n### S-7 · werkstatt.txt, line 1\n\n"
            "> Geschichte 3: Der Schlüssel\n>\n"
            "> Frau Öz öffnet die Werkstatt z. B. am 3. Mai. Den Schlüssel hat Dr. Brandt nicht\n"
            "> zurückgegeben, weil ihn niemand danach gefragt hat.\n"
        ),
        "topics/money.md": (
            "# Money\n\n[tellings](money.tellings.md)\n\n### Possibly in conflict: S-3, S-4\n\n"
            '- <a id="e-2"></a>[S-3](money.tellings.md#s-3) As a treasurer, I want US donors to '
            "get their receipt in **30** days.\n"
            '- <a id="e-3"></a>[S-4](money.tellings.md#s-4) As a treasurer, I want US donors to '
            "get their receipt in **14** days.\n"
        ),
        "topics/money.tellings.md": (
            "# Money: the tellings\n\n## E-2\n\n### S-3 · desk.md, line 9\n\n"
            "As a treasurer, I want US donors to get their receipt in 30 days.\n\n"
            "## E-3\n\n### S-4 · memo.pdf, page 1\n\n"
            "As a treasurer, I want US donors to get their receipt in 14 days.\n"
        ),
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write files of a Markdown edition; returns the one that is read first."""

    def write_all(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "merged.md"

    return write_all


@pytest.fixture(scope="session")
def sample() -> dict[str, Told]:
    """Every story of the sample."""
    return {
        story.id: Told(story.text, story.kind)
        for found in extract([SAMPLE])
        for story in found.stories
    }


def pieces_of(text: str) -> list[str]:
    """What a merge might take a telling apart into: its paragraphs, each line of a list its own."""
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)|(?<=:)\n", text)
    return [" ".join(piece.split()) for piece in paragraphs if piece.strip()]


@pytest.fixture
def arranged(sample: dict[str, Told]) -> dict[str, Any]:
    """An edition of the sample: every third entry has a second telling that is folded whole."""
    entries: list[dict[str, Any]] = []
    ledger = []
    for n, (story, one) in enumerate(sample.items()):
        pieces = pieces_of(one.text)
        if n % 3 == 2:
            entry = entries[-1]
            entry["sources"].append(story)
            by = ("proof", "judge", "person")[n % 9 // 3]
            entry["folds"] += [fold(story, text, by, entry["standing"]) for text in pieces]
            ledger.append(row(story, "merged_into", entry["id"], entry["standing"]))
            continue
        entries.append(
            {
                "id": f"e{len(entries) + 1}",
                "name": f"E-{len(entries) + 1}",
                "standing": story,
                "sources": [story],
                "roles": [],
                "lines": [line(text, story) for text in pieces],
                "folds": [],
            }
        )
        ledger.append(row(story, "kept", entries[-1]["id"]))
    merged = sum(one["outcome"] == "merged_into" for one in ledger)
    return {
        "sources": {story: {"name": f"S-{n}"} for n, story in enumerate(sample, 1)},
        "entries": entries,
        "conflicts": [],
        "ledger": ledger,
        "counts": {"kept": len(ledger) - merged, "merged_into": merged},
    }
