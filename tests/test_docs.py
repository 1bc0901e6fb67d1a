"""The docs say what is true: generated parts are current, links lead somewhere, and every command
they show exists."""

from __future__ import annotations

import importlib.util
import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]

_spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
assert _spec and _spec.loader
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)


@pytest.mark.parametrize("page", generate.pages(), ids=lambda page: page.name)
def test_generated_parts_are_current(page: Path):
    written = page.read_text(encoding="utf-8")
    assert generate.current(written) == written, "run `python docs/generate.py`"


def test_every_generated_part_stands_on_a_page():
    marks = {
        name
        for page in generate.pages()
        for kind, name in re.findall(r"(?:<!--|#) (generated|code): (\S+)", page.read_text())
    }
    examples = {f"examples/{file.name}" for file in (ROOT / "docs" / "examples").glob("*.py")}
    assert marks == set(generate.GENERATED) | examples


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            heads = re.findall(r"(?m)^#+ (.+)$", file.read_text(encoding="utf-8"))
            assert anchor in {re.sub(r"[^\w-]", "", h.lower().replace(" ", "-")) for h in heads}


def shown_commands(text: str) -> list[str]:
    """Every command line that stands in a page."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(storytransformer [^`]+)`", text.replace("\n", " "))
    return [found[1] for line in lines if (found := re.search(r"(storytransformer .*)", line))]


def test_commands_of_the_docs_exist():
    from typer.main import get_command

    from pipeline.cli.commands import app

    seen, root = 0, get_command(app)
    measuring = root.commands["eval"]
    measured = dict(measuring.commands)  # built once: each look builds them anew
    for page in PAGES:
        for line in shown_commands(page.read_text(encoding="utf-8")):
            words = shlex.split(line.partition("#")[0].partition("&&")[0].replace("…", ""))
            command, words = root, words[1:]
            known = root.commands
            while words and words[0] in known:
                command, words = known[words[0]], words[1:]
                known = measured if command is measuring else getattr(command, "commands", {})
            if known:  # the options of storytransformer itself, or of eval
                assert not words or words[0].startswith("-"), f"{page.name}: {line}"
            flags = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
            flags |= {"--help", "-h"}
            for word in words:
                if word.startswith("-") and not word.lstrip("-").isdigit():
                    assert word.partition("=")[0] in flags, f"{page.name}: {line}"
            seen += 1
    assert seen > 30


def test_the_stairs_of_the_architecture_are_those_that_are_enforced():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (stairs,) = (one["layers"] for one in contracts if one["type"] == "layers")
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert "```\n" + "\n".join(stairs) + "\n```" in page
    assert len(page.encode()) <= 9_000, "a screen and a half; reasons go to docs/decisions.md"


def test_pictures_are_small_and_shown():
    shown = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.png"))
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 150_000, picture.name
        assert picture.name in shown
