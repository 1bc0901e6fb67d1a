"""The values at the bottom: ids, fingerprints, residue, requests, prompts, settings, errors."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import errors
from pipeline.calls import Message, Request, micro_usd
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from pipeline.prompts import load_prompt
from pipeline.stories import Locator, Source, Span, Story, as_role, residue_of, story_id


def story(text: str = "", **fields: object) -> Story:
    source = Source("d" * 64, "a.md", Locator(line=1), (Span(0, 10),))
    return Story(id="x", kind="agile", source=source, text=text, **fields)  # type: ignore[arg-type]


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8))
def test_spans_and_residue_cover_every_character_once(length: int, raw: list[tuple[int, int]]):
    spans = [Span(a, min(a + n, length)) for a, n in raw if a < length]
    covered = [0] * length
    for start, end in spans:
        for i in range(start, end):
            covered[i] = 1
    for start, end in residue_of(length, spans):
        assert start < end
        for i in range(start, end):
            assert covered[i] == 0
            covered[i] = 2
    assert all(covered)


def test_a_story_id_depends_on_document_spans_and_kind_only():
    one = story_id("a" * 64, (Span(0, 5),), "agile")
    assert one == story_id("a" * 64, (Span(0, 5),), "agile")
    others = {
        story_id("b" * 64, (Span(0, 5),), "agile"),
        story_id("a" * 64, (Span(0, 6),), "agile"),
        story_id("a" * 64, (Span(0, 5),), "narrative"),
    }
    assert one not in others and len(others) == 3


def test_fingerprints_ignore_harmless_changes_and_the_order_of_criteria_but_no_word():
    told = {"role": "member", "goal": "book a slot"}
    text = "As a member, I want to book a slot.\n\n- {}\n- {}"
    a = story(
        text.format("Send an e-mail.", "At most two slots"),
        **told,
        criteria=("Send an e-mail.", "At most two slots"),
    )
    b = story(
        text.format("at most 2  slots", "send an email"),
        **told,
        criteria=("at most 2  slots", "send an email"),
    )
    c = story(
        text.format("Send an e-mail.", "At most three slots"),
        **told,
        criteria=("Send an e-mail.", "At most three slots"),
    )
    assert a.fingerprint == b.fingerprint != c.fingerprint
    assert a.old_fingerprint != b.old_fingerprint


def test_the_older_fingerprint_is_still_that_of_older_decisions():
    a = story(role="member", goal="book a slot", criteria=("Max 2 slots.", "By e-mail"))
    b = story(role="Member", goal="Book  a slot.", criteria=("by e-mail.", "max 2 slots"))
    assert a.old_fingerprint == b.old_fingerprint != a.fingerprint
    assert a.old_fingerprint.startswith("85f0e433052617a1")


def request_of(text: str, **more: object) -> Request:
    return Request("m", "r", "answer", "p.v1", "0", (Message("user", text),), 8, **more)  # type: ignore[arg-type]


def test_a_request_key_covers_every_field():
    base = request_of("a")
    changed = {
        dataclasses.replace(base, **change).key  # type: ignore[arg-type]
        for change in (
            {"model": "n"},
            {"revision": "s"},
            {"purpose": "story"},
            {"prompt_sha256": "1"},
            {"messages": (Message("user", "b"),)},
            {"max_tokens": 9},
            {"schema": "{}"},
            {"vocabulary": "v"},
            {"stop": ("x",)},
            {"temperature": 0.5},
            {"seed": 1},
        )
    }
    assert len(changed) == 11 and base.key not in changed
    assert request_of("a").key == base.key


def test_articles_follow_the_sound_and_not_the_letter():
    roles = (
        "user",
        "editor",
        "member",
        "hourly worker",
        "union official",
        "umpire",
        "European",
        "unregistered visitor",
        "the owner",
    )
    assert [as_role(role).removeprefix("As ").removesuffix(role).strip() for role in roles] == [
        "a",
        "an",
        "a",
        "an",
        "a",
        "an",
        "a",
        "an",
        "",
    ]


def test_money_is_rounded_to_whole_micro_dollars():
    assert micro_usd(Decimal("0.0000015")) == 2
    assert micro_usd(Decimal("13.20")) == 13_200_000


def test_released_prompts_render_with_their_placeholders(tmp_path: Path):
    folder = read_settings({}).prompts
    for path in folder.glob("*.md"):
        name, version = path.stem.rsplit(".v", 1)
        assert load_prompt(folder, name, int(version)).turns
    prompt = load_prompt(folder, "judge-pair")
    rendered = prompt.render(one="{{other}}", other="1. {{one}}")
    assert rendered[-1].content == "A: {{other}}\nB: 1. {{one}}"
    assert prompt.shared == len(prompt.turns) - 1
    with pytest.raises(InputError, match="placeholders"):
        prompt.render()
    with pytest.raises(InputError, match="no prompt"):
        load_prompt(tmp_path, "judge-pair")


def test_every_error_says_who_can_mend_it_and_exits_with_its_code():
    codes = {
        cls.__name__: cls.exit_code
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.StoryTransformerError)
    }
    assert codes == {
        "StoryTransformerError": 1,
        "InputError": 2,
        "LedgerError": 3,
        "BudgetError": 4,
        "SovereigntyError": 5,
        "ModelError": 6,
        "EngineError": 6,
        "StoreError": 7,
        "GateError": 8,
    }
    error = InputError("is empty.", where="a.md", next="Add a story.")
    assert str(error) == "a.md: is empty. Add a story."
    assert error.as_dict()["next"] == "Add a story."


def test_settings_keep_keys_out_of_sight(tmp_path: Path):
    settings = read_settings({"ANTHROPIC_API_KEY": "sk-secret", "HOME": str(tmp_path)}, db="x.db")
    assert "sk-secret" not in repr(settings)
    assert settings.database == f"sqlite:///{Path('x.db').resolve()}"
