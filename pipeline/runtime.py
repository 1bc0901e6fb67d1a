"""What the two edges, the command line and the flows, share: the environment turned into plain
values, once."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.console import mention
from pipeline.errors import InputError, StoreError

if TYPE_CHECKING:
    from pipeline.catalog import Catalog
    from pipeline.config.egress import Egress
    from pipeline.config.options import EstimateOptions, ExamOptions, MergeOptions, TrainOptions
    from pipeline.config.settings import Settings
    from pipeline.cost.hardware import Hardware
    from pipeline.engine.training.learning import Learned
    from pipeline.exam.exam_job import ExamJob
    from pipeline.models import Gpu, ModelSpec
    from pipeline.providers.base import ModelOptions
    from pipeline.providers.remote.pacing import Paces
    from pipeline.run.job import MergeJob
    from pipeline.run.online_counts import OnlineCounts
    from pipeline.run.steps import Terms
    from pipeline.store.record import Store
    from pipeline.train.training_job import Order, Prepared


def now() -> datetime:
    """The clock that everything below is handed."""
    return datetime.now(UTC)


def whoami() -> str:
    """The name of the account that runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as in some containers
        return f"account {os.getuid()}"


@dataclass(frozen=True)
class Runtime:
    """The settings of one command or flow, and what is opened with them."""

    settings: Settings

    @classmethod
    def read(
        cls,
        db: str | None = None,
        allow_egress: Sequence[str] | None = None,
        config: str | None = None,
    ) -> Runtime:
        """Read environment and file; ``allow_egress`` adds to what the environment allows."""
        from pipeline.config.settings import read_settings  # `--help` waits for what is above

        return cls(read_settings(db=db, allow_egress=allow_egress or (), config=config))

    @cached_property
    def egress(self) -> Egress:
        """What may carry text off this machine."""
        from pipeline.config.egress import Egress

        return Egress.allowing(self.settings.allow_egress)

    @cached_property
    def catalog(self) -> Catalog:
        """The model catalogue, with what the user's accounts may send."""
        from pipeline.catalog import Catalog, parse_rates

        rates = parse_rates(self.settings.rates, where=self.settings.found["rates"].where)
        return Catalog(self.settings.models_toml, rates)

    @cached_property
    def paces(self) -> Paces:
        """What all models that are opened here share of their accounts' limits."""
        from pipeline.providers.remote.pacing import Paces

        return Paces()

    def find(self, model: str) -> ModelSpec:
        """A model that is to be asked, its server looked up.

        A name that leads to this machine is replaced by the address found, so that it cannot lead
        elsewhere a moment later (with TLS the certificate sees to that).

        Raises:
            InputError: no such model.
            SovereigntyError: its host does not resolve.
        """
        from urllib.parse import urlsplit

        from pipeline.config.egress import at_address

        spec = self.catalog.find(model)
        host = urlsplit(spec.base_url).hostname or ""
        if spec.provider.place != "address" or not host:
            return spec
        here = self.egress.is_local(host)
        base_url = spec.base_url
        if here and urlsplit(base_url).scheme == "http":
            base_url = at_address(base_url, self.egress.resolve(host)[0])
        return replace(spec, base_url=base_url, here=here)

    def check_orchestration(self, api_url: str | None) -> None:
        """Refuse a Prefect API or a task runner off this machine, unless allowed.

        Raises:
            SovereigntyError: one of them is elsewhere.
        """
        from pipeline.config.egress import url_hosts

        self.egress.check("prefect", url_hosts(api_url or ""))
        self.egress.check("task-runner", url_hosts(self.settings.task_runner))

    def check_database(self) -> None:
        """Refuse a database off this machine, unless allowed.

        Raises:
            SovereigntyError: it is elsewhere.
        """
        from pipeline.config.egress import database_hosts

        hosts = database_hosts(self.settings.database, default=self.settings.pg_host)
        self.egress.check("database", hosts)

    def store(self) -> Store:
        """Open (and create or migrate) the database.

        Raises:
            SovereigntyError: it is not on this machine, and was not allowed to be elsewhere.
            StoreError: locked, full, or no database.
            InputError: from a newer version.
        """
        from pipeline.store.record import open_store

        self.check_database()
        return open_store(self.settings.database, now=now, patience=self.settings.db_patience)

    def store_if_possible(self, warn: Callable[[str], None]) -> Store | None:
        """The database, or None with a warning, for what only reads documents."""
        try:
            return self.store()
        except StoreError as error:
            warn(f"warning: {error} Going on without it.")
            return None

    def options(self, spec: ModelSpec) -> ModelOptions:
        """What opening this model needs.

        Raises:
            SovereigntyError: vLLM's server, which is to answer for a local model, is elsewhere.
        """
        from pipeline.cost.hardware import ask_driver
        from pipeline.providers.base import ModelOptions
        from pipeline.providers.local.generators import generator

        return ModelOptions(
            vllm=generator(self.settings.vllm, self.egress.is_local),
            card=ask_driver,
            cache=self.settings.cache,
            threads=self.settings.threads,
            key=self.settings.keys.get(spec.provider.name, ""),
            base_url=spec.base_url or self.settings.base_urls.get(spec.provider.name, ""),
            patience=self.settings.model_patience,
            now=now,
            paces=self.paces,
            say=mention,
        )

    def online_counts(self) -> OnlineCounts:
        """How providers are asked to count prompts."""
        from pipeline.run.online_counts import OnlineCounts

        return OnlineCounts(find=self.find, options=self.options)

    def terms(
        self,
        *,
        as_of: date | None = None,
        strategy: str = "none",
        about: Sequence[str] = (),
        allow_cloud: Sequence[str] = (),
        local_only: Sequence[str] = (),
        gpu: str | None = None,
        propose: bool = False,
        pairs: int | None = None,
    ) -> Terms:
        """The plain values that plans and prices depend on.

        Args:
            gpu: a card of the catalogue to plan for; the one found here when None.
            propose: ask a judge that has no record.
            pairs: questions about pairs, at most.
        """
        from pipeline.judge.catalog_records import listed_records
        from pipeline.run.steps import Terms

        today = now().date()
        return Terms(
            prompts=self.settings.prompts,
            cache=self.settings.cache,
            as_of=as_of or today,
            today=today,
            strategy=strategy,
            about=tuple(about),
            allow_cloud=tuple(allow_cloud),
            local_only=(*self.settings.local_only, *local_only),
            usd_per_kwh=self.settings.usd_per_kwh,
            hardware=self.hardware(gpu),
            propose=propose,
            most_pairs=pairs,
            exams=self.settings.exams,
            listed=listed_records(self.catalog.tables, where=str(self.settings.models_toml)),
        )

    def estimate_terms(self, chosen: EstimateOptions) -> Terms:
        """The plain values that the prices of a dry run depend on."""
        return self.terms(
            as_of=chosen.as_of,
            about=chosen.about,
            allow_cloud=chosen.allow_cloud,
            local_only=chosen.local_only,
            gpu=chosen.gpu,
            pairs=chosen.pairs,
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
        chosen: MergeOptions,
        *,
        store: Store,
        **more: Any,
    ) -> MergeJob:
        """A merge, ready to run.

        Args:
            more: what else :class:`pipeline.run.job.MergeJob` takes: ``how``, ``say``, ``show``.

        Raises:
            InputError: no such model, group or amount; the folder cannot be written.
            SovereigntyError: the model is not on this machine, and nothing may leave it.
            ModelError: the provider's key is missing.
        """
        from pipeline.exam.exam_price import price_teller
        from pipeline.run.job import MergeJob
        from pipeline.run.option_checks import check_judge, check_options
        from pipeline.run.output import check_folder

        check_judge(model)
        check_options(chosen)
        # What can be known at once is said before a document is read or a dollar spent.
        spec, options = self._asked(model, chosen.allow_cloud, chosen.batch, more.get("opener"))
        check_folder(Path(chosen.out))
        terms = self.terms(
            strategy=chosen.strategy,
            about=chosen.about,
            allow_cloud=chosen.allow_cloud,
            local_only=chosen.local_only,
            propose=chosen.propose,
            pairs=chosen.pairs,
        )
        return MergeJob(
            paths=list(paths),
            spec=spec,
            options=options,
            store=store,
            out=Path(chosen.out),
            terms=terms,
            chosen=chosen,
            exam_price=price_teller(terms, store),
            **more,
        )

    def exam_job(
        self,
        model: str,
        chosen: ExamOptions,
        *,
        store: Store,
        labels: Sequence[Path],
        **more: Any,
    ) -> ExamJob:
        """The exam of a model, ready to run.

        Args:
            labels: files of labelled pairs.

        Raises:
            InputError: no such model or amount.
            SovereigntyError: the model is not on this machine, and nothing may leave it.
            ModelError: the provider's key is missing.
        """
        from pipeline.config.options import MergeOptions
        from pipeline.exam.windows_job import job_for

        make = job_for(chosen.strategy)
        spec, options = self._asked(model, chosen.allow_cloud, chosen.batch, more.get("opener"))
        return make(
            paths=[str(path) for path in labels],
            spec=spec,
            options=options,
            store=store,
            out=Path(),
            terms=self.terms(
                strategy=chosen.strategy,
                allow_cloud=chosen.allow_cloud,
                local_only=chosen.local_only,
            ),
            chosen=MergeOptions(
                strategy=chosen.strategy,
                max_cost=chosen.max_cost,
                batch=chosen.batch,
                ask_again=chosen.ask_again,
            ),
            labels=tuple(labels),
            corpora=None if chosen.corpora is None else Path(chosen.corpora),
            **more,
        )

    def train_order(
        self, chosen: TrainOptions, settings: Mapping[str, Any], store: Store | None
    ) -> Order:
        """What is to be trained.

        Args:
            settings: of PEFT's LoraConfig and TRL's SFTConfig, by their names.
            store: whose decisions teach, too.

        Raises:
            InputError: no such model.
        """
        from pipeline.train.training_job import Order

        return Order(
            spec=self.catalog.find(chosen.base),
            out=Path(chosen.out),
            tables=self.settings.training,
            exams=self.settings.exams,
            prompts=self.settings.prompts,
            cache=self.settings.cache,
            n_train=chosen.pairs,
            n_dev=chosen.dev_pairs,
            most_tokens=chosen.most_tokens,
            seed=chosen.seed,
            answers=chosen.answers,
            without=chosen.without,
            decisions=() if store is None else store.decisions(),
            settings=dict(settings),
            threads=self.settings.threads,
        )

    def keep_training(self, prepared: Prepared, learned: Learned, store: Store) -> None:
        """Keep the card of an adapter in the database."""
        from pipeline.engine.weights.adapters import adapter_sha256
        from pipeline.train.training_job import card_of

        out = prepared.order.out
        adapter = adapter_sha256(str(out), self.settings.cache)
        store.save_training(adapter, str(out.resolve()), card_of(prepared, learned))

    def _asked(
        self, model: str, allow_cloud: Sequence[str], batch: bool, opener: object
    ) -> tuple[ModelSpec, ModelOptions]:
        """A model that is to be asked, once all is there that it takes."""
        from pipeline.providers.opening import (
            missing_key,
            no_batches,
            unanswerable,
        )
        from pipeline.run.sovereignty import check_permission

        spec = self.find(model)
        check_permission(spec, allow_cloud)
        options = self.options(spec)
        if opener is None and (lacks := unanswerable(spec)) is not None:
            raise lacks
        if opener is None and spec.needs_key and not options.key:
            raise missing_key(spec)
        if batch and not spec.provider.batches:
            raise no_batches(spec)
        return spec, options
