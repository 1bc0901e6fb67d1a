"""Which model a server of one's own has loaded, so that another one is noticed.

Such a server is started again with other weights under the same address, and often under the same
name: a journal half by the one and half by the other would be nobody's work. Two things tell:
the name in every reply, and the server's list of models, where vLLM names the weights behind a name
(``root``) and llama.cpp their size and vocabulary (``meta``).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.calls import canonical_json
from pipeline.errors import ModelError

#: What of an entry stays as long as the weights do; times and permissions are new in every answer.
_LASTING = ("id", "root", "parent", "owned_by", "max_model_len", "meta")
_NEXT = (
    "Start the server with the model it had and run the same command again: every reply so far is "
    "stored. To go on with the new one, give it a name of its own (--served-model-name, --alias)."
)


def entry_of(name: str, listed: Iterable[Mapping[str, Any]]) -> str:
    """What a list of models says of the one that is asked by ``name``: the entry of that name, or
    the only one there is; "" when neither helps."""
    entries = [{key: e[key] for key in _LASTING if e.get(key) is not None} for e in listed]
    named = [entry for entry in entries if entry.get("id") == name]
    found = named or entries
    return canonical_json(found[0]) if len(found) == 1 else ""


class Served:
    """What one server answered as so far. Used by several threads.

    Args:
        where: the model's name, for messages.
        look: asks the server for its entry (:func:`entry_of`).
        before: the entry that an earlier try of the same run stored, "" when there is none.
    """

    def __init__(self, where: str, look: Callable[[], str], before: str = "") -> None:
        self.entry = before
        self._where = where
        self._look = look
        self._name = ""
        self._lock = threading.Lock()
        self._due = False

    def check(self) -> None:
        """Ask which model is loaded.

        Raises:
            ModelError: another one than before, or nobody answers.
        """
        with self._lock:
            found = self._look()
            if found and self.entry and found != self.entry:
                raise _another(self._where, self.entry, found)
            self._due = bool(self.entry) and not found
            self.entry = found or self.entry

    def doubt(self) -> None:
        """The connection was lost: whoever answers next may be another."""
        self._due = bool(self.entry)

    def check_if_doubted(self) -> None:
        """As :meth:`check`, where :meth:`doubt` was called since."""
        if self._due:
            self.check()

    def check_name(self, name: str) -> None:
        """Compare the name in a reply with the name in the first one.

        Raises:
            ModelError: another one.
        """
        with self._lock:
            if name and self._name and name != self._name:
                raise _another(self._where, self._name, name)
            self._name = name or self._name


def _another(where: str, before: str, now: str) -> ModelError:
    return ModelError(
        f"the server now answers with another model: {now} instead of {before}.",
        where=where,
        next=_NEXT,
    )


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
