"""What is set in the environment of this process and of those that are started from it: reports to
nobody, and no code or settings from the folder of the documents."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
#: What tells the libraries beneath us to report to nobody.
_NO_REPORTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Not of the reports; the first start of Prefect's temporary server takes that long.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def report_to_nobody() -> None:
    """Turn off the telemetry of Prefect, its servers that we start, and Hugging Face's libraries,
    before they are imported. What somebody has set otherwise stays as it is."""
    for name, value in _NO_REPORTS.items():
        os.environ.setdefault(name, value)


#: Where Prefect looks for a description of its logging, which can call any function.
_LOGGING = ("PREFECT_LOGGING_SETTINGS_PATH", "PREFECT_LOGGING_CONFIG_PATH")


def keep_code_out() -> None:
    """Import nothing from the working directory, which holds other people's documents: not here,
    and not in any Python that is started from here (Datasette, Prefect's server and its runs, the
    reader of old workbooks).

    What ``PYTHONPATH`` names from the root stays; an empty or relative entry means the working
    directory, mostly by a slip (``:/some/folder``). Nor may a ``prefect.toml`` or ``.env`` that
    came along say how Prefect logs: such a file can call functions.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if named := os.environ.get("PYTHONPATH"):
        kept = [entry for entry in named.split(os.pathsep) if os.path.isabs(entry)]
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    if not any(os.environ.get(name) for name in _LOGGING):
        home = os.environ.get("PREFECT_HOME") or str(Path("~/.prefect").expanduser())
        os.environ[_LOGGING[0]] = str(Path(home) / "logging.yml")
    here = os.getcwd() if not sys.flags.safe_path else ""
    first = sys.path[0] if sys.path else ""
    if here and first == here and Path(here) != _PACKAGE.parent:
        del sys.path[0]  # what `python -m` puts there
    sys.path[:] = [entry for entry in sys.path if os.path.isabs(entry)]


#: Where a command was started that starts others elsewhere.
_STARTED_IN = "STORYTRANSFORMER_STARTED_IN"


@contextmanager
def away_from_documents(*, children: bool = False) -> Iterator[None]:
    """While Prefect is imported: it takes settings from a ``prefect.toml``, ``.env`` or
    ``pyproject.toml`` of the working directory, which holds other people's documents and might
    name another API or database. Its settings come from variables and its home.

    Args:
        children: processes that are started meanwhile go back by :func:`back_to_documents`.
    """
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser().resolve()
    here = os.getcwd()
    if os.environ.get("PREFECT_HOME"):
        os.environ["PREFECT_HOME"] = str(home)  # one that is relative means this directory
    if children:
        os.environ[_STARTED_IN] = here
    try:
        home.mkdir(parents=True, exist_ok=True)
        os.chdir(home)
        yield
    finally:
        os.chdir(here)
        if children:
            os.environ.pop(_STARTED_IN, None)


def for_a_server(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a model's server that is started here: it reports to nobody, asks no hub
    for anything, and imports nothing from the documents' folder or from our environment."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    quiet = {"VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", "PYTHONSAFEPATH": "1"}
    return kept | _NO_REPORTS | quiet | dict(more)


def back_to_documents() -> None:
    """In a process that was started away from the documents: from now on paths mean them."""
    if there := os.environ.pop(_STARTED_IN, ""):
        os.chdir(there)
