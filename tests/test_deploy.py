"""The container files, as far as they can be checked without building: no daemon is needed."""

from __future__ import annotations

import json
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.configuration import SETTINGS
from pipeline.config.egress import Egress, database_hosts, url_hosts

ROOT = Path(__file__).resolve().parents[1]
KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "USER", "VOLUME", "WORKDIR"}


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, their lines joined."""
    text = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"])


def copied(instructions: list[tuple[str, str]]) -> set[str]:
    return {name for kind, what in instructions if kind == "COPY" for name in what.split()[:-1]}


def test_every_instruction_is_one_and_the_image_is_not_roots(instructions):
    assert {kind for kind, _ in instructions} <= KNOWN
    assert instructions[0][0] == "FROM" and ":" in instructions[0][1]
    assert [what for kind, what in instructions if kind == "USER"] == ["teller"]
    for kind, what in instructions:
        if kind in ("CMD", "ENTRYPOINT"):
            assert json.loads(what), "a shell between us and a signal would swallow it"


def test_what_a_build_reads_is_copied_and_let_through(instructions):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"]}
    needed |= {"pyproject.toml", "constraints.txt", *project["project"]["license-files"]}
    there = copied(instructions)
    assert {name.split("/")[0] for name in needed} <= there
    assert all((ROOT / name).exists() for name in there)
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert {rule[1:] for rule in rules if rule.startswith("!")} == there
    assert "data/runs" in rules and rules[1] == "*"


def test_the_image_installs_extras_that_exist_and_holds_no_key(instructions):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert {"gpu", "claude", "gemini", "dask", "ray", "postgres"} <= extras.keys()
    (default,) = [what.partition("=")[2] for kind, what in instructions if kind == "ARG"]
    assert set(default.split(",")) <= extras.keys()
    secrets = [name for setting in SETTINGS if setting.secret for name in setting.environment]
    assert not any(name in what for _, what in instructions for name in secrets)


def test_nothing_listens_beyond_this_machine(services):
    for name, service in services.items():
        for port in service.get("ports", []):
            assert fnmatch(port, "127.0.0.1:*:*"), f"{name} is published to everybody"
        assert name == "prefect" or service["network_mode"] == "service:prefect"


def test_local_stays_local_without_any_permission(services):
    environment = services["worker"]["environment"]
    assert "STORYTRANSFORMER_ALLOW_EGRESS" not in environment
    strict = Egress.allowing(())
    strict.check("prefect", url_hosts(environment["PREFECT_API_URL"]))
    strict.check("database", database_hosts(environment["STORYTRANSFORMER_DB"], default=""))
