"""A missing part is named with the line that installs it, in the form of this installation."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import extras
from pipeline.config.extras import PARTS, how_to_install, lacking, part_of
from pipeline.config.installer import how_to_add

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def installed(folder: Path, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place before all others in which the package was installed from what is told."""
    info = folder / "storytransformer-9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: storytransformer\nVersion: 9\n")
    if told is not None:
        (info / "direct_url.json").write_text(json.dumps(told))
    monkeypatch.syspath_prepend(str(folder))


def test_every_part_is_an_extra_and_every_module_is_of_one_part():
    assert set(PARTS) <= set(EXTRAS)
    modules = [module for part in PARTS.values() for module in part.modules]
    assert len(modules) == len(set(modules))
    for name, part in PARTS.items():
        assert all(part_of(module) == name for module in part.modules)
        assert all(part_of(f"{module}.inner") == name for module in part.modules)


@pytest.mark.parametrize(
    ("module", "part"),
    [("torch.nn", "local"), ("google", "cloud"), ("google.genai", "cloud"), ("google.auth", None),
     ("torchvision", None), ("numpy", None), ("", None), ("rays", None)],
)  # fmt: skip
def test_a_module_is_of_its_own_part_only(module: str, part: str | None):
    assert part_of(module) == part


def test_what_is_here_lacks_nothing():
    assert lacking("local") == lacking("cloud") == lacking("flows") == []


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"url": "https://host/x.git", "vcs_info": {"vcs": "git", "commit_id": "c"}},
         r"pip install 'storytransformer\[local\] @ git\+https://host/x\.git'"),
        ({"url": "https://host/s-1-py3-none-any.whl", "archive_info": {}},
         r"pip install 'storytransformer\[local\] @ https://host/s-1-py3-none-any\.whl'"),
        ({"url": "file:///gone/s-1-py3-none-any.whl", "archive_info": {}},
         r"pip install 'storytransformer\[local\] @ SOURCE', where SOURCE is .*"),
        (None, r"pip install 'storytransformer\[local\] @ SOURCE', where SOURCE is .*"),
    ],
)  # fmt: skip
def test_the_line_names_where_this_came_from(
    told: Any, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    installed(tmp_path / "site", told, monkeypatch)
    assert re.fullmatch(line, how_to_install("local"))


def test_a_wheel_and_a_checkout_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wheel = tmp_path / "a b.whl"
    wheel.write_bytes(b"")
    installed(tmp_path / "one", {"url": wheel.as_uri(), "archive_info": {}}, monkeypatch)
    assert how_to_install("all").endswith(f"'storytransformer[all] @ {wheel.as_uri()}'")
    editable = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    installed(tmp_path / "two", editable, monkeypatch)
    assert how_to_install("all") == f"pip install -e '{tmp_path}[all]'"


@pytest.mark.parametrize(
    ("mark", "program"),
    [("pipx_metadata.json", "pipx install --force"), ("uv-receipt.toml", "uv tool install")],
)
def test_the_program_that_made_the_environment_is_named(
    mark: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / mark).write_text("")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    # These make the environment anew: what is here is named, too, or it would be gone.
    monkeypatch.setattr(
        extras, "lacking", lambda name: [] if name in ("report", "local") else ["x"]
    )
    line = how_to_install("cloud")
    assert line.startswith(f"{program} ") and "[cloud,local,report]" in line
    into = {"uv tool install": f"uv pip install --python {sys.executable} "}
    start = into.get(program, "pipx runpip storytransformer install ")
    assert how_to_add("--no-deps", "x==1") == f"{start}--no-deps x==1"
    again = "--reinstall" if program in into else "--force-reinstall"
    assert how_to_add("x", again=True) == f"{start}{again} x"


def test_pip_adds_to_what_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "[cloud]" in how_to_install("cloud") and how_to_add("x") == "pip install x"


def test_no_message_names_this_package_as_one_of_an_index():
    """No index has it: whoever writes a line that installs a part asks for it here."""
    for folder in ("pipeline", "evals"):
        for file in (ROOT / folder).rglob("*.py"):
            assert not re.search(r"pip install '?\"?storytransformer", file.read_text()), file
