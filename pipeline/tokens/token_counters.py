"""Count tokens for a model before anything is sent: exactly where its tokenizer is here, with a
stated band where it is not. Never a network call, never torch.

- local models: their own tokenizer and chat template, exact;
- OpenAI-compatible: the tiktoken encoding; exact for text, a band for the message frame;
- Claude: by the optional package ``ctok`` where it is installed (it reconstructs Claude's counts
  offline), within two percent;
- Claude without it, Gemini: a tiktoken encoding times the catalogue's ratio, low to high;
- ``extractive``: no model reads anything, so nothing is counted.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache as cached
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from pipeline.calls import Request, TokenCount
from pipeline.config.installer import how_to_add
from pipeline.engine.tokenizers.splitting import words
from pipeline.engine.tokenizers.tokenizer import Tokenizer, load_tokenizer
from pipeline.engine.weights.hashes import write_atomically
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.errors import EngineError
from pipeline.models import ModelSpec
from pipeline.tokens.token_cache import Counts, Cut, TwoLines, tiktoken_lines, whole

if TYPE_CHECKING:
    from tiktoken import Encoding


class TokenCounter(Protocol):
    """Counts for one model. ``exact`` says whether :meth:`count_request` is exact."""

    @property
    def name(self) -> str: ...

    @property
    def exact(self) -> bool: ...

    def count_text(self, text: str) -> TokenCount:
        """Tokens of a bare text."""
        ...

    def count_request(self, request: Request) -> TokenCount:
        """Tokens of the prompt, its template or message frame included."""
        ...

    def count_texts(self, texts: Sequence[str]) -> list[TokenCount]:
        """:meth:`count_text` of many texts, faster."""
        ...


def two_lines(counter: TokenCounter, request: Request) -> TwoLines | None:
    """What counts requests like this one by the two lines of their last turn; None where a
    tokenizer is not known to count them one by one."""
    if isinstance(counter, LocalCounter | TiktokenCounter):
        return counter.two_lines(request)
    return None


def counter_for(spec: ModelSpec, *, cache: Path) -> TokenCounter:
    """The counter of a model.

    Args:
        cache: folder for tokenizer files; may be missing or read-only.

    A local model that is not here is counted by its family's ratio, where one is known.

    Raises:
        EngineError: a local model's weights or a vocabulary are missing.
    """
    if not spec.provider.is_model:
        return NoCounter()
    if spec.provider.is_local:
        try:
            return LocalCounter(open_tokenizer(spec.weights, cache))
        except EngineError:
            if spec.ratio is None:
                raise
    if spec.ratio is not None and spec.ratio.ctok and importlib.util.find_spec("ctok"):
        return CtokCounter(spec.ratio.ctok)
    if spec.ratio is not None:
        encoding = load_encoding(spec.ratio.base, cache)
        ratio = (spec.ratio.low, spec.ratio.likely, spec.ratio.high)
        return TiktokenCounter(encoding, ratio)
    encoding = load_encoding(spec.tokenizer or "o200k_base", cache)
    return TiktokenCounter(encoding, shows_schema=spec.provider.shows_schema(spec))


def is_unpacked(spec: ModelSpec, cache: Path) -> bool:
    """Whether what counts a model was brought into the cache before, as far as a look at its
    folders tells: that takes a second or two, opening it from there a tenth."""
    if not spec.provider.is_model:
        return True
    if spec.provider.is_local and Path(spec.weights).is_dir():
        return True  # read where it stands
    return (cache / ("tokenizers" if spec.provider.is_local else "tiktoken")).is_dir()


@lru_cache(maxsize=4)
def open_tokenizer(weights: str, cache: Path) -> Tokenizer:
    """The tokenizer that comes with a local model's weights.

    Raises:
        EngineError: the weights are missing, or their tokenizer is of an unknown kind.
    """
    path = locate_weights(weights)
    # A folder's tokenizer is read where it stands: hashing its weights would buy nothing.
    sha256 = weights_sha256(path, cache) if path.is_file() else ""
    return load_tokenizer(path, cache=cache, sha256=sha256)


@lru_cache(maxsize=8)
def _counts(
    encode: Callable[[str], Sequence[int]], lines: Cut = whole, words: Cut = whole
) -> Counts:
    """What all counters of one encoding remember together."""
    return Counts(encode, lines=lines, words=words)


def forget_counts() -> None:
    """Let counters made from now on count everything anew, as in a process just started."""
    _counts.cache_clear()


class NoCounter:
    """For ``extractive``: no model reads the text."""

    name = "none"
    exact = True

    def count_text(self, text: str) -> TokenCount:
        return TokenCount(0, self.name, True, 0, 0)

    def count_request(self, request: Request) -> TokenCount:
        return TokenCount(0, self.name, True, 0, 0)

    def count_texts(self, texts: Sequence[str]) -> list[TokenCount]:
        return [self.count_text(text) for text in texts]


class LocalCounter:
    """A local model's own tokenizer and template. A schema costs no prompt tokens here: it
    constrains decoding instead of being shown."""

    exact = True

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._counts = _counts(tokenizer.encode_piece, tokenizer.lines, tokenizer.words)
        self.name = f"own:{tokenizer.fingerprint[:12]}"

    def count_text(self, text: str) -> TokenCount:
        return self._exactly(sum(map(self._counts.of, self.tokenizer.pieces(text))))

    def count_request(self, request: Request) -> TokenCount:
        pieces = self.tokenizer.prompt_pieces(request.messages)
        return self._exactly(sum(map(self._counts.of, pieces)))

    def count_texts(self, texts: Sequence[str]) -> list[TokenCount]:
        return [self.count_text(text) for text in texts]

    def two_lines(self, request: Request) -> TwoLines | None:
        """See :func:`two_lines`."""
        *before, (role, _) = request.messages
        around = self.tokenizer.line_frame(before, role)
        if around is None:
            return None
        ahead, lead, behind = around
        fixed = sum(map(self._counts.of, (*ahead, *behind)))
        plain, line = self.tokenizer.is_plain, self._counts.of_line
        return TwoLines(
            lambda text: line(lead + text) if plain(text) else None,
            lambda text: line("\n" + text) if plain(text) else None,
            lambda n: self._exactly(fixed + n),
        )

    def _exactly(self, n: int) -> TokenCount:
        return TokenCount(n, self.name, True, n, n)


@dataclass(frozen=True, slots=True)
class Frame:
    """Tokens that a provider puts around messages; no text tokenizer sees them."""

    per_message: int
    per_request: int

    def tokens(self, n_messages: int) -> int:
        return self.per_message * n_messages + self.per_request


# OpenAI documents 3 a message and 3 for the reply's head; Claude's measured frame is 6 to 7 for
# one message; a server with a template of its own may add a default system prompt.
_FRAME_LOW, _FRAME, _FRAME_HIGH = Frame(0, 0), Frame(3, 3), Frame(6, 24)


class TiktokenCounter:
    """A tiktoken encoding, scaled by a measured ratio where it is not the model's own.

    A request's count is never called exact: the frame, and whether a schema is shown to the model,
    are the provider's business.

    Args:
        shows_schema: whether the model is likely shown it; the upper count always has it.
    """

    exact = False

    def __init__(
        self,
        encoding: Encoding,
        ratio: tuple[Decimal, Decimal, Decimal] | None = None,
        *,
        shows_schema: bool = True,
    ) -> None:
        self.encoding = encoding
        self._shows_schema = shows_schema
        self._counts = _counts(encoding.encode_ordinary, tiktoken_lines, words)
        self.ratio = ratio
        self.name = encoding.name if ratio is None else f"{encoding.name}×{ratio[1]}"
        self._scaled = lru_cache(maxsize=1 << 14)(self._scale)

    def count_text(self, text: str) -> TokenCount:
        return self._scaled(self._base(text))

    def count_texts(self, texts: Sequence[str]) -> list[TokenCount]:
        # one thread: tiktoken's batch call is slower on short texts
        return [self.count_text(text) for text in texts]

    def count_request(self, request: Request) -> TokenCount:
        return self._framed(request, sum(self._base(each.content) for each in request.messages))

    def two_lines(self, request: Request) -> TwoLines | None:
        """See :func:`two_lines`."""
        fixed = sum(self._base(message.content) for message in request.messages[:-1])
        line = self._counts.of_line
        return TwoLines(
            lambda text: line(text + "\n"), line, lambda n: self._framed(request, fixed + n)
        )

    def _framed(self, request: Request, n: int) -> TokenCount:
        """The tokens of a request whose turns have ``n``."""
        text = self._scaled(n)
        schema = self._scaled(self._base(request.schema))
        n_messages = len(request.messages)
        return TokenCount(
            n=text.n + self._shows_schema * schema.n + _FRAME.tokens(n_messages),
            counter=self.name,
            exact=False,
            low=text.low + _FRAME_LOW.tokens(n_messages),
            high=text.high + schema.high + _FRAME_HIGH.tokens(n_messages),
        )

    def _base(self, text: str) -> int:
        return self._counts.of(text)

    def _scale(self, n: int) -> TokenCount:
        if self.ratio is None:
            return TokenCount(n, self.name, True, n, n)
        low, likely, high = (n * factor for factor in self.ratio)
        return TokenCount(
            n=int(likely.to_integral_value(ROUND_HALF_UP)),
            counter=self.name,
            exact=False,
            low=int(low.to_integral_value(ROUND_FLOOR)),
            high=int(high.to_integral_value(ROUND_CEILING)),
        )


# Its counts were those of the vendor's interface for 748 of 750 documents held out; that a model
# counts as the family it is said to belong to is the vendor's word, and lines counted one by one
# are up to two percent off for the older family. So: two percent.
_CTOK_BAND = (Decimal("0.98"), Decimal(1), Decimal("1.02"))


class CtokCounter(TiktokenCounter):
    """Claude's tokens as the package ``ctok`` reconstructs them. It is unofficial: near, and never
    called exact.

    Args:
        family: the version whose tokenizer counts, such as "5.0".
    """

    def __init__(self, family: str) -> None:
        self.name = f"ctok:{family}"
        self.ratio = _CTOK_BAND
        self._shows_schema = True
        self._counts = _counts(_ctok_encode(family), tiktoken_lines)
        self._scaled = lru_cache(maxsize=1 << 14)(self._scale)


@cached
def _ctok_encode(family: str) -> Callable[[str], Sequence[int]]:
    """Stand-ins for the tokens of a text without its message frame; only their number is known."""
    from ctok import token_count

    frame = token_count("a", family) - 1

    def encode(line: str) -> Sequence[int]:
        # A line break is a token of its own, but for one at the end of a text, which is free.
        ended = line.endswith("\n")
        return range(token_count(line.removesuffix("\n"), family) - frame + ended)

    return encode


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Where tiktoken expects a vocabulary: it looks for sha1(url) and checks the sha256."""

    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        return hashlib.sha1(self.url.encode(), usedforsecurity=False).hexdigest()


_OPENAI = "https://openaipublic.blob.core.windows.net/encodings"
#: The encodings whose vocabulary comes with the installed ``bpe_openai`` package.
VOCABULARIES = {
    "cl100k_base": Vocabulary(
        f"{_OPENAI}/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "o200k_base": Vocabulary(
        f"{_OPENAI}/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}


def prepare_vocabularies(cache: Path) -> Path:
    """Unpack the tiktoken vocabularies into ``cache/tiktoken`` under the names tiktoken expects.

    Returns:
        the folder.

    Raises:
        EngineError: the package that carries them is missing or damaged.
        OSError: the cache cannot be written.
    """
    folder = cache / "tiktoken"
    for encoding, vocabulary in VOCABULARIES.items():
        target = folder / vocabulary.file_name
        # Checked here because tiktoken would delete a wrong file and download it.
        if not (target.is_file() and _sha256(target.read_bytes()) == vocabulary.sha256):
            write_atomically(target, _unpack(encoding))
    return folder


def _unpack(encoding: str) -> bytes:
    spec = importlib.util.find_spec("bpe_openai")
    step = f"Run: {how_to_add('bpe-openai==0.1.4')}"
    if spec is None or not spec.submodule_search_locations:
        raise EngineError("the vocabulary package is not installed.", where="bpe_openai", next=step)
    file = Path(spec.submodule_search_locations[0]) / "data" / f"{encoding}.tiktoken.gz"
    try:
        data = gzip.decompress(file.read_bytes())
    except (OSError, EOFError) as exc:
        raise EngineError("the vocabulary cannot be read.", where=str(file), next=step) from exc
    if _sha256(data) != VOCABULARIES[encoding].sha256:
        raise EngineError("not the vocabulary tiktoken expects.", where=str(file), next=step)
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_loading = Lock()


@cached
def load_encoding(name: str, cache: Path) -> Encoding:
    """A tiktoken encoding, offline.

    tiktoken takes its cache folder from the environment only, so the variable is set for the
    duration of the load and restored. A cache that cannot be written is replaced by a temporary
    folder.

    Raises:
        EngineError: an encoding whose vocabulary is not installed.
    """
    if name not in VOCABULARIES:
        raise EngineError(
            f"no vocabulary for the encoding {name!r}.",
            next=f"Known encodings: {', '.join(sorted(VOCABULARIES))}.",
        )
    import tiktoken

    with _loading, tempfile.TemporaryDirectory() as spare:
        try:
            folder = prepare_vocabularies(cache)
        except OSError:
            folder = prepare_vocabularies(Path(spare))
        with _variable("TIKTOKEN_CACHE_DIR", str(folder)):
            return tiktoken.get_encoding(name)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
