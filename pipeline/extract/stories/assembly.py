"""The blocks of one story to its fields: every word of theirs ends up in exactly one of them.

Used for a headed section, a list item with what hangs below it, a table cell, and a small
model's reply alike. What is glue ("As a", "Acceptance criteria:", list marks) is left out;
everything else that is not role, goal, benefit, criterion or title is ``body``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.extract.readers.tables import column_role
from pipeline.extract.stories.leads import (
    CRITERIA_LABEL,
    ONLY_TAGS,
    begins_labelled,
    is_criteria_label,
    levelled_key,
    split_heading,
    split_lead,
)
from pipeline.extract.stories.phrases import Phrases, read_phrases
from pipeline.extract.stories.units import split_units
from pipeline.outcomes import StoryText
from pipeline.stories import Block, normalise
from pipeline.text.sentences import first_sentence_end, plain
from pipeline.text.sequence import inline_items

_LATER_LABEL = re.compile(
    r"(?P<break>\r?\n[ \t>]*)(?=[*_]*(?:acceptance\s+(?:criteria|criterion|tests?|conditions?)|AC)"
    r"[*_]*\s*(?:[:：]|\r?$))",
    re.IGNORECASE | re.MULTILINE,
)
_OTHER_LABEL = re.compile(
    r"[*_#>\s]*(?:notes?|background|context|remarks?|comments?|open\s+questions?|questions?|"
    r"out\s+of\s+scope|dependencies|assumptions?|details?|description|technical\s+notes?)"
    r"[*_\s]*(?:[:：][*_\s]*|$)",
    re.IGNORECASE,
)
#: A paragraph that is the benefit of the sentence above it, and no sentence of its own.
_PURPOSE_BELOW = re.compile(
    r"so\s+(?:that\b(?!\s+(?:is|was)\b)|(?:I|we|they)\b)|in\s+order\s+to\b[^,]*$", re.IGNORECASE
)
_STEP = re.compile(r"(?:given|when|then|and|but|scenario(?:\s+outline)?:)\b", re.IGNORECASE)
_STEP_START = re.compile(r"(?:given\b|scenario(?:\s+outline)?:)", re.IGNORECASE)
_STEP_ON = re.compile(r"(?:then|and|but)\b", re.IGNORECASE)
#: The box of a task list, ticked or not.
_TICK = re.compile(r"\[[ xX✓✔]\](?:\s+|$)")
#: An item that leads elsewhere, and says nothing of what is accepted.
_ONLY_LINK = re.compile(r"\s*(?:\[[^\]\n]+\]\([^()\s]+\)|<?https?://\S+>?)[.;,]?\s*")
#: What follows in a list are examples, no criteria.
_EXAMPLES = re.compile(
    r"\b(?:examples?|for\s+instance|e\.g\.?)(?![^.!?:]*[.!?])[^:]{0,60}:\s*$", re.IGNORECASE
)
_ROW_NUMBER = re.compile(r"#?\d{1,3}\.?")
_ITEM_NUMBER = re.compile(r"^\(?(?:\d{1,2}|[a-h])[.)]\s+")


@dataclass
class Draft:
    """The fields of a story while its blocks are read."""

    key: str = ""
    title: str = ""
    role: str = ""
    goal: str = ""
    benefit: str = ""
    strict: bool = False
    template: bool = False
    criteria: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    #: "#web", "@billing" before the sentence: no words of the story, and may tell two apart.
    tags: list[str] = field(default_factory=list)
    #: How deep in its list the last criterion stands.
    depth: int = 0

    @property
    def told(self) -> bool:
        """A story sentence was found."""
        return bool(self.role or self.goal)

    def add_title(self, text: str) -> None:
        if text and not self.title:
            self.title = text
        elif text:
            self.body.append(text)

    def finish(self) -> StoryText:
        """The fields, the title left out if it only repeats the story's first words."""
        title = self.title
        if title and self.goal and _repeats(title, f"{self.role} {self.goal} {self.benefit}"):
            title = ""
        return StoryText(
            role=self.role,
            goal=self.goal,
            benefit=self.benefit,
            criteria=tuple(self.criteria),
            title=title,
            body=tuple(self.body),
        )


def assemble(
    text: str, blocks: Sequence[Block], *, expected: bool = True, draft: Draft | None = None
) -> Draft:
    """Read the blocks of one story, headings first, into a draft.

    Args:
        expected: a story is known to stand here; loose sentence shapes count.
        draft: fields already known (a row's summary, a section's role), added to.
    """
    told = draft or Draft()
    mode = "told" if told.told else "lead"
    for block in blocks:
        raw = text[block.start : block.end]
        if block.kind == "meta":
            continue
        if block.kind == "code":
            told.body.append(raw)
            mode = "body" if mode == "lead" else mode
            continue
        if block.kind == "heading":
            mode = _take_heading(told, raw, mode)
            continue
        for piece in _split_at_label(raw):
            if label := CRITERIA_LABEL.match(piece):
                mode = "criteria"
                # "AC1: …": others may name a criterion by its number
                add_inline_criteria(told, piece if label["number"] else label["rest"])
            elif not told.told and (mode != "criteria" or _opens(piece)):
                mode = _take_opening(told, piece, block, expected) or mode
                told.key = told.key or levelled_key(text, block.start)
            else:
                mode = _take_more(told, piece, block, mode)
    return told


def _opens(piece: str) -> bool:
    """Whether a story sentence stands in a piece of text below criteria."""
    return any(unit.phrases.strict and unit.phrases.goal for unit in split_units(piece))


def _split_at_label(raw: str) -> list[str]:
    """A paragraph in two where one of its later lines announces criteria."""
    found = _LATER_LABEL.search(raw)
    return [raw[: found.start()], raw[found.end("break") :]] if found else [raw]


def parse_story_text(text: str) -> StoryText:
    """Read one story's own words, as a person or a small model writes them.

    Returns:
        Its fields; ``StoryText(body=(text,))`` when no story sentence is in it.
    """
    from pipeline.extract.readers.markup import read_blocks

    draft = assemble(text, read_blocks(text, "cell"))
    if not draft.told:
        return StoryText(body=(text,))
    return draft.finish()


def _take_heading(told: Draft, raw: str, mode: str) -> str:
    if is_criteria_label(raw):
        return "criteria"
    key, title, sentence = split_lead(plain(raw))
    told.key = told.key or key
    phrases = read_phrases(sentence) if not told.told else None
    if phrases:
        _take_title(told, title)
        take_phrases(told, phrases)
        return "told"
    key, title = split_heading(raw)
    told.key = told.key or key
    told.add_title(title)
    return mode if mode == "lead" else "body"


def _take_opening(told: Draft, raw: str, block: Block, expected: bool) -> str | None:
    """Look for the story sentence in a block; what is not part of it goes to title or body."""
    key, title, sentence = ("", "", raw) if begins_labelled(raw) else split_lead(raw)
    phrases = read_phrases(sentence, expected=expected)
    if phrases is None and (line := raw.find("\n")) > 0:
        # A title or an introduction on its own line above the sentence.
        rest = raw[line + 1 :]
        lead = raw[:line].strip()
        inner_key, inner_title, sentence = split_lead(rest.lstrip())
        phrases = read_phrases(sentence, expected=False)
        if phrases and len(lead) <= 120:
            key, title = split_heading(lead)
            told.key = told.key or key or inner_key
            told.add_title(title)
            told.add_title(inner_title)
            take_phrases(told, phrases)
            return "told"
        phrases = None
    if phrases is None:
        found = find_sentence(raw)
        if found:
            told.body.append(plain(raw[: found[0]]))
            take_phrases(told, found[1])
            return "told"
        unit = next((u for u in split_units(raw) if u.phrases.strict and u.sentence), None)
        if unit:
            told.body += [words] if (words := plain(raw[: unit.sentence]).strip(" -–—|")) else []
            take_phrases(told, unit.phrases)
            return "told"
        told.body.append(_verbatim(raw, block))
        return None
    told.key = told.key or key
    _take_title(told, title)
    take_phrases(told, phrases)
    return "body" if _EXAMPLES.search(phrases.after) else "told"


def _take_title(told: Draft, title: str) -> None:
    """What stands before a story sentence on its line; tags head nothing."""
    if ONLY_TAGS.fullmatch(title):
        told.tags.append(title.strip(" :"))
    else:
        told.add_title(title)


def find_sentence(raw: str) -> tuple[int, Phrases] | None:
    """The first strict story sentence that starts a later sentence of ``raw``."""
    position = 0
    for _ in range(40):
        position = first_sentence_end(raw, position)
        while position < len(raw) and raw[position].isspace():
            position += 1
        if position >= len(raw):
            return None
        found = read_phrases(raw[position:]) if raw[position] in "AIECWY" else None
        if found and found.strict:
            return position, found
    return None


def take_phrases(told: Draft, phrases: Phrases) -> None:
    """A story sentence into the fields of its story, what follows it behind them."""
    told.role = told.role or phrases.role
    told.goal = phrases.goal
    told.benefit = phrases.benefit
    told.strict = phrases.strict
    told.template = phrases.template
    if phrases.after:
        _take_after(told, phrases.after)


def _take_after(told: Draft, after: str) -> None:
    """What follows the sentence in its own block: criteria on the same line, or more words."""
    inline = re.search(
        r"(?:^|(?<=[.;!?]\s))(?=acceptance\s+criteria\s*:|AC\s*:|criteria\s*:)", after, re.I
    )
    if inline:
        before = after[: inline.start()].strip()
        if before:
            told.body.append(before)
        label = CRITERIA_LABEL.match(after, inline.start())
        if label:
            add_inline_criteria(told, label["rest"])
            return
    if _STEP_START.match(after):
        told.criteria.append(after)
    else:
        told.body.append(after)


def _take_more(told: Draft, raw: str, block: Block, mode: str) -> str:
    """A block after the story sentence."""
    if (
        mode == "told"
        and block.kind == "paragraph"
        and not told.benefit
        and _PURPOSE_BELOW.match(plain(raw))
    ):
        purpose = read_phrases(f"As a user, I want it {plain(raw)}")
        if purpose and purpose.goal == "it" and purpose.benefit:
            told.benefit = purpose.benefit
            told.body += [purpose.after] if purpose.after else []
            return mode
    if _OTHER_LABEL.match(raw) and block.kind == "paragraph":
        told.body.append(_verbatim(raw, block))
        return "body"
    if block.kind == "row" and block.level:  # a table that says more of the story
        told.body.append(_verbatim(raw, block))
        return mode
    if block.kind == "row" and mode in ("told", "criteria") and block.columns:
        _take_row(told, raw, block)
        return mode
    if mode == "told" and block.kind == "item" and _ONLY_LINK.fullmatch(raw):
        told.body.append(_verbatim(raw, block))
        return mode
    if mode in ("told", "criteria") and block.kind in ("item", "step", "row"):
        add_criterion(told, plain(raw))
        told.depth = block.level
        return "criteria"
    if _STEP_START.match(raw.lstrip("*_ ")) or (mode == "steps" and _STEP.match(raw.lstrip("*_ "))):
        for line in raw.splitlines():
            if line.strip():
                add_criterion(told, plain(line))
        return "steps"
    if mode == "criteria" and block.kind == "paragraph":
        if block.level >= told.depth > 0 and told.criteria:
            told.criteria[-1] += f" {plain(raw)}"
            return mode
        if not told.criteria:
            for line in raw.splitlines():
                if line.strip():
                    add_criterion(told, plain(line))
            return mode
    told.body.append(_verbatim(raw, block))
    return "body"


def _take_row(told: Draft, raw: str, block: Block) -> None:
    """A row of a table of criteria: its cells but for its number; the names of its columns, where
    they say more than that, beside them."""
    cells = [
        (name, plain(raw[first - block.start : last - block.start]))
        for name, first, last in block.columns
    ]
    words = [said for name, said in cells if said and not _ROW_NUMBER.fullmatch(said)]
    if any(name and plain(name) != said for name, said in cells) or not cells[-1][0]:
        if words:
            add_criterion(told, " | ".join(words))
    elif any(column_role(name) not in ("key", "criteria") for name, _ in cells):
        told.body.append(" | ".join(words))


def add_inline_criteria(told: Draft, rest: str) -> None:
    """Criteria on one line, parted by numbers or semicolons, or one a line."""
    rest = rest.strip()
    if not rest:
        return
    lines = [line for line in rest.splitlines() if line.strip()]
    if len(lines) == 1:
        starts = inline_items(lines[0])
        cuts = [0, *starts, len(lines[0])]
        items = [lines[0][start:end].strip() for start, end in pairwise(cuts)]
        lines = [item for item in items if item] if starts else lines[0].split("; ")
        lines = [_ITEM_NUMBER.sub("", line) if starts else line for line in lines]
    for line in lines:
        add_criterion(told, plain(line).lstrip("-*• "))


def add_criterion(told: Draft, words: str) -> None:
    """Steps of one scenario are one criterion: "Given …; When …; Then …"."""
    words = _TICK.sub("", words)
    if not words:
        return
    previous = told.criteria[-1] if told.criteria else ""
    open_scenario = _STEP_START.match(previous) is not None
    if open_scenario and _STEP.match(words) and not _STEP_START.match(words):
        finished = re.search(r"\bthen\b", previous, re.IGNORECASE) is not None
        if _STEP_ON.match(words) or not finished:
            told.criteria[-1] = f"{previous.rstrip(';, ')}; {words}"
            return
    if open_scenario and previous.lower().startswith("scenario") and "; " not in previous:
        told.criteria[-1] = f"{previous.rstrip(';,: ')}: {words}"
        return
    told.criteria.append(words)


def _verbatim(raw: str, block: Block) -> str:
    """A body paragraph: its words as they are, hard line breaks undone."""
    return raw if block.kind == "code" else " ".join(plain(raw).split())


def _repeats(title: str, words: str) -> bool:
    """Whether every word of a title is in the story's words; its last may be cut off."""
    said = normalise(words).split()
    known = set(said)
    titled = normalise(title).split()
    if not titled:
        return True
    if any(word not in known for word in titled[:-1]):
        return False
    return titled[-1] in known or (len(titled) > 2 and any(w.startswith(titled[-1]) for w in said))
