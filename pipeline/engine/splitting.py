"""Where a tokenizer never joins what stands there: words that can be encoded one by one.

GPT-2's splitter, and those made after it, begin a new part before the last blank in front of a
word; merges happen inside parts only. So the ids of a text are those of its words, each with the
blank before it, laid end to end, and a word that was encoded once need not be again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend
    from tokenizers import pre_tokenizers

#: A blank that a word follows. Before a digit there is no cut, because a splitter that takes
#: digits out first leaves the blanks in front of them together; beyond ASCII nothing is claimed.
_WORDS = re.compile(r"(?= [!-/:-~])")
#: The same, and line breaks: GPT-2's splitter knows no difference between them and other blanks.
_WORDS_AND_LINES = re.compile(r"(?=[ \n][!-/:-~])")
#: Of these, the line breaks.
_LINES = re.compile(r"(?=\n[!-/:-~])")

#: How cl100k splits, in the words of those who took it over: three digits a part, or one.
_AS_CL100K = frozenset(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + number +
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for number in (r"\p{N}{1,3}", r"\p{N}")
)  # fmt: skip


def _byte_level(*first: pre_tokenizers.PreTokenizer) -> pre_tokenizers.PreTokenizer:
    """GPT-2's splitting after whatever comes first."""
    from tokenizers import pre_tokenizers

    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return pre_tokenizers.Sequence([*first, last])


def _digits_first() -> pre_tokenizers.PreTokenizer:
    """A token for each digit, and GPT-2's splitting of the rest."""
    from tokenizers import pre_tokenizers

    return _byte_level(pre_tokenizers.Digits(individual_digits=True))


#: How text is split before merging, by the name a GGUF gives it. A wrong splitter changes ids
#: silently (one digit a token or three?), so a name that is not here is refused.
PRE_TOKENIZERS: Mapping[str, Callable[[], pre_tokenizers.PreTokenizer]] = {
    "gpt-2": _byte_level,
    "smollm": _digits_first,
}


def words(text: str) -> Sequence[str]:
    """A text in words whose tokens by cl100k or o200k are, laid end to end, the text's."""
    return _WORDS.split(text)


def lines_within(border: re.Pattern[str] | None) -> re.Pattern[str] | None:
    """Where a text that may be cut at ``border`` can be cut into lines; None where it cannot."""
    return _LINES if border is _WORDS_AND_LINES else None


def word_border(backend: Backend) -> re.Pattern[str] | None:
    """Where a tokenizer's text can be cut so that the parts' ids are the whole's; None where its
    way of splitting is not one known to allow it."""
    from tokenizers.models import BPE

    if not isinstance(backend.model, BPE) or backend.model.dropout or backend.normalizer:
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
