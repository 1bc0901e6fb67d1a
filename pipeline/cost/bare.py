"""The price of so many words, before there are documents."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipeline.calls import Band, Estimate, TokenCount, Usage
from pipeline.catalog import ModelSpec
from pipeline.cost.bill import Asked, bill
from pipeline.cost.limits import window_limits
from pipeline.cost.remarks import notes, obstacles

#: Output of a bare-text price as shares of the input: low, likely, high.
OUTPUT_SHARES = (Decimal(0), Decimal("0.25"), Decimal(1))


def bare_text_estimate(
    words: int, tokens_per_word: Decimal, spec: ModelSpec, *, as_of: date, today: date
) -> Estimate:
    """The price of so many words without a plan: no prompt overhead, output 0, 25 and 100 % of
    the input, cut into as few windows as the model allows.

    Args:
        tokens_per_word: the asker's assumption; it is not corrected by the model's tokenizer.
    """
    limits = window_limits(spec, as_of=as_of)
    n_tokens = int((words * tokens_per_word).to_integral_value())
    windows = -(-n_tokens // limits.input_tokens) if limits.input_tokens else 0
    outputs = Band(*(int((n_tokens * share).to_integral_value()) for share in OUTPUT_SHARES))
    requests = [
        Asked(*(Usage(_part(n_tokens, i, windows), _part(out, i, windows)) for out in outputs))
        for i in range(windows)
    ]
    billed = bill(spec, requests, as_of)
    reasons = obstacles(spec, today, None)
    return Estimate(
        model=spec.name,
        strategy="bare text",
        feasible=not reasons,
        reason="; ".join(reasons),
        plan_sha256="",
        calls=windows,
        journalled_calls=0,
        input_tokens=TokenCount(
            n_tokens, f"{tokens_per_word} tokens a word, assumed", False, n_tokens, n_tokens
        ),
        output_tokens=outputs,
        usd=billed.usd,
        usd_batch=billed.usd_batch,
        usd_worst=billed.usd[2] if billed.usd else None,
        price_date=as_of.isoformat(),
        price_source=billed.source,
        notes=(
            f"{spec.name}: {windows} windows ({limits.reason}); one pass writes at most "
            f"{windows * limits.output_tokens:,} tokens",
            *notes(spec, as_of),
        ),
    )


def _part(total: int, index: int, parts: int) -> int:
    """The tokens of one window when they are spread as evenly as whole numbers allow."""
    return total * (index + 1) // parts - total * index // parts
