"""Where a tokenizer never joins what stands there: words that can be encoded one by one.

GPT-2's splitter, and those made after it, begin a new part before the last blank in front of a
word; merges happen inside parts only. So the ids of a text are those of its words, each with the
blank before it, laid end to end, and a word that was encoded once need not be again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

# Not here where no model runs: what only counts by a vocabulary imports this room, too.
if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

#: A blank that a word follows. Before a digit there is no cut, because a splitter that takes
#: digits out first leaves the blanks in front of them together; beyond ASCII nothing is claimed.
_WORDS = re.compile(r"(?= [!-/:-~])")
#: The same, and line breaks: GPT-2's splitter knows no difference between them and other blanks.
_WORDS_AND_LINES = re.compile(r"(?=[ \n][!-/:-~])")
#: Of these, the line breaks.
_LINES = re.compile(r"(?=\n[!-/:-~])")

#: A blank at which a text is not cut, and what stands for the others for a moment.
_UNCUT, _MARK = re.compile(r" (?![!-/:-~])"), "\0"

#: How cl100k splits, in the words of those who took it over: three digits a part, or one.
_AS_CL100K = frozenset(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + number +
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for number in (r"\p{N}{1,3}", r"\p{N}")
)  # fmt: skip


def words(text: str) -> Sequence[str]:
    """A text in words whose tokens by cl100k or o200k are, laid end to end, the text's."""
    return cut(_WORDS, text)


def cut(border: re.Pattern[str], text: str) -> Sequence[str]:
    """A text in the parts that :func:`word_border` lets it be cut into. Where every blank is a
    border, as in most lines, it is cut there without a pattern, in two thirds of the time."""
    if _MARK in text or (border is not _WORDS and "\n" in text) or _UNCUT.search(text):
        return border.split(text)
    return text.replace(" ", f"{_MARK} ").split(_MARK)


def lines_within(border: re.Pattern[str] | None) -> re.Pattern[str] | None:
    """Where a text that may be cut at ``border`` can be cut into lines; None where it cannot."""
    return _LINES if border is _WORDS_AND_LINES else None


def word_border(backend: Backend) -> re.Pattern[str] | None:
    """Where a tokenizer's text can be cut so that the parts' ids are the whole's; None where its
    way of splitting is not one known to allow it."""
    from tokenizers.models import BPE

    if not isinstance(backend.model, BPE) or backend.model.dropout:
        return None
    # Composing letters and their accents (NFC) does not reach over a blank that ASCII follows.
    normalizer = backend.normalizer
    if normalizer and json.loads(normalizer.__getstate__()) != {"type": "NFC"}:
        return None
    added = backend.get_added_tokens_decoder().values()
    if any(c.isspace() for token in added for c in token.content):
        return None
    splitter = backend.pre_tokenizer
    if splitter is None:
        return None
    stated = json.loads(splitter.__getstate__())
    steps = stated["pretokenizers"] if stated["type"] == "Sequence" else [stated]
    return _border(steps)


def puts_before(backend: Backend) -> bool:
    """Whether a tokenizer puts something before a text, so that the second half of a text, encoded
    by itself, has other ids than in it: SentencePiece's blank. True for what is not known."""
    for part, harmless in (
        (backend.normalizer, {"NFC", "NFD", "NFKC", "NFKD", "Replace", "Lowercase"}),
        (backend.pre_tokenizer, {"ByteLevel", "Split", "Digits", "Punctuation", "Metaspace"}),
    ):
        if part is None:
            continue
        stated = json.loads(part.__getstate__())
        inner = stated.get("normalizers") or stated.get("pretokenizers") or [stated]
        for step in inner:
            before = step.get("add_prefix_space") or step.get("prepend_scheme", "never") != "never"
            if before or step["type"] not in harmless:
                return True
    return False


def _border(steps: Sequence[Mapping[str, Any]]) -> re.Pattern[str] | None:
    *first, last = steps or [{"type": ""}]
    if last["type"] != "ByteLevel" or last["add_prefix_space"]:
        return None
    if last["use_regex"]:
        return _WORDS_AND_LINES if all(s["type"] == "Digits" for s in first) else None
    if len(first) == 1 and first[0]["type"] == "Split":
        (split,) = first
        whole = split["behavior"] == "Isolated" and not split["invert"]
        return _WORDS if whole and split["pattern"].get("Regex") in _AS_CL100K else None
    return None
