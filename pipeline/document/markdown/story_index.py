"""Where every story went, a line a story; and what each topic and role holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from pipeline.document.markdown.escape import plain
from pipeline.document.markdown.holding import roles_told, stories_by_role
from pipeline.document.markdown.quoting import asks_for, clipped, quoted
from pipeline.document.markdown.tellings_file import fate
from pipeline.document.structure.content import Content, file_name, told
from pipeline.document.structure.layout import Layout, address
from pipeline.document.structure.nearness import is_near
from pipeline.entries import Outcome
from pipeline.text.words import WORD, fold, is_content, stem

#: Stories of one file, and so of one list.
MOST = 300
#: Stories named of a topic or role; words of what a story asks for, and of a name.
_NAMES, _ASKED, _NAMED = 300, 30, 8
#: Roles that are named beside one whose words they hold, and stories beside one that stands.
_WIDER, _TIED = 8, 8
#: Letters of a word whose "ies" is not a plural ("ties").
_SHORT = 4


def index_lines(layout: Layout, at: str) -> list[str]:
    """Where each story went: its line, or, of more than :data:`MOST`, the files of their lines."""
    stories = list(layout.content.stories)
    if len(stories) <= MOST:
        return [story_line(story, layout, at) for story in stories]
    return [f"- [{name}]({address(file, at=at)})" for name, file, _ in index_files(layout)]


def index_files(layout: Layout) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Of more than :data:`MOST` stories: (name, file, ids) of each part of the index."""
    stories = list(layout.content.stories)
    if layout.full or len(stories) <= MOST:
        return
    for start in range(0, len(stories), MOST):
        part = stories[start : start + MOST]
        first, last = start + 1, start + len(part)
        yield f"S-{first} to S-{last}", layout.index_file(first, last), part


def index_text(name: str, file: str, stories: Sequence[str], layout: Layout) -> Iterator[str]:
    """The lines of one part of the index."""
    yield from (f"# Where {name} went", "")
    yield from (story_line(story, layout, file) for story in stories)


def story_line(story: str, layout: Layout, at: str) -> str:
    """ "- S-22 · a.md, line 3 · duplicate of S-2 in E-2, Loans: the same words as S-2."."""
    content = layout.content
    source = content.stories[story].source
    known = (file_name(source.path), str(source.locator), source.key)
    where = plain(", ".join(part for part in known if part))
    return f"- {layout.story(story, at=at)} · {where} · {_went(story, layout, at)}"


def _went(story: str, layout: Layout, at: str) -> str:
    content = layout.content
    row, entry = content.row_of.get(story), content.entry_of.get(story)
    if entry is None:
        return f"left out: {plain(row.reason) if row and row.reason else 'no reason given'}"
    section = layout.section_of[entry.id]
    name = content.entry_name[entry.id]
    place = f"[{name}]({layout.entry(entry.id, at=at)}) in {clipped(section.title, _NAMED)}"
    other = layout.story(row.other, at=at) if row and row.other in content.stories else ""
    outcome = row.outcome if row else Outcome.KEPT
    if story != entry.standing:
        kind = "duplicate of" if outcome is Outcome.DUPLICATE_OF else "merged under"
        under = other or layout.story(entry.standing, at=at)
        said = f"{kind} {under} in {place}. {plain(fate(story, entry, content))}"
    else:
        said = "; ".join([f"stands, {place}", *_tied(story, layout, at)])
    for conflict in content.conflicts_of.get(entry.id, ()):
        sides = [side.story for side in conflict.sides]
        if story in sides:
            others = ", ".join(layout.story(one, at=at) for one in sides if one != story)
            said += (
                f"; {'' if conflict.kind == 'conflict' else 'possibly '}in conflict with {others}"
            )
    return said


def _tied(story: str, layout: Layout, at: str) -> Iterator[str]:
    """What the story that stands for an entry has to do with others: "alike S-7, S-91", a like
    benefit, passages. What it is in conflict with is not called alike."""
    content = layout.content
    entry = content.entry_of[story]
    against = {
        content.entry_of[side.story].id
        for conflict in content.conflicts_of.get(entry.id, ())
        for side in conflict.sides
    }
    kinds: dict[str, list[str]] = {}
    for link in content.links_of.get(entry.id, ()):
        other = link.b if link.a == entry.id else link.a
        if not is_near(link) and other not in against:
            kind = "overlaps" if link.kind == "overlapping" else "alike"
            kinds.setdefault(kind, []).append(content.entries[other].standing)
    if like := content.like_benefits.get(entry.id):
        kinds["a like benefit:"] = [content.entries[like].standing]
    if passages := content.passages_of.get(entry.id):
        kinds["like a passage of"] = [one.story for one in passages]
    if told_in := content.passages_in.get(story):
        kinds["has passages like"] = [content.entries[one].standing for one in told_in]
    for kind, stories in kinds.items():
        names = [layout.story(one, at=at) for one in stories[:_TIED]]
        more = [f"{len(stories) - _TIED:,} more"] if len(stories) > _TIED else []
        yield f"{kind} {', '.join([*names, *more])}"


def topic_lines(layout: Layout, at: str) -> list[str]:
    """What each topic holds, who asks for it in which tellings, and from which documents."""
    content = layout.content
    return [
        f"- [{clipped(section.title, _NAMED)}]({layout.section(section, at=at)}): "
        f"{told(len(sources), 'telling')} in {told(len(section.entries), 'entry', 'entries')}, "
        f"{content.names(sources, _NAMES)}. By {roles_told(section.entries, content) or 'no role'}."
        f" From {_documents(sources, content)}."
        for section in layout.sections
        if (sources := [story for entry in section.entries for story in entry.sources])
    ]


def _documents(sources: Sequence[str], content: Content) -> str:
    names = dict.fromkeys(file_name(content.stories[story].source.path) for story in sources)
    shown = [clipped(name, _NAMED) for name in list(names)[:_NAMED]]
    more = [f"{len(names) - _NAMED:,} more"] if len(names) > _NAMED else []
    return ", ".join([*shown, *more])


def role_lines(layout: Layout, at: str) -> list[str]:
    """Who tells what: a line a role with its stories, and, as far as there is room, under it what
    each asks for. Roles are not joined; those that hold a role's words are named beside it."""
    content = layout.content
    roles = stories_by_role(layout)
    named = {story for _, stories in roles for story in stories}
    none = [story for story in content.entry_of if story not in named]
    wider = _wider([role for role, _ in roles])
    told_in = _named_in([role for role, _ in roles], none, content)
    room = len(named) + len(none) <= MOST
    found = []
    for role, stories in roles:
        beside = ", ".join(clipped(one, _NAMED) for one in wider.get(role, ())[:_WIDER])
        found.append(
            f"- {clipped(role, _NAMED)} {len(stories):,}: {content.names(stories, _NAMES)}"
            + (f"; see also {beside}" if beside else "")
            + (f"; named in: {content.names(told_in[role], _NAMES)}" if role in told_in else "")
        )
        found += _asked(stories, layout, at) if room else []
    return found


def no_role_lines(layout: Layout, at: str) -> list[str]:
    """The stories whose author names no role, which is not a role itself."""
    content = layout.content
    named = {story for _, stories in stories_by_role(layout) for story in stories}
    none = [story for story in content.entry_of if story not in named]
    if not none:
        return []
    room = len(content.entry_of) <= MOST
    asked = _asked(none, layout, at) if room else ()
    return [f"No role, {len(none):,}: {content.names(none, _NAMES)}", "", *asked, ""]


def _named_in(
    roles: Sequence[str], stories: Sequence[str], content: Content
) -> dict[str, list[str]]:
    """By role the stories without one of their own that name it in their text, as one or as many;
    where a longer role stands ("repair volunteer"), only that one is named."""
    forms: dict[tuple[str, ...], list[str]] = {}
    for role in roles:
        if words := _singular(role):
            forms.setdefault(words, []).append(role)
    lengths: dict[str, list[int]] = {}
    for words in sorted(forms, key=len, reverse=True):
        lengths.setdefault(words[0], []).append(len(words))
    found: dict[str, list[str]] = {}
    for story in stories:
        said, at = _singular(content.stories[story].text), 0
        here: dict[str, None] = {}
        while at < len(said):
            own = lengths.get(said[at], ())
            n = next((n for n in own if said[at : at + n] in forms), 0)
            here.update(dict.fromkeys(forms[said[at : at + n]] if n else ()))
            at += n or 1
        for role in here:
            found.setdefault(role, []).append(story)
    return found


def _singular(text: str) -> tuple[str, ...]:
    """The words of a text, a plural as its singular: who volunteered is not a volunteer, so that
    stems would join too much."""
    return tuple(map(_as_one, WORD.findall(fold(text).casefold())))


@lru_cache(maxsize=100_000)
def _as_one(word: str) -> str:
    bare = word.removesuffix("'s")
    if bare.endswith("ies") and len(bare) > _SHORT:
        return f"{bare[:-3]}y"
    if bare.endswith(("sses", "shes", "ches", "xes")):
        return bare[:-2]
    return bare[:-1] if bare.endswith("s") and not bare.endswith("ss") else bare


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word.casefold()) for word in WORD.findall(fold(text)))


def _wider(roles: Sequence[str]) -> dict[str, list[str]]:
    """By role the others that hold all of its words: "member with low vision" of "member"."""
    words = {role: frozenset(_stems(role)) for role in roles}
    by_words: dict[frozenset[str], list[str]] = {}
    for role, own in words.items():
        by_words.setdefault(own, []).append(role)
    found: dict[str, list[str]] = {}
    for role, own in words.items():
        # Of a role of many words only its single ones and pairs are looked up.
        parts = [frozenset(some) for n in (1, 2) for some in combinations(sorted(own), n)]
        for part in parts:
            for one in by_words.get(part, ()) if part < own else ():
                found.setdefault(one, []).append(role)
    return found


def _asked(stories: Sequence[str], layout: Layout, at: str) -> Iterator[str]:
    """What some stories ask for, those of one entry in a line."""
    content = layout.content
    of: dict[str, list[str]] = {}
    for story in stories:
        of.setdefault(content.entry_of[story].id, []).append(story)
    for entry, told_by in of.items():
        first, *others = told_by
        names = ", ".join(filter(None, [layout.story(first, at=at), content.names(others)]))
        yield f"  - {quoted(asks_for(content.entries[entry], content), words=_ASKED)} {names}"


#: Words that are listed, those of most stories where there are more.
MOST_WORDS = 300
#: Stories and topics that have a word at least; it says nothing of one topic that its heading
#: does not.
LEAST, TOPICS = 3, 2
#: Stories that have it at most: a share of all, and beyond :data:`FEW` of them a number.
SHARE, FEW, MANY = 0.15, 300, 60
#: Letters of a word.
_LETTERS = 3


def word_lines(layout: Layout) -> list[str]:
    """ "- shift: S-45, S-97": a line a word with the stories that have it in any form, in the
    alphabet's order."""
    content = layout.content
    found = _stories_of(layout)
    shown = sorted(found, key=lambda word: (-len(found[word]), word))[:MOST_WORDS]
    return [
        f"- {word}: {content.names(found[word])}"
        for word in sorted(shown, key=lambda word: (word.casefold(), word))
    ]


def _stories_of(layout: Layout) -> dict[str, list[str]]:
    """The ids of the stories that have a word, by its commonest form."""
    content = layout.content
    n = len(content.entry_of)
    most = int(SHARE * n) if n <= FEW else MANY
    seen = Counter[str]()
    roots: dict[str, str] = {}
    stories: dict[str, list[str]] = defaultdict(list)
    # In corpus order: the numbers of a line ascend.
    for story in content.stories.values():
        if story.id not in content.entry_of:
            continue
        # What a story says, not the labels in front of it ("Acceptance criteria").
        fields = " ".join(text for _, text in story.fields) or story.text
        words = WORD.findall(fold(fields))
        seen.update(words)
        said = set(words)
        roots.update((word, _root(word)) for word in said - roots.keys())
        for root in {roots[word] for word in said}:
            # One more than there may be tells that there are too many.
            if root and len(stories[root]) <= most:
                stories[root].append(story.id)
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for word, root in roots.items():
        forms[root][word] = seen[word]
    topics = min(TOPICS, len(layout.sections))
    return {
        _commonest(forms[root]): some
        for root, some in stories.items()
        if LEAST <= len(some) <= most and _n_topics(some, layout) >= topics
    }


def _root(word: str) -> str:
    """What the forms of a word have in common; "" of one that says nothing by itself."""
    lower = word.lower()
    told = len(word) >= _LETTERS and word.isalpha() and is_content(lower)
    return stem(lower) if told else ""


def _n_topics(stories: list[str], layout: Layout) -> int:
    of = layout.content.entry_of
    return len({layout.section_of[of[story].id].name for story in stories})


def _commonest(forms: Counter[str]) -> str:
    """The commonest form; one with a capital only where the word is never without."""
    joined = Counter[str]()
    for form, n in forms.items():
        joined[form.lower() if form.lower() in forms else form] += n
    return min(joined, key=lambda form: (-joined[form], form))
