"""Write into the docs what the code says of itself: commands, settings, prices, rules, examples;
into ``prefect.yaml`` the deployments of evals.

    python docs/generate.py            # rewrites what is between the marks
    python docs/generate.py --check    # exit code 1 where a page is not current

A page holds marks, ``<!-- generated: NAME -->`` or ``<!-- code: FILE -->``, each up to an
``<!-- end -->``, or ``# generated: NAME`` up to ``# end``; the rest of it is written by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))  # run as a file, it is not part of a package

_MARKED = re.compile(
    r"((?:<!--|#) (generated|code): (\S+)(?: -->)?\n).*?((?:<!--|#) end\b(?: -->)?)", re.DOTALL
)
#: As wide as help is in a usual terminal.
_WIDTH = 80


def commands() -> str:
    """The help of every command, as a terminal shows it."""
    from typer.main import get_command

    from pipeline.cli.commands import app

    return "\n".join(_helped(get_command(app), "storytransformer", None))


def _helped(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.context_class(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    title = context.command_path
    help_text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {title}\n\n```text\n{help_text}\n```\n"
    for one in getattr(command, "commands", {}):
        yield from _helped(command.commands[one], one, context)


def evals() -> str:
    """Every eval, with the deployment that runs it in Prefect."""
    from evals.eval_registry import evals_by_name

    rows = [
        (
            " ".join(["`storytransformer eval", one.name, *_arguments(one)]) + "`",
            one.help,
            f"`{one.deployment.name}`" if one.deployment else "–",
        )
        for one in evals_by_name().values()
    ]
    return _table(("command", "what it tells", "in Prefect"), rows)


def _arguments(one: Any) -> Iterator[str]:
    for argument in one.arguments:
        yield argument.name.upper() if argument.needed else f"[{argument.name.upper()}]"


def deployments() -> str:
    """The deployments of the evals, as ``prefect.yaml`` has them."""
    from evals.eval_registry import evals_by_name

    return "\n\n".join(
        "\n".join(
            [
                f"- name: {one.name}",
                f"  description: {one.about}",
                f"  entrypoint: evals/eval_flows.py:{one.function}",
                "  enforce_parameter_schema: true",
                "  tags: [eval, local]",
                "  parameters:",
                *(f"    {name}: {json.dumps(value)}" for name, value in one.parameters.items()),
                "  work_pool: *pool",
            ]
        )
        for task in evals_by_name().values()
        if (one := task.deployment) is not None
    )


def settings() -> str:
    """The table of settings."""
    from pipeline.config.configuration import SETTINGS

    rows = []
    for one in SETTINGS:
        default = f"`{one.default}`" if one.default else "–"
        where = "no" if one.not_in_file else "yes"
        variables = ", ".join(f"`{name}`" for name in one.environment)
        option = f"`{one.option}`" if one.option else "–"
        rows.append((f"`{one.name}`", one.meaning, default, option, variables, where))
    head = ("setting", "meaning", "default", "option", "environment", "in the file")
    return _table(head, rows)


def settings_file() -> str:
    """What ``storytransformer init`` writes."""
    from pipeline.config.config_file import default_file

    return f"```toml\n{default_file()}```\n"


def schema() -> str:
    """Every table and view of the database."""
    from pipeline.store.record import open_store
    from pipeline.store.tables.table_base import Row

    said = {one.__tablename__: inspect.getdoc(one) or "" for one in Row.__subclasses__()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        open_store(f"sqlite:///{file}", now=lambda: datetime(2026, 1, 1, tzinfo=UTC)).close()
        with sqlite3.connect(file) as database:
            return "\n".join(_shown(database, said))


def _shown(database: sqlite3.Connection, said: dict[str, str]) -> Iterator[str]:
    listed = database.execute(
        "select type, name from sqlite_master where type in ('table', 'view') "
        "and name <> 'alembic_version' order by type, name"
    ).fetchall()
    for kind, name in listed:
        refers = {
            row[3]: f"`{row[2]}.{row[4]}`"
            for row in database.execute(f"pragma foreign_key_list('{name}')")
        }
        columns = database.execute(f"pragma table_info('{name}')").fetchall()
        meaning = " ".join(said.get(name, "").replace("``", "`").split())
        yield f"### {name}\n\n{meaning or 'A view, for pages and for you.'}\n"
        if kind == "view":
            yield ", ".join(f"`{column[1]}`" for column in columns) + "\n"
            continue
        rows = [
            (
                f"`{column}`",
                type_.lower(),
                "key" if key else "" if needed else "may be unknown",
                refers.get(column, ""),
            )
            for _, column, type_, needed, _, key in columns
        ]
        yield _table(("column", "type", "", "refers to"), rows)


def prices() -> str:
    """The catalogue of models with their prices, on the day it was last checked."""
    from pipeline.catalog import Catalog
    from pipeline.config.settings import read_settings
    from pipeline.cost.model_choice import list_models

    catalog = Catalog(read_settings({"HOME": "/nowhere"}).models_toml)
    day = max(spec.checked for spec in catalog if spec.checked)
    rows = [
        (
            f"`{one['model']}`",
            f"{one['window']:,}",
            f"{one['output_cap']:,}",
            _dollars(one["usd_per_mtok_in"]),
            _dollars(one["usd_per_mtok_out"]),
            one["retired"] or "",
        )
        for one in list_models(catalog, today=day)
        if one["leaves_machine"]
    ]
    head = ("model", "window", "longest reply", "in", "out", "retired")
    return f"Dollars a million tokens on {day}, the first tier of each.\n\n{_table(head, rows)}"


def local_models() -> str:
    """The local models of the catalogue."""
    from pipeline.catalog import Catalog
    from pipeline.config.settings import read_settings

    catalog = Catalog(read_settings({"HOME": "/nowhere"}).models_toml)
    rows = [
        (f"`{spec.name}`", f"{spec.window:,}", spec.licence)
        for spec in catalog
        if spec.provider.is_local
    ]
    cards = ", ".join(
        f"{card.name} ({card.memory_bytes / 2**30:.0f} GiB)" for card in catalog.gpus.values()
    )
    head = ("model", "window", "licence")
    return f"{_table(head, rows)}\nCards: {cards}.\n"


def rules() -> str:
    """The harmless changes of proof, each with its first example."""
    from pipeline.text.rules import RULES

    def example(rule: Any) -> str:
        if not rule.examples:
            return ""
        _, _, one, other = rule.examples[0]
        return f"{_visible(one)} · {_visible(other)}"

    rows = [
        (f"`{rule.name}`", rule.changes, example(rule), ", ".join(rule.languages) or "every one")
        for rule in RULES.values()
    ]
    return _table(("rule", "changes", "example", "languages"), rows)


def _visible(text: str) -> str:
    """A text whose blanks and invisible characters can be seen."""
    shown = (c if c.isprintable() and c != "\u0301" else f"[U+{ord(c):04X}]" for c in text)
    return f"`{''.join(shown)}`"


def _dollars(amount: str | None) -> str:
    return "unknown" if amount is None else f"${amount}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines
    )


GENERATED: dict[str, Callable[[], str]] = {
    "commands": commands,
    "evals": evals,
    "deployments": deployments,
    "settings": settings,
    "settings-file": settings_file,
    "schema": schema,
    "prices": prices,
    "local-models": local_models,
    "rules": rules,
}


def current(page: str) -> str:
    """A page with everything between its marks as the code says it now."""

    def fill(found: re.Match[str]) -> str:
        opening, kind, name, end = found.groups()
        if kind == "code":
            language = {".py": "python"}[Path(name).suffix]
            code = (DOCS / name).read_text(encoding="utf-8")
            return f"{opening}\n```{language}\n{code}```\n\n{end}"
        return f"{opening}\n{GENERATED[name]().rstrip()}\n\n{end}"

    return _MARKED.sub(fill, page)


def pages() -> list[Path]:
    """Every page of the docs, and what Prefect is told."""
    return [*sorted(DOCS.glob("*.md")), DOCS.parent / "prefect.yaml"]


def main(check: bool) -> int:
    """Rewrite the pages, or name those that are not current."""
    stale = 0
    for page in pages():
        written = page.read_text(encoding="utf-8")
        wanted = current(written)
        if wanted == written:
            continue
        stale += 1
        print(f"{'not current' if check else 'written'}: {page.relative_to(DOCS.parent)}")
        if not check:
            page.write_text(wanted, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
