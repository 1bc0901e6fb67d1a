"""The vLLM server that is started for a local model, and what such a server says of itself.

It is a process of its own, mostly of an environment of its own (vLLM's pins and ours exclude each
other), spoken to on 127.0.0.1.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from pipeline.config.processes import for_a_server
from pipeline.engine.weights.hashes import write_atomically
from pipeline.errors import EngineError

#: Share of the card that vLLM fills; beside the weights it keeps keys and values there.
_SHARE = 0.90
#: Seconds that a server may take until it answers: weights are read and kernels compiled.
START_SECONDS = 900.0
_LOG_TAIL = 4000


class Server:
    """A vLLM server of ours on a free port of 127.0.0.1, ended with this process at the latest.

    Args:
        command: program and its verb. folder: the weights, as transformers reads them.
        name: what it calls them. log: file of what it says.

    Raises:
        EngineError: it ended, or did not answer in time; the message has its last words.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        name: str,
        log: Path,
        *,
        dtype: str = "auto",
        more: Sequence[str] = (),
        patience: float = START_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/v1"
        #: Other accounts of this machine can reach the port, and do not know this.
        self.key = secrets.token_urlsafe(24)
        self._log = log
        options = [
            "--host", "127.0.0.1", "--port", str(port), "--served-model-name", name,
            "--max-model-len", "auto", "--enable-prefix-caching", "--dtype", dtype,
            "--gpu-memory-utilization", str(_SHARE), "--generation-config", "vllm",
        ]  # fmt: skip
        guard = Path(__file__).with_name("die_with_parent.py")
        whole = [sys.executable, "-I", str(guard), *command, str(folder), *options, *more]
        write_atomically(log, b"")
        with log.open("ab") as out:
            # A session of its own: a Ctrl-C is this process's to answer, by ending the server.
            self._process = subprocess.Popen(
                whole,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=for_a_server({"VLLM_API_KEY": self.key}),
                start_new_session=True,
            )
        try:
            self._wait(patience, sleep)
        except BaseException:
            self.close()
            raise

    def _wait(self, patience: float, sleep: Callable[[float], None]) -> None:
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise EngineError(f"vLLM ended: {self.last_words()}", where=str(self._log))
            if answers(self.address):
                return
            sleep(0.5)
        raise EngineError(
            f"vLLM did not answer within {patience:.0f} s: {self.last_words()}",
            where=str(self._log),
        )

    def last_words(self) -> str:
        """The last line of its log that names an error, or the last one."""
        text = self._log.read_bytes()[-_LOG_TAIL:].decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        named = [line for line in lines if "Error" in line]
        return (named or lines or ["it said nothing"])[-1][-300:]

    def close(self) -> None:
        """End it and all that it started."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answers(address: str) -> bool:
    """Whether a server is up."""
    root = address.removesuffix("/v1")
    try:
        found = httpx2.get(f"{root}/health", timeout=5.0, trust_env=False)
    except httpx2.TransportError:
        return False
    return bool(found.status_code == 200)


def asked(address: str, path: str, key: str, body: Mapping[str, Any] | None = None) -> Any:
    """What a server says at a path, None where it has none of it or nobody answers."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        if body is None:
            found = httpx2.get(address + path, headers=headers, timeout=30.0, trust_env=False)
        else:
            found = httpx2.post(
                address + path, headers=headers, json=body, timeout=60.0, trust_env=False
            )
        return found.json() if found.status_code == 200 else None
    except (httpx2.HTTPError, ValueError):
        return None


def folder_of(weights: Path, cache: Path) -> Path:
    """The folder that a server reads: of a GGUF the converted one, made where it is missing.

    Raises:
        EngineError: it cannot be converted.
    """
    if weights.is_dir():
        return weights
    from pipeline.engine.loading.gguf_conversion import convert_gguf

    return convert_gguf(weights, cache)
