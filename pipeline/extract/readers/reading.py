"""What a format's reader makes of a file, and what all readers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.extract.readers.builder import TextBuilder
from pipeline.extract.readers.decoding import Decoded, count_mojibake, decode
from pipeline.extract.readers.leftout import LeftOut
from pipeline.extract.readers.strikes import find_in_cells
from pipeline.stories import Block, Target


@dataclass(frozen=True, slots=True)
class Reading:
    """What a format's reader makes of a file."""

    text: str
    blocks: tuple[Block, ...]
    encoding: str = "utf-8"
    guessed: bool = False
    front_matter: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    left_out: Sequence[LeftOut] = ()
    targets: Sequence[Target] = ()
    #: The format, where the content tells it better than the name ("jira", "html" …).
    kind: str = ""


def decoded_text(data: bytes, encoding: str | None) -> tuple[Decoded, str | None]:
    """A text file's text, and what is wrong with it."""
    decoded = decode(data, encoding)
    if "\r" in decoded.text and "\n" not in decoded.text:
        # Old Macintosh line ends; as many characters as before.
        decoded = replace(decoded, text=decoded.text.replace("\r", "\n"))
    problems = []
    if decoded.replaced:
        problems.append(
            f"{decoded.replaced} characters could not be read as {decoded.encoding}; "
            "name the right one with --encoding"
        )
    if (runs := count_mojibake(decoded.text)) > 0:
        problems.append(
            f"{runs} places look like UTF-8 read as Windows-1252 (mojibake); they can be repaired"
        )
    if (nulls := decoded.text.count("\0")) > 0:
        problems.append(f"{nulls} NUL characters in the text")
    return decoded, "; ".join(problems) or None


def join_problems(*problems: str | None) -> str | None:
    """Problems as one sentence, None where there is none."""
    return "; ".join(problem for problem in problems if problem) or None


def as_stored(
    decoded: Decoded,
    blocks: Iterable[Block],
    *problems: str | None,
    values: Mapping[str, str] | None = None,
    left_out: Sequence[LeftOut] = (),
    kind: str = "",
) -> Reading:
    """A text file whose text is kept as it is stored."""
    return Reading(
        decoded.text,
        tuple(blocks),
        decoded.encoding,
        decoded.guessed,
        values or {},
        join_problems(*problems),
        left_out,
        kind=kind,
    )


def built(builder: TextBuilder, properties: Mapping[str, str] | None = None) -> Reading:
    """What was put together block by block."""
    return Reading(
        builder.text,
        tuple(builder.blocks),
        front_matter=properties or {},
        problem=join_problems(*builder.remarks),
        left_out=builder.left_out,
        targets=builder.targets,
    )


def told(
    builder: TextBuilder,
    kind: str,
    decoded: Decoded,
    problem: str | None,
    properties: Mapping[str, str] | None = None,
) -> Reading:
    """What was put together from a text file, of the kind that its content tells. What is struck
    in the marks of its records is left out."""
    builder.left_out += find_in_cells(builder.text, builder.blocks)
    reading = built(builder, properties)
    return replace(
        reading,
        encoding=decoded.encoding,
        guessed=decoded.guessed,
        problem=join_problems(problem, reading.problem),
        kind=kind,
    )
