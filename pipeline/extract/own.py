"""What this program wrote itself: an earlier merge that lies among the documents is no document of
them, and would be told a second time."""

from __future__ import annotations

import re

#: Suffixes of what is written, and how much of a file's head tells whose it is.
SUFFIXES = frozenset({".md", ".html", ".json"})
HEAD = 4096

_WRITTEN = re.compile(
    rb"^<!-- written by storytransformer -->"
    rb"|^# Merged: [\d,]+ stor(?:y|ies) from [\d,]+ document"
    rb"|^# Since run [^\n]*: [\d,]+ stor(?:y|ies)"
    rb"|^# Lists\n\nWhat \[[^\]]*\]\([^)]*\) counts, one by one\.$"
    rb"|^# Tellings\n\nEvery telling word for word, under its entry in \["
    rb"|<title>(?:Merged stories|Documents and their stories|StoryTransformer, [^<]*)</title>"
    rb'|^\{\s*"format": "storytransformer-merge-',
    re.MULTILINE,
)


def is_own(path: str) -> bool:
    """Whether a file is of a merge or a page of this program, by what it carries; its name may be
    any."""
    try:
        with open(path, "rb") as file:
            return _WRITTEN.search(file.read(HEAD).replace(b"\r\n", b"\n")) is not None
    except OSError:
        return False  # reading it says why
