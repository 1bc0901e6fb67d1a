"""Chat templates: the Jinja text with which a model was taught to tell turns apart.

Rendered by transformers, which defines the dialect: its sandbox, its ``raise_exception``,
``{% generation %}`` and the rest. Two things are ours: the day, always :data:`DAY`, because a
prompt that changes from day to day is counted differently tomorrow and makes every kept reply
useless; and that a turn which a template drops is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import jinja2

from pipeline.errors import EngineError

#: What a template is told when it asks for the date: the day that Llama 3's own writes without one.
DAY = datetime(2024, 7, 26)

#: For models that bring no template: headed turns, as base models meet them in prose.
PLAIN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '### ' + message['role'] | capitalize + ':\n' + message['content'] + '\n\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '### Assistant:\n' }}{% endif %}"
)

#: For encoder-decoders: the encoder reads texts, not turns.
TEXT_TEMPLATE = "{{ messages | map(attribute='content') | join('\n\n') }}"


@dataclass(frozen=True)
class Chat:
    """What a tokenizer file does not say: the template, and which ids begin and end a text.

    Args:
        template: Jinja text.
        template_name: "own", or where the model brings none: "plain" (headed turns), for
            encoder-decoders "text" (what the turns say, as one text that begins and ends as the
            tokenizer wants it).
        eos: ids that end a reply.
        window: the longest prompt and reply the model was made for, 0 when not stated.
    """

    template: str
    template_name: str
    bos_token: str
    eos_token: str
    eos: tuple[int, ...]
    pad: int
    window: int = 0


def render_chat(
    template: str,
    messages: Sequence[tuple[str, str]],
    *,
    add_generation_prompt: bool,
    bos_token: str = "",
    eos_token: str = "",
) -> str:
    """The prompt text of ``(role, content)`` turns.

    A template that knows no system role, or drops what it says, gets it at the head of the user
    turn that follows; one that wants roles to alternate gets neighbours of one role as one turn.

    Raises:
        EngineError: the template is broken, refuses these turns, or leaves one of them out.
    """
    known = inspect_template(template, bos_token, eos_token)
    turns = _folded(messages) if known.folds else list(messages)
    render = _renderer(template, bos_token, eos_token)
    try:
        try:
            text = render(turns, add_generation_prompt)
        except jinja2.TemplateError:
            turns = _joined(_folded(messages))
            if turns == list(messages):
                raise
            text = render(turns, add_generation_prompt)
    except jinja2.TemplateError as exc:
        raise EngineError(f"the model's chat template cannot render these turns: {exc}.") from exc
    if not known.changes:
        for role, content in turns:
            # what an assistant thought aloud in an earlier turn is left out on purpose by many
            if role != "assistant" and content.strip() not in text:
                raise EngineError(
                    f"the model's chat template leaves out or changes a turn of the role {role}.",
                    next="Use a template that prints every turn: save it as chat_template.jinja in "
                    "the model's folder.",
                )
    return text


@dataclass(frozen=True)
class TemplateReport:
    """What a template does with turns, found by rendering marks.

    Args:
        folds: why system turns are told in the user turn that follows: "drops" or "refuses"; ""
            where the template has them.
        changes: whether more than the white space at its ends is changed of what a turn says.
        adds: words that the template puts into the prompt of its own, the first of them.
        dated: whether it asks for the date.
        thinks: whether it can be told that nothing is to be thought aloud, as it is.
    """

    folds: str = ""
    changes: bool = False
    adds: str = ""
    dated: bool = False
    thinks: bool = False

    def told(self) -> str:
        """In words; "" where there is nothing to say."""
        said = []
        if self.folds:
            said.append(
                f"it {self.folds} system turns, which are told in the user turn that follows"
            )
        if self.changes:
            said.append("it changes what turns say")
        if self.adds:
            said.append(f"it adds words of its own (\u201c{self.adds}\u201d)")
        if self.dated:
            said.append(f"its date is always {DAY:%Y-%m-%d}")
        if self.thinks:
            said.append("thinking is switched off")
        return "; ".join(said)


#: What no prompt holds, and what a template might change in it.
_MARK = (
    "Zq7{}: one\nTwo  \"three\" <four> & \u00e9 'five' ABCDEFGHIJKLMNOPQRSTUVWXYZ "
    "abcdefghijklmnopqrstuvwxyz 0123456789 (*) # _"
)


@lru_cache(maxsize=32)
def inspect_template(template: str, bos_token: str = "", eos_token: str = "") -> TemplateReport:
    """What a template does with turns.

    Raises:
        EngineError: it is broken, or does not print what a user says.
    """
    render = _renderer(template, bos_token, eos_token)
    system, user = _MARK.format("system"), _MARK.format("user")
    alone, both = [("user", user)], [("system", system), ("user", user)]
    try:
        bare = render(alone, True)
    except jinja2.TemplateError:
        bare = ""  # one that wants a system turn
    folds = ""
    try:
        whole = render(both, True)
        if "zq7system" not in whole.casefold():
            folds = "drops"
            whole = render(_folded(both), True)
    except jinja2.TemplateError as exc:
        if folds or not bare:
            raise EngineError(f"the model's chat template cannot render a turn: {exc}.") from exc
        folds, whole = "refuses", render(_folded(both), True)
    if "zq7user" not in whole.casefold() or "zq7system" not in whole.casefold():
        raise EngineError(
            "the model's chat template does not print what a user's turn says.",
            next="Use one that does: save it as chat_template.jinja in the model's folder.",
        )
    exact = user in whole and system in whole
    around = [text.replace(user, "").replace(system, "") for text in (bare, whole)] if exact else []
    words = [found for text in around for found in _SENTENCE.findall(_NAMED.sub("\n", text))]
    thinks = "enable_thinking" in template and render(both, True, thinking=True) != render(
        both, True
    )
    return TemplateReport(
        folds=folds,
        changes=not exact,
        adds=words[0][:120].strip() if words else "",
        dated="strftime_now" in template,
        thinks=thinks,
    )


#: Control tokens and their like, and a line of three words or more.
_NAMED = re.compile(r"<[^<>\s]*>|\[/?[A-Z_]+\]")
_SENTENCE = re.compile(r"[^\W\d_]+[ ,]+[^\W\d_]+[ ,]+[^\W\d_]+[^\n]*")


#: How a prompt is written, by the name of its template.
_TOLD = {
    "own": "own",
    "plain": "plain (the model brings none: headed turns are used)",
    "text": "text (an encoder-decoder without one: what the turns say, as one text)",
}


def told_template(chat: Chat) -> str:
    """How prompts are written, and what the template does with turns, in words."""
    report = inspect_template(chat.template, chat.bos_token, chat.eos_token)
    return "; ".join(filter(None, (_TOLD[chat.template_name], report.told())))


def end_of_turn(template: str, bos_token: str, eos_token: str) -> str:
    """What a template writes behind a turn of the assistant that another turn follows; "" where it
    cannot be told."""
    render = _renderer(template, bos_token, eos_token)
    mark = "Zq7reply."
    try:
        text = render([("user", "a"), ("assistant", mark), ("user", "b")], False)
    except jinja2.TemplateError:
        return ""
    return text.partition(mark)[2].lstrip()


def _folded(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turns with what the system says at the head of the user turn that follows; as they are where
    none follows."""
    found: list[tuple[str, str]] = []
    waiting: list[str] = []
    for role, content in turns:
        if role == "system":
            waiting.append(content)
        elif role == "user" and waiting:
            found.append((role, "\n\n".join([*waiting, content])))
            waiting = []
        else:
            found.append((role, content))
    return list(turns) if waiting else found


def _joined(turns: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of one role as one turn."""
    found: list[tuple[str, str]] = []
    for role, content in turns:
        if found and found[-1][0] == role:
            found[-1] = (role, f"{found[-1][1]}\n\n{content}")
        else:
            found.append((role, content))
    return found


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


class _Render:
    """A template compiled by transformers, with the special tokens it may write."""

    def __init__(self, template: str, bos_token: str, eos_token: str) -> None:
        self._template = _compiled(template)
        self._tokens = {"bos_token": bos_token, "eos_token": eos_token}

    def __call__(
        self,
        turns: Sequence[tuple[str, str]],
        add_generation_prompt: bool,
        *,
        thinking: bool = False,
    ) -> str:
        """The text of turns.

        Raises:
            TemplateError: whatever goes wrong in it.
        """
        try:
            return str(
                self._template.render(
                    messages=[{"role": role, "content": content} for role, content in turns],
                    tools=None,
                    documents=None,
                    add_generation_prompt=add_generation_prompt,
                    enable_thinking=thinking,
                    **self._tokens,
                )
            )
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as exc:
            raise jinja2.TemplateError(f"{type(exc).__name__}: {exc}") from exc


@lru_cache(maxsize=32)
def _renderer(template: str, bos_token: str, eos_token: str) -> Callable[..., str]:
    try:
        return _Render(template, bos_token, eos_token)
    except jinja2.TemplateError as exc:
        raise EngineError(f"the model's chat template is broken: {exc}.") from exc


@lru_cache(maxsize=16)
def _compiled(template: str) -> jinja2.Template:
    # no torch, but more than half a second: paid where a model's prompt is rendered, and only there
    from transformers.utils.chat_template_utils import _compile_jinja_template

    sandbox: jinja2.Environment = _compile_jinja_template(template).environment
    return sandbox.from_string(template, globals={"strftime_now": DAY.strftime})
