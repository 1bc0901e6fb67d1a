"""Numbers of tokens that cannot be, and what a reply that reports them is taken to have cost.

No model is asked and nothing is counted for it: the length of the text bounds its tokens. Where a
report is outside, the books keep the most that the request was priced at before it was sent, so
that neither a run's sum nor what later estimates learn from it is spoilt; the money is the dearer
of the two, because the bill will follow one of them.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.calls import Reply, Request, Usage

#: Characters a token, over a whole text: no tokenizer in use has words as long on average.
LONGEST = 40
#: Tokens around the messages, beyond one a byte: frames, a system prompt of the provider's own.
AROUND = 2_000
#: A reply's reported tokens may be above the limit that was sent, as some servers stop late, or do
#: not count thinking against it; not by more than this.
LATE = 2


class Taken(NamedTuple):
    """What a reply is taken to have used.

    Args:
        usage: for the books.
        billed: for its price.
        doubt: what was reported and why it cannot be, "" where it can.
    """

    usage: Usage
    billed: Usage
    doubt: str


def taken(request: Request, reply: Reply, worst: Usage) -> Taken:
    """Usage as reported where it can be.

    Args:
        worst: what the request was reserved at.
    """
    said = reply.usage
    usage = billed = said
    doubts = []
    texts = [message.content for message in request.messages]
    answered = reply.text or reply.finish != "error"
    least = max(1, sum(map(len, texts)) // LONGEST) if answered else 0
    most = AROUND + sum(len(text.encode()) for text in (*texts, request.schema))
    if not least <= said.prompt <= most:
        doubts.append(f"{said.prompt:,} prompt tokens, {least:,} to {most:,} are possible")
        usage = _with_prompt(usage, worst)
        billed = _with_prompt(billed, worst) if said.prompt < least else billed
    least = -(-len(reply.text) // LONGEST)
    most = LATE * worst.output
    if not least <= said.output <= most:
        doubts.append(f"{said.output:,} reply tokens, {least:,} to {most:,} are possible")
        usage = _with_output(usage, worst)
        billed = _with_output(billed, worst) if said.output < least else billed
    if not doubts:
        return Taken(said, said, "")
    return Taken(usage, billed, f"doubted usage: reported {'; '.join(doubts)}")


def is_doubted(reply: Reply) -> bool:
    """Whether what this reply reported was not believed."""
    return "doubted usage: " in reply.detail


def _with_prompt(usage: Usage, worst: Usage) -> Usage:
    return Usage(worst.input, usage.output, worst.cache_read, worst.cache_write)


def _with_output(usage: Usage, worst: Usage) -> Usage:
    return Usage(usage.input, worst.output, usage.cache_read, usage.cache_write)
