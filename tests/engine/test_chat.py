"""What templates do with turns: the published ways, and those that lose something."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.engine_gguf import CHATML, GEMMA, HARMONY, LLAMA3, MISTRAL, PHI3
from pipeline.engine.tokenizers.chat import end_of_turn, inspect_template, render_chat
from pipeline.engine.tokenizers.tokenizer import Tokenizer
from pipeline.errors import EngineError

QWEN = (
    "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\n' + "
    "messages[0]['content'] + '<|im_end|>\n' }}{%- else %}{{- '<|im_start|>system\n"
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}"
    "{%- endif %}{%- for message in messages %}"
    "{%- if message.role == 'user' or message.role == 'assistant' %}{{- '<|im_start|>' + "
    "message.role + '\n' + message.content + '<|im_end|>' + '\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}"
)
TRAINED = (
    r"{% for m in messages %}{% if m['role'] == 'assistant' %}{{ '<|im_start|>assistant\n' }}"
    r"{% generation %}{{ m['content'] + '<|im_end|>\n' }}{% endgeneration %}{% else %}"
    r"{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endif %}"
    r"{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
STRICT = (  # Mistral's first: turns alternate, and no system
    "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}"
)
TOOLS = "{% if tools is not none %}{{ 1 / 0 }}{% endif %}" + CHATML
TURNS = [("system", "Judge."), ("user", "A: x\nB: y"), ("assistant", "no"), ("user", "A: 1\nB: 2")]


@pytest.mark.parametrize(
    "template", [CHATML, LLAMA3, MISTRAL, GEMMA, PHI3, HARMONY, QWEN, TRAINED, STRICT, TOOLS]
)
def test_every_turn_is_in_the_prompt_as_transformers_renders_it(template: str) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    text = render_chat(template, TURNS, add_generation_prompt=True, bos_token="<s>")
    for _, content in TURNS:
        assert content in text
    folds = inspect_template(template, "<s>").folds
    chat = [{"role": role, "content": content} for role, content in TURNS]
    if folds:
        chat = [{"role": "user", "content": "Judge.\n\nA: x\nB: y"}, *chat[2:]]
    theirs, _ = render_jinja_template(
        [chat],
        chat_template=template,
        add_generation_prompt=True,
        bos_token="<s>",
        eos_token="",
        enable_thinking=False,
    )
    undated = [re.sub(r"\d{4}-\d\d-\d\d", "DAY", t) for t in (text, theirs[0])]
    assert undated[0] == undated[1]


@pytest.mark.parametrize(
    ("template", "folds", "told"),
    [
        (CHATML, "", ""),
        (TRAINED, "", ""),
        (LLAMA3, "", ""),
        (GEMMA, "refuses", "it refuses system turns, which are told in the user turn that follows"),
        (MISTRAL, "refuses", "it refuses system turns"),
        (STRICT, "refuses", "it refuses system turns"),
        (PHI3, "drops", "it drops system turns, which are told in the user turn that follows"),
        (HARMONY, "", "its date is always 2024-07-26"),
        (QWEN, "", "it adds words of its own (“You are Qwen, created by Alibaba Cloud. You are a"),
        (QWEN, "", "thinking is switched off"),
        (CHATML.replace("m['content']", "m['content'] | upper"), "", "it changes what turns say"),
        (CHATML.replace("m['content']", "m['content'] | tojson"), "", "it changes what turns say"),
        (CHATML.replace("m['content']", "m['content'] | trim"), "", ""),
    ],
)
def test_what_a_template_does_is_said(template: str, folds: str, told: str) -> None:
    report = inspect_template(template)
    assert report.folds == folds
    assert told in report.told()
    assert bool(report.told()) == bool(told)


@pytest.mark.parametrize(
    "template",
    [
        CHATML.replace("m['content']", "''"),
        CHATML.replace("m['content']", "m['content'][:3]"),
        CHATML.replace("m['content']", "m['content'] | length"),
        CHATML.replace("messages", "messages[:1]"),
        "{% for m in messages if m['role'] == 'system' %}{{ m['content'] }}{% endfor %}",
    ],
)
def test_a_template_that_loses_a_users_turn_is_refused(template: str) -> None:
    with pytest.raises(EngineError, match="turn"):
        render_chat(template, TURNS, add_generation_prompt=True)


def test_a_template_that_loses_a_later_turn_is_refused() -> None:
    first = CHATML.replace("for m in messages", "for m in messages[:3]")
    assert inspect_template(first).folds == ""
    with pytest.raises(EngineError, match="leaves out or changes a turn of the role user"):
        render_chat(first, TURNS, add_generation_prompt=True)


def test_neighbours_of_one_role_are_one_turn_where_roles_must_alternate() -> None:
    twice = [("user", "Judge."), ("user", "A: 1")]
    text = render_chat(STRICT, twice, add_generation_prompt=True)
    assert text == "[INST] Judge.\n\nA: 1 [/INST]"
    late = [("user", "one"), ("assistant", "two"), ("system", "three"), ("user", "four")]
    assert "[INST] three\n\nfour [/INST]" in render_chat(STRICT, late, add_generation_prompt=True)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in",
        "{{ 1 / 0 }}",
        "{{ messages[9]['content'] + 1 }}",
        "{{ raise_exception('no') }}",
    ],
)
def test_a_broken_template_is_our_error(template: str) -> None:
    with pytest.raises(EngineError, match="template"):
        render_chat(template, TURNS, add_generation_prompt=True)


def test_what_ends_a_turn_is_read_off_the_template() -> None:
    assert end_of_turn(CHATML, "", "").startswith("<|im_end|>")
    assert end_of_turn(GEMMA, "<bos>", "<eos>").startswith("<end_of_turn>")
    assert end_of_turn("{{ raise_exception('no') }}", "", "") == ""


def test_a_prompt_is_the_same_on_any_day(
    tmp_path: Path, write_tiny_tokenizer: Callable[..., Path]
) -> None:
    folder = write_tiny_tokenizer(tmp_path, template=HARMONY)
    code = (
        "import sys; from pathlib import Path;"
        "from pipeline.engine.tokenizers.tokenizer import Tokenizer;"
        "t = Tokenizer.from_folder(Path(sys.argv[1]));"
        "print(t.apply_chat_template([('user', 'x')]), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    ids = Tokenizer.from_folder(folder).apply_chat_template([("user", "x")])
    assert done.stdout.strip() == f"{ids} False"
    assert "2024-07-26" in Tokenizer.from_folder(folder).render([("user", "x")])


def test_templates_by_name_need_a_default(
    tmp_path: Path, write_tiny_tokenizer: Callable[..., Path]
) -> None:
    def entry(name: str) -> dict[str, str]:
        return {"name": name, "template": f"{name}:{CHATML}"}

    def write(*names: str) -> Path:
        return write_tiny_tokenizer(tmp_path / "-".join(names), template=list(map(entry, names)))

    rendered = Tokenizer.from_folder(write("default", "tool_use")).render([("user", "x")])
    assert rendered.startswith("default:")
    assert Tokenizer.from_folder(write("rag")).render([("user", "x")]).startswith("rag:")
    with pytest.raises(EngineError, match="rag, tool_use, and none is the default"):
        Tokenizer.from_folder(write("rag", "tool_use"))
    older = write_tiny_tokenizer(tmp_path / "older", template=None)
    (older / "chat_template.json").write_text(
        '{"chat_template": "older:{{ messages[-1].content }}"}'
    )
    assert Tokenizer.from_folder(older).render([("user", "x")]) == "older:x"
