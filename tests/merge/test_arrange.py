"""Tellings put under one another: whatever judges and persons say, every piece is in its entry."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from pipeline.entries import Answer, Decision, Judgement, Outcome
from pipeline.merge.arrange import arrange, members
from pipeline.merge.conclusion import conclude
from pipeline.merge.entry import make_entry
from pipeline.merge.ledger import counts
from pipeline.merge.placing import find_links
from pipeline.merge.settling import settle
from pipeline.merge.tellings import telling
from pipeline.plan.near.similarity import Pair
from pipeline.run.corpus import Corpus, gather
from pipeline.text.canonical import VERSION

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def sample() -> Corpus:
    return gather([SAMPLE])


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def missing(merge, stories) -> list[tuple[str, str]]:
    """Pieces of tellings that are neither a line nor a fold of the one entry that lists them."""
    entry_of = {name: entry for entry in merge.entries for name in entry.sources}
    lost = []
    for name, entry in entry_of.items():
        stand = "\n".join(letters(line.text) for line in entry.lines)
        behind = "\n".join(letters(f.text) for f in entry.folds if f.story == name)
        told = stand + behind
        for line in stories[name].text.splitlines():
            keyword, _, rest = line.partition(":")  # "Scenario: …" is a label and a title
            apart = letters(keyword) in behind and letters(rest) in told
            if letters(line) not in told and not apart:
                lost.append((name, line))
    return lost


def sound(merge, stories) -> None:
    """What holds of every merge, whoever judged."""
    assert Counter(row.story for row in merge.ledger) == Counter(list(stories))
    assert Counter(s for e in merge.entries for s in e.sources) == Counter(
        row.story for row in merge.ledger if row.outcome is not Outcome.SKIPPED
    )
    assert missing(merge, stories) == []
    sides = {s.story for c in merge.conflicts if c.kind == "conflict" for s in c.sides}
    for entry in merge.entries:
        assert entry.standing == entry.sources[0]
        assert {line.stories[0] for line in entry.lines} <= set(entry.sources)
        told = {story for role in entry.roles for story in role.stories}
        assert told == {name for name in entry.sources if stories[name].role}
        for fold in entry.folds:
            assert fold.story in entry.sources
            assert fold.by == "proof" or fold.story not in sides, "a side of a conflict folds"


def judge(kind: str, corpus: Corpus, seed: int) -> list[Judgement]:
    """What a judge of the tests' own says about every near pair."""
    rng = random.Random(seed)
    said = []
    for pair in corpus.pairs:
        if kind == "nothing":
            continue
        answer = rng.choice(list(Answer)) if kind == "random" else Answer(kind)
        a, b = rng.sample((pair.a, pair.b), 2)
        said.append(Judgement(a, b, answer, "test", "r", rng.random()))
    rng.shuffle(said)
    return said


@pytest.mark.parametrize(
    "kind", ["nothing", "one_need", "overlapping", "contradicting", "different", "random"]
)
def test_whatever_a_judge_says_nothing_is_lost(sample, kind):
    for seed in range(12 if kind in ("random", "one_need") else 1):
        said = judge(kind, sample, seed)
        merge = conclude(sample.by_id, sample.pairs, sample.weights, judgements=said)
        sound(merge, sample.by_id)
        folded = counts(merge.ledger)["merged_into"]
        assert (folded > 20) == (kind == "one_need") or kind == "random"


def test_what_is_folded_was_judged_against_the_telling_that_stands(sample):
    said = judge("one_need", sample, 3)
    asked = {frozenset((one.a, one.b)) for one in said}
    merge = conclude(sample.by_id, sample.pairs, sample.weights, judgements=said)
    judged = [row for row in merge.ledger if row.by == "judge"]
    assert len(judged) > 20
    for row in judged:
        entry = next(e for e in merge.entries if e.id == row.entry)
        # Proof may have put another story of the same goal and benefit with the one judged.
        need = sample.by_id[row.story].need
        told = [s for s in entry.sources if sample.by_id[s].need == need]
        assert any(frozenset((one, entry.standing)) in asked for one in told)
        long, short = sample.by_id[entry.standing].goal, sample.by_id[row.story].goal
        assert len(long) >= len(short)
        assert row.judge == "test" and row.record == "r" and row.likelihood is not None


def test_without_a_judge_only_proof_folds_and_look_alikes_stay(sample):
    merge = conclude(sample.by_id, sample.pairs, sample.weights)
    sound(merge, sample.by_id)
    assert {row.by for row in merge.ledger} == {"code", "proof"}
    assert {fold.by for entry in merge.entries for fold in entry.folds} == {"proof"}
    assert not any(conflict.kind == "conflict" for conflict in merge.conflicts)


def test_a_benefit_that_only_a_folded_telling_gives_stands(kit):
    long = kit.story("a", "print a list of the overdue books", benefit="I can write to people",
                     criteria=("sorted by date",))  # fmt: skip
    short = kit.story("b", "print overdue books", role="librarian", benefit="nothing is forgotten",
                      criteria=("sorted by date", "at most one page"))  # fmt: skip
    stories = {
        s.id: kit.replace(
            s, text=f"As a {s.role}, I want to {s.goal}, so that {s.benefit}.\n"
            + "\n".join(f"- {c}" for c in s.criteria)
        ) for s in (short, long)
    }  # fmt: skip
    said = [Judgement("b", "a", Answer.ONE_NEED, "test", "r", 0.99)]
    merge = conclude(stories, [], {}, judgements=said)
    sound(merge, stories)
    (entry,) = merge.entries
    assert entry.standing == "a" and [role.text for role in entry.roles] == ["reader", "librarian"]
    standing = {(line.field, line.text): line.stories for line in entry.lines}
    assert standing["benefit", "so that nothing is forgotten"] == ("b",)
    assert standing["criterion", "at most one page"] == ("b",)
    assert standing["criterion", "sorted by date"] == ("a", "b")
    fold = next(f for f in entry.folds if f.field == "sentence")
    assert fold.text.startswith("As a librarian, I want to print overdue books")
    assert fold.by == "judge" and fold.otherwise == ()


def person(answer: str, *stories, at: int = 0, **more) -> Decision:
    when = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=at)
    prints = tuple(sorted(story.fingerprint for story in stories))
    return Decision(prints, answer, by="ann", at=when, version=VERSION, **more)


@pytest.fixture
def loans(backlog):
    """The two stories that say 14 and 28 days."""
    return tuple(s for s in backlog.values() if "days" in s.goal)


def concluded(stories, *decisions, judgements=()):
    merge = conclude(stories, [], {}, decisions=decisions, judgements=judgements)
    sound(merge, stories)
    return merge, {row.story: row for row in merge.ledger}


def test_what_a_person_decides_against_is_folded_whole_and_says_so(backlog, loans):
    short, long = loans
    decision = person("preferred", short, long, keep=long.fingerprint)
    merge, rows = concluded(backlog, decision)
    row = rows[short.id]
    assert row.outcome is Outcome.MERGED_INTO and row.by == "person" and row.other == long.id
    assert row.reason.startswith("decided against") and "2026-11-01" in row.reason
    assert row.at == decision.at
    entry = next(e for e in merge.entries if e.id == row.entry)
    assert entry.standing == long.id
    assert all("14 days" not in line.text for line in entry.lines)
    assert any("14 days" in fold.text and fold.by == "person" for fold in entry.folds)


def test_a_conflict_that_a_person_names_stands_on_both_sides(backlog, loans):
    a, b = loans
    both = sorted(loans, key=lambda s: s.fingerprint)
    values = tuple("14 days" if "14" in s.goal else "28 days" for s in both)
    merge, rows = concluded(
        backlog, person("contradicting", a, b, about="number", values=values),
        judgements=[Judgement(a.id, b.id, Answer.ONE_NEED, "test", "r", 1.0)],
    )  # fmt: skip
    assert {rows[a.id].outcome, rows[b.id].outcome} == {Outcome.CONFLICT_WITH}
    (conflict,) = merge.conflicts
    told = {side.story: side.differs for side in conflict.sides}
    assert conflict.kind == "conflict" and told == {a.id: ("14 days",), b.id: ("28 days",)}


def test_stories_that_a_person_calls_different_never_share_an_entry(backlog):
    rooms = [s for s in backlog.values() if "reading room" in s.goal]
    said = [Judgement(a.id, b.id, Answer.ONE_NEED, "test", "r", 1.0)
            for a, b in combinations(rooms, 2)]  # fmt: skip
    _, rows = concluded(backlog, judgements=said)
    assert rows[rooms[0].id].entry == rows[rooms[1].id].entry
    _, rows = concluded(backlog, person("different", *rooms), judgements=said)
    assert rows[rooms[0].id].entry != rows[rooms[1].id].entry


def test_the_newer_decision_holds_and_an_older_version_decides_nothing(backlog, loans):
    a, b = loans
    first = person("preferred", a, b, keep=a.fingerprint)
    second = person("preferred", a, b, keep=b.fingerprint, at=1)
    _, rows = concluded(backlog, second, first)
    assert rows[a.id].other == b.id and rows[b.id].outcome is Outcome.KEPT
    stale = Decision(second.fingerprints, "preferred", keep=b.fingerprint, at=second.at)
    assert settle([stale], backlog.values()).folds == ()


def test_no_chain_and_no_circle_of_decisions(backlog):
    one, two, three, *_ = {s.fingerprint: s for s in backlog.values()}.values()
    settled = settle(
        [
            person("one_need", one, two, keep=one.fingerprint),
            person("one_need", two, three, keep=two.fingerprint, at=1),
            person("one_need", one, three, keep=three.fingerprint, at=2),
        ],
        backlog.values(),
    )
    losers = {fold.story for fold in settled.folds}
    assert not losers & {fold.keep for fold in settled.folds}
    groups = arrange(backlog, (), settled)
    assert Counter(s for g in groups for s in members(g)) == Counter(list(backlog))


def test_decisions_do_not_widen_what_a_source_says(kit):
    """A story of the same goal and benefit with a criterion of its own was not decided on."""
    text = "As a reader, I want to keep a book for 14 days, so that I can finish it."
    more = {"goal": "keep a book for 14 days", "benefit": "I can finish it"}
    plain = kit.replace(kit.story("a", **more), text=text)
    limited = kit.story("b", **more, criteria=("except DVDs",))
    exact = kit.replace(limited, text=f"{text}\n- except DVDs")
    longer = kit.story("c", "keep a book for 28 days")
    other = kit.replace(longer, text="As a reader, I want to keep a book for 28 days.")
    stories = {s.id: s for s in (plain, exact, other)}
    _, rows = concluded(stories, person("preferred", plain, other, keep=other.fingerprint))
    assert rows["a"].other == "c" and rows["b"].outcome is Outcome.KEPT


def test_a_long_paragraph_stands_where_it_stands_first(kit):
    shared = "The branch keeps a paper book for the days on which there is no current at all."
    stories = {}
    for name in "ab":
        body = (f"Story {name} begins with words of its own and goes on for a while.", shared)
        made = kit.replace(kit.story(name, "", role=""), kind="narrative", text="\n\n".join(body))
        stories[name] = kit.replace(made, body=body)
    merge, rows = concluded(stories)
    first, second = merge.entries
    assert any(line.text == shared for line in first.lines)
    assert all(line.text != shared for line in second.lines)
    (fold,) = [f for f in second.folds if f.field == "body"]
    assert (fold.story, fold.under, fold.text) == ("b", "a", shared)
    assert "repeated paragraph" in fold.rules
    assert {row.outcome for row in rows.values()} == {Outcome.KEPT}


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("As a reader, I must return the key.", "return the key"),
        ("As a reader, I want no letters.", "no letters"),
        ("As a reader, I don't want to wait.", "wait"),
    ],
)
def test_a_sentence_stands_as_it_was_said(kit, text, goal):
    story = kit.replace(kit.story("a", goal), text=text)
    assert telling(story).sentence == text


@pytest.mark.parametrize(
    ("text", "role", "sentence"),
    [
        ("As a reader of [lists](#list) I want to be able\nto borrow a book.", "reader of lists",
         "As a reader of [lists](#list) I want to be able to borrow a book."),
        ("As a reader I want\nto borrow a book.", "reader", "As a reader I want to borrow a book."),
        ("As a reader\nto borrow a book", "reader", "As a reader, I want to borrow a book"),
        ("reader\nto borrow a book", "reader", "As a reader, I want to borrow a book"),
    ],
)  # fmt: skip
def test_a_sentence_that_is_broken_before_its_goal_is_no_row_of_cells(kit, text, role, sentence):
    story = kit.replace(kit.story("a", "borrow a book", role=role), text=text)
    assert telling(story).sentence == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("As a reader, I want to read about the\nLibrary of Babel",
         "As a reader, I want to read about the Library of Babel"),
        ("As a reader, I want to read the books of (for example\nAgatha) more",
         "As a reader, I want to read the books of (for example Agatha) more"),
        ("As a reader, I want to read in every one of the branches in\nLondon",
         "As a reader, I want to read in every one of the branches in London"),
        ("As a reader\nI want to read so that\nI learn",
         "As a reader, I want to read so that I learn"),
        ("As a reader\nI want to read\nSo that I learn",
         "As a reader, I want to read, So that I learn"),
    ],
)  # fmt: skip
def test_a_comma_stands_only_where_a_line_ends_a_part(kit, text, sentence):
    goal = " ".join(text.split()).partition("want to ")[2]
    story = kit.replace(kit.story("a", goal), text=text)
    assert telling(story).sentence == sentence


@pytest.mark.parametrize("address", ["#top", "https://example.org/a/b-c"])
def test_a_goal_with_a_link_is_one_sentence(kit, address):
    text = f"As a reader, I want to borrow books (such as\n[this one]({address}))\nfor a week."
    goal = "borrow books (such as this one) for a week"
    story = kit.replace(kit.story("a", goal), text=text)
    told = telling(story)
    assert told.sentence == " ".join(text.split()) and not told.rest


def test_a_link_stands_where_it_was_told_and_not_behind_the_line_once_more(kit):
    line = "Read [the rules](https://example.org/rules) first."
    held = "Read the rules first. https://example.org/rules"
    story = kit.replace(kit.story("a", "borrow a book"), body=(held,),
                        text=f"As a reader, I want to borrow a book.\n\n{line}")  # fmt: skip
    assert [piece.text for piece in telling(story).rest] == [line]
    story = kit.replace(story, body=("Then wait. https://example.org/rules",),
                        text="As a [reader](https://example.org/rules), I want to borrow a book.\n"
                        "Then wait.")  # fmt: skip
    assert [piece.text for piece in telling(story).rest] == ["Then wait."]


def test_a_decision_is_said_of_nobody_but_the_story_decided_on(kit):
    """Proof puts the guest's need with the librarian's; ann decided on the librarian's alone."""
    stories = {}
    for name, role, days in (("a", "reader", 28), ("b", "librarian", 14), ("c", "guest", 14)):
        made = kit.story(name, f"keep a book for {days} days", role=role)
        stories[name] = kit.replace(
            made, text=f"As a {role}, I want to keep a book for {days} days."
        )
    a, b, _ = stories.values()
    assert arrange(stories)[1].proved == ("b", "c")
    for answer in ("one_need", "preferred"):
        _, rows = concluded(stories, person(answer, a, b, keep=a.fingerprint))
        assert rows["b"].other == "a" and rows["b"].by == "person"
        assert rows["c"].outcome is Outcome.KEPT and rows["c"].by == "code", answer


def test_a_decision_that_newer_ones_stand_against_is_named(backlog):
    one, two, three, *_ = {s.fingerprint: s for s in backlog.values()}.values()
    decisions = [
        person("one_need", one, two, keep=one.fingerprint),
        person("one_need", two, three, keep=two.fingerprint, at=1),
        person("different", one, three, at=2),
    ]
    assert settle(decisions, backlog.values()).unused == (decisions[0],)
    assert settle(decisions[1:], backlog.values()).unused == ()


def test_one_pair_is_marked_once(sample):
    merge = conclude(sample.by_id, sample.pairs, sample.weights)
    marked = [frozenset(side.story for side in one.sides) for one in merge.conflicts]
    assert len(marked) == len(set(marked)) == 8


def test_two_that_have_only_each_other_are_linked_though_stars_have_taken_both(kit):
    """a and b are near; each shares more with one that has its like already."""
    stories = {name: kit.story(name, f"goal {name}") for name in ("a", "b", "c", "d", "e", "f")}
    entries = [make_entry(group, stories) for group in arrange(stories)]
    of = {entry.standing: entry.id for entry in entries}
    pairs = [Pair("c", "d", 0.9), Pair("e", "f", 0.9), Pair("a", "c", 0.5), Pair("b", "e", 0.5),
             Pair("a", "b", 0.4)]  # fmt: skip
    linked = {frozenset((one.a, one.b)) for one in find_links(entries, pairs)}
    assert frozenset((of["a"], of["b"])) in linked
    # One that is plainly like another is left with it.
    pairs[-1] = Pair("c", "f", 0.4)
    linked = {frozenset((one.a, one.b)) for one in find_links(entries, pairs)}
    assert frozenset((of["c"], of["f"])) not in linked


def test_a_need_and_a_long_story_are_not_linked_by_a_passage(kit):
    text = "A person looked out of the window and thought of nothing. " * 20
    long = kit.replace(kit.story("n", ""), role="", goal="", text=text, kind="narrative")
    stories = {"a": kit.story("a", "look out"), "b": kit.story("b", "look"), "n": long}
    entries = [make_entry(group, stories) for group in arrange(stories)]
    pairs = [Pair("a", "n", 0.6), Pair("b", "n", 0.5), Pair("a", "b", 0.4)]
    (link,) = find_links(entries, pairs)
    assert {link.a, link.b} == {entry.id for entry in entries if entry.standing != "n"}
