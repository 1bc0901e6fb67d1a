"""The closed list of changes that proof calls harmless, each by its name.

Two texts are proved the same when these, and nothing else, tell them apart. What is not here
counts: every function word, operator, sign, bound, quantifier and negation, the order of words,
and what can be read in two ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.text.notation import RULED
from pipeline.text.spelling import CONTRACTIONS, SPELLINGS
from pipeline.text.story_frames import FRAMED


@dataclass(frozen=True, slots=True)
class Rule:
    """A harmless change.

    Args:
        changes: what it changes, for people.
        examples: (field, language, one text, the other), proved the same by this rule.
        languages: it applies to; empty for every one, known or not.
    """

    name: str
    changes: str
    examples: tuple[tuple[str, str, str, str], ...]
    languages: tuple[str, ...] = ()


_E = "English"
_LIST = (
    Rule("white-space", "runs of blanks and line breaks, outside indented code",
         (("goal", "", "print  it\n now", "print it now"),)),
    Rule("unicode-composition", "letters put together of two characters (NFC, never NFKC)",
         (("goal", "", "cafe\u0301", "café"),)),
    Rule("invisible-characters", "soft hyphens, zero-width spaces, byte order marks",
         (("goal", "", "no\u00adtes", "notes"),)),
    Rule("ligatures", "ff, fi, fl, ffi and ffl set as one letter",
         (("goal", "", "\ufb01lter", "filter"),)),
    Rule("quotation-marks", "the shape of quotation marks and apostrophes",
         (("goal", "", "a “new” user’s list", 'a "new" user\'s list'),)),
    Rule("dashes", "the length of a dash between numbers, words or blanks",
         (("goal", "", "pages 3–5", "pages 3-5"),)),
    Rule("ellipsis", "three stops as one sign", (("goal", "", "red…", "red..."),)),
    Rule("closing-stop", "the full stop that ends a text",
         (("criterion", _E, "It prints.", "It prints"),), tuple(RULED)),
    Rule("sentence-case", "the first letter of a listed word where a sentence begins",
         (("criterion", _E, "The page prints", "the page prints"),), tuple(RULED)),
    Rule("title-case", "the first letter of a listed word in a title",
         (("title", _E, "Print The Page", "Print the page"),), (_E,)),
    Rule("contraction", "contractions of one reading",
         (("goal", _E, "see what I can't print", "see what I cannot print"),
          ("goal", "Dutch", "'t rapport zien", "het rapport zien")), tuple(CONTRACTIONS)),
    Rule("spelling", "two spellings of one word in one sense",
         (("goal", _E, "organise by colour", "organize by color"),), tuple(SPELLINGS)),
    Rule("number-word", "a number below 13 as a word of no other sense, or in digits",
         (("goal", _E, "try three times", "try 3 times"),
          ("goal", "German", "drei Versuche", "3 Versuche")), tuple(RULED)),
    Rule("thousands-separator", "commas before groups of three noughts",
         (("goal", _E, "keep 10,000 rows", "keep 10000 rows"),), (_E,)),
    Rule("percent", "per cent as a word or a sign, close or apart",
         (("goal", _E, "add 5 percent", "add 5%"),), tuple(RULED)),
    Rule("unit", "a unit's name or sign after a number, close or apart",
         (("goal", _E, "wait 24 hours", "wait 24 h"), ("goal", _E, "10MB", "10 MB")),
         tuple(RULED)),
    Rule("money", "euros, pounds sterling and dollars before or after the amount, by sign or name",
         (("goal", _E, "pay €5", "pay 5 euros"),), tuple(RULED)),
    Rule("date", "a day with the month's name and the year, or in ISO form",
         (("goal", _E, "on 21 Nov 2026", "on 2026-11-21"),), tuple(RULED)),
    Rule("time-of-day", "an hour of the afternoon with pm or on a clock of 24 hours",
         (("goal", _E, "at 5 pm", "at 17:00"),), (_E,)),
    Rule("comparison-sign", "the blank after <, <=, > and >=, and their shape",
         (("goal", _E, "≥ 5 items", ">=5 items"),), tuple(RULED)),
    Rule("story-frame", "the wish that opens a story, where it says nothing but the wish",
         (("sentence", _E, "As a user, I want to print",
           "As a user, I would like to be able to print"),),
         tuple(FRAMED)),
    Rule("purpose-frame", "the words between a goal and its benefit",
         (("sentence", _E, "As a user, I want to print, so that I save",
           "As a user, I want to print so that I save"),), (_E,)),
    Rule("criteria-order", "the order of bulleted criteria that name no step", (), (_E,)),
    Rule("role", "whose need it is, where goal and benefit alone are compared", ()),
    Rule("markup", "marks of emphasis, headings, lists and cells around the words", ()),
)  # fmt: skip
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _LIST}
