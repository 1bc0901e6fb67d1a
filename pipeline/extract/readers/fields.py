"""What a tracker's field holds, whatever its export calls it."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.extract.readers.names import bare_name
from pipeline.extract.readers.tables import column_role

_LINKS = re.compile(
    r"(?:in|out)ward issue link\b.*|(?:epic|parent|feature) link|parent work item|depends on|"
    r"(?:parent|epic)(?: (?:id|key|issue))?|related(?: to| work| issues)?|"
    r"linked (?:issues?|work items?)|sub-?tasks?|links?",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def field_role(name: str) -> str:
    """What a field of this name holds, as :func:`.tables.column_role` tells it; "link" for
    one that names another work item."""
    return column_role(name) or ("link" if _LINKS.fullmatch(bare_name(name)) else "")
