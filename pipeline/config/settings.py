"""What holds for one command or flow: the command line, the environment, the file, the defaults.

The only reader of what the environment says to us. Nothing below the edges (cli, flows) knows of
it: the rooms are handed plain values.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.config.config_file import NAME, read_file
from pipeline.config.configuration import SETTINGS, Found, Setting, Value
from pipeline.config.egress import without_password
from pipeline.providers.provider_registry import providers

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
        names = {command, command.partition(" ")[0]}
        for name, found in self.found.items():
            if names & {*found.setting.commands} and found.source != "default":
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
        keys={name: value(one.key[0].lower()) for name, one in providers().items() if one.key},
        base_urls={
            name: value(one.address_variable.lower())
            for name, one in providers().items()
            if one.address_variable
        },
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
