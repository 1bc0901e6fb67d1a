"""A local model behind the :class:`~pipeline.models.base.Model` seam. Nothing leaves the machine.

Opening it and counting load no torch; the weights are loaded on the first ``complete``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pipeline.calls import Reply, Request, TokenCount, Usage
from pipeline.catalog import ModelSpec
from pipeline.engine.weights import locate_weights, weights_sha256
from pipeline.errors import EngineError
from pipeline.models.base import ModelOptions
from pipeline.tokens import counter_for

if TYPE_CHECKING:
    from pipeline.engine.story_transformer import StoryTransformer


class LocalModel:
    """A model whose weights lie on this machine.

    Args:
        spec: the catalogue's entry; ``spec.weights`` names the weights.
        options: cache folder and threads.

    Raises:
        EngineError: the weights are missing, or their tokenizer cannot be read.
    """

    def __init__(self, spec: ModelSpec, options: ModelOptions) -> None:
        self.spec = spec
        self._options = options
        self._path = locate_weights(spec.weights, cache=options.cache)
        self.revision = weights_sha256(self._path, options.cache)
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
        for request in requests:
            ids = engine.ids(request.messages)
            try:
                engine.check_fits(len(ids), request.max_tokens)
            except EngineError as exc:
                yield self._refused(request, str(exc))
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
            )
        return self._engine

    def describe(self) -> Mapping[str, str]:
        """Kernel, reason, device, dtype, threads; before the first call only where it lies."""
        facts = {"weights": str(self._path), "weights_sha256": self.revision}
        return facts | (self._engine.describe() if self._engine else {})

    def close(self) -> None:
        """Let go of the weights."""
        self._engine = None
