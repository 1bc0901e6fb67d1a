"""A local model opened, and documents as the tokens that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evals.declared import Asked
from pipeline.errors import InputError
from pipeline.providers.local.local_model import LocalModel
from pipeline.run.corpus import gather


@contextmanager
def opened(asked: Asked) -> Iterator[LocalModel]:
    """The model that is asked for.

    Raises:
        InputError: it is none that runs here.
    """
    if not asked.spec.provider.is_local:
        raise InputError(
            f"{asked.model} tells nobody how likely a text is to it.",
            where="--model",
            next="Name a local/… model.",
        )
    model = LocalModel(asked.spec, asked.model_options)
    try:
        yield model
    finally:
        model.close()


def texts(model: LocalModel, asked: Asked) -> Iterator[list[int]]:
    """The ids of each document's text, until there are as many as were asked for."""
    tokens = asked.chosen.tokens
    encode = model.engine().tokenizer.encode
    for extraction in gather(asked.paths, cache=asked.store).extractions:
        if tokens < 2:
            return
        # Prose has four to five characters a token: the rest of a long book is not encoded.
        ids = encode(extraction.document.text[: 8 * tokens])[:tokens]
        tokens -= len(ids)
        yield ids
