"""A new model: any program that reads a prompt and writes a reply.

    python docs/examples/program_model.py 'my-program --some-option' DOCUMENTS…

First see whether it has a server that speaks OpenAI's protocol: then there is nothing to write
(``--model openai/NAME@http://127.0.0.1:8000/v1``). A model answers requests; journal, budget
and ledger stand around it and need to know nothing of it.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from pipeline.calls import Reply, Request, TokenCount, Usage
from pipeline.cli.screen import merge_summary
from pipeline.config.options import MergeOptions
from pipeline.models import ModelSpec
from pipeline.run.job import run
from pipeline.runtime import Runtime
from pipeline.tokens.token_counters import TokenCounter, counter_for


class ProgramModel:
    """Runs a program for each request: the prompt on its stdin, the reply on its stdout."""

    def __init__(self, spec: ModelSpec, command: str, counter: TokenCounter) -> None:
        self.spec = spec
        self.revision = command
        self._counter = counter

    def count(self, request: Request) -> TokenCount:
        """Prompt tokens, by the encoding that the spec names."""
        return self._counter.count_request(request)

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """One reply for each request. A program that fails says why on stderr."""
        for request in requests:
            started = time.monotonic()
            done = subprocess.run(
                shlex.split(self.revision),
                input="\n\n".join(message.content for message in request.messages),
                text=True,
                capture_output=True,
                check=False,
                timeout=600,
            )
            yield Reply(
                key=request.key,
                text=done.stdout.strip(),
                finish="error" if done.returncode else "stop",
                usage=Usage(
                    input=self.count(request).n,
                    output=self._counter.count_text(done.stdout).n,
                ),
                seconds=time.monotonic() - started,
                model=self.spec.name,
                detail=done.stderr.strip(),
                usd=Decimal(0),
            )

    def describe(self) -> Mapping[str, str]:
        """What runs: for the run's row."""
        return {"program": self.revision}

    def close(self) -> None:
        """Nothing to let go of."""


def merge(command: str, paths: list[str], *, db: str | None = None, out: str = "merged") -> dict:
    """Merge documents; the program is asked about pairs, and orders what a person decides."""
    runtime = Runtime.read(db)
    # A server on this machine is what it resembles most: nothing leaves, no price is known.
    like = "openai/program@http://127.0.0.1"
    with runtime.store() as store:
        job = runtime.merge_job(
            paths, like, MergeOptions(out=out, propose=True), store=store, say=print
        )
        job.spec = replace(job.spec, model_id=command)
        counter = counter_for(job.spec, cache=runtime.settings.cache)
        job.opener = lambda spec, options: ProgramModel(spec, command, counter)
        return run(job)


if __name__ == "__main__":
    merge_summary(merge(sys.argv[1], sys.argv[2:]))
