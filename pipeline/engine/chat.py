"""Chat templates: the Jinja text with which a model was taught to tell turns apart.

Rendered in a sandbox with the same settings as transformers, which defines the dialect
(``trim_blocks``, ``lstrip_blocks``, ``raise_exception``, ``tojson``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.errors import EngineError

#: For models that bring no template: headed turns, as base models meet them in prose.
PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '### ' + message['role'] | capitalize + ':\n' + message['content'] + '\n\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '### Assistant:\n' }}{% endif %}"
)

#: For encoder-decoders: the encoder reads texts, not turns.
TEXT_TEMPLATE = "{{ messages | map(attribute='content') | join('\n\n') }}"


def render_chat(
    template: str,
    messages: Sequence[tuple[str, str]],
    *,
    add_generation_prompt: bool,
    bos_token: str = "",
    eos_token: str = "",
) -> str:
    """The prompt text of ``(role, content)`` turns.

    A template that knows no system role gets the system text at the head of the first user turn.

    Raises:
        EngineError: the template is broken or refuses these turns.
    """
    turns = [{"role": role, "content": content} for role, content in messages]
    try:
        render = _compiled(template)
        extra = {"bos_token": bos_token, "eos_token": eos_token}
        try:
            return render(messages=turns, add_generation_prompt=add_generation_prompt, **extra)
        except jinja2.TemplateError:
            folded = _without_system(turns)
            if folded is None:
                raise
            return render(messages=folded, add_generation_prompt=add_generation_prompt, **extra)
    except jinja2.TemplateError as exc:
        raise EngineError(f"the model's chat template cannot render these turns: {exc}.") from exc


def frame_of(
    template: str,
    before: Sequence[tuple[str, str]],
    role: str,
    *,
    bos_token: str = "",
    eos_token: str = "",
) -> tuple[str, str] | None:
    """What a template puts before and after the text of a last turn, the reply begun.

    Rendering costs more than counting where thousands of prompts differ in one turn only. A
    template may look at what it is given, so this is claimed only where its source says that it
    prints contents and no more (:func:`_only_prints`), and only for texts without white space at
    their ends, which many templates trim.

    Returns:
        head and tail; None where nothing is claimed.

    Raises:
        EngineError: the template is broken or refuses these turns.
    """
    if not _only_prints(template):
        return None
    rendered = [
        render_chat(
            template,
            [*before, (role, probe)],
            add_generation_prompt=True,
            bos_token=bos_token,
            eos_token=eos_token,
        )
        for probe in _PROBES
    ]
    around = [text.split(probe) for text, probe in zip(rendered, _PROBES, strict=True)]
    if any(len(parts) != 2 for parts in around) or around[0] != around[1]:
        return None
    return around[0][0], around[0][1]


#: Two texts that no prompt holds.
_PROBES = ("\ufdd1a\ufdd1", "\ufdd1B: 2\n\nC\ufdd1")
_TAG = re.compile(r"\{%-?(.*?)-?%\}|\{\{-?(.*?)-?\}\}", re.DOTALL)
_LOOP = re.compile(r"\bfor (\w+) in messages(?=\s*$)")
_FIELD = r"""(?:\['\w+'\]|\["\w+"\]|\.\w+)(?!\w*\()"""
#: Strings, and fields of something, one joined to the next; only a content may not be filtered.
_TERM = (
    rf"""(?:'[^']*'|"[^"]*"|\w+(?:\[\d+\])?{_FIELD}(?<!content)(?<!content['"]\])"""
    rf"""(?:\s*\|\s*\w+)?|\w+(?:\[\d+\])?{_FIELD}(?:\s*\|\s*trim)?)"""
)
_PRINTED = re.compile(rf"\s*{_TERM}(?:\s*[+~]\s*{_TERM})*\s*")


@lru_cache(maxsize=16)
def _only_prints(template: str) -> bool:
    """Whether all that a template does with the messages' contents is to print them, trimmed or
    not, joined to other text. What is not understood, such as a message handed on whole, is not
    claimed."""
    tags = [(found[1] or "", found[2] or "") for found in _TAG.finditer(template)]
    loops = {name for steps, _ in tags for name in _LOOP.findall(steps)}
    taken = "|".join(map(re.escape, sorted(loops)))
    whole = re.compile(rf"\bmessages\b(?!\[\d+\]{_FIELD})|\b(?:{taken})\b(?!{_FIELD})")
    for steps, printed in tags:
        if "content" in steps or whole.search(_LOOP.sub("", steps)) or whole.search(printed):
            return False
        if "content" in printed and not _PRINTED.fullmatch(printed):
            return False
    return bool(loops)


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]] | None:
    if len(turns) < 2 or turns[0]["role"] != "system" or turns[1]["role"] != "user":
        return None
    first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
    return [first, *turns[2:]]


@lru_cache(maxsize=16)
def _compiled(template: str) -> Callable[..., str]:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    return environment.from_string(template).render


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
