"""Every path, key, environment variable and default, read once at an edge (cli, flows).

Nothing below the edges reads the environment: they are handed plain values.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

#: Environment variables that are read, with their meaning (for docs and `doctor`).
VARIABLES = {
    "STORYTRANSFORMER_DB": "database URL or SQLite path",
    "STORYTRANSFORMER_ALLOW_EGRESS": "what may be elsewhere: database, prefect, task-runner, hub",
    "STORYTRANSFORMER_LOCAL_ONLY": "documents sent to no cloud, as in .gitignore",
    "STORYTRANSFORMER_TASK_RUNNER": "Dask cluster that reads the documents of flows: dask://HOST:8786",
    "STORYTRANSFORMER_CACHE": "folder for converted weights and tokenizer files",
    "STORYTRANSFORMER_THREADS": "CPU threads of the local engine",
    "STORYTRANSFORMER_USD_PER_KWH": "electricity price",
    "STORYTRANSFORMER_RATES": "what an account may send a minute, such as claude=50/30000/8000: "
    "requests, input tokens, output tokens",
    "ANTHROPIC_API_KEY": "key for claude/… models",
    "ANTHROPIC_BASE_URL": "another address for claude/… models",
    "GEMINI_API_KEY": "key for gemini/… models",
    "GEMINI_BASE_URL": "another address for gemini/… models",
    "PGHOST": "where a PostgreSQL URL without a host leads",
    "OPENAI_API_KEY": "key for openai/… servers",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Plain values for every room.

    Keys are never logged and never stored: ``repr`` leaves them out.

    Args:
        share: folder with ``prompts/`` and ``data/`` (the checkout, or inside the wheel).
        database: SQLAlchemy URL.
        cache: folder for converted weights and tokenizer files.
        threads: CPU threads for the local engine; 0 means what the machine has.
        allow_egress: kinds of :data:`pipeline.egress.KINDS` that may be off this machine.
        local_only: patterns of documents that are sent to no cloud.
        task_runner: address of a task runner, "" for the flow's own threads.
        pg_host: where a PostgreSQL URL without a host leads.
        rates: what accounts may send a minute, as written.
    """

    share: Path
    database: str
    cache: Path
    threads: int
    usd_per_kwh: Decimal
    keys: Mapping[str, str]
    base_urls: Mapping[str, str]
    allow_egress: tuple[str, ...] = ()
    local_only: tuple[str, ...] = ()
    task_runner: str = ""
    pg_host: str = ""
    rates: str = ""

    def __repr__(self) -> str:
        return f"Settings(share={self.share}, database={self.database!r}, cache={self.cache})"

    @property
    def prompts(self) -> Path:
        """Folder of the released prompts."""
        return self.share / "prompts"

    @property
    def models_toml(self) -> Path:
        """The catalogue's overlay."""
        return self.share / "data" / "models.toml"

    @property
    def deployments(self) -> Path:
        """What Prefect is told of the flows."""
        return self.share / "prefect.yaml"

    @property
    def sample(self) -> Path:
        """The sample backlog."""
        return self.share / "data" / "sample"


def read_settings(environ: Mapping[str, str] | None = None, *, db: str | None = None) -> Settings:
    """Read the environment once.

    Args:
        environ: defaults to ``os.environ``.
        db: ``--db``; a URL, or a path that becomes a SQLite URL. Defaults to
            ``data/runs/storytransformer.sqlite`` under the working directory.
    """
    env = os.environ if environ is None else environ
    database = db or env.get("STORYTRANSFORMER_DB") or "data/runs/storytransformer.sqlite"
    if "://" not in database:
        database = f"sqlite:///{Path(database).expanduser().resolve()}"
    home = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME", "~")).expanduser() / ".cache")
    cache = env.get("STORYTRANSFORMER_CACHE") or f"{home}/storytransformer"
    checkout = _PACKAGE.parent
    in_checkout = (checkout / "prompts").is_dir() and (checkout / "pyproject.toml").is_file()
    return Settings(
        share=checkout if in_checkout else _PACKAGE / "_share",
        database=database,
        cache=Path(cache).expanduser(),
        threads=int(env.get("STORYTRANSFORMER_THREADS") or 0),
        usd_per_kwh=Decimal(env.get("STORYTRANSFORMER_USD_PER_KWH") or "0.17"),
        keys={
            "claude": env.get("ANTHROPIC_API_KEY", ""),
            "gemini": env.get("GEMINI_API_KEY", "") or env.get("GOOGLE_API_KEY", ""),
            "openai": env.get("OPENAI_API_KEY", ""),
        },
        base_urls={
            "claude": env.get("ANTHROPIC_BASE_URL", ""),
            "gemini": env.get("GEMINI_BASE_URL", ""),
        },
        allow_egress=_listed(env.get("STORYTRANSFORMER_ALLOW_EGRESS", "")),
        local_only=_listed(env.get("STORYTRANSFORMER_LOCAL_ONLY", "")),
        task_runner=env.get("STORYTRANSFORMER_TASK_RUNNER", ""),
        pg_host=env.get("PGHOSTADDR", "") or env.get("PGHOST", "") or _service(env),
        rates=env.get("STORYTRANSFORMER_RATES", ""),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _service(env: Mapping[str, str]) -> str:
    """A connection service: a file elsewhere says where it leads, so its name stands for it."""
    return f"service {env['PGSERVICE']}" if env.get("PGSERVICE") else ""
