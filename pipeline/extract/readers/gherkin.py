"""Gherkin to blocks, in every dialect, and never refusing a file.

Lines are told apart by the official parser's own keyword lists (``# language:`` or an ``@``
dialect chosen from them); the official parser then judges the whole file, and what it finds
wrong is reported. A third of the real files met break the grammar somewhere and still hold
their story, so a reader that stops at the first error would lose them.

In Markdown (``.feature.md``) the same keywords stand behind headings' and lists' marks. These, and
the rules of tables, are blanked out, so that what is left reads as Gherkin at the same places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.stories import Block, BlockKind, Locator

#: Heading levels of a feature file's blocks.
FEATURE, RULE, SCENARIO, EXAMPLES, BACKGROUND = 1, 2, 3, 4, 5

_LANGUAGE = re.compile(r"#\s*language\s*:\s*([a-zA-Z\-_]+)")
_DOC_STRING = ('"""', "```")


@dataclass(frozen=True, slots=True)
class Keywords:
    headings: tuple[tuple[str, int], ...]
    steps: tuple[str, ...]


@lru_cache(maxsize=16)
def keywords_of(language: str) -> Keywords:
    """The dialect's keywords, longest first; English when the dialect is unknown."""
    from gherkin.dialect import Dialect

    dialect = Dialect.for_name(language) or Dialect.for_name("en")
    assert dialect is not None  # English ships with the parser
    leveled = (
        (dialect.feature_keywords, FEATURE),
        (dialect.rule_keywords, RULE),
        (dialect.background_keywords, BACKGROUND),
        (dialect.scenario_outline_keywords, SCENARIO),
        (dialect.scenario_keywords, SCENARIO),
        (dialect.examples_keywords, EXAMPLES),
    )
    headings = [(f"{word}:", level) for words, level in leveled for word in words]
    steps = {
        word
        for words in (
            dialect.given_keywords,
            dialect.when_keywords,
            dialect.then_keywords,
            dialect.and_keywords,
            dialect.but_keywords,
        )
        for word in words
    }
    return Keywords(
        tuple(sorted(headings, key=lambda pair: -len(pair[0]))),
        tuple(sorted(steps, key=lambda word: -len(word))),
    )


def find_language(text: str) -> str:
    """The dialect a file declares in its first lines, else "en"."""
    match = _LANGUAGE.search(text[:2000])
    return match.group(1) if match else "en"


def find_fault(text: str) -> str | None:
    """What the official parser has to say against a file, None when it is valid."""
    from gherkin.errors import ParserError
    from gherkin.parser import Parser

    try:
        Parser().parse(text)
    except ParserError as error:
        first = str(error).replace("Parser errors:", "").strip().split("\n")[0]
        return f"not valid Gherkin, read line by line: {first[:200]}"
    except Exception as error:  # the parser itself may fail on what it did not foresee
        return f"the Gherkin parser failed, read line by line: {type(error).__name__}"
    return None


def read_features(text: str) -> list[Block]:
    """Headings (level: one of the constants above), descriptions, steps, table rows, doc
    strings; tags and comments are meta blocks. Headings keep their keyword."""
    return _Reader(text, keywords_of(find_language(text))).read()


class _Reader:
    def __init__(self, text: str, keywords: Keywords) -> None:
        self.text = text
        self.keywords = keywords
        self.blocks: list[Block] = []
        self.trail: dict[int, str] = {}
        self.level = 0
        self.in_steps = False

    def read(self) -> list[Block]:
        position, line = 0, 1
        paragraph: tuple[int, int, int] | None = None
        inside = ""  # what has to come before lines count again
        opened = (0, 0)
        while position < len(self.text):
            stop = self.text.find("\n", position)
            stop = len(self.text) if stop < 0 else stop
            raw = self.text[position:stop]
            stripped = raw.strip()
            first = position + len(raw) - len(raw.lstrip())
            last = first + len(stripped)
            if inside:
                if inside in stripped:
                    kind: BlockKind = "meta" if inside == "*/" else "code"
                    self._add(kind, opened[0], last, opened[1])
                    inside = ""
            else:
                fence = self._fence(stripped, last)
                if fence and self.in_steps and self.text.find(fence, last) >= 0:
                    inside, opened = fence, (first, line)
                elif stripped.startswith("/*"):
                    inside = "" if "*/" in stripped else "*/"
                    opened = (first, line)
                    if not inside:
                        self._add("meta", first, last, line)
                    elif "*/" not in self.text[last:]:
                        inside = ""
                else:
                    paragraph = self._line(stripped, first, last, line, paragraph)
                    position, line = stop + 1, line + 1
                    continue
                self._end(paragraph)
                paragraph = None
            position, line = stop + 1, line + 1
        if inside:
            self._add("code", opened[0], len(self.text.rstrip()), opened[1])
        self._end(paragraph)
        return self.blocks

    def _fence(self, line: str, end: int) -> str:
        """What opens a doc string and closes it below, "" where the line opens none. More than
        three marks, as Markdown has them, are closed by as many."""
        fence = next((m for m in _DOC_STRING if line.startswith(m)), "")
        run = line[: len(line) - len(line.lstrip(fence[0]))] if fence else ""
        return run if len(run) > len(fence) and self.text.find(run, end) >= 0 else fence

    def _line(
        self,
        stripped: str,
        first: int,
        last: int,
        line: int,
        paragraph: tuple[int, int, int] | None,
    ) -> tuple[int, int, int] | None:
        """Take one line; return the paragraph that is still open after it."""
        if not stripped:
            self._end(paragraph)
            return None
        kind: BlockKind | None = None
        if stripped[0] in "#@":
            kind = "meta"
        elif stripped[0] == "|":
            kind = "row"
        elif self._heading(stripped, first, last, line, paragraph):
            return None
        elif self.level in (SCENARIO, BACKGROUND) and stripped.startswith(self.keywords.steps):
            kind = "step"
            self.in_steps = True
        if kind is None:
            return (paragraph[0], last, paragraph[2]) if paragraph else (first, last, line)
        self._end(paragraph)
        self._add(kind, first, last, line)
        return None

    def _heading(
        self,
        stripped: str,
        first: int,
        last: int,
        line: int,
        paragraph: tuple[int, int, int] | None,
    ) -> bool:
        for word, level in self.keywords.headings:
            if stripped.startswith(word):
                self._start_heading(word, level, stripped, first, last, line, paragraph)
                return True
        return False

    def _start_heading(
        self,
        word: str,
        level: int,
        stripped: str,
        first: int,
        last: int,
        line: int,
        paragraph: tuple[int, int, int] | None,
    ) -> None:
        self._end(paragraph)
        name = stripped[len(word) :].strip()
        depth = SCENARIO if level == BACKGROUND else level
        self.trail = {deep: title for deep, title in self.trail.items() if deep < depth}
        self.trail[depth] = name or word.rstrip(":")
        self.level = level if level != EXAMPLES else self.level
        self.in_steps = False
        place = Locator(line=line, heading=tuple(self.trail[deep] for deep in sorted(self.trail)))
        self.blocks.append(Block(first, last, "heading", place, level))

    def _end(self, paragraph: tuple[int, int, int] | None) -> None:
        """Close the open paragraph, if there is one."""
        if paragraph:
            self._add("paragraph", *paragraph)

    def _add(self, kind: BlockKind, first: int, last: int, line: int) -> None:
        place = Locator(line=line, heading=tuple(self.trail[deep] for deep in sorted(self.trail)))
        self.blocks.append(Block(first, last, kind, place))


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
