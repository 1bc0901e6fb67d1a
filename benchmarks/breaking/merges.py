"""A merge as a person starts it, in a process of its own: started, broken off, started again, and
its books looked at.

What is asked goes to a server on this machine, which remembers every request; what is answered
follows from the request alone, so that a merge that was broken off and taken up has to end in the
document of one that nobody disturbed.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.providers.remote.cloud import THREADS
from tests.support.commands import Command
from tests.support.providers import Provider, digest

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "data/runs/storytransformer.sqlite"
MODELS = (
    "claude/claude-haiku-5-5",
    "gemini/gemini-2.5-flash-lite",
    "openai/served@{url}/v1",
)
#: What the model is asked in every merge: enough questions to be disturbed at any of them.
PAIRS = 48
#: Seconds after which a process that should have ended counts as hanging.
PATIENCE = 300
#: A shell's background jobs inherit an ignored SIGINT; the processes of a terminal do not.
_COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from pipeline.__main__ import main; main()"
)


@dataclass(frozen=True)
class Merge:
    """One merge command.

    Args:
        folder: where it runs, and where its database and its document are.
        more: further arguments of the command.
        environment: further variables.
    """

    paths: Sequence[Path]
    model: str
    server: Provider
    folder: Path
    more: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def start(
        self, more: Sequence[str] = (), before: Callable[[], object] | None = None
    ) -> subprocess.Popen[str]:
        """The process, in a group of its own; ``before`` is called in it first of all."""
        self.folder.mkdir(exist_ok=True)
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "STORYTRANSFORMER_CACHE": str(self.folder.parent / "cache"),
            **{f"{name}_BASE_URL": self.server.url for name in ("ANTHROPIC", "GEMINI")},
            **{f"{name}_API_KEY": "none" for name in ("ANTHROPIC", "GEMINI", "OPENAI")},
            **self.environment,
        }
        places = [str(path.resolve()) for path in self.paths]
        asked = ["merge", *places, "--judge", self.model, "--propose", "--pairs", str(PAIRS)]
        asked += ["--allow-cloud", "all", "--json", "--quiet"]
        return Command(
            [*asked, *self.more, *more], code=_COMMAND, cwd=self.folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=before,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str] | None = None) -> Ended:
        """Wait for the end; start first where nothing is given."""
        process = process or self.start()
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nhung for {PATIENCE} s and was killed"
        return Ended(process.returncode, out, err)

    def document(self, result: Mapping[str, Any]) -> dict[str, bytes]:
        """The files of a result without the names of run and database, and what the run took."""
        found = {}
        for kind, path in result["out"].items():
            text = (self.folder / path).read_text(encoding="utf-8")
            text = re.sub(r" --db [^\s`]+", "", text.replace(result["run"], "RUN"))
            if kind == "json":
                text = json.dumps(json.loads(text) | {"run": None})
            found[kind] = text.encode()
        return found

    def journalled(self) -> set[str]:
        """Digests of the prompts whose good reply is in the journal."""
        if not self.database.exists():
            return set()
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as connection:
            try:
                rows = connection.execute(
                    "select q.body from request q join reply r on r.request = q.key where r.good"
                ).fetchall()
            except sqlite3.OperationalError:
                return set()  # broken off while the tables were made
        return {digest(json.loads(body)["messages"][-1][1]) for (body,) in rows}

    def unbalanced(self, result: Mapping[str, Any]) -> list[str]:
        """What of the books does not add up."""
        wrong = []
        if sum(result["ledger"].values()) != result["stories"]:
            wrong.append("the ledger does not add up")
        with closing(sqlite3.connect(self.database, timeout=PATIENCE)) as connection:
            rows, stories, open_charges, runs = (
                connection.execute(query, {"run": result["run"]}).fetchone()[0]
                for query in (
                    "select count(*) from ledger where run = :run",
                    "select count(distinct story) from ledger where run = :run",
                    "select count(*) from charge where settled_micro_usd is null",
                    "select count(*) from run where state <> 'completed'",
                )
            )
        if not rows == stories == result["stories"]:
            wrong.append(f"{rows} rows of the ledger for {result['stories']} stories")
        if open_charges > THREADS:
            wrong.append(f"{open_charges} charges open")
        if runs:
            wrong.append(f"{runs} runs not completed")
        return wrong


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """What it printed as JSON; its last words where it printed none."""
        try:
            found = json.loads(self.out)
        except ValueError:
            found = {"error": (self.out + self.err)[-500:], "kind": "no JSON"}
        return dict(found)

    @property
    def kind(self) -> str:
        """The kind of the error that ended it, "" when it ended well."""
        return str(self.result.get("kind", "")) if self.code else ""

    def is_not(self, code: int, *kinds: str) -> list[str]:
        """What is wrong where it should have ended otherwise."""
        if self.code == code and (not kinds or self.kind in kinds):
            return []
        return [f"exit code {self.code} instead of {code}: {(self.out + self.err)[-300:]}"]


def taken_up(
    merge: Merge, seen: int, whole: Mapping[str, bytes], journalled: set[str]
) -> tuple[Ended, list[str]]:
    """Run the same command again after a fault, and say what is wrong: a document other than the
    undisturbed one's, books that do not balance, a journalled reply asked for again.

    Args:
        seen: how many requests the server had heard of when the command was started first.
        whole: the document of a run that nobody disturbed.
        journalled: what the journal held after the fault.
    """
    before = Counter(key for key, _ in merge.server.asked[seen:])
    again = len(merge.server.asked)
    ended = merge.finish()
    if ended.code:
        return ended, ended.is_not(0)
    after = Counter(key for key, _ in merge.server.asked[again:])
    wrong = merge.unbalanced(ended.result)
    wrong += [
        f"another {kind}"
        for kind, text in merge.document(ended.result).items()
        if text != whole[kind]
    ]
    if paid := sum(after[key] for key in journalled):
        wrong.append(f"{paid} journalled replies asked for again")
    if (before & after) - (before - Counter(journalled)):
        wrong.append("asked again without having been in flight")
    return ended, wrong
