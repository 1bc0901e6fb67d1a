"""How a command ends: the exit code and the one line, or one JSON object, that says why."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
import typer.exceptions

from pipeline.config.extras import missing_part, part_of
from pipeline.console import end_telling, for_people, harmless
from pipeline.errors import StoryTransformerError

_INTERRUPTED = 130
#: What a disk or a quota that is full answers with.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RESUME = "The same command resumes it."
_DEFECT = "This is a defect of ours; --debug shows where."


def run_to_exit_code(app: typer.Typer, argv: list[str], emit: Callable[[Any], None]) -> int:
    """Run a command and turn whatever ends it into an exit code.

    Args:
        emit: prints the object that ``--json`` promises, errors included.
    """
    try:
        if app(argv, standalone_mode=False) == _INTERRUPTED:
            raise KeyboardInterrupt  # typer turns it into a return value
        return 0
    except SystemExit:  # typer's own answer to a closed pipe is a code of 1
        if type(sys.stdout).__name__ != "PacifyFlushWrapper":
            raise
        _close_output()
        return 0
    except BrokenPipeError:  # whoever reads has seen enough, as `| head` has
        _close_output()
        return 0
    except (KeyboardInterrupt, Exception) as error:
        if "--debug" in argv:
            from pipeline.config.settings import without_secrets

            print(harmless(without_secrets(traceback.format_exc())), file=sys.stderr)
        found, code = _explain(error)
    finally:
        end_telling()
    if "--json" in argv and getattr(sys.stdout, "name", "") != os.devnull:
        emit(found)
    else:
        place = f"{found['where']}: " if found["where"] else ""
        lines = f"error: {place}{found['error']}"
        between = "\n" if "\n" in lines else " "
        line = f"{lines}{between}{found['next']}".rstrip()
        print(for_people(harmless(line), sys.stderr), file=sys.stderr)
    return code


def _close_output() -> None:
    """Nothing more can be written there, not even what Python writes when it ends."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends


def _explain(error: BaseException) -> tuple[dict[str, str], int]:
    """What ended the command, for people, and its exit code."""
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return _error("interrupted.", "interrupted", _RESUME), _INTERRUPTED
    if isinstance(error, StoryTransformerError):
        told = error.as_dict()
        if "\n  " not in told["error"]:  # a list of documents stays one
            told["error"] = " ".join(told["error"].split())
        return told, error.exit_code
    if isinstance(error, ModuleNotFoundError) and (part := part_of(error.name or "")):
        lacking = missing_part(part, error.name or "")
        return lacking.as_dict(), lacking.exit_code
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
    if isinstance(error, OSError) and error.errno in _FULL:
        _close_output()
        return _error(
            f"the output cannot be written: {error.strerror}.", "store", "Free some room there."
        ), 7
    return _error(f"{type(error).__name__}: {error}", "defect", _DEFECT), 1


def _error(text: str, kind: str, next_step: str) -> dict[str, str]:
    return {"error": " ".join(text.split()), "kind": kind, "where": "", "next": next_step}
