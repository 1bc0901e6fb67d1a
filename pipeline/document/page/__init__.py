"""The document as one self-contained page: what stands on the left, on the right what is chosen:
an entry's tellings, two of them side by side, a telling at its place, where a story went.

Everything is drawn from islands of JSON when it comes in sight, so that a hundred thousand stories
scroll as ten do. No request leaves the page: a policy in its head forbids them all, and lets run
and style it only what stands here. Source text reaches it through the islands and ``textContent``.
"""

from __future__ import annotations

from pipeline.document.page.page_writing import page_text

__all__ = ["page_text"]
