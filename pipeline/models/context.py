"""Prompts that are longer than a server's context.

Most servers refuse them. Ollama cuts them and answers what is left, with 200 and as if nothing had
happened, and so does TGI where it is told to truncate. A cut shows only in the number of prompt
tokens that comes back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

#: Servers with a context of their own, and the option that makes it larger.
OPTIONS: Mapping[str, str] = {
    "Ollama": "OLLAMA_CONTEXT_LENGTH, or num_ctx in its Modelfile",
    "llama.cpp": "-c, which its slots share",
    "vLLM": "--max-model-len",
    "TGI": "--max-input-tokens and --max-total-tokens",
}

#: What a server's replies and refusals have of their own.
_FINGERPRINTS = {
    "Ollama": re.compile(r"^fp_ollama"),
    "llama.cpp": re.compile(r"^b\d+-"),
    "vLLM": re.compile(r"^vllm"),
    "TGI": re.compile(r"-(sha|native)-?"),
}
_REFUSALS = {
    "llama.cpp": re.compile(r"exceeds the available context size"),
    "TGI": re.compile(r"`inputs`"),
    "vLLM": re.compile(r"maximum (context|model) length"),
    "Ollama": re.compile(r"exceeds the context length"),
}
_TOO_LONG = re.compile(
    r"context (length|size|window)|maximum model length|`inputs`.*tokens|too (long|many tokens)",
    re.I,
)

#: A server that reports less than this share of our lowest count has cut the prompt. Tokenizers
#: with smaller vocabularies than ours count more, none of the usual ones a quarter less.
CUT = 0.75
#: The same for a server whose shorter prompts have shown how it counts: the share of what the
#: least of them foretells. (SmolLM2's tokenizer counts 1.02 to 1.22 times ours on the prompts of
#: seven backlogs, and within one backlog no prompt 15 % less than all shorter ones.)
CUT_KNOWN = 0.85
#: So many of them show it, each at most this share as long: prompts that are cut by too little to
#: be found must not become the measure of those that are cut by a little more.
_ENOUGH = 3
SHORTER = 0.8


class PromptSizes:
    """How a server's prompt tokens compare with ours, as its replies tell. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[tuple[int, float]] = []

    def were_cut(self, *, ours: int, low: int, reported: int) -> bool:
        """Whether a prompt that we count as ``ours``, at least ``low``, cannot have been read
        whole if the server says ``reported`` tokens. A whole one is remembered."""
        with self._lock:
            shorter = [ratio for n, ratio in self._seen if n <= SHORTER * ours]
            known = CUT_KNOWN * min(shorter) * ours if len(shorter) >= _ENOUGH else 0.0
            if reported < max(known, CUT * low):
                return True
            self._seen.append((ours, reported / ours))
            return False


def is_too_long(message: str) -> bool:
    """Whether a refusal says that the prompt does not fit."""
    return bool(_TOO_LONG.search(message))


def larger_context(*, fingerprint: str = "", refusal: str = "") -> str:
    """The next step: how to start the server with a larger context, by its own option; by those
    of all where it cannot be told which one it is.

    Args:
        fingerprint: ``system_fingerprint`` of a reply.
        refusal: its words.
    """
    for marks, text in ((_FINGERPRINTS, fingerprint), (_REFUSALS, refusal)):
        for server, mark in marks.items():
            if mark.search(text):
                return f"Start {server} with a larger context: {OPTIONS[server]}."
    listed = "; ".join(f"{server}: {option}" for server, option in OPTIONS.items())
    return f"Start the server with a larger context ({listed})."
