"""What a page is: filters that stand in its address, and cards that each answer one question.

Pages are written in ``pages/*.yaml``; evals bring filters and cards of their own to them, in the
same notation (``drawn`` of :class:`evals.declared.Eval`), which stand first. A card has the SQL of
its rows, or the name of a measure (:mod:`evals.dashboard.measured_rows`) that computes them, and
says how they are drawn; which filters it depends on follows from the parameters its SQL names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from evals.eval_registry import evals_by_name

_PAGES = Path(__file__).resolve().parent / "pages"
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")

#: The pages in the order of the navigation.
ORDER = ("runs", "run", "costs", "models", "needles", "quality", "records")


@dataclass(frozen=True)
class Filter:
    """One parameter of a page's address.

    Args:
        kind: ``choice`` (one of ``options``), ``choices`` (several), ``search`` (words) or
            ``hidden`` (set by what is clicked).
        options: SQL of (value, label), or the values themselves.
        default: SQL of the values that are taken when none is named; "" for none.
        none: how the choice of nothing is called; "" when something has to be chosen.
    """

    name: str
    label: str = ""
    kind: str = "hidden"
    options: str | Sequence[str] = ()
    default: str = ""
    none: str = ""

    @property
    def many(self) -> bool:
        """Whether several values may be given; SQL then sees them as one JSON array."""
        return self.kind == "choices"

    def bound(self, given: Sequence[str]) -> str | None:
        """The value as SQL sees it, None when there is none."""
        values = [value for value in given if value]
        if not values:
            return None
        return json.dumps(values) if self.many else values[0]


@dataclass(frozen=True)
class Card:
    """One question of a page.

    Args:
        kind: how it is drawn; the page's script knows the kinds.
        sql: of its rows, without a limit.
        measure: the function of :mod:`evals.dashboard.measured_rows` that computes them instead.
        needs: filters that a measure depends on.
        rows: shown at once; the others are on further pages. 0 for all.
        count: SQL of how many rows there are in all, for cards that have further pages.
        width, tall: columns of twelve, and rows of the page, that it takes.
        empty: what stands there when there are no rows, and what to run.
        report: whether a report has it: what shows words of stories, prompts or replies stays here.
        words: fields that hold words of documents: shown without markup, at most so many characters
            of them, all for 0. Where ``FIELD_spans`` stands beside one, its pieces stand apart.
        stories: fields that hold ids of stories of the chosen run, shown as their names ("S-12"):
            for rows drawn from very many, where SQL would name all of them first.
        tab: the tab of its page that it stands on; "" for one that stands above the tabs.
        display: whatever the drawing needs.
    """

    name: str
    title: str
    kind: str = "table"
    sql: str = ""
    measure: str = ""
    needs: tuple[str, ...] = ()
    rows: int = 0
    count: str = ""
    width: int = 12
    tall: int = 1
    note: str = ""
    empty: str = "Nothing yet."
    hidden: bool = False
    report: bool = True
    words: Mapping[str, int] = field(default_factory=dict)
    stories: Sequence[str] = ()
    tab: str = ""
    display: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The filters that decide its rows."""
        named = _PARAMETER.findall(f"{self.sql} {self.count}")
        return tuple(dict.fromkeys([*self.needs, *named]))

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that stand on the card itself."""
        return tuple(self.display.get("filters", ()))

    def shown(self) -> dict[str, Any]:
        """What the page's script is told; the SQL stays here."""
        told = ("title", "kind", "rows", "empty", "display", "tab")
        return {"parameters": self.parameters} | {name: getattr(self, name) for name in told}


@dataclass(frozen=True)
class Page:
    """A page of the dashboard.

    Args:
        tabs: titles by name, in their order; none where all cards stand below each other.
        tallies: SQL of (tab, how many things it shows); "" for none.
    """

    name: str
    title: str
    lede: str
    filters: Mapping[str, Filter]
    cards: Mapping[str, Card]
    tabs: Mapping[str, str] = field(default_factory=dict)
    tallies: str = ""

    def tab(self, given: Mapping[str, Sequence[str]]) -> str:
        """The tab that an address shows: the one it names, else the one whose filters it sets,
        else the first; "" for a page without tabs."""
        named = next(iter(given.get("tab", ())), "")
        if named in self.tabs:
            return named
        for card in self.cards.values():
            if card.tab and any(any(given.get(name, ())) for name in card.filters):
                return card.tab
        return next(iter(self.tabs), "")

    def values(self, given: Mapping[str, Sequence[str]]) -> dict[str, str | None]:
        """Every filter's value as SQL sees it."""
        return {name: one.bound(given.get(name, ())) for name, one in self.filters.items()}


def load_pages() -> dict[str, Page]:
    """The shipped pages, by name."""
    return {name: _page(name, _PAGES / f"{name}.yaml") for name in ORDER}


def _page(name: str, file: Path) -> Page:
    import yaml

    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    evals = [task for task in evals_by_name().values() if task.page == name and task.drawn]
    parts = [*(yaml.safe_load(task.drawn) for task in evals), body]
    filters = {
        key: Filter(key, **told)
        for part in parts
        for key, told in (part.get("filters") or {}).items()
    }
    cards = {
        key: Card(key, **told | {"needs": tuple(told.get("needs", ()))})
        for part in parts
        for key, told in part["cards"].items()
    }
    return Page(
        name,
        body["title"],
        body["lede"],
        filters,
        cards,
        body.get("tabs") or {},
        body.get("tallies", ""),
    )
