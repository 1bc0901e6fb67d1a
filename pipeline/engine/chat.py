"""Chat templates: the Jinja text with which a model was taught to tell turns apart.

Rendered in a sandbox with the same settings as transformers, which defines the dialect
(``trim_blocks``, ``lstrip_blocks``, ``raise_exception``, ``tojson``).
"""

from __future__ import annotations

import json
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
