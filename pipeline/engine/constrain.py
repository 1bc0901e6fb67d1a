"""What a reply may not say, made impossible while it is written.

Two constraints: words (every word is one of the sources' or a glue word) and JSON that satisfies
a schema. Both are told each chosen token and answer which ids may follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from pipeline.engine.tokenizer import Tokenizer
from pipeline.errors import EngineError

#: Words that carry no need of their own: without them sources cannot be joined into a sentence.
#: Negation, modality and numbers are missing on purpose: only a source may bring those.
GLUE = frozenset(
    """
    a an the and or of to in on at by for from with so that this these those which who it its i as
    is are be been was were have has my their they them when if also well both each want then than
    into via while
    """.split()  # noqa: SIM905 - a paragraph reads better than fifty quoted words
)

#: A word, with the apostrophes inside it ("don't", "user's").
WORD = re.compile(r"\w+(?:['’]\w+)*")

#: Signs that may stand between words. Others only where a source has them.
_SIGNS = frozenset(".,;:()-")


@dataclass
class _Node:
    """A place inside the spelling of words: which tokens lead on, and whether a word ends here."""

    next: dict[int, _Node] = field(default_factory=dict)
    ends: bool = False


class WordList:
    """The words a reply may be written with, as a tree of their tokens.

    A word is allowed as it stands, in lower case and Capitalised, as the tokenizer spells it at
    the start of a text and after a space. Because a choice inside a word must follow the tree,
    pieces of allowed words never make up a new one.

    Args:
        tokenizer: the model's.
        vocabulary: text whose words are allowed.
        glue: further words.
    """

    def __init__(self, tokenizer: Tokenizer, vocabulary: str, glue: Iterable[str] = GLUE) -> None:
        words = set(WORD.findall(vocabulary)) | set(glue)
        words |= {re.split("['’]", w)[0] for w in words}  # "user's" allows "user"
        words |= {w.lower() for w in words} | {w[:1].upper() + w[1:] for w in words}
        # sorted: the same text gives the same tree in every process
        ordered = sorted(words)
        spelled = tokenizer.encode_batch([f" {w}" for w in ordered] + ordered)
        self.spaced, self.bare = _Node(), _Node()
        for i, ids in enumerate(spelled):
            _insert(self.spaced if i < len(ordered) else self.bare, ids)
        signs = {c for c in vocabulary if not c.isspace() and not WORD.match(c)} | _SIGNS
        self.signs: dict[int, str] = {}
        for sign in sorted(signs):
            for text in (sign, f" {sign}"):
                ids = tokenizer.encode(text)
                if len(ids) == 1:
                    self.signs[ids[0]] = text
        self.eos = tuple(tokenizer.eos_ids)
        newline = tokenizer.encode("\n")
        self.newline = tuple(newline) if len(newline) == 1 else ()


def _insert(node: _Node, ids: Sequence[int]) -> None:
    for token in ids:
        node = node.next.setdefault(token, _Node())
    node.ends = True


class WordConstraint:
    """Where one reply stands in its :class:`WordList`."""

    def __init__(self, words: WordList) -> None:
        self.words = words
        self._node: _Node | None = None  # inside a word, or at its end
        self._after_sign = True  # the start of a text is like the place after a bracket

    def allowed(self) -> Sequence[int]:
        ids: list[int] = []
        node = self._node
        if node is not None:
            ids += node.next
        if node is None or node.ends:
            ids += self.words.spaced.next
            ids += self.words.signs
            ids += self.words.eos
            ids += self.words.newline
            # two words may never grow together
            if node is None and self._after_sign:
                ids += self.words.bare.next
        return ids

    def accept(self, token: int) -> None:
        node = self._node
        if node is not None and token in node.next:
            self._node = node.next[token]
        elif token in self.words.spaced.next:
            self._node = self.words.spaced.next[token]
        elif node is None and self._after_sign and token in self.words.bare.next:
            self._node = self.words.bare.next[token]
        else:
            self._node = None
        # an apostrophe right after a word would tie the next one to it
        self._after_sign = self._node is None and self.words.signs.get(token) not in ("'", "’")


class SchemaConstraint:
    """JSON that satisfies a schema, by llguidance.

    Args:
        compiler: see :class:`SchemaCompiler`.
        schema: canonical JSON of the schema.
    """

    def __init__(self, compiler: SchemaCompiler, schema: str) -> None:
        from llguidance import LLMatcher

        grammar = LLMatcher.grammar_from_json_schema(
            schema, defaults={"whitespace_flexible": False}
        )
        self._matcher = LLMatcher(compiler.tokenizer, grammar)
        if error := self._matcher.get_error():
            raise EngineError(f"the schema cannot constrain decoding: {error}.")
        self._bits = compiler.bits()

    def allowed(self) -> Sequence[int]:
        from llguidance.torch import fill_next_token_bitmask

        fill_next_token_bitmask(self._matcher, self._bits, 0)
        words = self._bits[0]
        on = (words[:, None] >> torch.arange(32, dtype=torch.int32)) & 1
        ids: list[int] = on.flatten().nonzero().flatten().tolist()
        return ids

    def accept(self, token: int) -> None:
        if not self._matcher.is_stopped() and not self._matcher.consume_token(token):
            raise EngineError(f"token {token} breaks the schema: {self._matcher.get_error()}")


class SchemaCompiler:
    """What llguidance needs to know of a tokenizer, worked out once."""

    def __init__(self, tokenizer: Tokenizer, n_vocab: int) -> None:
        from llguidance import LLTokenizer

        self.tokenizer: Any = LLTokenizer(
            tokenizer.backend.to_str(), n_vocab=n_vocab, eos_token=tokenizer.eos_ids[0]
        )
        self._n_vocab = n_vocab

    def bits(self) -> torch.Tensor:
        """Room for one row's mask."""
        from llguidance.torch import allocate_token_bitmask

        mask: torch.Tensor = allocate_token_bitmask(1, self._n_vocab)
        return mask

    def constraint(self, schema: str) -> SchemaConstraint:
        """A constraint for one reply.

        Raises:
            EngineError: no valid schema.
        """
        try:
            json.loads(schema)
        except ValueError as exc:
            raise EngineError(f"the schema is not valid JSON: {exc}.") from exc
        return SchemaConstraint(self, schema)
