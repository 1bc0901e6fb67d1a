"""What holds for one command or flow: the command line, the environment, the file, the defaults.

The only reader of the environment. Nothing below the edges (cli, flows) knows of it: the rooms are
handed plain values.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.config.config_file import NAME, read_file
from pipeline.config.configuration import SETTINGS, Found, Setting, Value, without_password

_PACKAGE = Path(__file__).resolve().parents[1]
#: Names a file of settings anywhere, for what has no ``--config``.
CONFIG_VARIABLE = "STORYTRANSFORMER_CONFIG"


@dataclass(frozen=True, slots=True)
class Settings:
    """Plain values for every room.

    Keys are never logged and never stored: ``repr`` leaves them out.

    Args:
        share: folder with ``prompts/`` and ``data/`` (the checkout, or inside the wheel).
        database: SQLAlchemy URL.
        db_patience: seconds to wait for another writer of a SQLite file.
        model_patience: seconds that a model's server may take for a reply; 0 for any.
        cache: folder for converted weights and tokenizer files.
        threads: CPU threads for the local engine; 0 means what the machine has.
        vllm: whether vLLM answers for local models: auto, off, a server's address or a program.
        allow_egress: kinds of :data:`pipeline.config.egress.KINDS` that may be off this machine.
        local_only: patterns of documents that are sent to no cloud.
        task_runner: address of a task runner, "" for the flow's own threads.
        pg_host: where a PostgreSQL URL without a host leads.
        rates: what accounts may send a minute, as written.
        found: every setting by name, with where it was said.
        file: the file of settings that was read, None without one.
    """

    share: Path
    database: str
    db_patience: float
    model_patience: float
    cache: Path
    threads: int
    usd_per_kwh: Decimal
    keys: Mapping[str, str]
    base_urls: Mapping[str, str]
    allow_egress: tuple[str, ...] = ()
    local_only: tuple[str, ...] = ()
    task_runner: str = ""
    vllm: str = "auto"
    pg_host: str = ""
    rates: str = ""
    found: Mapping[str, Found] = field(default_factory=dict)
    file: Path | None = None

    def __repr__(self) -> str:
        database = without_password(self.database)
        return f"Settings(share={self.share}, database={database!r}, cache={self.cache})"

    @property
    def prompts(self) -> Path:
        """Folder of the released prompts."""
        return self.share / "prompts"

    @property
    def models_toml(self) -> Path:
        """The catalogue's overlay."""
        return self.share / "data" / "models.toml"

    @property
    def training(self) -> Path:
        """Tables that training pairs are made from."""
        return self.share / "data" / "training"

    @property
    def exams(self) -> Path:
        """Folder of the built-in exam."""
        return self.share / "data" / "exam"

    @property
    def deployments(self) -> Path:
        """What Prefect is told of the flows."""
        return self.share / "prefect.yaml"

    @property
    def sample(self) -> Path:
        """The sample backlog."""
        return self.share / "data" / "sample"

    def defaults_of(self, command: str) -> dict[str, Any]:
        """What the environment and the file say of a command's options, by parameter.

        Args:
            command: such as "merge" or "eval canary".
        """
        said: dict[str, Any] = {}
        for name, found in self.found.items():
            if command in found.setting.commands and found.source != "default":
                value = found.value
                said[name] = list(value) if isinstance(value, tuple) else value
                if isinstance(value, Decimal):
                    said[name] = str(value)
        return said


def read_settings(
    environ: Mapping[str, str] | None = None,
    *,
    db: str | None = None,
    allow_egress: Sequence[str] = (),
    config: str | None = None,
) -> Settings:
    """Read environment and file once.

    Args:
        environ: defaults to ``os.environ``.
        db: ``--db``; a URL, or a path that becomes a SQLite URL. Defaults to
            ``data/runs/storytransformer.sqlite`` under the working directory.
        allow_egress: ``--allow-egress``, which adds to the environment's.
        config: ``--config``; a file of settings. Defaults to the one that
            ``STORYTRANSFORMER_CONFIG`` names, or ``storytransformer.toml`` in the working
            directory, if there is one.

    Raises:
        InputError: a setting is wrong; names the variable, or file and line.
    """
    env = os.environ if environ is None else environ
    named = config or env.get(CONFIG_VARIABLE)
    file = Path(named).expanduser() if named else Path(NAME)
    is_there = bool(named) or file.is_file()
    in_file = read_file(file) if is_there else {}
    found = {setting.name: _find(setting, env, in_file) for setting in SETTINGS}
    if db:
        found["db"] = _given(found["db"], db)
    if allow_egress:
        found["allow_egress"] = _given(found["allow_egress"], tuple(allow_egress))
    checkout = _PACKAGE.parent
    in_checkout = (checkout / "prompts").is_dir() and (checkout / "pyproject.toml").is_file()

    def value(name: str) -> Any:
        return found[name].value

    return Settings(
        share=checkout if in_checkout else _PACKAGE / "_share",
        database=_database_url(value("db")),
        db_patience=float(value("db_patience")),
        model_patience=float(value("model_patience")),
        cache=_cache(found["cache"], env),
        threads=value("threads"),
        usd_per_kwh=value("usd_per_kwh"),
        keys={
            "claude": value("anthropic_api_key"),
            "gemini": value("gemini_api_key"),
            "openai": value("openai_api_key"),
        },
        base_urls={"claude": value("anthropic_base_url"), "gemini": value("gemini_base_url")},
        allow_egress=value("allow_egress"),
        local_only=value("local_only"),
        task_runner=value("task_runner"),
        vllm=value("vllm"),
        pg_host=value("pg_host") or _service(env),
        rates=",".join(value("rates")),
        found=found,
        file=file if is_there else None,
    )


def _given(found: Found, value: Value) -> Found:
    """What the command line says; what adds up holds together with what was found."""
    option = found.setting.option
    if isinstance(found.value, tuple) and isinstance(value, tuple) and found.value:
        return Found(
            found.setting, (*found.value, *value), "command line", f"{option}, {found.where}"
        )
    return Found(found.setting, value, "command line", option)


def _find(setting: Setting, env: Mapping[str, str], in_file: Mapping[str, Found]) -> Found:
    """The environment's word, else the file's, else the default; both where they add up."""
    said = next((name for name in setting.environment if env.get(name)), None)
    filed = in_file.get(setting.name)
    if said is None:
        return filed or Found(setting, setting.fallback, "default")
    value = setting.parse(env[said], where=said)
    if setting.adds and filed and isinstance(value, tuple) and isinstance(filed.value, tuple):
        return Found(setting, (*value, *filed.value), "environment", f"{said}, {filed.where}")
    return Found(setting, value, "environment", said)


def _database_url(database: str) -> str:
    if "://" in database:
        return database
    return f"sqlite:///{Path(database).expanduser().resolve()}"


def _cache(found: Found, env: Mapping[str, str]) -> Path:
    """The cache; by default where the system keeps such things."""
    if found.source == "default":
        home = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".cache")
        return Path(home) / "storytransformer"
    return Path(str(found.value)).expanduser()


def _service(env: Mapping[str, str]) -> str:
    """A connection service: a file elsewhere says where it leads, so its name stands for it."""
    return f"service {env['PGSERVICE']}" if env.get("PGSERVICE") else ""


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


def without_secrets(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Text without any key or password that a setting holds: a server may echo it, and a traceback
    shows what was echoed."""
    env = os.environ if environ is None else environ
    for setting in SETTINGS:
        for variable in setting.environment:
            value = env.get(variable, "")
            if setting.secret and len(value) >= 4:
                text = text.replace(value, "[key]")
            elif value and (masked := without_password(value)) != value:
                text = text.replace(value, masked)
    return without_password(text)
