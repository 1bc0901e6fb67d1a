"""``train judge`` from stories to an adapter that is examined by its name, on random weights."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli.commands import app
from pipeline.engine.weights.adapters import CARD, WEIGHTS, read_card
from pipeline.errors import InputError
from pipeline.plan.pairs import pair_prompt
from pipeline.prompts import labelled_prompt
from pipeline.train.training_job import refuse_where_too_large
from tests.support.bases import random_base

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers that reads bytes; its window holds a question."""
    return random_base(tmp_path_factory.mktemp("base") / "tiny")


def command(base: Path, out: Path, db: Path, *more: str) -> list[str]:
    return [
        "train", "judge", "--from", str(ROOT / "data" / "sample"), "--base", f"local/{base}",
        "--out", str(out), "--pairs", "24", "--dev-pairs", "8", "--most-tokens", "420",
        "--db", str(db), "--json", "--quiet", *more,
    ]  # fmt: skip


def test_a_dry_run_tells_and_trains_nothing(base: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, command(base, tmp_path / "out", tmp_path / "db", "--dry-run"))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["train_pairs"] + told["dev_pairs"] + told["too_long"] == 32
    assert told["memory_bytes"] > 0 and told["seconds"] > 0 and told["fits"] is True
    assert len(told["base_sha256"]) == 64 and not (tmp_path / "out").exists()


def test_a_run_stands_for_its_documents_and_what_was_decided_on_them(
    base: Path, tmp_path: Path
) -> None:
    from pipeline.entries import Decision
    from pipeline.store.reading.finished_run import open_finished_run
    from pipeline.store.record import open_store
    from pipeline.text.canonical import VERSION

    db = tmp_path / "db.sqlite"
    merge = ["merge", str(ROOT / "data" / "sample"), "--out", str(tmp_path / "merged")]
    done = CliRunner().invoke(app, [*merge, "--db", str(db), "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    run = json.loads(done.stdout)["run"]

    def told(source: str) -> dict[str, Any]:
        args = command(base, tmp_path / "out", db, "--dry-run", "--pairs", "80")
        args[args.index("--from") + 1] = source
        found = CliRunner().invoke(app, args)
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout)  # type: ignore[no-any-return]

    by_path = told(str(ROOT / "data" / "sample"))
    assert told(run)["data_sha256"] == by_path["data_sha256"] and by_path["decided"] == 0
    with open_store(f"sqlite:///{db}", now=lambda: datetime.now(UTC)) as store:
        books = open_finished_run(store, run)
        assert books is not None
        prints = sorted({story.fingerprint for story in books.stories.values()})[:40]
        for pair in zip(prints[::2], prints[1::2], strict=True):
            store.decide(Decision(pair, "different", version=VERSION))
    assert told(run)["decided"] > 10
    missing = command(base, tmp_path, db, "--dry-run", "--from", "no-run")
    assert isinstance(CliRunner().invoke(app, missing).exception, InputError)


def test_what_does_not_fit_is_refused_with_what_would(base: Path, tmp_path: Path) -> None:
    from pipeline.catalog import Catalog
    from pipeline.config.settings import read_settings
    from pipeline.cost.hardware import Hardware
    from pipeline.extract.extraction import extract
    from pipeline.train.training_job import Order, prepare

    settings = read_settings()
    order = Order(
        spec=Catalog(settings.models_toml).find(f"local/{base}"), out=tmp_path,
        tables=settings.training, exams=settings.exams, prompts=settings.prompts, cache=tmp_path,
        n_train=24, n_dev=8, most_tokens=420, settings={"per_device_train_batch_size": 64},
    )  # fmt: skip
    small = Hardware(threads=1, memory_bytes=10**9)
    prepared = prepare(extract([ROOT / "data" / "sample"]), order, small)
    assert prepared.needs.total > 10**9 and not prepared.fits
    with pytest.raises(InputError, match="the training needs") as caught:
        refuse_where_too_large(prepared, small)
    assert "--set per_device_train_batch_size=" in caught.value.next
    refuse_where_too_large(replace(prepared, fits=True), small)


@pytest.mark.parametrize("mark", ["", "local"])
def test_a_documents_mark_travels_with_the_adapter(base: Path, tmp_path: Path, mark: str) -> None:
    from pipeline.catalog import Catalog
    from pipeline.config.settings import read_settings
    from pipeline.cost.hardware import Hardware
    from pipeline.engine.training.learning import Learned
    from pipeline.extract.extraction import extract
    from pipeline.train.training_job import Order, card_of, prepare

    corpus = shutil.copytree(ROOT / "data" / "sample", tmp_path / "corpus")
    if mark:
        story = "As a clerk, I want to print a receipt, so that the customer has proof."
        (corpus / "marked.md").write_text(f"---\nsovereignty: {mark}\n---\n\n- {story}\n")
    settings = read_settings()
    order = Order(
        spec=Catalog(settings.models_toml).find(f"local/{base}"), out=tmp_path,
        tables=settings.training, exams=settings.exams, prompts=settings.prompts, cache=tmp_path,
        n_train=24, n_dev=8, most_tokens=420,
    )  # fmt: skip
    prepared = prepare(extract([corpus]), order, Hardware(threads=1, memory_bytes=10**11))
    (tmp_path / WEIGHTS).write_bytes(b"")
    card = card_of(prepared, Learned((), (), 0, 0, 0.0, 0, ""))
    assert prepared.sovereignty == card["sovereignty"] == mark


@pytest.mark.skipif(
    importlib.util.find_spec("trl") is None or importlib.util.find_spec("peft") is None,
    reason="the extra `train` is not installed: pip install 'storytransformer[train]'",
)
def test_two_processes_train_one_adapter(base: Path, tmp_path: Path) -> None:
    out, db = tmp_path / "out", tmp_path / "db.sqlite"
    settings = (
        "max_steps=2",
        "eval_steps=1",
        "save_steps=1",
        "r=4",
        "gradient_accumulation_steps=1",
    )
    more = [part for one in settings for part in ("--set", one)]
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
    ]
    done = subprocess.run(
        [*launch, "-m", "pipeline", *command(base, out, db, *more)],
        capture_output=True, text=True, timeout=280, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["trained_pairs"] == 2 * 4 * 2, "two steps of four pairs in each of two processes"
    assert read_card(str(out)) is not None


def test_it_is_asked_behind_the_very_tokens_that_it_was_trained_with(
    base: Path, tmp_path: Path
) -> None:
    from pipeline.calls import Message, Request
    from pipeline.catalog import Catalog
    from pipeline.config.settings import read_settings
    from pipeline.entries import Answer
    from pipeline.plan.pairs import SCHEMA, WORDS
    from pipeline.providers.base import choices
    from pipeline.tokens.token_counters import open_tokenizer
    from pipeline.train.training_job import Order, _encoder
    from pipeline.train.training_pairs import TrainingPair

    settings = read_settings()
    spec = Catalog(settings.models_toml).find(f"local/{base}")
    order = Order(
        spec=spec, out=tmp_path, tables=settings.training, exams=settings.exams,
        prompts=settings.prompts, cache=tmp_path,
    )  # fmt: skip
    tokenizer = open_tokenizer(spec.weights, tmp_path)
    card = {"base": spec.name, "base_sha256": "", "prompt": "judge-brief.v1"}
    (tmp_path / CARD).write_text(json.dumps(card))
    adapted = replace(spec, setup=replace(spec.setup, lora=str(tmp_path)))
    prompt = labelled_prompt(settings.prompts, pair_prompt(adapted))
    turns = [(m.role, m.content) for m in prompt.render(one="print it", other="sell it")]
    asked = tokenizer.apply_chat_template(turns)
    request = Request("m", "r", "pair", "p", "s", (Message("user", "?"),), 9, schema=SCHEMA)
    written = choices(request)
    for n_answers, (word, answer) in product((2, 4), WORDS.items()):
        pair = TrainingPair("print it", "sell it", answer, "k", "grammar")
        sample = _encoder(replace(order, answers=n_answers))(pair)
        assert list(sample.ids[: len(asked)]) == asked
        if n_answers == 2 and answer is not Answer.ONE_NEED:
            word = "different"
        told = tokenizer.encode(written[word])
        behind = list(sample.ids[len(asked) :])
        assert behind == told[: len(behind)] and sample.learned[-1]
    assert set(WORDS.values()) == set(Answer)


@pytest.mark.skipif(
    importlib.util.find_spec("trl") is None or importlib.util.find_spec("peft") is None,
    reason="the extra `train` is not installed: pip install 'storytransformer[train]'",
)
def test_a_judge_is_trained_carded_kept_and_examined(base: Path, tmp_path: Path) -> None:
    out, db = tmp_path / "out", tmp_path / "db.sqlite"
    settings = ("max_steps=2", "eval_steps=1", "save_steps=1", "r=4", "logging_steps=1")
    more = [part for one in settings for part in ("--set", one)]
    done = CliRunner().invoke(app, command(base, out, db, *more))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    card = read_card(str(out))
    assert card is not None and card.base == f"local/{base}" and card.prompt == "judge-brief.v1"
    assert card.base_sha256 == told["base_sha256"]
    assert card.told["data"]["sha256"] == told["data_sha256"]
    assert card.told["settings"]["r"] == 4 and card.told["peak_bytes"]["measured"] > 0
    assert (out / WEIGHTS).stat().st_size == card.told["adapter_bytes"]

    with sqlite3.connect(db) as connection:
        rows = connection.execute("SELECT adapter, dev_loss FROM v_trainings").fetchall()
    assert len(rows) == 1 and rows[0][1] > 0

    labels = tmp_path / "labels.jsonl"
    one = {"id": "p", "scene": "s", "half": "report", "kind": "order", "language": "en",
           "shape": "agile", "a": {"goal": "print the roster"}, "b": {"goal": "print rosters"},
           "answer": "one_need"}  # fmt: skip
    labels.write_text(json.dumps(one) + "\n")
    name = f"local/{base}@lora={out}"
    asked = ["exam", "--model", name, "--labels", str(labels), "--db", str(db), "--json"]
    done = CliRunner().invoke(app, [*asked, "--quiet"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["runs"][0]["pairs"] == 1

    # On other weights it is refused, whatever it is named.
    other = tmp_path / "other"
    shutil.copytree(base, other)
    (other / "config.json").write_text((base / "config.json").read_text() + "\n")
    refused = CliRunner().invoke(app, [*asked[:2], f"local/{other}@lora={out}", *asked[3:]])
    assert refused.exit_code != 0
    assert (out / CARD).is_file()
