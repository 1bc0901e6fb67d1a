"""A group of stories as an entry: which pieces of their tellings stand, and which fold.

The standing telling stands whole. Of a telling that proof or a judge puts with it the sentence
folds; its benefit, title, criteria and body stand under the entry unless they are proved to stand
there. Of a telling that a person decided against everything folds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.compare.differences import only_in
from pipeline.compare.telling_sentence import purpose
from pipeline.entries import Entry, Fold, FoldedBy, Line, Piece, RoleTold, entry_id
from pipeline.judge.proof import prove_need
from pipeline.merge.arrange import Group, Under, members
from pipeline.merge.tellings import Told, telling
from pipeline.stories import Story
from pipeline.text.canonical import canonical

#: The rule of a fold that holds a form's own words.
LABEL = "label"


def make_entry(group: Group, stories: Mapping[str, Story]) -> Entry:
    """The entry of a group; every piece of every telling is in it."""
    work = _Work(stories[group.standing])
    for name in group.proved[1:]:
        work.add_proved(stories[name])
    for under in group.folded:
        for name in under.stories:
            work.add_folded(stories[name], under)
    names = members(group)
    return Entry(
        id=entry_id(names),
        standing=group.standing,
        sources=names,
        roles=_roles([stories[name] for name in names]),
        lines=tuple(line.done() for line in work.lines),
        folds=tuple(work.folds),
    )


@dataclass
class _Line:
    """A line while stories are added to it."""

    field: Piece
    text: str
    stories: list[str]

    def done(self) -> Line:
        return Line(self.field, self.text, tuple(self.stories))


@dataclass(frozen=True, slots=True)
class _Why:
    """How a telling came under the entry."""

    by: FoldedBy
    reason: str = ""
    likelihood: float | None = None


@dataclass
class _Work:
    """An entry while tellings are put into it."""

    first: Story
    lines: list[_Line] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    _at: dict[tuple[str, str, tuple[str, ...]], _Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = telling(self.first)
        for piece in told.pieces:
            self._stand(piece, self.first)
        self._labels(told.labels, self.first)

    def add_proved(self, story: Story) -> None:
        """A telling of the same goal and benefit."""
        told = telling(story)
        proof = prove_need(story, self.first)
        if told.sentence:
            self._fold_sentence(told.sentence, story, _Why("proof"), proof.rules if proof else ())
        self._rest(story)

    def add_folded(self, story: Story, under: Under) -> None:
        """A telling that a judge or a person puts here."""
        judged = under.why
        why = (
            _Why("person", under.decision)
            if judged is None
            else _Why("judge", f"{judged.judge}, record {judged.record}", judged.likelihood)
        )
        if under.whole:
            told = telling(story)
            for piece in told.pieces:
                self._fold(piece.field, piece.text, story, why)
            self._labels(told.labels, story)
            return
        told = telling(story)
        if told.sentence:
            self._fold_sentence(told.sentence, story, why)
            if story.benefit and not self._says_benefit(story):
                text = purpose(story.benefit)
                self._stand(Told("benefit", text), story, key=story.benefit)
        self._rest(story)

    def _rest(self, story: Story) -> None:
        """Title, criteria and body: each stands unless it is proved to stand here already."""
        told = telling(story)
        criteria = [piece for piece in told.rest if piece.field == "criterion"]
        steps = len(criteria) > 1 and not story.criteria_free
        if told.title:
            self._place(Told("title", told.title), story)
        if steps and not self._has_steps(criteria, story):
            # Their order counts: they are not mixed with those of another telling.
            for piece in told.rest:
                self._stand(piece, story)
        else:
            for piece in told.rest:
                self._place(piece, story)
        self._labels(told.labels, story)

    def _has_steps(self, criteria: list[Told], story: Story) -> bool:
        """Whether one telling's steps stand here, all and in the same order."""
        wanted = [self._key(piece.field, piece.text, story.language) for piece in criteria]
        standing = [
            self._key(line.field, line.text, self.first.language)
            for line in self.lines
            if line.field == "criterion" and line.stories[0] == self.first.id
        ]
        return wanted == standing

    def _says_benefit(self, story: Story) -> bool:
        key = self._key("benefit", story.benefit, story.language)
        mine = self._key("benefit", self.first.benefit, self.first.language)
        if key == mine:
            return True
        line = self._at.get(key)
        if line is not None:
            line.stories.append(story.id)
        return line is not None

    def _place(self, piece: Told, story: Story) -> None:
        line = self._at.get(self._key(piece.field, piece.text, story.language))
        if line is None:
            self._stand(piece, story)
            return
        if story.id not in line.stories:
            line.stories.append(story.id)
        if " ".join(line.text.split()) != " ".join(piece.text.split()):
            rules = canonical(piece.text, piece.field, story.language).rules
            rules |= canonical(line.text, piece.field, story.language).rules
            self.folds.append(Fold(story.id, piece.field, piece.text, "proof",
                                   line.stories[0], tuple(sorted(rules))))  # fmt: skip

    def _stand(self, piece: Told, story: Story, key: str = "") -> None:
        line = _Line(piece.field, piece.text, [story.id])
        self.lines.append(line)
        self._at.setdefault(self._key(piece.field, key or piece.text, story.language), line)

    def _fold_sentence(
        self, sentence: str, story: Story, why: _Why, rules: tuple[str, ...] = ()
    ) -> None:
        standing = next((line for line in self.lines if line.field == "sentence"), None)
        if standing is not None and " ".join(standing.text.split()) == " ".join(sentence.split()):
            standing.stories.append(story.id)
            return
        self._fold("sentence", sentence, story, why, rules)

    def _fold(
        self, piece: Piece, text: str, story: Story, why: _Why, rules: tuple[str, ...] = ()
    ) -> None:
        otherwise: tuple[str, ...] = ()
        if why.by != "proof" and piece == "sentence":
            otherwise = only_in(story.goal, self.first.goal)
        self.folds.append(
            Fold(story.id, piece, text, why.by, self.first.id, rules, otherwise, why.reason,
                 why.likelihood)
        )  # fmt: skip

    def _labels(self, labels: tuple[str, ...], story: Story) -> None:
        self.folds += [Fold(story.id, "label", text, "proof", "", (LABEL,)) for text in labels]

    @staticmethod
    def _key(piece: str, text: str, language: str) -> tuple[str, str, tuple[str, ...]]:
        return piece, language, canonical(text, piece, language).tokens


def _roles(stories: list[Story]) -> tuple[RoleTold, ...]:
    """Every role as it was told first, with the stories that tell it."""
    told: dict[tuple[str, tuple[str, ...]], tuple[str, list[str]]] = {}
    for story in stories:
        if story.role:
            key = story.language, canonical(story.role, "role", story.language).tokens
            told.setdefault(key, (story.role, []))[1].append(story.id)
    return tuple(RoleTold(text, tuple(names)) for text, names in told.values())


#: Words of a paragraph that is looked for in other entries.
REPEATED_WORDS = 12
#: The rule of a paragraph that stands in an earlier entry.
REPEATED = "repeated paragraph"


def fold_repeated(entries: list[Entry], stories: Mapping[str, Story]) -> list[Entry]:
    """The entries with every long paragraph standing once: where it stands first. Its own entry
    keeps the later one as a fold under the story that tells it there.

    Args:
        entries: in the order in which they are read.
    """
    first: dict[tuple[str, tuple[str, ...]], tuple[str, str, str]] = {}
    done: list[Entry] = []
    for entry in entries:
        lines: list[Line] = []
        folds = list(entry.folds)
        for line in entry.lines:
            if line.field != "body" or len(line.text.split()) < REPEATED_WORDS:
                lines.append(line)
                continue
            language = stories[line.stories[0]].language
            form = canonical(line.text, "body", language)
            holder, story, _ = first.setdefault(
                (language, form.tokens), (entry.id, line.stories[0], line.text)
            )
            others = len(entry.lines) > 1
            if holder == entry.id or not others:
                lines.append(line)
                continue
            folds += [
                Fold(name, "body", line.text, "proof", story, (*sorted(form.rules), REPEATED))
                for name in line.stories
            ]
        changed = len(lines) < len(entry.lines) and bool(lines)
        done.append(replace(entry, lines=tuple(lines), folds=tuple(folds)) if changed else entry)
    return done
