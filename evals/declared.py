"""What an eval says of itself, once: the ``EVAL`` of its file in :mod:`evals.tasks`.

The command line, the flows and deployments of Prefect, the docs, the pages and their reports are
made of it. Nothing here loads what an eval needs when it runs: every ``--help`` looks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from pipeline.config.options import MergeOptions, Options
from pipeline.progress import Show, show_nothing

if TYPE_CHECKING:
    from evals.result_tables import Table
    from pipeline.errors import StoryTransformerError
    from pipeline.models import ModelSpec
    from pipeline.providers.base import ModelOptions
    from pipeline.run.job import MergeJob
    from pipeline.runtime import Runtime
    from pipeline.store.record import Store

R = TypeVar("R")
#: What ``--json`` prints of an eval.
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands behind a command without an option.

    Args:
        title: what a form calls it.
        several: whether it may be given more than once.
        needed: whether it has to be given.
        file: whether it is one file.
    """

    name: str
    help: str
    title: str
    several: bool = False
    needed: bool = True
    file: bool = False


PATHS = Argument("paths", "Files, folders or globs.", "Documents", several=True)


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run leaves on its page in Prefect; never a word of a story.

    Args:
        kind: the function of :mod:`pipeline.flows.artifacts` that draws it.
        title: with fields of the result in braces.
        of: the field of the result that is drawn.
    """

    kind: Literal["heatmap", "counts"]
    title: str
    of: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """An eval as a flow and as a deployment of ``prefect.yaml``.

    Args:
        name: of both.
        about: what a person reads beside it.
        run: what its runs are called, with parameters in braces.
        parameters: what the deployment fills its form with.
    """

    name: str
    about: str
    run: str
    parameters: Mapping[str, Any]
    artifact: Artifact | None = None

    @property
    def function(self) -> str:
        """The name of its function in :mod:`evals.eval_flows`."""
        return self.name.replace("-", "_")


def _no_fault(result: Mapping[str, Any]) -> StoryTransformerError | None:
    return None


def _measured(result: Mapping[str, Any]) -> str:
    return f"measured; `storytransformer eval show {result['run']}` shows it."


def _the_same_again(kept: Mapping[str, Any], arguments: Sequence[Argument]) -> list[str] | None:
    words: list[str] = []
    for one in arguments:
        value = kept.get(one.name)
        if not value and one.needed:
            return None
        words += value if isinstance(value, list) else [value] if value else []
    return words


@dataclass(frozen=True, kw_only=True)
class Eval:
    """One eval.

    Args:
        name: of the command behind ``eval``, and the kind of its runs.
        help: what it measures, in a sentence.
        place: where it stands in lists; those with small numbers come first.
        run: measures; returns what ``--json`` prints.
        shown: the same for people, as tables and lines.
        options: beside the arguments.
        model: who is asked where nobody says so; "" for an eval that takes no model.
        part: of the installation, without which it measures nothing; "" for none.
        price: what it would cost, without asking anybody; None for one that costs nothing.
        priced: the same for people.
        fault: what is wrong where it measured and found something wrong.
        told: one line about a result, of counts only.
        deployment: as a flow; None for one that is none.
        page, chooser: the page of the dashboard that draws its runs, and the filter that chooses
            one there, "" for none; without a page the figures of a run are shown as they are.
        drawn: filters and cards that it brings to its page, in the notation of
            ``evals/dashboard/pages/*.yaml``; "" for none.
        unit: what its runs are made of, for the list of runs. over: what one of them is about.
        goes_on: whether the same command goes on where a run was left, so that pages tell it.
        again: the arguments of a run that goes on, of its stored parameters; None where they are
            not there.
    """

    name: str
    help: str
    place: int = 1000
    run: Callable[[Asked], Result]
    shown: Callable[[Mapping[str, Any]], Iterable[Table | str]]
    options: type[Options] = Options
    arguments: tuple[Argument, ...] = ()
    model: str = ""
    part: str = ""
    price: Callable[[Asked], Result] | None = None
    priced: Callable[[Mapping[str, Any]], Iterable[Table | str]] | None = None
    fault: Callable[[Mapping[str, Any]], StoryTransformerError | None] = _no_fault
    told: Callable[[Mapping[str, Any]], str] = _measured
    deployment: Deployment | None = None
    page: str = ""
    chooser: str = ""
    drawn: str = ""
    unit: str = ""
    over: str = ""
    goes_on: bool = False
    again: Callable[[Mapping[str, Any], Sequence[Argument]], list[str] | None] = _the_same_again


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An eval that is asked for, and what it is measured with; a context that closes what it
    opens.

    Args:
        given: its arguments by their names.
        chosen: its options.
        model: who is asked.
        opened: the database, where it is open already.
        say: told what happens. show: told how far it is.
    """

    task: Eval
    runtime: Runtime
    given: Mapping[str, Any] = field(default_factory=dict)
    chosen: Any = field(default_factory=Options)
    model: str = ""
    opened: Store | None = None
    say: Callable[[str], None] = lambda line: None
    show: Show = show_nothing
    _held: ExitStack = field(default_factory=ExitStack, init=False, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: Any) -> None:
        self._held.close()

    @cached_property
    def store(self) -> Store:
        """The database, opened when it is first needed."""
        return self.opened or self._held.enter_context(self.runtime.store())

    @cached_property
    def spec(self) -> ModelSpec:
        """The model that is asked."""
        return self.runtime.find(self.model)

    @cached_property
    def model_options(self) -> ModelOptions:
        """What opening the model needs."""
        return self.runtime.options(self.spec)

    @property
    def paths(self) -> list[str]:
        """The documents."""
        return list(self.given["paths"])

    def merge(
        self, paths: Iterable[str | Path], chosen: MergeOptions, *, model: str = "", **more: Any
    ) -> MergeJob:
        """A merge of documents, ready to run.

        Args:
            model: who is asked, in place of the eval's.
            more: as :meth:`pipeline.runtime.Runtime.merge_job` takes it.
        """
        return self.runtime.merge_job(
            [str(path) for path in paths],
            model or self.model,
            chosen,
            store=self.store,
            show=self.show,
            **more,
        )

    @contextmanager
    def recorded(
        self, *, strategy: str, model: str = "", revision: str = "", **more: Any
    ) -> Iterator[str]:
        """The id of a new run of this eval, which is closed as what it ends as.

        Args:
            model: what the run says was asked, in place of the eval's.
            more: what the row keeps beside arguments and options.
        """
        from evals.recorded import recorded

        options = self.chosen.given()
        if "max_cost" in options:
            usd = options.pop("max_cost")
            options["max_usd"] = None if usd is None else str(usd)
        given = {name: list(v) if isinstance(v, tuple) else v for name, v in self.given.items()}
        with recorded(
            self.store,
            kind=self.task.name,
            model=model or (self.spec.name if self.model else ""),
            strategy=strategy,
            revision=revision,
            parameters=given | options | more,
        ) as run:
            yield run


def taking(
    function: Callable[..., R], parameters: Sequence[tuple[str, Any, Any]]
) -> Callable[..., R]:
    """A function that is known to take these parameters, by name.

    Args:
        parameters: name, type and default; ``...`` for one that has to be given.
    """
    made: Any = function
    made.__annotations__ = {name: hint for name, hint, _ in parameters} | {"return": None}
    made.__signature__ = Signature(
        [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=Parameter.empty if preset is ... else preset,
                annotation=hint,
            )
            for name, hint, preset in parameters
        ]
    )
    return function


def measured(
    task: Eval,
    runtime: Runtime,
    *,
    dry_run: bool = False,
    **asked: Any,
) -> Result:
    """Measure an eval, or only price it.

    Args:
        asked: what :class:`Asked` takes beside.

    Raises:
        InputError: the part of the installation that it needs is not here.
    """
    from pipeline.config.extras import require

    with Asked(task=task, runtime=runtime, **asked) as given:
        if task.part:
            require(task.part, where=given.model)
        if dry_run and task.price is not None:
            return task.price(given)
        return task.run(given)
