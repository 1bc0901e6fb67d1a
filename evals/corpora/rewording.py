"""Words and turns of phrase by which a story is said again: written for planting only.

The matcher has tables of its own and never reads these, nor do these repeat its pairs (a test
holds both apart), or it would be tested on what it was told. Every table is dealt into two halves:
a corpus planted for tuning and one planted for the figures that are reported share no word.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from pipeline.outcomes import StoryText

Entry = TypeVar("Entry")
Half = Literal["tuning", "reported"]

#: Words that may stand for each other in a requirement: any of a row, in either direction.
_SYNONYMS = """
see|look at|have before me
delete|discard
edit|revise|rework
create|put together|produce
find|track down|get hold of
use|employ|work with
manage|administer|look after|handle
add|append|put in
update|refresh|bring up to date
provide|supply|offer
ensure|make sure|guarantee
choose|opt for|decide on
configure|tune|tailor
run|execute|operate
define|specify|lay down
access|reach|get at
share|pass on|hand round
track|monitor|keep an eye on
deploy|roll out|put live
install|put in place
require|call for|demand
send|forward|dispatch
submit|hand in|turn in
improve|enhance|better
prevent|avoid|rule out
understand|grasp|make sense of
know|be aware of
review|inspect|go through
test|try out
publish|release|make public
request|ask for|apply for
filter|narrow down
sort|arrange|put in sequence
move|shift|transfer
collect|gather|bring together
link|connect|tie
develop|build|construct
limit|restrict|cap
identify|recognise|pin down
reduce|lower|bring down
increase|raise|step up
support|cater for
allow|enable|make it possible for
verify|make certain|establish
notify|let know|brief
keep|hold on to|preserve
receive|be given|be handed
help|aid|lend a hand to
begin|commence|kick off
finish|wrap up|bring to an end
change|rework|rearrange
show|lay out|exhibit
buy|acquire|pick out and pay for
cancel|call a halt to|revoke
compare|set side by side|weigh up
learn|discover|become familiar with
decide|make up my mind|settle
avoid|steer clear of|get round
report|flag|point out
information|details|particulars
data|figures and facts|material
page|screen|view pane
list|overview|rundown
option|choice|possibility
way|means|method
feature|function|capability
tool|instrument|utility
result|outcome|finding
question|query|enquiry
setting|preference|parameter
item|entry|article
section|area
process|procedure|workflow
account|profile|membership
organisation|institution|company
error|fault|failure
message|notice
team|group|squad
document|paper|write-up
system|platform|environment
website|site|portal
password|passphrase|secret code
picture|graphic|visual
price|charge
product|merchandise
quality|calibre
purpose|aim|intention
progress|headway|state of play
content|substance|subject matter
project|undertaking|venture
easily|without effort|with little work
quickly|without delay|at speed
easy|simple|straightforward
new|fresh
important|crucial
available|on hand|at my disposal
different|various|diverse
correct|accurate
relevant|pertinent|fitting
existing|present-day|current
specific|particular
multiple|several|a number of
necessary|needed|called for
secure|safe|well protected
additional|extra|further
automatically|on its own|by itself
regularly|at fixed intervals|time and again
"""
#: Short forms and what they stand for, in either direction.
_ABBREVIATIONS = """
information|info
application|app
configuration|config
database|DB
repository|repo
documentation|docs
identifier|ID
user interface|UI
maximum|max.
minimum|min.
approximately|approx.
department|dept.
for example|e.g.
environment|env
authentication|auth
virtual machine|VM
pull request|PR
command line|CLI
namespace|ns
specification|spec
application programming interface|API
operating system|OS
frequently asked questions|FAQ
reference|ref.
statistics|stats
"""
_ROLES = """
developer|programmer|software engineer
manager|supervisor|person in charge
researcher|scientist|scholar
student|learner|pupil
teacher|instructor|lecturer
operator|technician|person on duty
owner|proprietor|holder
author|writer|contributor of texts
reviewer|assessor|examiner
maintainer|custodian|caretaker
customer|buyer|shopper
user|anyone at the screen
visitor|passer-by|caller
administrator|system operator
member|subscriber|registered person
moderator|referee|discussion leader
analyst|evaluator|number cruncher
archivist|curator of the holdings
engineer|technical expert|specialist
staff|personnel|workforce
"""
#: What is said before, after, or between, and asks for nothing.
_BEFORE = (
    "easily ", "simply ", "always ", "just ", "directly ", "also ", "quickly ", "only have to ",
)  # fmt: skip
_AFTER = (
    " in one go", " without further ado", " as part of my daily work", " myself",
    " whenever the need arises", " with as few steps as possible", " on my own",
    " without asking anybody",
)  # fmt: skip
_ENDS = (
    "this would save me a lot of trouble", "colleagues keep asking for it too",
    "we have talked about this before", "today this is rather tedious",
    "it has been on our wish list for long", "that is how it should work",
    "many others would be glad of it", "it came up at the last meeting",
)  # fmt: skip
#: A goal with its benefit in one clause; the benefit is then no field of its own.
_REBUILT = (
    "be able to {goal}, because then {benefit}",
    "have a way to {goal}; it matters to me that {benefit}",
    "get the chance to {goal} and thereby reach that {benefit}",
    "be in a position to {goal}, the point being that {benefit}",
    "have the possibility to {goal}, which means that {benefit}",
    "be put in a state to {goal}: in this way {benefit}",
)
_EXPECTED = (
    "it is expected that {}", "we agreed that {}", "it has been settled that {}",
    "please note that {}", "it goes without saying that {}", "one can rely on it that {}",
)  # fmt: skip
#: Verbs with the participle that "have … done" needs.
_PARTICIPLES_TABLE = """
see/shown upload/uploaded download/downloaded create/created delete/deleted edit/edited
find/found add/added remove/removed view/displayed manage/managed track/tracked update/updated
configure/configured define/defined share/shared deploy/deployed install/installed send/sent
submit/submitted review/reviewed test/tested publish/published filter/filtered sort/sorted
move/moved collect/collected link/linked search/searched export/exported import/imported
print/printed change/changed set/set check/checked validate/validated approve/approved
restrict/restricted schedule/scheduled run/run save/saved record/recorded notify/notified
archive/archived assign/assigned generate/generated
"""
_PARTICIPLES = dict(pair.split("/") for pair in _PARTICIPLES_TABLE.split())
_OBJECT_ENDS = re.compile(
    r"\s+(?:to|for|from|with|by|in|on|at|into|when|if|so|as|that|which|and|or|after|before|using"
    r"|without|within|via|during|while|until|of)\b|[,;:.(]"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


@dataclass(frozen=True)
class Wording:
    """One half of the tables."""

    groups: tuple[tuple[str, ...], ...]
    abbreviations: tuple[tuple[str, ...], ...]
    roles: tuple[tuple[str, ...], ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    ends: tuple[str, ...]
    rebuilt: tuple[str, ...]
    expected: tuple[str, ...]


def wording(half: Half) -> Wording:
    """The words of one half; a row of a table is in exactly one."""

    def dealt(table: Sequence[Entry]) -> tuple[Entry, ...]:
        return tuple(table[half == "reported" :: 2])

    return Wording(
        dealt(_rows(_SYNONYMS)),
        dealt(_rows(_ABBREVIATIONS)),
        dealt(_rows(_ROLES)),
        dealt(_BEFORE),
        dealt(_AFTER),
        dealt(_ENDS),
        dealt(_REBUILT),
        dealt(_EXPECTED),
    )


def synonym_groups() -> tuple[tuple[str, ...], ...]:
    """Every row of words that stand for each other, of both halves."""
    return (*_rows(_SYNONYMS), *_rows(_ABBREVIATIONS), *_rows(_ROLES))


def lightly(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """Case, marks, the order of criteria, a filler word."""
    criteria = [c.rstrip(".") if rng.random() < 0.5 else c for c in text.criteria]
    rng.shuffle(criteria)
    filled = replace(text, criteria=tuple(criteria))
    if text.role and rng.random() < 0.5:
        filled = replace(filled, role=text.role.swapcase() if text.role.islower() else text.role)
    if text.goal:
        filled = replace(filled, goal=rng.choice(words.before) + text.goal)
    elif text.body:
        last = text.body[-1].rstrip()
        filled = replace(filled, body=(*text.body[:-1], f"{last} {_told(words, rng)}"))
    return filled if filled != text else None


def moderately(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """About a third of what has a synonym replaced, and now and then a short form, a role of the
    same meaning or an addition that says nothing; None where fewer than two words have one."""
    reworded, changed = _swapped(text, words, rng, share=0.6)
    if changed < 2:
        return None
    if reworded.goal and rng.random() < 0.5:
        reworded = replace(reworded, goal=reworded.goal.rstrip(". ") + rng.choice(words.after))
    return reworded


def heavily(text: StoryText, words: Wording, rng: random.Random) -> StoryText | None:
    """Every word that has a synonym replaced, and the story rebuilt: the passive, the benefit in
    the goal, criteria as clauses, the sentences of a paragraph in another order; None where fewer
    than three words have a synonym."""
    reworded, changed = _swapped(text, words, rng, share=1.0)
    if changed < 3:
        return None
    if reworded.goal:
        goal = passive(reworded.goal) or reworded.goal
        if reworded.benefit and rng.random() < 0.7:
            shape = rng.choice(words.rebuilt)
            goal = shape.format(goal=goal.rstrip(" ."), benefit=reworded.benefit)
            reworded = replace(reworded, benefit="")
        reworded = replace(reworded, goal=goal)
    lead = rng.choice(words.expected)
    return replace(
        reworded,
        criteria=tuple(_after(lead, c) for c in reworded.criteria if c.strip()),
        body=tuple(f"{_reordered(b, rng)} {_told(words, rng)}" for b in reworded.body),
    )


def passive(goal: str) -> str:
    """A goal as something that is done: "upload photos to it" → "have photos uploaded to it"; ""
    for a verb that the table does not have."""
    verb, _, rest = goal.partition(" ")
    participle = _PARTICIPLES.get(verb.lower())
    if participle is None or not rest:
        return ""
    end = _OBJECT_ENDS.search(rest)
    cut = end.start() if end else len(rest)
    return f"have {rest[:cut]} {participle}{rest[cut:]}" if rest[:cut].strip() else ""


def _swapped(
    text: StoryText, words: Wording, rng: random.Random, *, share: float
) -> tuple[StoryText, int]:
    """Words replaced by words that mean the same, and how many were."""
    changed = 0

    def swap(field: str, groups: Sequence[tuple[str, ...]], often: float) -> str:
        nonlocal changed
        for group in rng.sample(groups, len(groups)):
            for word in group:
                pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(s?)(?![\w-])", re.IGNORECASE)
                found = pattern.search(field)
                others = [w for w in group if w != word and not (found and found[1] and " " in w)]
                if not found or not others:
                    continue
                if rng.random() < often:
                    other = rng.choice(others)
                    field = pattern.sub(other if other.endswith("s") else rf"{other}\1", field)
                    changed += 1
                break
        return field

    def say(field: str) -> str:
        return swap(swap(field, words.groups, share), words.abbreviations, share)

    reworded = replace(
        text,
        role=swap(text.role, words.roles, share),
        goal=say(text.goal),
        benefit=say(text.benefit),
        criteria=tuple(map(say, text.criteria)),
        body=tuple(map(say, text.body)),
    )
    return reworded, changed


def _told(words: Wording, rng: random.Random) -> str:
    end = rng.choice(words.ends)
    return f"{end[0].upper()}{end[1:]}."


def _reordered(paragraph: str, rng: random.Random) -> str:
    sentences = _SENTENCE_END.split(paragraph.strip())
    rng.shuffle(sentences)
    return " ".join(sentences)


def _after(lead: str, criterion: str) -> str:
    """A criterion as a clause; an acronym at its head stays one."""
    first = criterion.split(maxsplit=1)[0]
    told = criterion if first.isupper() else criterion[0].lower() + criterion[1:]
    clause = lead.format(told)
    return clause[0].upper() + clause[1:]


def _rows(table: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row.split("|")) for row in table.strip().splitlines())
