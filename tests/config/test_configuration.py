"""Settings: command line before environment before file before default, errors with their line,
and no secret in a file or on the screen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.config_file import default_file, read_file
from pipeline.config.configuration import SETTINGS, Setting
from pipeline.config.egress import without_password
from pipeline.config.settings import read_settings
from pipeline.errors import InputError
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
KEPT = [setting for setting in SETTINGS if not setting.not_in_file]
SENT = "As a member, I want to borrow a drill, so that I save.\n"

#: Two values of each kind, as written in the environment and in the file.
WRITTEN = {
    "text": (("one", '"one"'), ("two", '"two"')),
    "path": (("/one", '"/one"'), ("/two", '"/two"')),
    "database": (("/one.sqlite", '"/one.sqlite"'), ("/two.sqlite", '"/two.sqlite"')),
    "whole": (("1", "1"), ("2", "2")),
    "number": (("0.5", "0.5"), ("2.5", '"2.5"')),
    "flag": (("yes", "true"), ("0", "false")),
    "list": (("a/, b/", '["a/", "b/"]'), ("c/", '["c/"]')),
}


def written(setting: Setting, which: int) -> tuple[str, str]:
    """(in the environment, in the file)"""
    if setting.choices:
        choice = setting.choices[which % len(setting.choices)]
        return choice, f'"{choice}"'
    return WRITTEN[setting.kind][which]


def run(*arguments: str, cwd: Path, **env: str):
    return commands.run(
        [*arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


@pytest.mark.parametrize("setting", KEPT, ids=lambda setting: setting.name)
def test_environment_before_file_before_default(setting: Setting, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    default = read_settings({}).found[setting.name]
    assert (default.source, default.value) == ("default", setting.fallback)
    in_env, in_file = written(setting, 0)[0], written(setting, 1)[1]
    Path("storytransformer.toml").write_text(f"# mine\n\n{setting.name} = {in_file}\n")
    filed = read_settings({}).found[setting.name]
    assert (filed.source, filed.where) == ("file", "storytransformer.toml:3")
    assert filed.value == setting.parse(written(setting, 1)[0], where="")
    said = read_settings({setting.variable: in_env}).found[setting.name]
    assert said.source == "environment" and said.where.startswith(setting.variable)
    expected = setting.parse(in_env, where="")
    if setting.adds:
        assert said.value == (*expected, *filed.value), "what stays here adds up"
    else:
        assert said.value == expected


def test_the_command_line_comes_first(tmp_path: Path):
    (tmp_path / "a.md").write_text(SENT)
    (tmp_path / "mine.toml").write_text('group = "topic"\nout = "from-file"\ndb = "f.sqlite"\n')

    def parameters(*more: str, **env: str) -> dict[str, str]:
        done = run("merge", "a.md", "--json", "--config", "mine.toml", *more, cwd=tmp_path, **env)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        return {"out": str(Path(result["out"]["markdown"]).parent), "run": result["run"]}

    assert parameters()["out"] == "from-file"
    last = parameters("--out", "given", "--db", "g.sqlite", STORYTRANSFORMER_OUT="from-env")
    assert last["out"] == "given"
    assert (tmp_path / "f.sqlite").is_file() and (tmp_path / "g.sqlite").is_file()


def test_a_flag_of_the_file_can_be_taken_back(tmp_path: Path):
    (tmp_path / "a.md").write_text(SENT)
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    (tmp_path / "storytransformer.toml").write_text("strict = true\n")
    assert run("extract", "a.md", "bad.pdf", cwd=tmp_path).returncode == 2
    assert run("extract", "a.md", "bad.pdf", "--no-strict", cwd=tmp_path).returncode == 0


def test_the_written_file_changes_nothing_and_each_of_its_lines_is_valid(tmp_path: Path):
    file = tmp_path / "storytransformer.toml"
    text = default_file()
    file.write_text(text)
    assert read_file(file) == {}
    lines = [line for line in text.splitlines() if line.startswith("#") and line[1:2] not in " "]
    assert len(lines) == len(KEPT), "every setting, once"
    file.write_text("\n".join(line[1:] for line in lines))
    found = read_file(file)
    assert set(found) == {setting.name for setting in KEPT}
    for setting in KEPT:
        assert setting.meaning in text and setting.variable in text
        if setting.default and setting.kind not in ("path", "database"):
            assert found[setting.name].value == setting.fallback


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('modle = "x"', "Did you mean model?"),
        ('"max-cost" = 2', "Did you mean max_cost"),
        ("[merge]\nmodel = 1", "there is no table 'merge'"),
        ("threads = -1", "a whole number"),
        ("threads = true", "a whole number"),
        ('repair = "yes"', "true or false"),
        ('exclude = "a/"', "a list of texts"),
        ('edition = "short"', "one of files, full"),
        ('strategy = "pairs"', "there is no setting 'strategy'"),
        ("out = 3", "a text, not 3"),
        ("model = ", "is not valid TOML"),
        ('ANTHROPIC_API_KEY = "sk-1"', "set ANTHROPIC_API_KEY in the environment"),
        ('gemini_api_key = "sk-1"', "set GEMINI_API_KEY in the environment"),
        ('aws_secret = "sk-1"', "looks like a secret"),
        ('allow_egress = ["database"]', "--allow-egress"),
        ('anthropic_base_url = "http://elsewhere"', "must not choose"),
        ('db = "postgresql://me:sk-1@host/db"', "holds a password"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(line: str, said: str, tmp_path: Path):
    file = tmp_path / "storytransformer.toml"
    file.write_text(f"# mine\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_file(file)
    assert said in str(caught.value)
    assert caught.value.where == f"{file}:2"
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize("name", ["STORYTRANSFORMER_THREADS", "STORYTRANSFORMER_USD_PER_KWH"])
def test_what_is_wrong_in_the_environment_is_named(name: str):
    with pytest.raises(InputError) as caught:
        read_settings({name: "many"})
    assert caught.value.where == name


def test_a_file_that_was_named_must_be_there(tmp_path: Path):
    for read in (
        lambda: read_settings({"STORYTRANSFORMER_CONFIG": str(tmp_path / "no.toml")}),
        lambda: read_settings({}, config=str(tmp_path / "no.toml")),
    ):
        with pytest.raises(InputError, match="storytransformer init"):
            read()


def test_paths_of_a_file_start_at_its_folder(tmp_path: Path):
    (tmp_path / "mine.toml").write_text('db = "runs.sqlite"\nout = "here"\ncache = "/else"\n')
    settings = read_settings({}, config=str(tmp_path / "mine.toml"))
    assert settings.database == f"sqlite:///{tmp_path / 'runs.sqlite'}"
    assert settings.defaults_of("merge")["out"] == str(tmp_path / "here")
    assert settings.cache == Path("/else")


def test_config_shows_where_everything_comes_from_and_no_secret(tmp_path: Path):
    told = run("init", "--json", cwd=tmp_path)
    assert json.loads(told.stdout) == {"written": "storytransformer.toml"}
    assert run("init", cwd=tmp_path).returncode == 2, "a file is not overwritten"
    assert run("init", "--force", cwd=tmp_path).returncode == 0
    with (tmp_path / "storytransformer.toml").open("a") as file:
        file.write('model = "local/smollm2-135m"\n')
    env = {
        "ANTHROPIC_API_KEY": "sk-1",
        "GEMINI_API_KEY": "",
        "STORYTRANSFORMER_DB": "postgresql://me:sk-1@127.0.0.1/db",
        "STORYTRANSFORMER_GROUP": "topic",
    }
    done = run("config", "--json", cwd=tmp_path, **env)
    shown = {one["name"]: one for one in json.loads(done.stdout)["settings"]}
    assert len(shown) == len(SETTINGS)
    assert shown["model"]["from"] == "file"
    assert shown["model"]["where"].startswith("storytransformer.toml:")
    assert (shown["group"]["value"], shown["group"]["where"]) == ("topic", "STORYTRANSFORMER_GROUP")
    assert shown["anthropic_api_key"]["value"] == "set"
    assert shown["gemini_api_key"]["value"] == "not set"
    assert shown["db"]["value"] == "postgresql://me:…@127.0.0.1/db"
    for_people = run("config", cwd=tmp_path, **env).stdout
    assert "local/smollm2-135m" in for_people and "sk-1" not in done.stdout + for_people


def test_a_broken_file_does_not_break_help(tmp_path: Path):
    (tmp_path / "storytransformer.toml").write_text("modle = 1\n")
    assert run("merge", "--help", cwd=tmp_path).returncode == 0
    done = run("merge", "x", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["where"] == "storytransformer.toml:1"


def test_every_option_of_a_setting_is_one_of_its_commands():
    from typer.main import get_command

    from pipeline.cli.commands import app

    root = get_command(app)
    for setting in SETTINGS:
        for name in setting.commands:
            command = root.commands[name]
            # Of a group, the commands that have the option.
            commands = list(getattr(command, "commands", {name: command}).values())
            found = [
                (command, option)
                for command in commands
                for option in command.params
                if option.name == setting.name
            ]
            assert found and (len(commands) > 1 or len(found) == 1)
            for command, option in found:
                assert setting.option in option.opts
                assert any(one.name == "config" for one in command.params)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_a_file_or_an_error_that_says_where(text: str):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "storytransformer.toml"
        file.write_text(text, encoding="utf-8", newline="")
        try:
            read_file(file)
        except InputError as error:
            assert error.where.startswith(str(file))


@given(
    st.text(
        alphabet=st.characters(categories=["L", "N", "P"], exclude_characters="/@:"), min_size=2
    )
)
def test_no_password_of_a_url_is_shown(password: str):
    shown = without_password(f"postgresql://me:{password}@host/db")
    assert shown == "postgresql://me:…@host/db"
