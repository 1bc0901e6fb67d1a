"""Who generates for a local model: vLLM where it can, our engine otherwise, and why.

The reason is said and stored with the run. Counts, likelihoods of given texts, perplexity and the
proofs of kernel and memory are always ours.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.amounts import gigabytes
from pipeline.config.egress import url_hosts
from pipeline.errors import InputError, SovereigntyError
from pipeline.models import ModelSpec

#: The setting, as the environment has it.
VARIABLE = "STORYTRANSFORMER_VLLM"
#: What the setting may say beside an address and a program.
AUTO, OFF = "auto", "off"
#: Share of the card that weights may take: what is left holds a window and a wave of replies.
_WEIGHTS_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers for a local model.

    Args:
        reason: why, for people.
        address: of a server that runs, "" for none.
        command: that starts one, () for none. options: that it is given beside ours.
    """

    reason: str
    address: str = ""
    command: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether our own engine answers."""
        return not (self.address or self.command)


def program_of(named: str = AUTO) -> tuple[str, ...]:
    """The command that serves with vLLM: a program that is named, this environment's, or one of
    the path; () where there is none."""
    if named not in ("", AUTO):
        found = shutil.which(str(Path(named).expanduser()))
        return (found, "serve") if found else ()
    if importlib.util.find_spec("vllm") is not None:
        return (sys.executable, "-m", "vllm.entrypoints.cli.main", "serve")
    found = shutil.which("vllm")
    return (found, "serve") if found else ()


def choose_generator(
    spec: ModelSpec, setting: str, weights: Path, card: Callable[[], tuple[str, int] | None]
) -> Choice:
    """Who answers for a local model here.

    Args:
        setting: ``auto``, ``off`` (with a reason behind a colon, where somebody knows a better
            one), the address of a server, or a program with options.
        weights: the GGUF file or the folder.
        card: tells name and bytes of the first NVIDIA card, None where there is none.
    """
    head, _, because = setting.partition(":")
    if head in ("", OFF):
        return Choice(because.strip() or "vLLM is switched off")
    if why := _cannot(spec, weights):
        return Choice(why)
    if urlsplit(setting).scheme in ("http", "https"):
        return Choice("its server is named", address=setting.rstrip("/"))
    named, *options = split_program(setting)
    command = program_of(named)
    if named != AUTO:
        if not command:
            return Choice(f"there is no program {named!r}")
        return Choice("its program is named", command=command, options=tuple(options))
    if not command:
        return Choice("vLLM is not installed here")
    found = card()
    if found is None:
        return Choice("no NVIDIA card answers here")
    name, room = found
    n_bytes = sum(file.stat().st_size for file in _files(weights))
    told = f"weights of {gigabytes(n_bytes)} on {name} with {gigabytes(room)}"
    if n_bytes > room * _WEIGHTS_SHARE:
        return Choice(f"{told}: too little is left for vLLM")
    return Choice(f"vLLM is installed, and there is room for {told}", command=command)


def split_program(setting: str) -> list[str]:
    """A program and its options, as a shell would read them.

    Raises:
        InputError: a quotation mark is not closed.
    """
    try:
        return shlex.split(setting) or [AUTO]
    except ValueError as exc:
        raise InputError(f"{setting!r} is not a command: {exc}.", where=VARIABLE) from exc


def _cannot(spec: ModelSpec, weights: Path) -> str:
    """Why vLLM cannot stand in for how this model is to be held, "" where it can."""
    setup = spec.setup
    if setup.bits != 16 or setup.cache_bits != 16:
        return "its weights or its cache are held in fewer bits, as its name says"
    if setup.lora:
        return "it has an adapter, which our engine adds"
    if setup.spread or setup.yarn != 1 or setup.attention:
        return "its name says how our engine is to run it"
    if weights.is_dir() and not any(weights.glob("*.safetensors")):
        return "its folder has no safetensors"
    return ""


def _files(weights: Path) -> list[Path]:
    return [weights] if weights.is_file() else sorted(weights.glob("*.safetensors"))


def generator(setting: str, is_here: Callable[[str], bool]) -> str:
    """The setting, looked at: a server has to be this machine.

    Raises:
        SovereigntyError: it is elsewhere, and a local model's text does not leave.
    """
    elsewhere = [host for host in url_hosts(setting) if not is_here(host)]
    if elsewhere:
        raise SovereigntyError(
            f"{elsewhere[0]} is not this machine, and what a local/… model is asked stays on it.",
            where=VARIABLE,
            next=f"Ask it as what it is, openai/NAME@{setting}, with --allow-cloud.",
        )
    return setting
