"""The small base: what it does without a part, and that every other command names the part it
misses.

Where `STORYTRANSFORMER_BARE` names the Python of an environment in which the wheel alone was
installed (`.ci/run` makes one), it runs there; else here, with every package hidden that the base
does not ask for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from evals.eval_registry import evals_by_name
from tests.support import commands

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BARE = os.environ.get("STORYTRANSFORMER_BARE", "")

#: Laid before everything else by Python itself when it starts.
HIDING = """
import json, os, sys
names = frozenset(json.loads(os.environ["HIDDEN_MODULES"]))
class Hiding:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name in names or name.partition(".")[0] in names:
            return None
        return self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = map(Hiding, sys.meta_path)
"""


def base() -> set[str]:
    """The distributions that the base asks for, all the way down."""
    waiting, found = [Requirement(text) for text in PROJECT["dependencies"]], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found:
            continue
        try:
            needs = distribution(name).requires or ()
        except PackageNotFoundError:
            continue  # for another system
        found.add(name)
        extras = [*wanted.extras, ""]
        waiting += [
            one
            for one in map(Requirement, needs)
            if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        ]
    return found


def hidden() -> list[str]:
    """The modules of every other distribution that is installed here."""
    kept = {*base(), PROJECT["name"]}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not kept & {canonicalize_name(one) for one in owners} and not module.startswith("_")
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    if BARE:
        return dict(os.environ)
    folder = tmp_path_factory.mktemp("hiding")
    (folder / "sitecustomize.py").write_text(HIDING)
    modules = hidden()
    assert {"torch", "prefect", "anthropic", "altair"} <= set(modules)
    assert not {"numpy", "sqlmodel", "datasette", "typer", "httpx"} & set(modules)
    path = f"{folder}{os.pathsep}{ROOT}"
    return {**os.environ, "PYTHONPATH": path, "HIDDEN_MODULES": json.dumps(modules)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bare")
    shutil.copytree(ROOT / "data" / "sample", folder / "sample")
    return folder


@pytest.fixture(scope="module")
def run(environment: Mapping[str, str], folder: Path) -> Iterator[Any]:
    server = None if BARE else commands.Server(environment)

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        how: dict[str, Any] = {"cwd": folder, "env": {**environment, **more}, "timeout": 120}
        how |= {"text": True, "capture_output": True, "stdin": subprocess.DEVNULL}
        if server:
            return commands.run(words, of=server, **how)
        return subprocess.run([str(BARE), "-m", "pipeline", *words], check=False, **how)

    yield run
    if server:
        server.stop()


@pytest.fixture(scope="module")
def merged(run: Any) -> str:
    """The name of a run of a merge by proof."""
    done = run("merge", "sample", "--json", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["run"])


#: What the base does by itself. RUN is a merge that was made.
DOES = [
    ("extract", "sample", "--page", "p.html"),
    ("estimate", "sample"),
    ("estimate", "--words", "440000", "--picture", "cost.svg"),
    ("merge", "sample", "--out", "again"),
    ("review", "RUN", "--list"),
    ("runs",),
    ("runs", "RUN"),
    ("models",),
    ("models", "--gpu", "RTX 4090"),
    ("doctor",),
    ("init", "settings.toml"),
    ("config",),
    ("exam", "--model", "code", "--dry-run"),
    ("eval", "kept", "merged/merged.json", "sample"),
    ("eval", "show", "RUN"),
    ("purge", "RUN", "--yes"),
]
CLOUD = ("--propose", "--allow-cloud", "all")
SMALL = ("--model", "local/smollm2-135m")
#: What needs a part, and which.
NEEDS = [
    ("report", ("report", "--out", "figures.html")),
    ("local", ("merge", "sample", "--propose", "--judge", "local/smollm2-135m")),
    ("cloud", ("merge", "sample", "--judge", "claude/claude-haiku-5-5", *CLOUD)),
    ("cloud", ("merge", "sample", "--judge", "gemini/gemini-2.5-flash-lite", *CLOUD)),
    ("cloud", ("merge", "sample", "--propose", "--judge", "openai/x@http://127.0.0.1:9/v1")),
    ("cloud", ("estimate", "sample", "--model", "claude/claude-haiku-5-5", "--count-online",
               "--allow-cloud", "all")),
    ("postgres", ("runs", "--db", "postgresql://me@127.0.0.1:9/stories")),
    ("local", ("exam", *SMALL)),
    ("local", ("benchmark", "sample", *SMALL)),
    ("local", ("train", "judge", "--from", "sample")),
    ("flows", ("merge", "sample", "--prefect")),
    ("flows", ("eval", "canary", "sample", "--prefect")),
    ("flows", ("serve",)),
    ("local", ("eval", "needle", *SMALL, "--lengths", "512")),
    ("local", ("eval", "aggregation", *SMALL, "--lengths", "512")),
    *((one.part, ("eval", one.name, *(["sample"] if one.arguments else [])))
      for one in evals_by_name().values() if one.part),
]  # fmt: skip


@pytest.mark.parametrize("words", DOES, ids=" ".join)
def test_the_base_does(words: tuple[str, ...], run: Any, merged: str):
    done = run(*(merged if word == "RUN" else word for word in words))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("part", "words"), NEEDS, ids=lambda one: " ".join(one)[:60])
def test_a_command_names_the_part_that_it_misses(part: str, words: tuple[str, ...], run: Any):
    done = run(*words, "--json", ANTHROPIC_API_KEY="k", GEMINI_API_KEY="k", OPENAI_API_KEY="k")
    said = json.loads(done.stdout)
    assert done.returncode == 2 and said["kind"] == "input", done.stdout + done.stderr
    if part != "postgres":
        assert f"[{part}]" in said["error"]
    # In the form in which it was installed: an index that knows the name would be somebody else's.
    assert re.fullmatch(rf"Run: .*\[{part}\].*", said["next"]), said
    assert re.search(r"( -e |storytransformer\[\w+\] @ )", said["next"]), said
    assert "Traceback" not in done.stderr


def test_an_estimate_says_which_models_cannot_be_asked_from_here(run: Any):
    done = run("estimate", "sample", "--model", "claude/claude-haiku-5-5", "--allow-cloud", "all",
               "--json")  # fmt: skip
    lines = json.loads(done.stdout)["lines"]
    assert lines and not any(line["feasible"] for line in lines)
    assert all("[cloud]" in line["reason"] and line["usd"] for line in lines)


def test_the_doctor_lists_what_is_missing_and_how_to_get_it(run: Any):
    checks = {one["name"]: one for one in json.loads(run("doctor", "--json").stdout)["checks"]}
    for part in ("local", "cloud", "flows"):
        (found,) = (one for name, one in checks.items() if name.startswith(f"part [{part}]"))
        assert not found["ok"] and f"[{part}]" in found["next"]
    assert run("doctor", "--probe").returncode == 0


@pytest.mark.enable_socket
def test_the_pages_are_served(environment: Mapping[str, str], folder: Path, merged: str):
    import urllib.request

    process = subprocess.Popen(
        [BARE or sys.executable, "-m", "pipeline", "dashboard", "--port", "0", "--json"],
        cwd=folder, env=dict(environment), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        base = url.rsplit("/", 1)[0]
        with opener.open(f"{base}/storytransformer/run.json?_shape=array", timeout=30) as found:
            assert merged in {row["id"] for row in json.load(found)}
        with opener.open(f"{base}/runs", timeout=30) as page:
            assert "<title>" in page.read().decode()
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.parametrize("name", evals_by_name())
def test_what_an_eval_says_of_itself_needs_no_part(name: str, run: Any):
    done = run("eval", name, "--help")
    assert done.returncode == 0 and "--json" in done.stdout, done.stdout + done.stderr


def every_command() -> Iterator[str]:
    from typer.main import get_command

    from pipeline.cli.commands import app

    for name, one in get_command(app).commands.items():
        yield from (f"{name} {other}" for other in dict(getattr(one, "commands", {})) or [])
        if not dict(getattr(one, "commands", {})):
            yield name


#: Commands that read what another one stored, or files: nothing of a part is near them.
OTHERS = {
    "dashboard", "decisions import", "eval diff", "eval gate", "eval score", "eval reconstruct",
    "eval export", "eval import",
}  # fmt: skip


def test_every_command_is_tried_or_needs_nothing():
    tried = {" ".join(words[:2]) for words in (*DOES, *(words for _, words in NEEDS))}
    tried |= {words[0] for words in (*DOES, *(words for _, words in NEEDS))}
    measured = {f"eval {one.name}" for one in evals_by_name().values() if not one.part}
    untried = {name for name in every_command() if name not in tried}
    assert untried - measured == OTHERS
