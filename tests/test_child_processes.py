"""No process that a command starts imports a module from the folder in which documents lie."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from pipeline.config.processes import away_from_documents, keep_code_out
from tests.marked import STORY, xls
from tests.other_prefect import name_another_prefect

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.enable_socket


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A document among files called like every module there is; each tells when it runs."""
    names = {*sys.stdlib_module_names, *packages_distributions(), "pipeline", "evals"}
    names |= {"sitecustomize", "usercustomize"}
    told = tmp_path / "told"
    (tmp_path / "in").mkdir()
    for name in names:
        if re.fullmatch(r"\w+", name):
            code = f"open({str(told)!r}, 'a').write({name!r} + chr(10))\nraise SystemExit(9)\n"
            (tmp_path / "in" / f"{name}.py").write_text(code)
    (tmp_path / "in" / "a.md").write_text(f"{STORY}\n")
    (tmp_path / "in" / "b.xls").write_bytes(xls([["Story"], [STORY.replace("receipt", "rota")]]))
    # A settings file of Prefect's may describe a logging that calls functions.
    (tmp_path / "in" / "prefect.toml").write_text('[logging]\nconfig_path = "logging.yml"\n')
    (tmp_path / "in" / "logging.yml").write_text(
        f"version: 1\nformatters:\n  x:\n    (): builtins.open\n    file: {told}\n    mode: w\n"
    )
    return tmp_path / "in"


#: A shell's background jobs inherit an ignored SIGINT; the processes of a terminal do not.
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from pipeline.cli.commands import main; main()"
)


def start(folder: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """A command in that folder, itself started safely; what it starts is its own affair."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", COMMAND, *arguments],
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PYTHONSAFE"))},
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(folder.parent / "prefect"),
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "200",
            **env,
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def told_by(folder: Path) -> str:
    told = folder.parent / "told"
    return told.read_text() if told.exists() else ""


def test_the_reader_of_old_workbooks(folder: Path) -> None:
    done = start(folder, "extract", "b.xls", "--json")
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert '"stories": 1' in out and told_by(folder) == ""


def test_the_pages(folder: Path) -> None:
    merged = start(folder, "merge", "a.md", "--db", "st.sqlite", "--quiet")
    assert merged.communicate(timeout=120) and merged.returncode == 0
    served = start(folder, "dashboard", "--port", "0", "--db", "st.sqlite", "--json")
    assert served.stdout is not None
    line = served.stdout.readline()
    served.send_signal(signal.SIGINT)
    _, err = served.communicate(timeout=60)
    assert "127.0.0.1" in line, err
    assert told_by(folder) == ""


def test_prefects_server(folder: Path) -> None:
    """Nothing of the folder runs, and no other server or database that it names is used."""
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        name_another_prefect(folder, theirs.getsockname()[1])
        done = start(folder, "merge", "a.md", "b.xls", "--db", "st.sqlite", "--prefect", "--json")
        out, err = done.communicate(timeout=280)
        theirs.settimeout(0.1)
        with pytest.raises(TimeoutError):
            theirs.accept()
    assert done.returncode == 0, err
    assert '"stories": 2' in out and told_by(folder) == ""
    assert not list(folder.parent.glob("theirs*"))
    assert (folder / "st.sqlite").exists() and (folder.parent / "prefect").exists()


def test_doctor_and_serve_know_no_server_of_the_folders(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        name_another_prefect(folder, theirs.getsockname()[1])
        served = start(folder, "serve", "--json")
        out, err = served.communicate(timeout=120)
        assert served.returncode == 2, out + err
        assert "no Prefect server is set" in out
        theirs.settimeout(0.1)
        with pytest.raises(TimeoutError):
            theirs.accept()


def test_python_m(folder: Path) -> None:
    """What ``python -m`` itself imports comes before any of us; what we import does not."""
    for name in sys.stdlib_module_names:
        (folder / f"{name}.py").unlink(missing_ok=True)
    for name in ("pipeline", "sitecustomize", "usercustomize"):
        (folder / f"{name}.py").unlink()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "extract", "b.xls", "--json"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert told_by(folder) == ""


def test_empty_entries_of_the_path_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """They mean the working directory, and come of ``PYTHONPATH=$PYTHONPATH:/somewhere``."""
    before = list(sys.path)
    monkeypatch.setattr(sys, "path", ["", ".", *before])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/somewhere", ".", "sub/folder"]))
    for name in ("PYTHONSAFEPATH", "PREFECT_LOGGING_SETTINGS_PATH"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "")  # so that what is set is taken back
    keep_code_out()
    assert (os.environ["PYTHONPATH"], os.environ["PYTHONSAFEPATH"]) == ("/somewhere", "1")
    assert sys.path == [entry for entry in before if os.path.isabs(entry)]


def test_served_runs_begin_elsewhere_and_go_back(tmp_path: Path, monkeypatch) -> None:
    """Their paths mean the folder in which `serve` was started."""
    documents, home = tmp_path / "documents", tmp_path / "home"
    documents.mkdir()
    monkeypatch.chdir(documents)
    monkeypatch.setenv("PREFECT_HOME", str(home))
    code = (
        "import os; from pipeline.config.processes import back_to_documents as back\n"
        "print(os.getcwd()); back(); print(os.getcwd()); back(); print(os.getcwd())"
    )
    with away_from_documents(children=True):
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout.split() == [str(home), str(documents), str(documents)]
    assert Path.cwd() == documents and "STORYTRANSFORMER_STARTED_IN" not in os.environ
