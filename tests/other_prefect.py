"""A folder of documents that names another Prefect."""

from __future__ import annotations

from pathlib import Path


def name_another_prefect(folder: Path, port: int) -> None:
    """Settings in every file of a working directory that Prefect looks into."""
    url = f"http://127.0.0.1:{port}/api"
    base = f"sqlite+aiosqlite:///{folder.parent}/theirs.db"
    (folder / "prefect.toml").write_text(
        f'profiles_path = "{folder}/profiles.toml"\n[api]\nurl = "{url}"\n'
        f'[server.database]\nconnection_url = "{base}"\n'
    )
    (folder / ".env").write_text(
        f"PREFECT_API_URL={url}\nPREFECT_HOME={folder.parent}/theirs\n"
        f"PREFECT_API_DATABASE_CONNECTION_URL={base}\n"
    )
    (folder / "pyproject.toml").write_text(f'[tool.prefect.api]\nurl = "{url}"\n')
    (folder / "profiles.toml").write_text(
        f'active = "theirs"\n[profiles.theirs]\nPREFECT_API_URL = "{url}"\n'
    )
