"""``storytransformer eval …``: a command for each eval that is declared, and those that read runs
again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.cli import result_commands
from evals.declared import Argument, Eval, Result, measured, taking
from evals.eval_registry import evals_by_name
from evals.result_tables import Table
from pipeline.cli.command_options import DryRun, Here, Model, Prefect, command
from pipeline.cli.screen import next_for_good, next_step
from pipeline.config.processes import away_from_documents
from pipeline.console import emit, plain, table

app = typer.Typer(rich_markup_mode=None)


def command_of(task: Eval) -> Callable[..., None]:
    """The command of an eval: parse, measure here or in Prefect, print."""

    def measure(
        chosen: Any,
        here: Here,
        model: str = "",
        dry_run: bool = False,
        prefect: bool = False,
        **given: Any,
    ) -> None:
        given = {k: str(v) if isinstance(v, Path) else v for k, v in given.items()}
        if prefect and not dry_run:
            result = _in_prefect(task, given, chosen, model, here)
        else:
            result = measured(
                task,
                here.runtime(),
                dry_run=dry_run,
                given=given,
                chosen=chosen,
                model=model,
                say=here.line,
                show=here.line.show,
            )
        _print(task, result, dry_run, here)

    measure.__name__, measure.__doc__ = task.name, task.help
    taken: list[tuple[str, Any, Any]] = [_argument(one) for one in task.arguments]
    if task.model:
        taken.append(("model", Model, task.model))
    if task.price:
        taken.append(("dry_run", DryRun, False))
    if task.deployment:
        taken.append(("prefect", Prefect, False))
    taken += [("chosen", task.options, ...), ("here", Here, ...)]
    return command(taking(measure, taken))


def _argument(one: Argument) -> tuple[str, Any, Any]:
    taken: Any = list[str] if one.several else Path if one.file else str
    if one.needed:
        return one.name, Annotated[taken, typer.Argument(help=one.help, show_default=False)], ...
    optional = Annotated[taken | None, typer.Argument(help=one.help, show_default=False)]
    return one.name, optional, None


def _in_prefect(task: Eval, given: dict[str, Any], chosen: Any, model: str, here: Here) -> Result:
    where = here.for_a_flow()
    marks = {"eval"}
    if model:
        marks.add(here.runtime().find(model).provider.name)
        given = given | {"model": model}
    with away_from_documents():
        from evals.eval_flows import FLOWS
        from pipeline.flows.tasks import call

    return call(FLOWS[task.name], marks, **given, **chosen.given(), **where)


def _print(task: Eval, result: Result, dry_run: bool, here: Here) -> None:
    """The result, or what is wrong with it."""
    fault = None if dry_run else task.fault(result)
    if here.json and fault is None:
        emit(result)
    elif not here.json:
        show(task.priced(result) if dry_run and task.priced else task.shown(result))
    if fault is not None:
        raise fault
    if here.json:
        return
    if dry_run:
        next_for_good()
    elif run := result.get("run"):
        next_step("eval", "show", run, **here.for_next)


def show(parts: Iterable[Table | str]) -> None:
    """Tables and lines on stdout."""
    for part in parts:
        if isinstance(part, Table):
            table(part.heads, part.rows, title=part.title)
        else:
            plain(part)


for _task in evals_by_name().values():
    app.command(_task.name)(command_of(_task))
for _command in (
    result_commands.show,
    result_commands.diff,
    result_commands.gate,
    result_commands.score,
    result_commands.reconstruct,
    result_commands.export,
):
    app.command()(_command)
app.command("import")(result_commands.import_)
