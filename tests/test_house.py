"""The house keeps its rules: stairs, addresses of side effects, prompts, deployments, README."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evals.eval_registry import evals_by_name
from pipeline.providers.provider_registry import module_of, providers

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "evals").rglob("*.py")])


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("torch", ["pipeline/engine"]),
        ("anthropic", ["pipeline/providers/claude.py"]),
        ("google.genai", ["pipeline/providers/gemini.py"]),
        ("openai", ["pipeline/providers/openai.py"]),
        ("prefect", ["pipeline/flows", "evals/eval_flows.py"]),
        ("prefect_dask", ["pipeline/flows/distributed.py"]),
        ("sqlmodel", ["pipeline/store"]),
        ("sqlalchemy", ["pipeline/store"]),
    ],
)
def test_each_foreign_package_has_one_address(package: str, rooms: list[str]):
    users = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(n == package or n.startswith(package + ".") for n in imported(path))
    ]
    assert users, f"nobody imports {package}"
    strangers = [user for user in users if not any(user.startswith(room) for room in rooms)]
    assert strangers == []


def test_only_the_settings_read_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"os\.environ\b|os\.getenv\b", path.read_text(encoding="utf-8"))
    ]
    # processes.py tells what is started from here; tiktoken finds its vocabularies through a
    # variable only, so token_counters.py sets it for one call; the dashboard hands its environment
    # on to the server process it starts.
    assert set(readers) <= {
        "pipeline/config/settings.py",
        "pipeline/config/processes.py",
        "pipeline/tokens/token_counters.py",
        "evals/dashboard/serve.py",
    }


def test_the_engine_imports_no_room_but_errors_and_the_line_that_installs():
    for path in (ROOT / "pipeline" / "engine").rglob("*.py"):
        rooms = {n for n in imported(path) if n.startswith(("pipeline.", "evals."))}
        leaves = ("pipeline.engine", "pipeline.errors", "pipeline.config.installer")
        outside = {n for n in rooms if not n.startswith(leaves)}
        assert outside == set(), path.name


#: Words that are a provider's name, too, where they mean something else.
OTHER_SENSES = {
    ("pipeline/config/extras.py", "local"),  # the part of the installation
    ("pipeline/config/extras.py", "openai"),  # the SDK's module
    ("pipeline/stories.py", "local"),  # the mark of a document that stays here
}


def strings_in_code(path: Path) -> set[str]:
    """Every string of a file but its docstrings and the texts of f-strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(part)
        for node in ast.walk(tree)
        for part in (
            node.values
            if isinstance(node, ast.JoinedStr)
            else [node.value]
            if isinstance(node, ast.Expr)
            else []
        )
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    }


def test_no_provider_is_known_by_its_name_outside_its_file():
    """What differs between providers is asked of the registry's value, never decided by a name."""
    names = set(providers())
    assert names >= {"extractive", "local", "claude", "gemini", "openai"}
    found = {
        (path.relative_to(ROOT).as_posix(), text)
        for path in SOURCES
        for text in strings_in_code(path)
        # A name, or one before a model's: no sentence, no path.
        if text.partition("/")[0] in names and not re.search(r"[\s…]", text)
    }
    own = {
        (file, text)
        for provider in providers().values()
        for file, text in found
        if file.startswith(("pipeline/providers/local/", f"pipeline/providers/{provider.name}."))
        and text.partition("/")[0] in (provider.name, *provider.modules, provider.part)
    }
    assert found - own == OTHER_SENSES


def test_a_providers_file_loads_no_sdk():
    code = (
        "import sys; from pipeline.providers.provider_registry import module_of, providers;"
        "known = [module_of(one) for one in providers().values()];"
        "sdks = {m for one in providers().values() for m in one.modules};"
        "print(len(known) >= 5, len(sdks) >= 4, sorted((sdks | {'torch'}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True", "[]"]


def test_tokenizers_need_no_torch():
    code = (
        "import sys, pipeline.engine, pipeline.engine.tokenizers.tokenizer;"
        "import pipeline.tokens.token_counters;"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_every_deployment_points_at_a_flow_that_takes_its_parameters():
    import yaml

    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert {d["name"] for d in deployments} >= {
        "extract", "estimate", "merge-local", "merge-claude", "merge-gemini", "needles", "local",
        "nightly-evals",
    }  # fmt: skip
    for deployment in deployments:
        path, name = deployment["entrypoint"].split(":")
        flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
        flow.validate_parameters(deployment["parameters"])
        assert deployment["description"] and deployment["tags"]
        for parameter, shown in flow.parameters.properties.items():
            assert shown["title"] != parameter, f"{name} has no title for {parameter}"
            assert shown["description"], f"{name} does not say what {parameter} means"


def test_every_command_is_in_the_readme_or_docs_and_has_help():
    from evals.cli.eval_commands import app as evals
    from pipeline.cli.commands import app, machine_commands, run_commands

    pages = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    readme = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    for command in (
        *app.registered_commands,
        *run_commands.registered_commands,
        *machine_commands.registered_commands,
    ):
        assert command.callback and command.callback.__doc__
        assert f"storytransformer {command.callback.__name__}" in readme
    for command in evals.registered_commands:
        assert command.callback and command.callback.__doc__
        name = command.name or command.callback.__name__
        assert f"eval {name}" in readme or f"`{name}`" in readme


def test_no_file_holds_two_ideas():
    long = {
        path.relative_to(ROOT).as_posix(): n
        for path in SOURCES
        if "migrations" not in path.parts  # a released migration is never edited, so never split
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert long == {}


def test_nothing_is_shipped_that_only_tests_use():
    """Every module is reached from a command, a flow, a page's plugin, a migration or what writes
    the docs: by an import, or by its name in a string, as registries name what they load."""
    texts = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in SOURCES
    }
    doors = {"pipeline.__main__", "pipeline.flows.flows", "evals.eval_flows"}
    doors |= {name for name in texts if ".plugins." in name or ".migrations." in name}
    doors |= imported(ROOT / "docs" / "generate.py") & texts.keys()
    # Found by their folders.
    doors |= {module_of(one).__name__ for one in providers().values()}
    doors |= {one.run.__module__ for one in evals_by_name().values()}
    found, ahead = set(doors), list(doors)
    while ahead:
        path = texts[(module := ahead.pop())]
        names = imported(path) & texts.keys()
        source = path.read_text(encoding="utf-8")
        names |= {name for name in texts if "." in name and f'"{name}' in source}
        room = module.rpartition(".")[
            0
        ]  # neighbours by their names: "word:read_docx", "die_with_parent.py"
        names |= {
            f"{room}.{name}" for name in re.findall(r'"(\w+)(?::\w+|\.py)"', source)
        } & texts.keys()
        names |= {name.rpartition(".")[0] for name in names} & texts.keys()
        ahead += names - found
        found |= names
    assert sorted(texts.keys() - found) == []
