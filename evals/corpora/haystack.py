"""Haystacks: believable user stories, noise, or a folder of prose, line by line and without end.

Every haystack is drawn afresh from its own random source. A repeated block would measure how
well a model notices what is different, and the prefix cache, instead of retrieval.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.errors import InputError

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Domain:
    """A product's vocabulary; ``{n}`` in a criterion is a number."""

    roles: tuple[str, ...]
    things: tuple[str, ...]
    actions: tuple[str, ...]
    benefits: tuple[str, ...]
    criteria: tuple[str, ...]


_DOMAINS = (
    Domain(
        ("librarian", "reader", "branch manager", "interlibrary clerk", "volunteer"),
        ("a reservation", "an overdue loan", "the reading list", "a branch catalogue", "a fine"),
        ("renew {}", "search in {}", "print {}", "cancel {} at the desk", "forward {} by mail"),
        (
            "nobody waits at the counter",
            "a popular title moves on sooner",
            "I can plan the opening hours",
            "readers from other towns find it too",
        ),
        (
            "The list shows at most {n} titles a page.",
            "A reminder goes out {n} days before the loan ends.",
            "A reservation lapses after {n} days on the shelf.",
            "Titles without a cover show their call number instead.",
        ),
    ),
    Domain(
        ("nurse", "patient", "receptionist", "physician", "ward secretary"),
        ("an appointment", "the medication plan", "a referral", "the waiting list", "a lab result"),
        ("confirm {}", "attach a note to {}", "reschedule {}", "hand over {}", "look up {}"),
        (
            "the next shift knows what was done",
            "no slot stays empty",
            "I need not call twice",
            "the insurer gets complete papers",
        ),
        (
            "A change is refused less than {n} hours before the slot.",
            "The page loads in under {n} seconds on a ward tablet.",
            "Every change names who made it.",
            "At most {n} entries are shown before scrolling.",
        ),
    ),
    Domain(
        ("courier", "dispatcher", "sender", "depot worker", "recipient"),
        ("a parcel", "the morning route", "a failed delivery", "the loading plan", "a pickup"),
        ("scan {}", "reassign {}", "track {}", "photograph {}", "split {} between two vans"),
        (
            "the van leaves on time",
            "customers stop asking where it is",
            "the second attempt succeeds",
            "less fuel is burnt on empty trips",
        ),
        (
            "The scan works without a network for {n} minutes.",
            "A route holds no more than {n} stops.",
            "The recipient gets a message {n} minutes ahead.",
            "A neighbour's name can be typed in by hand.",
        ),
    ),
    Domain(
        ("teacher", "pupil", "parent", "school secretary", "substitute teacher"),
        ("the timetable", "a homework sheet", "an absence note", "the class register", "a grade"),
        ("publish {}", "sign {}", "correct {}", "compare {} with last term", "export {}"),
        (
            "families hear about it the same day",
            "nothing is written down twice",
            "the report is fair",
            "late arrivals can catch up",
        ),
        (
            "Sheets larger than {n} megabytes are refused with a hint.",
            "A correction is possible for {n} days.",
            "Only the class teacher sees the comments.",
            "The export opens in a common spreadsheet program.",
        ),
    ),
    Domain(
        ("tenant", "caretaker", "accountant", "meter reader", "energy adviser"),
        ("the heating bill", "a meter reading", "a repair order", "the annual statement", "a leak"),
        ("report {}", "check {}", "dispute {}", "archive {}", "share {} with the landlord"),
        (
            "mistakes are found before winter",
            "the right craftsman comes at once",
            "the year closes without questions",
            "I see what a warmer room costs",
        ),
        (
            "A reading that jumps by more than {n} percent is queried.",
            "Photographs are kept for {n} months.",
            "The order shows the name of the firm.",
            "Statements of the last {n} years stay available.",
        ),
    ),
    Domain(
        ("curator", "visitor", "guide", "ticket seller", "restorer"),
        ("an exhibit", "a guided tour", "the floor plan", "a loan contract", "an audio station"),
        ("book {}", "describe {}", "move {}", "translate {}", "mark {} as closed"),
        (
            "groups do not meet in the narrow hall",
            "guests from abroad understand it",
            "the insurer knows where everything stands",
            "quiet hours stay quiet",
        ),
        (
            "A group has at most {n} people.",
            "Texts stay below {n} characters.",
            "The humidity of the room is shown beside the object.",
            "Closed rooms turn grey within {n} seconds.",
        ),
    ),
    Domain(
        ("grower", "market driver", "co-operative member", "beekeeper", "field inspector"),
        ("a harvest report", "a crate label", "the spraying log", "a delivery note", "a plot map"),
        ("enter {}", "weigh in {}", "review {}", "sort {} by field", "send {} to the buyer"),
        (
            "prices follow the quality",
            "the audit takes an hour, not a day",
            "nothing rots in the wrong shed",
            "neighbours know when to keep their bees in",
        ),
        (
            "Weights are rounded to {n} grams.",
            "Entries can be made up to {n} hours later.",
            "A label carries the plot and the variety.",
            "The log is locked after {n} days.",
        ),
    ),
    Domain(
        ("mechanic", "workshop owner", "cyclist", "parts buyer", "apprentice"),
        ("a repair ticket", "the spare parts list", "a test ride", "an estimate", "a warranty"),
        ("open {}", "price {}", "approve {} by phone", "close {}", "copy {} from last season"),
        (
            "the customer is not surprised",
            "the stand is free again by noon",
            "we order once a week only",
            "I learn what a worn chain looks like",
        ),
        (
            "An estimate is valid for {n} days.",
            "Parts below {n} pieces are listed for the next order.",
            "The ticket prints on one page.",
            "Approval by phone needs the name of the person.",
        ),
    ),
)
_MANNERS = (
    "from my phone",
    "without opening a second window",
    "in one step",
    "for several branches at once",
    "before the day starts",
    "also when the connection is poor",
    "",
    "",
)
_NOISE = (
    "The {day} meeting was moved to the small room because the projector is still away.",
    "{who} will bring the printed plans and somebody should find a longer cable.",
    "We talked about the colours again and agreed to look at them in daylight.",
    "The coffee machine on the {floor} floor has been repaired.",
    "{who} asked whether the old forms may be thrown away; nobody was sure.",
    "Please park the bicycles behind the building while the yard is being paved.",
    "The draft was read aloud and most of it can stay as it is.",
    "{who} is away until {day} and answers letters afterwards.",
    "The minutes of the last workshop are in the blue folder on the {floor} floor.",
    "Somebody left an umbrella after the interviews on {day}.",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_FLOORS = ("ground", "first", "second", "third", "top")
_PEOPLE = (
    "Ilse", "Marek", "Yusuf", "Priya", "Tomas", "Nadia", "Goran", "Aiko", "Femi", "Lotte",
)  # fmt: skip


#: How a haystack of real stories is asked for: the paths of their documents follow, with
#: :data:`BETWEEN` between them.
REAL, BETWEEN = "stories:", ";"
#: Lines in a row that may not stand in a haystack, before it is given up.
_MOST_REFUSED = 20_000


def domains() -> tuple[Domain, ...]:
    """The vocabularies of the stories that are made up."""
    return _DOMAINS


def allowed(
    found: Iterator[str], allows: Callable[[str], bool], *, where: str = ""
) -> Iterator[str]:
    """The lines that may stand in a haystack.

    Raises:
        InputError: none of a great many may.
    """
    refused = 0
    for line in found:
        refused = 0 if allows(line) else refused + 1
        if refused > _MOST_REFUSED:
            raise InputError(
                "every line of the haystack would change the answer.",
                where=where,
                next="Give other documents, or 'stories'.",
            )
        if not refused:
            yield line


def paths_of(kind: str) -> tuple[str, ...]:
    """The documents that a haystack's real stories come from, none where it has no such."""
    return tuple(kind.removeprefix(REAL).split(BETWEEN)) if kind.startswith(REAL) else ()


def lines(kind: str, rng: random.Random) -> Iterator[str]:
    """Lines of a haystack without end, the same for the same random source.

    Args:
        kind: ``stories`` (user stories with criteria, a little noise between), ``noise``,
            ``stories:PATHS`` (real stories of documents), or the path of a folder with ``.txt``
            and ``.md`` files.

    Raises:
        InputError: neither a known kind nor a folder with text, or documents without a story.
    """
    if paths := paths_of(kind):
        return _real(paths, rng)
    if kind == "stories":
        return _stories(rng)
    if kind == "noise":
        return _noise(rng)
    return _prose(Path(kind), rng)


def _stories(rng: random.Random) -> Iterator[str]:
    while True:
        domain = rng.choice(_DOMAINS)
        goal = rng.choice(domain.actions).format(rng.choice(domain.things))
        manner = rng.choice(_MANNERS)
        wish = f"{goal} {manner}".strip()
        role = rng.choice(domain.roles)
        article = "an" if role[0] in "aeiou" else "a"
        yield f"As {article} {role}, I want to {wish}, so that {rng.choice(domain.benefits)}."
        for criterion in rng.sample(domain.criteria, rng.choice((0, 1, 1, 2, 3))):
            yield "- " + criterion.format(n=rng.randint(2, 480))
        if rng.random() < 0.15:
            yield next(_noise(rng))


def _real(paths: tuple[str, ...], rng: random.Random) -> Iterator[str]:
    """The stories of documents in random order, each whole; where all were told, in another one."""
    told = list(_stories_of(paths))
    while True:
        rng.shuffle(told)
        for story in told:
            yield from story


@lru_cache(maxsize=4)
def _stories_of(paths: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The lines of every story of documents, read once a process.

    Raises:
        InputError: there is no story.
    """
    from pipeline.extract.extraction import extract  # the readers of every format behind it
    from pipeline.text.invisible import visible

    found = dict.fromkeys(
        tuple(" ".join(line.split()) for line in visible(story.text).splitlines() if line.strip())
        for extraction in extract(paths)
        for story in extraction.stories
    )
    if not found:
        raise InputError("no story for a haystack.", where=BETWEEN.join(paths))
    return tuple(found)


def _noise(rng: random.Random) -> Iterator[str]:
    while True:
        yield rng.choice(_NOISE).format(
            day=rng.choice(_DAYS), floor=rng.choice(_FLOORS), who=rng.choice(_PEOPLE)
        )


def prose_files(folder: Path) -> list[Path]:
    """The files of a folder that a haystack is made of, in order."""
    return sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in (".txt", ".md") and p.is_file()
    )


def _prose(folder: Path, rng: random.Random) -> Iterator[str]:
    """Sentences of a folder's files in shuffled order, from a random one on, round and round."""
    files = prose_files(folder)
    if not files:
        raise InputError(
            "no .txt or .md file for a haystack.",
            where=str(folder),
            next="Give 'stories', 'noise' or a folder with prose.",
        )
    rng.shuffle(files)
    sentences = [
        " ".join(sentence.split())
        for file in files
        for sentence in _SENTENCE.split(file.read_text(encoding="utf-8", errors="replace"))
        if sentence.strip()
    ]
    if not sentences:
        raise InputError("its files hold no text.", where=str(folder))
    start = rng.randrange(len(sentences))
    while True:
        yield from sentences[start:]
        yield from sentences[:start]
