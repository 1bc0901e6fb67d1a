"""What a reply may not say, made impossible while it is written.

Two constraints: words (every word is one of the sources' or a glue word) and JSON that satisfies
a schema. Both are told each chosen token and answer which ids may follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from pipeline.engine.tokenizers.tokenizer import Tokenizer
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
_SIGNS = frozenset(".,;:()-\n")


@dataclass
class _Node:
    """A place inside the spelling of words and signs, as tokens.

    Args:
        next: where each token that may follow leads.
        then: where the next word or sign begins, if one ends here.
    """

    next: dict[int, _Node] = field(default_factory=dict)
    then: _Node | None = None


class WordList:
    """The words a reply may be written with, as a tree of their tokens.

    A word is allowed as it stands, in lower case and Capitalised, after a space and, where no
    word stands before it, without one. Because a choice inside a word must follow the tree,
    pieces of allowed words never make up a new one.

    Args:
        tokenizer: the model's.
        vocabulary: text whose words are allowed.
        glue: further words.
    """

    def __init__(self, tokenizer: Tokenizer, vocabulary: str, glue: Iterable[str] = GLUE) -> None:
        words = set(WORD.findall(vocabulary)) | set(glue)
        words |= {re.split("['’]", w)[0] for w in words}  # "user's" allows "user"
        known = {w.lower() for w in words if WORD.fullmatch(w)}
        words |= {form for w in words for form in (w.lower(), w[:1].upper() + w[1:])}
        signs = {c for c in vocabulary if not c.isspace() and not WORD.match(c)} | _SIGNS
        signs |= set(re.findall(r"[^\w\s]+", vocabulary))  # " (." is one token in many vocabularies
        after_word, after_sign = _Node(), _Node()
        # An apostrophe right after a word would tie the next one to it.
        ends = [(w, after_word) for w in sorted(words) if w.lower() in known]
        ends += [(c, after_word if c in "'’" else after_sign) for c in sorted(signs)]
        spaced = tokenizer.encode_batch([f" {text}" for text, _ in ends])
        bare = tokenizer.encode_batch([text for text, _ in ends])
        for (text, then), with_space, without in zip(ends, spaced, bare, strict=True):
            is_word = then is after_word and text not in "'’"
            for root in (after_word, after_sign):
                _insert(root, with_space, then if is_word else after_sign)
                if not is_word or root is after_sign:  # two words may never grow together
                    _insert(root, without, then)
        self.start = after_sign
        self.eos = tuple(tokenizer.eos_ids)
        self._allowed: dict[frozenset[int], torch.Tensor] = {}

    def allowed(self, inside: Sequence[_Node], begin: Sequence[_Node]) -> torch.Tensor:
        """Ids that may follow in any of these places. Few places recur all the time (the end of
        any word is one), so each answer is kept."""
        nodes = [node for node in inside if node.next] + [*begin]
        key = frozenset(map(id, nodes))
        if key not in self._allowed:
            ids = {token for node in nodes for token in node.next}
            ids.update(self.eos if begin else ())
            self._allowed[key] = torch.tensor(sorted(ids))
        return self._allowed[key]


def _insert(node: _Node, ids: Sequence[int], then: _Node) -> None:
    for token in ids:
        node = node.next.setdefault(token, _Node())
    node.then = then


class WordConstraint:
    """Where one reply stands in its :class:`WordList`: every reading of the tokens so far."""

    def __init__(self, words: WordList) -> None:
        self._words = words
        self._begin = [words.start]  # where the next word may begin, if one ended
        self._inside: list[_Node] = []

    def allowed(self) -> torch.Tensor:
        return self._words.allowed(self._inside, self._begin)

    def accept(self, token: int) -> None:
        nodes = self._inside + self._begin
        self._inside = [node.next[token] for node in nodes if token in node.next]
        self._begin = [node.then for node in self._inside if node.then is not None]


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

    def allowed(self) -> torch.Tensor:
        from llguidance.torch import fill_next_token_bitmask

        fill_next_token_bitmask(self._matcher, self._bits, 0)
        on = (self._bits[0][:, None] >> torch.arange(32, dtype=torch.int32)) & 1
        return on.flatten().nonzero().flatten()

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


def cut(text: str, stop: Sequence[str]) -> str:
    """The text up to the first stop string."""
    ends = [at for s in stop if (at := text.find(s)) >= 0]
    return text[: min(ends)] if ends else text


def ended_by(tokenizer: Tokenizer, stop: Sequence[str]) -> Callable[[list[int]], bool]:
    """Whether a stop string stands at the end of what was generated. Only the last tokens are
    decoded: a string of n characters takes at most n bytes times four tokens."""
    reach = 4 * max(map(len, stop)) + 4

    def ended(ids: list[int]) -> bool:
        tail = tokenizer.decode(ids[-reach:])
        return any(s in tail for s in stop)

    return ended
