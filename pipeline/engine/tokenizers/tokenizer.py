"""A model's own tokenizer without torch or transformers: count exactly what will be sent.

Text is data: control tokens written inside a message or a story ("<|im_end|>") are encoded as the
characters they are. Only the chat template can open or close a turn.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.engine.tokenizers.chat import Chat, frame_of, render_chat
from pipeline.engine.tokenizers.splitting import cut, lines_within, puts_before, word_border
from pipeline.engine.weights.gguf_fields import READING
from pipeline.engine.weights.hashes import check_list, write_list
from pipeline.engine.weights.weight_files import new_folder
from pipeline.errors import EngineError

# Not here where no model runs: what only counts by a vocabulary imports this room, too.
if TYPE_CHECKING:
    from tokenizers import Tokenizer as Backend

# A Unicode noncharacter: it has no meaning in any text, so it can mark a place inside one.
_BREAK = "\ufdd0"
#: Characters that a vocabulary joins to nothing, put before the second half of a text.
_ANCHORS = ("\x01", "\n")


class Tokenizer:
    """Text to ids and back, and messages to the ids of a prompt.

    Args:
        backend: the ``tokenizers`` object.
        chat: template and special ids.
    """

    def __init__(self, backend: Backend, chat: Chat) -> None:
        self.backend = backend
        self.chat = chat
        added = backend.get_added_tokens_decoder()
        self.control_ids = frozenset(i for i, token in added.items() if token.special)
        names = [t.content for t in added.values() if t.content.strip()]
        names.sort(key=len, reverse=True)
        self._names = names
        self._control = re.compile("|".join(map(re.escape, names))) if names else None
        # A token that takes blanks around it along, or is one only as a word, can't be cut out.
        alone = not any(
            t.lstrip or t.rstrip or t.single_word or t.normalized for t in added.values()
        )
        self._cut = re.compile(f"({self._control.pattern})") if self._control and alone else None
        self._border = word_border(backend) if self._cut or not names else None
        self._line_border = lines_within(self._border)
        self._frame = lru_cache(maxsize=64)(self._make_frame)
        # SentencePiece's blank before a text: parts of one must not get it again
        self._joined = puts_before(backend)

    def __len__(self) -> int:
        return int(self.backend.get_vocab_size(with_added_tokens=True))

    @property
    def eos_ids(self) -> tuple[int, ...]:
        """Ids that end a reply."""
        return self.chat.eos

    @property
    def pad_id(self) -> int:
        """The id that fills a row; it is masked out wherever it stands."""
        return self.chat.pad

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of everything that decides ids: vocabulary, merges, splitting, template."""
        text = self.backend.to_str() + json.dumps(asdict(self.chat), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """The ids of a text. Nothing is added, and control tokens in it are plain characters."""
        return self._encode_escaped(self._escape(text))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """:meth:`encode` of many texts, on all cores."""
        escaped = [self._escape(text) for text in texts]
        plain = [text if _BREAK not in text else "" for text in escaped]
        found = self.backend.encode_batch_fast(plain, add_special_tokens=False)
        return [
            self._encode_escaped(text) if _BREAK in text else list(encoding.ids)
            for text, encoding in zip(escaped, found, strict=True)
        ]

    def pieces(self, text: str) -> list[str]:
        """A text in parts that :meth:`encode_piece` turns into the ids of :meth:`encode`."""
        escaped = self._escape(text)
        return [escaped] if self._joined else escaped.split(_BREAK)

    def prompt_pieces(self, messages: Sequence[tuple[str, str]]) -> list[str]:
        """The prompt of ``(role, content)`` turns in parts that :meth:`encode_piece` turns into
        the ids of :meth:`apply_chat_template`: a control token each, and what is between them.

        Raises:
            EngineError: the template refuses these turns.
        """
        *before, (role, content) = messages
        framed = self._frame(tuple(before), role)
        escaped = self._escape(content)
        if framed is not None and escaped == escaped.strip():
            first, opening, closing = framed
            return [*first, *self._cut_out(opening + escaped + closing)]
        turns = [(role, self._escape(content)) for role, content in messages]
        return self._cut_out(self._render(turns, add_generation_prompt=True))

    def _cut_out(self, rendered: str) -> list[str]:
        """A rendered prompt with its control tokens as pieces of their own."""
        if self._joined:
            return [rendered]
        parts = rendered.split(_BREAK)
        if self._cut is None:
            return parts
        return [piece for part in parts for piece in self._cut.split(part) if piece]

    def _make_frame(
        self, before: tuple[tuple[str, str], ...], role: str
    ) -> tuple[list[str], str, str] | None:
        """What a template puts around a last turn, the turns before it as given: pieces, what
        stands between the last of them and the turn, and what follows the turn. None where it may
        do another thing for another text."""
        if role in ("assistant", "text") or self.chat.template_name == "text" or self._cut is None:
            return None
        if self._joined:
            return None
        around = frame_of(
            self.chat.template,
            [(role, self._escape(content)) for role, content in before],
            role,
            bos_token=self.chat.bos_token,
            eos_token=self.chat.eos_token,
        )
        if around is None:
            return None
        head, tail = around
        if self.chat.template_name == "plain":
            head = self._opening + head
        end = max((found.end() for found in self._cut.finditer(head)), default=0)
        return self._cut_out(head[:end]), head[end:], tail

    def line_frame(
        self, before: Sequence[tuple[str, str]], role: str
    ) -> tuple[list[str], str, list[str]] | None:
        """What stands around a last turn's lines, each of which begins with a letter: pieces and
        lines before them, what the first begins with, pieces after them. None where lines are not
        known to be encoded one by one."""
        framed = self._frame(tuple(before), role)
        if framed is None or self._line_border is None or self._cut is None:
            return None
        first, opening, closing = framed
        across = any(  # a control token that begins in one of them and ends in the next
            "\n" in name or opening.endswith(name[:i]) or closing.startswith(name[i:])
            for name in self._names
            for i in range(1, len(name))
        )
        if across or (closing and not self._cut.match(closing)):
            return None
        *ahead, lead = self._line_border.split(f"{opening}A")
        return [*first, *ahead], lead[:-1], self._cut_out(closing)

    def is_plain(self, text: str) -> bool:
        """Whether nothing in a text has to be told apart from control tokens."""
        return self._escape(text) == text

    def encode_piece(self, piece: str) -> list[int]:
        """The ids of a piece. Control tokens in it are control tokens."""
        if _BREAK in piece:
            return self._encode_escaped(piece)
        return list(self.backend.encode(piece, add_special_tokens=False).ids)

    def words(self, piece: str) -> Sequence[str]:
        """A piece in parts that :meth:`encode_piece` turns into the ids of the whole: its words,
        where this tokenizer's way of splitting is known to allow it."""
        return (piece,) if self._border is None else cut(self._border, piece)

    def lines(self, piece: str) -> Sequence[str]:
        """A piece in parts as :meth:`words` makes them, but larger: its lines."""
        return (piece,) if self._line_border is None else self._line_border.split(piece)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without control tokens."""
        return str(self.backend.decode(list(ids), skip_special_tokens=True))

    def render(
        self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The prompt text of ``(role, content)`` turns, for people: not for encoding, because it
        no longer tells the template's control tokens from a message's."""
        return self._render(messages, add_generation_prompt).replace(_BREAK, "")

    def apply_chat_template(
        self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool = True
    ) -> list[int]:
        """The prompt ids of ``(role, content)`` turns.

        A last turn of the assistant is how the reply begins; a single turn of the role ``text`` is
        the prompt as it stands, without template.

        Raises:
            EngineError: the template refuses these turns.
        """
        escaped = [(role, self._escape(content)) for role, content in messages]
        return self._encode_escaped(self._render(escaped, add_generation_prompt))

    def _render(self, messages: Sequence[tuple[str, str]], add_generation_prompt: bool) -> str:
        if [role for role, _ in messages] == ["text"]:
            closing = self._closing if self.chat.template_name == "text" else ""
            return self._opening + messages[0][1] + closing
        turns, begun = list(messages), ""
        if add_generation_prompt and turns and turns[-1][0] == "assistant":
            begun = turns.pop()[1]
        rendered = render_chat(
            self.chat.template,
            turns,
            add_generation_prompt=add_generation_prompt,
            bos_token=self.chat.bos_token,
            eos_token=self.chat.eos_token,
        )
        if self.chat.template_name == "text":
            return self._opening + rendered + self._closing
        if self.chat.template_name == "plain":
            return self._opening + rendered + begun
        return rendered + begun

    @cached_property
    def _opening(self) -> str:
        """What the tokenizer itself puts before a text: its beginning token, or nothing."""
        first = self.backend.encode("", add_special_tokens=True).ids[:1]
        bos = self.backend.token_to_id(self.chat.bos_token) if self.chat.bos_token else None
        return self.chat.bos_token if first and first[0] == bos else ""

    @cached_property
    def _closing(self) -> str:
        """What the tokenizer itself puts behind a text: its end token, or nothing."""
        last = self.backend.encode("", add_special_tokens=True).ids[-1:]
        ends = [i for i in last if i in self.chat.eos]
        return str(self.backend.id_to_token(ends[0])) if ends else ""

    def _escape(self, text: str) -> str:
        """Break every control token in a text after its first character.

        The mark survives the template (which may trim or wrap the text) and is where the text is
        cut before encoding, so that no piece contains a control token. Marks in the text itself
        are dropped: they are not characters.
        """
        text = text.replace(_BREAK, "")
        if self._control is None:
            return text
        return self._control.sub(lambda m: m[0][0] + _BREAK + m[0][1:], text)

    def _encode_escaped(self, text: str) -> list[int]:
        first, *others = text.split(_BREAK)
        ids = self.encode_piece(first)
        for piece in others:
            ids += self._encode_inner(piece) if self._joined else self.encode_piece(piece)
        return ids

    def _encode_inner(self, piece: str) -> list[int]:
        """The ids of a piece that other text stands before."""
        for anchor in _ANCHORS:
            before = self.encode_piece(anchor)
            ids = self.encode_piece(anchor + piece)
            if ids[: len(before)] == before:
                return ids[len(before) :]
        raise EngineError(
            "its tokenizer joins what it should not, so that a control token in a text cannot be "
            "told apart.",
            next="Take the control tokens out of the documents.",
        )

    def save(self, folder: Path) -> None:
        """Write ``tokenizer.json`` and ``chat.json`` into a folder."""
        self.backend.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "chat.json").write_text(json.dumps(asdict(self.chat)), encoding="utf-8")

    @classmethod
    def from_saved(cls, folder: Path) -> Tokenizer:
        """Read what :meth:`save` wrote."""
        from tokenizers import Tokenizer as Backend

        chat = json.loads((folder / "chat.json").read_text(encoding="utf-8"))
        chat["eos"] = tuple(chat["eos"])
        return cls(Backend.from_file(str(folder / "tokenizer.json")), Chat(**chat))

    @classmethod
    def from_gguf(cls, path: Path) -> Tokenizer:
        """Build from a GGUF's metadata; its tensors are not read.

        Raises:
            EngineError: no readable GGUF, or a tokenizer of a kind not known here.
        """
        from pipeline.engine.tokenizers.gguf_tokenizer import read_gguf

        return cls(*read_gguf(path))

    @classmethod
    def from_folder(cls, folder: Path) -> Tokenizer:
        """Build from a Hugging Face folder with a ``tokenizer.json``.

        Raises:
            EngineError: the file is missing or damaged.
        """
        from pipeline.engine.tokenizers.folder_tokenizer import read_folder

        return cls(*read_folder(folder))


def load_tokenizer(weights: Path, *, cache: Path, sha256: str) -> Tokenizer:
    """The tokenizer of a GGUF file or folder.

    A GGUF's is kept in the cache under the weights' sha256 (reading one takes two seconds, the
    cache a tenth). A cache that cannot be written or read costs time, never the result.

    Raises:
        EngineError: there is no tokenizer that can be read.
    """
    if weights.is_dir():
        return Tokenizer.from_folder(weights)
    target = cache / "tokenizers" / f"{sha256}-{READING}"
    try:
        check_list(target, cache, next="")
        return Tokenizer.from_saved(target)
    except Exception:  # missing, damaged, or left by another version: build it again
        tokenizer = Tokenizer.from_gguf(weights)
    shutil.rmtree(target, ignore_errors=True)
    with suppress(OSError), new_folder(target) as folder:
        tokenizer.save(folder)
        write_list(folder)
    return tokenizer
