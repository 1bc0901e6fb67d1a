"""Code in a text: what stands in it is meant as it stands, also where it looks like markup.

While markup is read, the signs that could be taken for some are put aside: each is one character
that no text has, so that every place in the text stays what it was.
"""

from __future__ import annotations

import re
from typing import Final

#: Backticks as in Markdown, fenced or in a line, and the marks of trackers.
_CODE = re.compile(
    r"(?P<fence>^[ \t>]*(?P<mark>`{3,}|~{3,})[^\n`]*\n.*?(?:^[ \t>]*(?P=mark)[`~]*[ \t]*$|\Z))"
    r"|(?<![`\\])(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`)"
    r"|\{\{[^{}\n]+\}\}"
    r"|\{(?P<block>code|noformat)(?::[^{}\n]*)?\}.{0,20000}?\{(?P=block)\}",
    re.MULTILINE | re.DOTALL,
)
#: In no text, so that they can stand for others.
_ASIDE: Final = dict(zip("<>&*_", map(chr, range(0x10FE00, 0x10FE05)), strict=True))
_HIDE: Final = str.maketrans(_ASIDE)
_REVEAL: Final = str.maketrans({aside: sign for sign, aside in _ASIDE.items()})
_ANY_ASIDE = re.compile(f"[{''.join(_ASIDE.values())}]")


def has_hidden(text: str) -> bool:
    """Whether signs of a text are put aside."""
    return not text.isascii() and _ANY_ASIDE.search(text) is not None


def hide(text: str) -> str:
    """A text that is code, with its signs put aside."""
    return text.translate(_HIDE)


def hide_code(text: str) -> str:
    """A text with the signs put aside that stand in code; as long as before."""
    if ("`" not in text and "{" not in text and "~~~" not in text) or has_hidden(text):
        return text
    return _CODE.sub(lambda code: hide(code[0]), text)


def reveal(text: str) -> str:
    """The text with its own signs again."""
    return text if text.isascii() else text.translate(_REVEAL)
