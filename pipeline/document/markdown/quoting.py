"""Quotations and lists that fit where they stand, counted in words as a word processor does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.document.markdown.escape import marked, plain
from pipeline.document.structure.content import Content
from pipeline.entries import Entry
from pipeline.stories import count_words

#: Words shown before the place that a quotation is about.
_AROUND = 4


def clipped(text: str, words: int) -> str:
    """The first words of a text, escaped, "…" where there are more."""
    all_words = text.split()
    more = " …" if len(all_words) > words else ""
    return plain(" ".join(all_words[:words])) + more.strip()


def quoted(text: str, runs: Sequence[str] = (), *, words: int, start: int | None = None) -> str:
    """Words of a text in quotation marks, all of them or those around the first of ``runs``,
    which are bold; "…" where something is left out.

    Args:
        words: shown at most.
        start: the number of the first word shown, where it is not to be chosen.
    """
    said = text.split()
    if start is None:
        most = len(said) - words
        start = max(0, min(_place(said, runs) - _AROUND, most)) if most > 0 else 0
    shown = " ".join(said[start : start + words])
    before = "…" if start else ""
    after = "…" if start + words < len(said) else ""
    return f"“{before}{marked(shown, runs, '**')}{after}”"


def side_by_side(
    sides: Sequence[tuple[str, Sequence[str]]], places: Sequence[int], words: int
) -> list[str]:
    """Quotations of some texts that show the same place of each.

    Args:
        sides: (text, its runs to be bold).
        places: for each, the number of the word that the others have another one for.
        words: shown at most of each.
    """
    lengths = [len(text.split()) for text, _ in sides]
    rest = min((n - at for n, at in zip(lengths, places, strict=True)), default=0)
    before = max(_AROUND, words - rest)
    shown = []
    for (text, runs), n, at in zip(sides, lengths, places, strict=True):
        start = max(0, at - before) if n > words else 0
        end = _end(text.split(), runs, start)
        fits = min(max(words, end - start), words + _AROUND)
        shown.append(quoted(text, runs, words=fits, start=start))
    return shown


def whole_sides(sides: Sequence[tuple[str, Sequence[str]]], words: int) -> list[str] | None:
    """Quotations of some texts from their first word to their last; None where one has more words
    than that.

    Args:
        sides: (text, its runs to be bold).
    """
    if any(len(text.split()) > words for text, _ in sides):
        return None
    return [quoted(text, runs, words=words, start=0) for text, runs in sides]


def _end(said: Sequence[str], runs: Sequence[str], start: int) -> int:
    """One past the word that the first run behind a place ends with; 0 for none."""
    rest = " ".join(said[start:])
    wanted = [" ".join(run.split()) for run in runs]
    found = [(at, run) for run in wanted if run and (at := rest.find(run)) >= 0]
    if not found:
        return 0
    at, run = min(found)
    return start + len(rest[:at].split()) + len(run.split())


def marked_runs(runs: Sequence[str]) -> str:
    """ "*one* … *two*": runs of words in which a text differs, "–" for none."""
    return " … ".join(f"*{plain(run)}*" for run in runs) or "–"


def asks_for(entry: Entry, content: Content) -> str:
    """What an entry asks for, in the standing telling's words and without its role."""
    return content.stories[entry.standing].goal or entry.sentence


def within(words: int, items: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The first of some items, each of a few lines, that together have at most so many words."""
    for item in items:
        words -= sum(map(count_words, item))
        if words < 0:
            return
        yield item


def _place(said: Sequence[str], runs: Sequence[str]) -> int:
    """The number of the word that the first run begins with."""
    text = " ".join(said)
    found = [text.find(" ".join(run.split())) for run in runs]
    at = min((one for one in found if one >= 0), default=0)
    return len(text[:at].split())
