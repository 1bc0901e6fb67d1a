"""How a command ends: the exit code and the one line, or one JSON object, that says why."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
import typer.exceptions

from pipeline.console import end_telling, harmless
from pipeline.errors import StoryTransformerError

_INTERRUPTED = 130
_RESUME = "The same command resumes it."
_DEFECT = "This is a defect of ours; --debug shows where."


def guard(app: typer.Typer, argv: list[str], emit: Callable[[Any], None]) -> int:
    """Run a command and turn whatever ends it into an exit code.

    Args:
        emit: prints the object that ``--json`` promises, errors included.
    """
    try:
        if app(argv, standalone_mode=False) == _INTERRUPTED:
            raise KeyboardInterrupt  # typer turns it into a return value
        return 0
    except BrokenPipeError:
        return 0
    except (KeyboardInterrupt, Exception) as error:
        if "--debug" in argv:
            traceback.print_exc()
        found, code = _explain(error)
    finally:
        end_telling()
    if "--json" in argv:
        emit(found)
    else:
        place = f"{found['where']}: " if found["where"] else ""
        line = " ".join(f"error: {place}{found['error']} {found['next']}".split())
        print(harmless(line), file=sys.stderr)
    return code


def _explain(error: BaseException) -> tuple[dict[str, str], int]:
    """What ended the command, for people, and its exit code."""
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return _error("interrupted.", "interrupted", _RESUME), _INTERRUPTED
    if isinstance(error, StoryTransformerError):
        return error.as_dict(), error.exit_code
    if isinstance(error, typer.exceptions.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "storytransformer"
        text = str(getattr(error, "message", "") or error).removeprefix("Value error, ")
        near = getattr(error, "possibilities", None)
        hint = f"Did you mean {' or '.join(sorted(near)[:3])}? " if near else ""
        return _error(
            text if text.endswith(("?", ".")) else f"{text}.",
            "usage",
            f"{hint}See `{command} --help`.",
        ), 2
    return _error(f"{type(error).__name__}: {error}", "defect", _DEFECT), 1


def _error(text: str, kind: str, next_step: str) -> dict[str, str]:
    return {"error": text, "kind": kind, "where": "", "next": next_step}
