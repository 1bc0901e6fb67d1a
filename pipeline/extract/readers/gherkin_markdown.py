"""Markdown with Gherkin (``.feature.md``): the same keywords behind headings' and lists' marks.

The marks, and the rules of tables, are blanked out, so that what is left reads as Gherkin at the
same places.
"""

from __future__ import annotations

import re

from pipeline.extract.readers.gherkin import find_language, keywords_of

_MARK = re.compile(r"[ \t]*(?:#{1,6}|[*+-])[ \t]+")
#: Between a table's header and its rows.
_RULE = re.compile(r"[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$")
_TAGS = re.compile(r"[ \t]*(?:`@[^`\s]+`[ \t]*)+(?:#.*)?$")


def blank_marks(text: str) -> str | None:
    """The text with blanks for the marks before keywords and around tags; None where no heading
    is one of Gherkin's."""
    keywords = keywords_of(find_language(text))
    headings = tuple(word for word, _ in keywords.headings)
    lines = []
    fence = ""
    found = aside = False
    for line in text.split("\n"):
        bare = line.strip()
        if fence or bare.startswith("```"):
            opening = bare[: len(bare) - len(bare.lstrip("`"))]
            fence = "" if fence and bare.startswith(fence) else fence or opening
        elif mark := _MARK.match(line):
            rest = line[mark.end() :]
            heading = "#" in mark.group() and rest.startswith(headings)
            found = found or heading
            if "#" in mark.group():
                aside = found and not heading  # a section that is not Gherkin's
            if heading or ("#" not in mark.group() and rest.startswith(keywords.steps)):
                line = " " * mark.end() + rest
        elif _RULE.match(line):
            line = " " * len(line)
        elif _TAGS.match(line):
            line = line.replace("`", " ")
        lines.append(" " * len(line) if aside else line)
    return "\n".join(lines) if found else None


def find_markdown_fault(text: str) -> str | None:
    """What the official parser has to say against a file, None when it is valid."""
    from gherkin.parser import Parser
    from gherkin.token_matcher_markdown import GherkinInMarkdownTokenMatcher
    from gherkin.token_scanner import TokenScanner

    try:
        Parser().parse(TokenScanner(text), GherkinInMarkdownTokenMatcher())
    except Exception as error:  # the parser raises its own errors and some that it did not foresee
        first = str(error).replace("Parser errors:", "").strip().split("\n")[0]
        return f"not valid Markdown with Gherkin, read line by line: {first[:200]}"
    return None
