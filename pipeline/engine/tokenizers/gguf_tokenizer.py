"""The tokenizer in a GGUF's metadata, by transformers' own conversion. No torch.

What that conversion leaves out (a vocabulary whose words are taken whole, Unicode's composed form,
control tokens in letters of their own) is put right here, and a way of splitting that neither
knows is refused: it would change ids silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as Backend
from tokenizers import pre_tokenizers, processors

from pipeline.engine.tokenizers.chat import PLAIN_TEMPLATE, Chat, end_of_turn
from pipeline.engine.weights.gguf_fields import read_fields
from pipeline.errors import EngineError

#: Token types of the GGUF format.
_UNKNOWN, _CONTROL, _USER_DEFINED = 2, 3, 4
_FOLDER = "Use the model's Hugging Face folder (with tokenizer.json) instead."


def _byte_level(*first: pre_tokenizers.PreTokenizer) -> pre_tokenizers.PreTokenizer:
    """GPT-2's splitting after whatever comes first."""
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return pre_tokenizers.Sequence([*first, last])


#: Ways of splitting that transformers' conversion does not set, by the name a GGUF gives them.
PRE_TOKENIZERS: Mapping[str, Callable[[], pre_tokenizers.PreTokenizer]] = {
    **dict.fromkeys(("gpt-2", "phi-2", "olmo", "mpt"), _byte_level),
    **dict.fromkeys(
        ("smollm", "starcoder", "refact", "command-r"),
        lambda: _byte_level(pre_tokenizers.Digits(individual_digits=True)),
    ),
}
#: Files of before the format had a name for it, by architecture.
_UNNAMED = {"gpt2": "gpt-2", "phi2": "phi-2", "qwen2": "qwen2", "starcoder2": "starcoder"}
#: Whose vocabulary comes before its merges: a word that is a token is that token. So say the
#: tokenizer.json of Llama 3 and of Mistral's Tekken, and llama.cpp.
_WHOLE_WORDS = frozenset(
    ("llama3", "llama-v3", "llama-bpe", "smaug-bpe", "falcon3", "pixtral", "lfm2", "tekken")
)
#: Whose tokenizer.json composes letters and accents before anything else.
_COMPOSED = frozenset(("qwen2", "qwen35", "command-r"))


def read_gguf(path: Path) -> tuple[Backend, Chat]:
    """A GGUF's tokenizer, template and special ids; its tensors are not read.

    Raises:
        EngineError: no readable GGUF, or a tokenizer of a kind not known here.
    """
    try:
        fields = read_fields(path)
    except (OSError, ValueError) as exc:
        raise EngineError(
            f"not a readable GGUF file: {exc}.",
            where=str(path),
            next="Download the file again and compare its size.",
        ) from exc
    backend = _backend(fields, path)
    return backend, _chat(fields, backend, path)


def _backend(fields: Mapping[str, Any], path: Path) -> Backend:
    # transformers loads no torch for this, but takes a second
    from transformers.integrations.gguf.gguf_tokenizer_mapping import (
        GGUF_PRE_TOKENIZER_SPLITS,
        GGUF_TOKENIZER_MAPPING,
        convert_gguf_tokenizer,
    )

    architecture = str(fields.get("general.architecture", ""))
    kind = fields.get("tokenizer.ggml.model")
    split = str(fields.get("tokenizer.ggml.pre") or _UNNAMED.get(architecture, ""))
    known = {*PRE_TOKENIZERS, *GGUF_PRE_TOKENIZER_SPLITS}
    if kind not in ("gpt2", "llama", "gemma4") or (kind == "gpt2" and split not in known):
        raise EngineError(
            f"its tokenizer (architecture {architecture!r}, model {kind!r}, pre-tokenizer "
            f"{split!r}) is not supported; SentencePiece (llama) is, and byte-level BPE (gpt2) "
            f"split as {', '.join(sorted(known))}.",
            where=str(path),
            next=_FOLDER,
        )
    named = GGUF_TOKENIZER_MAPPING["tokenizer"].items()
    given = {
        name: fields[f"tokenizer.{key}"] for key, name in named if f"tokenizer.{key}" in fields
    }
    if kind == "gpt2":
        given.setdefault("merges", [])  # a list without entries is not written at all
    try:
        backend, _ = convert_gguf_tokenizer(architecture, given | {"pre_tokenizer_type": split})
    except Exception as exc:  # a damaged vocabulary surfaces as many kinds
        raise EngineError(
            f"its tokenizer cannot be read ({type(exc).__name__}: {exc}).",
            where=str(path),
            next=_FOLDER,
        ) from exc
    if kind == "gpt2" and split in PRE_TOKENIZERS:
        backend.pre_tokenizer = PRE_TOKENIZERS[split]()
    stated = json.loads(backend.to_str())
    if kind == "gpt2":
        stated["model"]["ignore_merges"] = split in _WHOLE_WORDS
        if split in _COMPOSED:
            stated["normalizer"] = {"type": "NFC"}
    elif fields.get("tokenizer.ggml.add_space_prefix") is False:
        _no_first_space(stated)
    _put_tokens(stated, fields["tokenizer.ggml.tokens"], fields.get("tokenizer.ggml.token_type"))
    return Backend.from_str(json.dumps(stated))


def _no_first_space(stated: dict[str, Any]) -> None:
    """For SentencePiece vocabularies that put no blank before a text."""
    splitter, normalizer = stated["pre_tokenizer"], stated["normalizer"]
    if splitter and splitter["type"] == "Metaspace":
        splitter["prepend_scheme"] = "never"
    if normalizer and normalizer["type"] == "Sequence":
        normalizer["normalizers"] = [n for n in normalizer["normalizers"] if n["type"] != "Prepend"]
    decoder = stated["decoder"]
    if decoder and decoder["type"] == "Sequence":
        decoder["decoders"] = [d for d in decoder["decoders"] if d["type"] != "Strip"]


def _put_tokens(stated: dict[str, Any], tokens: list[str], kinds: list[int] | None) -> None:
    """Every token under its own id: control tokens whole, as the file spells them, and none that
    the file does not have (a class may bring tokens that another release of its model had)."""
    added = {t["id"]: t for t in stated["added_tokens"] if t["id"] < len(tokens)}
    vocabulary = stated["model"]["vocab"]
    spelled = {i: text for text, i in vocabulary.items()}
    for i, kind in enumerate(kinds or ()):
        if kind not in (_CONTROL, _USER_DEFINED):
            continue
        special = kind == _CONTROL
        if i not in added or added[i]["content"] != tokens[i]:
            vocabulary.pop(spelled.get(i, ""), None)
            vocabulary[tokens[i]] = i
            added[i] = {"id": i, "content": tokens[i], "single_word": False, "lstrip": False,
                        "rstrip": False, "normalized": False}  # fmt: skip
        added[i]["special"] = special
    stated["added_tokens"] = [added[i] for i in sorted(added)]


def _chat(fields: Mapping[str, Any], backend: Backend, path: Path) -> Chat:
    def value(key: str, default: Any = None) -> Any:
        return fields.get(f"tokenizer.{key}", default)

    tokens: list[str] = value("ggml.tokens", [])
    eos = value("ggml.eos_token_id")
    if eos is None or not eos < len(tokens):
        raise EngineError("its metadata holds no usable vocabulary.", where=str(path))
    bos = value("ggml.bos_token_id")
    starts = value("ggml.add_bos_token", value("ggml.model") == "llama")
    if bos is not None and starts:
        backend.post_processor = processors.TemplateProcessing(
            f"{tokens[bos]} $A", None, [(tokens[bos], bos)]
        )
    template = value("chat_template")
    ends = {eos, *(value(f"ggml.{name}_token_id", eos) for name in ("eot", "eom"))}
    if template and len(ends) == 1 and tokens[eos] != "<|return|>":
        # Files that name the end of a text only: a reply ends where the template ends a turn.
        # (Not so gpt-oss, whose turns of thought end, too.)
        found = end_of_turn(template, tokens[bos] if bos is not None else "", tokens[eos])
        special = {t.content: i for i, t in backend.get_added_tokens_decoder().items() if t.special}
        ends |= {i for text, i in special.items() if found.startswith(text)}
    architecture = fields.get("general.architecture", "")
    return Chat(
        template=template or PLAIN_TEMPLATE,
        template_name="own" if template else "plain",
        bos_token=tokens[bos] if bos is not None else "",
        eos_token=tokens[eos],
        eos=tuple(sorted(ends)),
        pad=value("ggml.padding_token_id", eos),
        window=int(fields.get(f"{architecture}.context_length", 0)),
    )
