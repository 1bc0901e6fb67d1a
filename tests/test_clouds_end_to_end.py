"""`merge --judge claude/… --propose --allow-cloud all` as a user runs it, against a server on this
machine."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import Command, run
from tests.support.providers import LASTING, Provider, chance, digest, judge

pytestmark = pytest.mark.enable_socket

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
DATABASE = "data/runs/storytransformer.sqlite"
KEY = "sk-marked-0123456789"
#: Questions of a run.
PAIRS = 40
MODELS = {
    "claude": "claude/claude-haiku-5-5",
    "gemini": "gemini/gemini-2.5-flash-lite",
    "openai": "openai/served@{url}/v1",
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, embedded: Any, shared_cache: Path, provider: Provider) -> Any:
    """Starts the command; its databases and documents are under ``tmp_path``."""
    for name in (DATABASE, "other.sqlite", "third.sqlite"):
        embedded([SAMPLE], tmp_path / name)

    def build(model: str, *more: str) -> subprocess.Popen[str]:
        env = os.environ | {
            "PYTHONPATH": str(ROOT),
            "STORYTRANSFORMER_CACHE": str(shared_cache),
            **{f"{name}_BASE_URL": provider.url for name in ("ANTHROPIC", "GEMINI")},
            **{f"{name}_API_KEY": KEY for name in ("ANTHROPIC", "GEMINI", "OPENAI")},
        }
        command = ["merge", str(SAMPLE), "--judge", MODELS[model].format(url=provider.url)]
        command += ["--propose", "--pairs", str(PAIRS)]
        return Command(
            [*command, "--allow-cloud", "all", "--json", *more],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return build


def finish(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    result: dict[str, Any] = json.loads(out)
    assert sum(result["ledger"].values()) == result["stories"] == 122
    return result, err


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("model", MODELS)
def test_a_merge_through_a_faulty_provider_balances_and_keeps_the_key(
    start: Any, provider: Provider, tmp_path: Path, model: str
) -> None:
    """Two faults that another attempt mends, then replies; the key is in no file, row or line."""
    provider.reports = lambda n: n * 4 // 5  # five characters a token, as English has
    hit: list[str] = []

    def fault(prompt: str) -> Any:
        hit.append(prompt)
        return {1: "429", 2: "drop"}.get(len(hit))

    provider.fault = fault
    result, err = finish(start(model))
    assert result["calls"] == PAIRS and result["failed_calls"] == 0 and result["proposals"] > 0
    assert len(provider.asked) == result["calls"] + 2
    assert (Decimal(result["usd"]) > 0) == (model != "openai")
    charges = rows(tmp_path, "select reserved_micro_usd, settled_micro_usd from charge")
    # The attempt whose connection broke may have been billed: it stays set aside.
    settled = [charge for charge in charges if charge[1] is not None]
    # Of what costs nothing there is no account.
    n = result["calls"]
    assert (len(settled), len(charges)) == ((0, 0) if model == "openai" else (n, n + 1))
    assert all(real <= reserved for reserved, real in settled)
    assert KEY in repr(provider.heard), "the server was given it"
    assert KEY not in err + json.dumps(result)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 3 and not any(KEY.encode() in content for content in written)


def test_a_provider_that_only_fails_loses_no_story(
    start: Any, provider: Provider, tmp_path: Path
) -> None:
    provider.fault = chance(1.0, ["refusal", "length", "empty", "garbage"], seed=3)
    process = start("claude")
    out, _ = process.communicate(timeout=120)
    told = json.loads(out)
    assert process.returncode == 6 and rows(tmp_path, "select state from run") == [("failed",)]
    assert told["kind"] == "model" and f"all {PAIRS} calls failed" in told["error"].lower()
    assert "written without a model" in told["error"]
    merged = json.loads((tmp_path / "merged" / "merged.json").read_text())
    assert sum(merged["counts"].values()) == len(merged["sources"]) == 122
    assert merged["kept"]["missing"] == [] and len(merged["failed_calls"]) == PAIRS
    assert len(provider.asked) == PAIRS, "none of these is worth another attempt"
    assert rows(tmp_path, "select count(*) from failed_call") == [(PAIRS,)]
    assert rows(tmp_path, "select count(*) from reply where good") == [(0,)]
    again, _ = start("claude").communicate(timeout=120)
    assert "--ask-again" in json.loads(again)["next"] and len(provider.asked) == PAIRS
    assert f"all {PAIRS} calls failed" in json.loads(again)["error"].lower()


@pytest.mark.parametrize("model", MODELS)
def test_what_came_and_cannot_be_used_is_paid_once(
    start: Any, provider: Provider, tmp_path: Path, model: str
) -> None:
    """A third of the questions get something that is not an answer, with 200; a third are refused
    with 429, which costs nothing and is asked again."""

    def fault(prompt: str) -> Any:
        n = int(digest(prompt), 16)
        return (LASTING[n // 3 % len(LASTING)], "429", None)[n % 3]

    provider.fault = fault
    first, err = finish(start(model))
    sent = Counter(prompt for prompt, _ in provider.asked)
    spoilt = [key for key in sent if int(key, 16) % 3 == 0]
    refused = [key for key in sent if int(key, 16) % 3 == 1]
    assert spoilt and refused and {sent[key] for key in spoilt} == {1}
    assert first["failed_calls"] == len(spoilt) + len(refused)
    assert f"warning: {first['failed_calls']} of {PAIRS} calls failed" in err
    kept = rows(tmp_path, "select request from reply where not good"
                " and text = '<html><body>Please log in</body></html>'")  # fmt: skip
    priced = rows(
        tmp_path,
        "select p.micro_usd, c.settled_micro_usd, c.reserved_micro_usd from reply p"
        " join charge c on c.request = p.request where p.text like '<html>%'",
    )
    assert kept and len(priced) == (0 if model == "openai" else len(kept))
    assert all(settled == aside and abs(usd - aside) <= 1 for usd, settled, aside in priced)

    provider.fault = lambda prompt: None
    second, err = finish(start(model, "--out", "second"))
    asked = Counter(prompt for prompt, _ in provider.asked) - sent
    assert set(asked) == set(refused) and second["calls"] == len(refused)
    assert second["unusable_replies"] == second["failed_calls"] == len(spoilt)
    assert f"{len(spoilt)} replies of an earlier run cannot be used" in err and "--ask-again" in err
    assert second["reused_replies"] == PAIRS - len(spoilt) - len(refused)

    third, _ = finish(start(model, "--out", "third", "--ask-again"))
    asked = Counter(prompt for prompt, _ in provider.asked) - sent - asked
    assert set(asked) == set(spoilt) and third["calls"] == len(spoilt)
    assert third["failed_calls"] == third["unusable_replies"] == 0


@pytest.mark.parametrize("model", ["claude", "gemini"])
def test_useless_replies_of_a_batch_are_paid_once(
    start: Any, provider: Provider, tmp_path: Path, model: str
) -> None:
    provider.answer = lambda prompt: '{"answer": ' if int(digest(prompt), 16) % 2 else judge(prompt)
    first, _ = finish(start(model, "--batch"))
    n = first["failed_calls"]
    assert 0 < n < PAIRS and len(provider.batches) == 1
    for more in ([], ["--batch"]):
        second, _ = finish(start(model, "--out", "second", *more))
        assert second["unusable_replies"] == n and second["calls"] == 0
    assert len(provider.batches) == 1 and not provider.asked
    provider.answer = judge
    third, _ = finish(start(model, "--out", "third", "--batch", "--ask-again"))
    assert third["failed_calls"] == 0 and len(provider.batches[1].entries) == n


def test_a_run_killed_while_its_batch_is_pending_finds_it_again(
    start: Any, provider: Provider, tmp_path: Path
) -> None:
    provider.looks = None
    killed = start("claude", "--batch", "--max-cost", "0.02")
    deadline = time.monotonic() + 60
    while not (provider.batches and provider.batches[0].looks) and killed.poll() is None:
        assert time.monotonic() < deadline, "no batch was handed over"
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    n_calls = len(provider.batches[0].entries)
    charges = rows(tmp_path, "select reserved_micro_usd, settled_micro_usd from charge")
    reserved = sum(charge for charge, _ in charges)
    assert len(charges) == n_calls and {settled for _, settled in charges} == {None}

    provider.looks = 1
    result, err = finish(start("claude", "--max-cost", "0.02"))  # without --batch: it is known
    assert len(provider.batches) == 1 and not provider.asked, "submitted twice"
    assert "found again" in err and result["calls"] == n_calls
    assert rows(tmp_path, "select state, attempts from run") == [("completed", 2)]
    charges = rows(tmp_path, "select reserved_micro_usd, settled_micro_usd from charge")
    assert sum(charge for charge, _ in charges) == reserved, "not charged a second time"
    paid = sum(settled for _, settled in charges)
    assert abs(paid - Decimal(result["usd"]) * 1_000_000) <= n_calls, "rounded up, call by call"
    ((outcome, closed),) = rows(tmp_path, "select outcome, closed from batch")
    assert outcome == f"{n_calls} answered, 0 failed" and closed


def test_a_batch_costs_half_and_its_failed_entries_fail_their_calls(
    start: Any, provider: Provider, tmp_path: Path
) -> None:
    result, _ = finish(start("claude", "--batch"))
    ((n, usd),) = rows(tmp_path, "select count(*), sum(micro_usd) from reply where good")
    assert len(provider.batches) == 1 and n == result["calls"] == len(provider.batches[0].entries)
    assert abs(usd - Decimal(result["usd"]) * 1_000_000) <= n

    provider.entry = lambda prompt: "expired" if int(digest(prompt), 16) % 4 == 0 else ""
    partly, err = finish(start("claude", "--batch", "--out", "again", "--db", "other.sqlite"))
    n_failed = partly["failed_calls"]
    assert 0 < n_failed < n and f"{n - n_failed} answered, {n_failed} failed" in err
    assert f"warning: {n_failed} of {n} calls failed: {n_failed} " in err
    listed = run(
        ["runs", "--db", "other.sqlite"], cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"completed, {n_failed} failed" in listed.stdout, "the state says it"
    assert partly["ledger"] == result["ledger"], "what a model says decides nothing"
    assert Decimal(partly["usd"]) < Decimal(result["usd"]), "an expired entry is free"
    provider.prefixes.clear()  # so that the prompt's beginning is paid for once again
    single, _ = finish(start("claude", "--out", "third", "--db", "third.sqlite"))
    assert 2 * Decimal(result["usd"]) == pytest.approx(Decimal(single["usd"]), rel=Decimal("0.02"))


def test_what_has_no_batch_api_says_so_before_anything(start: Any, provider: Provider) -> None:
    process = start("openai", "--batch")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and json.loads(out)["where"] == "--batch"
    assert not provider.heard


@pytest.mark.parametrize(
    ("model", "said", "dearer"), [("claude", 0, False), ("gemini", 1000, True)]
)
def test_usage_that_cannot_be_is_charged_on_the_safe_side_and_said(
    start: Any, provider: Provider, tmp_path: Path, model: str, said: int, dearer: bool
) -> None:
    """Nothing reported: what was set aside. A thousandfold: what was reported, as it may be
    billed; the tokens in the books stay such as the text can have."""
    provider.reports = lambda n: said * n
    result, err = finish(start(model))
    assert result["doubted_usage"] == result["calls"] == PAIRS
    assert f"warning: {result['calls']} replies with tokens that cannot be" in err
    charges = rows(tmp_path, "select reserved_micro_usd, settled_micro_usd from charge")
    if dearer:
        assert all(settled > reserved for reserved, settled in charges)
    else:
        assert all(settled == reserved for reserved, settled in charges)
    ((n_input, foreseen),) = rows(
        tmp_path,
        "select a.input_tokens, e.input_tokens from actual a join run r on r.id = a.run "
        "join estimate e on e.id = r.estimate",
    )
    assert 0.5 * foreseen < n_input < 2 * foreseen
    ((detail,),) = rows(tmp_path, "select distinct substr(detail, 1, 14) from reply")
    assert detail == "doubted usage:"
