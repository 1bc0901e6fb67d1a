"""A local model behind the :class:`~pipeline.providers.base.Model` seam. Nothing leaves the
machine.

Opening it and counting load no torch; the weights are loaded on the first ``complete``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.calls import Reply, Request, TokenCount, Usage
from pipeline.engine.weights.adapters import adapter_sha256, check_base
from pipeline.engine.weights.weight_files import locate_weights, weights_sha256
from pipeline.errors import EngineError
from pipeline.models import ModelSpec
from pipeline.providers.base import ModelOptions, choices, likeliest, shares
from pipeline.tokens.token_counters import counter_for

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import StoryTransformer


class LocalModel:
    """A model whose weights lie on this machine.

    Args:
        spec: the catalogue's entry; ``spec.weights`` names the weights.
        options: cache folder and threads.
        reason: why our engine generates, "" where nobody asked.

    Raises:
        EngineError: the weights are missing, or their tokenizer cannot be read.
    """

    def __init__(self, spec: ModelSpec, options: ModelOptions, reason: str = "") -> None:
        self.spec = spec
        self._reason = reason
        self._options = options
        self._path = locate_weights(spec.weights)
        self.revision = weights_sha256(self._path, options.cache)
        if spec.setup.lora:
            check_base(spec.setup.lora, self.revision)
            self.revision += f"+{adapter_sha256(spec.setup.lora, options.cache)}"
        self._counter = counter_for(spec, cache=options.cache)
        self._engine: StoryTransformer | None = None

    def count(self, request: Request) -> TokenCount:
        """Prompt tokens, template included; exact."""
        return self._counter.count_request(request)

    def complete(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Answer a wave together. A request that does not fit the window gets an error reply."""
        from pipeline.engine.story_transformer import Asked

        engine = self.engine()
        asked: list[Asked] = []
        fitting: list[Request] = []
        for request, ids in self._fitting(requests):
            if isinstance(ids, str):
                yield self._refused(request, ids)
                continue
            fitting.append(request)
            asked.append(
                Asked(
                    prompt=ids,
                    max_tokens=request.max_tokens,
                    stop=request.stop,
                    vocabulary=request.vocabulary,
                    schema=request.schema,
                    temperature=request.temperature,
                    seed=request.seed,
                )
            )
        for done in engine.answer(asked, progress=progress):
            yield Reply(
                key=fitting[done.index].key,
                text=done.text,
                finish=done.finish,
                usage=Usage(input=done.n_prompt, output=len(done.ids)),
                seconds=done.seconds,
                model=self.spec.name,
                usd=Decimal(0),
            )

    def choose(
        self, requests: Iterable[Request], progress: Callable[[int], None] | None = None
    ) -> Iterator[Reply]:
        """Questions with a closed list of answers, by the likelihood of each answer: many behind
        one prefix in a pass, nothing decoded. ``usage.output`` are the tokens of the answer.

        Any other request, and every one to an encoder-decoder, is completed.
        """
        engine = self.engine()
        whole: list[Request] = []
        alike: dict[str, list[tuple[Request, list[int]]]] = {}
        for request, ids in self._fitting(requests):
            if engine.decoder.name == "seq2seq" or len(choices(request)) < 2:
                whole.append(request)
            elif isinstance(ids, str):
                yield self._refused(request, ids)
            else:
                alike.setdefault(request.schema, []).append((request, ids))
        for group in alike.values():
            yield from self._chosen(group, progress)
        if whole:
            yield from self.complete(whole, progress)

    def _chosen(
        self,
        asked: Sequence[tuple[Request, list[int]]],
        progress: Callable[[int], None] | None,
    ) -> Iterator[Reply]:
        """The replies to questions that share their answers."""
        engine = self.engine()
        answers = choices(asked[0][0])
        lengths = {word: len(engine.tokenizer.encode(text)) for word, text in answers.items()}
        for done in engine.choose([ids for _, ids in asked], list(answers.values())):
            likelihoods = shares(dict(zip(answers, done.logs, strict=True)))
            if likelihoods is None:  # weights of which nothing can be computed
                why = "the model gives no likelihoods: its logits are not numbers"
                yield self._refused(asked[done.index][0], why)
                continue
            word = likeliest(likelihoods, list(answers))
            if progress is not None:
                progress(lengths[word])
            yield Reply(
                key=asked[done.index][0].key,
                text=answers[word],
                finish="stop",
                usage=Usage(input=done.n_prompt, output=lengths[word]),
                seconds=done.seconds,
                model=self.spec.name,
                usd=Decimal(0),
                likelihoods=likelihoods,
            )

    def _fitting(self, requests: Iterable[Request]) -> Iterator[tuple[Request, list[int] | str]]:
        """Each request with its prompt's ids, or why they do not fit the window together with the
        longest reply."""
        engine = self.engine()
        for request in requests:
            ids = engine.ids(request.messages)
            try:
                engine.check_fits(len(ids), max(request.max_tokens, self._longest(request)))
            except EngineError as exc:
                yield request, str(exc)
                continue
            yield request, ids

    def _longest(self, request: Request) -> int:
        """Tokens of the longest answer of a closed list, 0 where there is none."""
        encode = self.engine().tokenizer.encode
        return max((len(encode(text)) for text in choices(request).values()), default=0)

    def _refused(self, request: Request, why: str) -> Reply:
        return Reply(
            key=request.key,
            text="",
            finish="error",
            usage=Usage(),
            seconds=0.0,
            model=self.spec.name,
            detail=why,
            usd=Decimal(0),
        )

    def engine(self) -> StoryTransformer:
        """The loaded engine; loads it on the first call."""
        if self._engine is None:
            from pipeline.engine.story_transformer import StoryTransformer

            setup = self.spec.setup
            self._options.say(f"loading {self.spec.name} …")
            self._engine = StoryTransformer.load(
                self._path,
                cache=self._options.cache,
                threads=self._options.threads,
                dtype=setup.dtype,
                attention=setup.attention,
                yarn=setup.yarn,
                bits=setup.bits,
                cache_bits=setup.cache_bits,
                device_map="auto" if setup.spread else None,
                lora=setup.lora,
            )
        return self._engine

    def describe(self) -> Mapping[str, str]:
        """Kernel, reason, device, dtype, threads; before the first call only where it lies."""
        facts = {"weights": str(self._path), "weights_sha256": self.revision}
        if self._reason:
            facts |= {"generator": "StoryTransformer", "generator_reason": self._reason}
        return facts | (self._engine.describe() if self._engine else {})

    def close(self) -> None:
        """Let go of the weights."""
        self._engine = None
