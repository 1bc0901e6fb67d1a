"""A whole edition balances, in both its forms; whatever is done to it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.kept import DamagedEdition, Told, check, read_edition

Edition = dict[str, Any]
Files = dict[str, str]


def test_a_whole_json_edition_holds_everything(merged: Edition, stories: dict[str, Told]):
    found = check(merged, stories)
    assert (found.missing, found.faults) == ((), ())
    # the label before a title is folded, and with it half of that unit
    assert found.folded == {"proof": 3, "judge": 1, "person": 0}
    # 5 of the first story, 1, 1, 1, 4 of the scenario, 1, 3 of the narrative; none of the skipped
    assert found.units == 16
    assert found.standing == 12
    assert found.whole


def test_a_whole_markdown_edition_holds_everything(
    pages: Files, told: dict[str, Told], write: Callable[[Files], Path]
):
    found = check(read_edition(write(pages)), told)
    assert (found.missing, found.faults) == ((), ())
    assert found.units == 16
    assert found.standing == 7
    assert found.folded == {"proof": 1, "judge": 0, "person": 0, "unstated": 8}  # proof: a label


def entry(edition: Edition, name: str) -> dict[str, Any]:
    return next(e for e in edition["entries"] if e["name"] == name)


def replace_in(edition: Edition, old: str, new: str) -> None:
    """In the entries only, as a careless merge would."""
    before = json.dumps(edition["entries"], ensure_ascii=False)
    assert old in before
    edition["entries"] = json.loads(before.replace(old, new))


def drop_a_line(edition: Edition) -> None:
    del entry(edition, "E-1")["lines"][2]


def drop_a_fold(edition: Edition) -> None:
    del entry(edition, "E-4")["folds"][0]


def drop_a_label(edition: Edition) -> None:
    del entry(edition, "E-1")["folds"][0]


def move_a_telling(edition: Edition) -> None:
    entry(edition, "E-2")["folds"].append(entry(edition, "E-4")["folds"].pop())


def give_a_fold_to_another(edition: Edition) -> None:
    entry(edition, "E-4")["folds"][0]["story"] = "scan"


def drop_a_source(edition: Edition) -> None:
    entry(edition, "E-1")["sources"].remove("price-2")


def drop_an_entry(edition: Edition) -> None:
    edition["entries"].remove(entry(edition, "E-5"))


def cut_a_line(edition: Edition) -> None:
    one = entry(edition, "E-5")["lines"][2]
    one["text"] = one["text"][:40]


def change(old: str, new: str) -> Callable[[Edition], None]:
    def damage(edition: Edition) -> None:
        replace_in(edition, old, new)

    damage.__name__ = f"{old!r}_to_{new!r}"
    return damage


def exchange_sides(edition: Edition) -> None:
    """Both sides stay in the document, each in the other's entry."""
    a, b = entry(edition, "E-2"), entry(edition, "E-3")
    a["lines"][0]["text"], b["lines"][0]["text"] = b["lines"][0]["text"], a["lines"][0]["text"]


LOSSES = [
    drop_a_line,
    drop_a_fold,
    drop_a_label,
    move_a_telling,
    give_a_fold_to_another,
    drop_a_source,
    drop_an_entry,
    cut_a_line,
    exchange_sides,
    change("pay twice", "pay again"),
    change("< 5 %", "> 5 %"),
    change("< 5 %", "<5 %"),
    change("< 5 %", "< 5 ‰"),
    change("in 30 days", "in 31 days"),
    change("must not pay", "must pay"),
    change("donors to get", "to donors get"),
    change("10²", "102"),
    change("US donors", "us donors"),
    change("plan my job.", "plan my job!"),
    change("Dr. Brandt nicht", "Dr. Brandt"),
    change("z. B. am 3. Mai", "z. B. am 3 Mai"),
    change("Öz", "Oz"),
    change("the number by hand", "by hand the number"),
]


@pytest.mark.parametrize("damage", LOSSES, ids=lambda damage: damage.__name__)
def test_a_loss_in_the_json_edition_is_found(
    damage: Callable[[Edition], None], merged: Edition, stories: dict[str, Told]
):
    damage(merged)
    found = check(merged, stories)
    assert found.missing
    assert found.units == found.standing + sum(found.folded.values()) + len(found.missing)


def test_what_is_missing_is_told_by_story_and_sentence(merged: Edition, stories: dict[str, Told]):
    replace_in(merged, "must not pay", "must pay")
    assert check(merged, stories).missing == (("price", "I must not pay twice"),)


def test_characters_made_visible_escapes_and_white_space_are_apart(
    merged: Edition, stories: dict[str, Told]
):
    stories["thirty"] = Told(
        "As a treasurer,\u200b I want **US**\u00a0donors to\x07 get\n  their receipt in 30 days.",
        "agile",
    )
    replace_in(merged, "I want US donors to get", "I want US donors to\\\\x07 get")
    merged["conflicts"] = []
    assert check(merged, stories).missing == ()


@pytest.mark.parametrize(
    ("where", "what", "fault"),
    [
        (("entries", 0, "sources"), ["price", "price-2", "scan"], "S-5 is in more than one entry"),
        (("entries", 0, "sources"), ["price", "price-2", "x"], "E-1 lists x, no story"),
        (("entries", 0, "standing"), "scan", "E-1 stands in the words of S-5"),
        (("entries", 0, "standing"), "price-2", "E-1 has no line of S-2"),
        (("entries", 0, "folds", 1, "under"), "scan", "E-1 folds under S-5, which it does not"),
        (("entries", 0, "folds", 1, "under"), "price-2", "E-1 folds under S-2, of which no line"),
        (("entries", 0, "folds", 1, "under"), "", "E-1 folds S-2 under nothing"),
        (("entries", 0, "roles", 0, "stories"), ["scan"], "E-1 tells of S-5"),
        (("conflicts", 0, "sides", 0, "text"), FOURTEEN := "in 15 days.", "S-3 does not stand"),
        (("conflicts", 0, "sides"), [], "c1 has no two sides"),
        (("ledger", 0, "outcome"), "merged_into", "3 stories are counted as kept, the ledger has"),
        (("ledger", 0, "outcome"), "lost", "The ledger's 1 lost are not counted"),
        (("ledger", 0, "story"), "thirty", "S-1 has 0 ledger rows"),
        (("ledger", 0, "entry"), "e2", "The ledger's entry of S-1 is not the one"),
        (("ledger", 7, "story"), "nobody", "S-8 is in no entry and is not skipped"),
    ],
)
def test_books_that_do_not_balance_are_a_fault(
    where: tuple[str | int, ...],
    what: object,
    fault: str,
    merged: Edition,
    stories: dict[str, Told],
):
    place: Any = merged
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = what
    assert any(fault in told for told in check(merged, stories).faults)


def test_a_side_of_a_conflict_that_folds_is_a_fault(merged: Edition, stories: dict[str, Told]):
    one = entry(merged, "E-2")
    one["folds"].append({**entry(merged, "E-4")["folds"][0], "story": "thirty", "under": "thirty"})
    one["folds"][-1]["text"] = one["lines"][0]["text"]
    assert check(merged, stories).faults == ("Conflict c1: the side of S-3 is folded.",)


def in_pages(name: str, old: str, new: str = "") -> Callable[[Files], None]:
    def damage(files: Files) -> None:
        assert files[name].count(old) == 1, old
        files[name] = files[name].replace(old, new)

    damage.__name__ = f"{name}_{old[:24]!r}_to_{new!r}"
    return damage


def delete_a_topic(files: Files) -> None:
    del files["topics/money.md"]


def delete_tellings(files: Files) -> None:
    del files["topics/loans.tellings.md"]


def cut(name: str, at: int) -> Callable[[Files], None]:
    def damage(files: Files) -> None:
        files[name] = files[name][:at]

    damage.__name__ = f"cut_{name}_at_{at}"
    return damage


def move_a_telling_to_another_entry(files: Files) -> None:
    text = files["topics/loans.tellings.md"]
    start, end = text.index('### <a id="s-2">'), text.index("## E-4")
    moved = text[start:end]
    files["topics/loans.tellings.md"] = text[:start] + text[end:]
    files["topics/money.tellings.md"] += "\n" + moved


LOANS, TOLD = "topics/loans.md", "topics/loans.tellings.md"
PAGE_DAMAGES = [
    delete_a_topic,
    delete_tellings,
    move_a_telling_to_another_entry,
    *(cut(TOLD, at) for at in range(0, 930, 31)),
    *(cut(LOANS, at) for at in range(0, 480, 31)),
    *(cut("topics/money.md", at) for at in range(0, 300, 31)),
    in_pages("merged.md", "| [Money](topics/money.md) | 2 |\n"),
    in_pages(TOLD, "- I must not pay twice\n"),
    in_pages(TOLD, "Acceptance criteria:\n"),
    in_pages(TOLD, "As a desk volunteer, I need loans to go on when a label is scratched.\n"),
    in_pages(TOLD, '### <a id="s-2"></a>S-2 · jira.csv, row 7\n'),
    in_pages(TOLD, "## E-4\n"),
    in_pages(TOLD, "\\< 5 %", "\\> 5 %"),
    in_pages(TOLD, "&lt; 5 %", "&gt; 5 %"),
    in_pages(TOLD, "&lt; 5 %", "5 %"),
    in_pages(TOLD, "10²", "102"),
    in_pages(TOLD, "must not pay", "must pay"),
    in_pages(TOLD, "the number by hand", "by hand the number"),
    in_pages(TOLD, "3. Mai", "4. Mai"),
    in_pages("topics/money.tellings.md", "US donors to get their receipt in 30", "US donors in 30"),
    in_pages(LOANS, "&lt; 5 %", "&gt; 5 %"),
    in_pages(LOANS, "10²", "102"),
    in_pages(LOANS, "must not pay", "must pay"),
    in_pages(LOANS, "reserve a tool", "a reserve tool"),
    in_pages(LOANS, ", [S-2](loans.tellings.md#s-2)"),
    in_pages(LOANS, '- <a id="e-5"></a>S-7 Der Schlüssel\n'),
    in_pages("topics/money.md", "**14**", "**15**"),
    in_pages("topics/money.md", "donors to get their receipt in **14**", "donors to get **14**"),
]  # fmt: skip


@pytest.mark.parametrize("damage", PAGE_DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_to_the_markdown_edition_is_found(
    damage: Callable[[Files], None],
    pages: Files,
    told: dict[str, Told],
    write: Callable[[Files], Path],
):
    damage(pages)
    found = check(read_edition(write(pages)), told)
    assert found.missing or found.faults


def test_a_file_that_is_gone_is_named(
    pages: Files, told: dict[str, Told], write: Callable[[Files], Path]
):
    delete_a_topic(pages)
    found = check(read_edition(write(pages)), told)
    assert "merged.md links to topics/money.md, which is not there." in found.faults
    assert {"E-2 has tellings, but stands in no file."} < set(found.faults)
    del pages["topics/money.tellings.md"]
    (write(pages).parent / "topics/money.tellings.md").unlink()
    found = check(read_edition(write(pages)), told)
    assert {story for story, _ in found.missing} == {"thirty", "fourteen"}


def test_the_edition_in_one_file_is_read_too(
    pages: Files, told: dict[str, Told], write: Callable[[Files], Path]
):
    order = ("topics/loans.md", "topics/money.md", TOLD, "topics/money.tellings.md")
    text = "\n\n".join(pages[name] for name in order).replace("loans.tellings.md#", "#")
    path = write({"merged.md": text.replace("money.tellings.md#", "#")})
    faults = check(read_edition(path), told).faults
    assert all("which is not there" in fault for fault in faults)  # the links of the hand-made text


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("merged.json", '{"format": "storytransformer-merge-2", "entr', "not a whole JSON"),
        ("merged.json", "[]", "no list of entries"),
        ("merged.json", '{"entries": 3}', "no list of entries"),
        ("merged.md", "# Notes\n\nAs a member, I want to lend.\n", "no entry of a merged"),
    ],
)
def test_what_is_no_edition_is_refused_with_a_place_and_a_next_step(
    name: str, text: str, says: str, tmp_path: Path
):
    (tmp_path / name).write_text(text)
    with pytest.raises(DamagedEdition, match=says) as caught:
        read_edition(tmp_path / name)
    assert caught.value.where.endswith(name) and caught.value.next


def test_what_is_not_there_or_no_text_is_refused(tmp_path: Path):
    with pytest.raises(DamagedEdition, match="cannot be read"):
        read_edition(tmp_path / "merged.json")
    (tmp_path / "merged.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DamagedEdition, match="not valid UTF-8"):
        read_edition(tmp_path / "merged.md")
