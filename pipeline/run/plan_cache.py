"""Plans that were made before, found again by everything they are made from.

A plan is a pure function of the stories, the model, its limits, the prompts, what persons decided,
and the code: the outline of one is kept under the hash of all of these, so that nothing it holds
outlasts a change of what it was computed from.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cache as cached
from pathlib import Path

import pipeline
from pipeline.calls import Plan, WindowLimits
from pipeline.errors import EngineError, ModelError, StoreError
from pipeline.extract.process_pool import in_turns
from pipeline.models import ModelSpec
from pipeline.plan.plan_outline import outline_as_text, outline_from_text
from pipeline.providers.opening import revision_of
from pipeline.run.corpus import Corpus
from pipeline.run.steps import Planner, Terms, from_stories, limits_here, measure, plan
from pipeline.store.record import Store
from pipeline.tokens.token_counters import counter_for

#: The terms that decide no plan but its price, or that are told by the limits or by content.
#: What is not named here is part of the key, so that a new term cannot be forgotten.
_OF_NO_PLAN = frozenset(
    {"prompts", "cache", "as_of", "today", "allow_cloud", "local_only", "usd_per_kwh"}
    | {"hardware", "bits", "exams", "listed"}
)


#: A model, and the terms of each plan that is wanted of it.
Wanted = tuple[ModelSpec, Sequence[Terms]]


@dataclass
class Outlines:
    """A planner that remembers.

    Args:
        corpus_id: hash of all that was read (:meth:`Store.save_corpus`).
        make: plans what is not remembered.
        ahead: the plans that will be asked for: once one is not remembered, all that are not are
            made together, on all processors.
        opened: waits for the vocabularies, which are brought into the cache meanwhile.
    """

    store: Store
    corpus_id: str
    make: Planner = from_stories
    ahead: Sequence[Wanted] = ()
    opened: Callable[[], None] | None = None

    def __call__(self, corpus: Corpus, spec: ModelSpec, terms: Terms, limits: WindowLimits) -> Plan:
        """The plan, or its outline: its sizes and keys are the plan's."""
        self._await_vocabularies(corpus)
        key = self.key(spec, terms, limits)
        found = self._remembered(key)
        if found is None and self.ahead:
            self._make_ahead(corpus)
            found = self._remembered(key)
        if found is not None:
            return found
        made = self.make(corpus, spec, terms, limits)
        self._remember(key, outline_as_text(made))
        return made

    def _await_vocabularies(self, corpus: Corpus) -> None:
        """Measure what all plans start from while another process opens what counts them."""
        opened, self.opened = self.opened, None
        if opened is not None:
            for _, several in self.ahead:
                for terms in several:
                    measure(corpus, terms)
            opened()

    def _remembered(self, key: str) -> Plan | None:
        known = self.store.get_outline(key)
        return outline_from_text(known) if known is not None else None

    def _remember(self, key: str, outline: str) -> None:
        with suppress(StoreError):  # a cache that cannot be written costs time, never the result
            self.store.put_outline(key, outline)

    def _make_ahead(self, corpus: Corpus) -> None:
        """Plan for every model that lacks a plan, one model at a time in each process: its
        strategies share what was counted."""
        wanted, self.ahead = self.ahead, ()
        lacking = [
            (spec, [terms for terms in several if self._lacks(spec, terms)])
            for spec, several in wanted
        ]
        # What all plans start from, and the vocabularies: once here, not once in each process.
        for spec, several in lacking:
            for terms in several:
                measure(corpus, terms)
                with suppress(EngineError):
                    counter_for(spec, cache=terms.cache)

        def make(one: Wanted) -> dict[str, str]:
            made: dict[str, str] = {}

            def noted(corpus: Corpus, spec: ModelSpec, terms: Terms, limits: WindowLimits) -> Plan:
                found = self.make(corpus, spec, terms, limits)
                made[self.key(spec, terms, limits)] = outline_as_text(found)
                return found

            spec, several = one
            for terms in several:
                with suppress(EngineError, ModelError):  # told where the plan itself is asked for
                    plan(corpus, spec, terms, noted)
            return made

        for made in in_turns(make, [one for one in lacking if one[1]]):
            for key, outline in made.items():
                self._remember(key, outline)

    def _lacks(self, spec: ModelSpec, terms: Terms) -> bool:
        try:
            key = self.key(spec, terms, limits_here(spec, terms))
        except (EngineError, ModelError):
            return False
        return self.store.get_outline(key) is None

    def key(self, spec: ModelSpec, terms: Terms, limits: WindowLimits) -> str:
        """The hash of all that decides a plan."""
        # A folder's tokenizer is not part of its weights; what else counts is told by the spec.
        counter = counter_for(spec, cache=terms.cache).name if spec.provider.is_local else ""
        made_from = [
            code_sha256(),
            _prompts_sha256(terms.prompts),
            self.corpus_id,
            repr(spec),
            revision_of(spec, terms.cache),
            counter,
            repr(limits),
            *(
                (field.name, getattr(terms, field.name))
                for field in fields(terms)
                if field.name not in _OF_NO_PLAN
            ),
        ]
        return hashlib.sha256(repr(made_from).encode()).hexdigest()


@cached
def code_sha256() -> str:
    """Hash of this program, of the interpreter, and of the versions of all installed packages."""
    digest = hashlib.sha256(sys.version.encode())
    root = Path(pipeline.__file__).parent
    for file in sorted(root.rglob("*.py")):
        digest.update(f"\0{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    installed = {entry.name for place in sys.path for entry in Path(place or ".").glob("*-info")}
    digest.update("\0".join(sorted(installed)).encode())
    return digest.hexdigest()


def _prompts_sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.md")):
        digest.update(f"\0{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
