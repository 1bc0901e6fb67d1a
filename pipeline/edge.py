"""What the two edges, the command line and the flows, share: the environment turned into plain
values, once."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.catalog import Catalog, Gpu, ModelSpec
from pipeline.errors import InputError, StoreError
from pipeline.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipeline.cost.hardware import Hardware
    from pipeline.merge.job import MergeJob
    from pipeline.merge.steps import Terms
    from pipeline.models.base import ModelOptions
    from pipeline.store.record import Store


def now() -> datetime:
    """The clock that everything below is handed."""
    return datetime.now(UTC)


def whoami() -> str:
    """The name of the account that runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as in some containers
        return f"account {os.getuid()}"


def parse_date(text: str | None, *, where: str) -> date:
    """A date, today's (UTC) when there is none.

    Raises:
        InputError: not YYYY-MM-DD.
    """
    if text is None:
        return now().date()
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise InputError(
            f"{text!r} is no date.", where=where, next="Write it as YYYY-MM-DD, such as 2026-11-21."
        ) from exc


def parse_usd(text: str | None, *, where: str) -> Decimal | None:
    """An amount of dollars, None when there is none.

    Raises:
        InputError: not a number, or negative.
    """
    if text is None:
        return None
    try:
        usd = Decimal(text.lstrip("$"))
    except InvalidOperation as exc:
        raise InputError(
            f"{text!r} is no amount of dollars.", where=where, next="Write it as 2.50."
        ) from exc
    if not usd.is_finite() or usd < 0:
        raise InputError(f"{text!r} is no amount of dollars.", where=where)
    return usd


def parse_words(n: int, *, where: str) -> int:
    """A number of words.

    Raises:
        InputError: none at all, or fewer.
    """
    if n < 1:
        raise InputError(f"{n} words cannot be priced.", where=where, next="Write it as 440000.")
    return n


def parse_tokens_per_word(text: str | None) -> Decimal | None:
    """Tokens of a word, None where each model's own are wanted.

    Raises:
        InputError: not a number above zero.
    """
    if text is None:
        return None
    try:
        ratio = Decimal(text)
    except InvalidOperation:
        ratio = Decimal(0)
    if not ratio.is_finite() or not 0 < ratio <= 100:
        raise InputError(
            f"{text!r} is no number of tokens.",
            where="--tokens-per-word",
            next="Write it as 1.3; leave it out for what was measured.",
        )
    return ratio


@dataclass(frozen=True)
class Edge:
    """The settings of one command or flow, and what is opened with them."""

    settings: Settings

    @classmethod
    def read(cls, db: str | None = None) -> Edge:
        """Read the environment."""
        return cls(read_settings(db=db))

    @cached_property
    def catalog(self) -> Catalog:
        """The model catalogue."""
        return Catalog(self.settings.models_toml)

    def store(self) -> Store:
        """Open (and create or migrate) the database.

        Raises:
            StoreError: locked, full, or no database.
            InputError: from a newer version.
        """
        from pipeline.store.record import open_store

        return open_store(self.settings.database, now=now)

    def store_if_possible(self, warn: Callable[[str], None]) -> Store | None:
        """The database, or None with a warning, for what only reads documents."""
        try:
            return self.store()
        except StoreError as error:
            warn(f"warning: {error} Going on without it.")
            return None

    def options(self, spec: ModelSpec) -> ModelOptions:
        """What opening this model needs."""
        from pipeline.models.base import ModelOptions

        return ModelOptions(
            cache=self.settings.cache,
            threads=self.settings.threads,
            key=self.settings.keys.get(spec.provider, ""),
            base_url=spec.base_url or self.settings.base_urls.get(spec.provider, ""),
        )

    def terms(
        self,
        *,
        as_of: date | None = None,
        strategy: str = "edit",
        about: Sequence[str] = (),
        allow_cloud: bool = False,
        gpu: str | None = None,
    ) -> Terms:
        """The plain values that plans and prices depend on.

        Args:
            gpu: a card of the catalogue to plan for; the one found here when None.
        """
        from pipeline.merge.steps import Terms

        today = now().date()
        return Terms(
            prompts=self.settings.prompts,
            cache=self.settings.cache,
            as_of=as_of or today,
            today=today,
            strategy=strategy,
            about=tuple(about),
            allow_cloud=allow_cloud,
            usd_per_kwh=self.settings.usd_per_kwh,
            hardware=self.hardware(gpu),
        )

    def hardware(self, gpu: str | None = None) -> Hardware:
        """This machine, or this machine with a card of the catalogue in it.

        Raises:
            InputError: the catalogue does not know the card.
        """
        from pipeline.cost.hardware import detect_hardware

        found = detect_hardware(self.catalog.gpus, threads=self.settings.threads)
        if gpu is None:
            return found
        card = self.gpu(gpu)
        return replace(found, gpu=card, gpu_name=card.name)

    def gpu(self, name: str) -> Gpu:
        """A card of the catalogue by (a part of) its name.

        Raises:
            InputError: the catalogue does not know it.
        """
        from pipeline.cost.hardware import find_gpu, nearest_gpus

        card = find_gpu(self.catalog.gpus, name)
        if card is None:
            near = nearest_gpus(self.catalog.gpus, name)
            hint = f"Did you mean {' or '.join(near)}? " if near else ""
            raise InputError(
                f"no graphics card {name!r} in the catalogue.",
                where="--gpu",
                next=f"{hint}There are: {', '.join(self.catalog.gpus)}.",
            )
        return card

    def merge_job(
        self,
        paths: Sequence[str],
        model: str,
        *,
        store: Store,
        out: str,
        strategy: str = "edit",
        about: Sequence[str] = (),
        max_cost: str | None = None,
        allow_cloud: bool = False,
        **more: Any,
    ) -> MergeJob:
        """A merge, ready to run."""
        from pipeline.merge.job import MergeJob

        spec = self.catalog.find(model)
        return MergeJob(
            paths=list(paths),
            spec=spec,
            options=self.options(spec),
            store=store,
            out=Path(out),
            terms=self.terms(strategy=strategy, about=about, allow_cloud=allow_cloud),
            max_usd=parse_usd(max_cost, where="--max-cost"),
            **more,
        )
