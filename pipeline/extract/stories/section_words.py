"""Words by which a section's blocks are told apart: a wish without a role, somebody's wish told of
them, a role in a heading, what a page says of itself."""

from __future__ import annotations

import re

#: "I need …", as the first words of a headed story or of an item under a role.
WANTS = re.compile(
    r"[\s*_\"“'(]*I\s*(?:['’]d\s|(?:also\s+)?(?:want|need|can|would|should|must|wish|could|like))",
    re.I,
)
#: "A cluster admin would like to …": somebody's wish, told of them.
SOMEONE_WANTS = re.compile(
    r"(?:(?:an?|the|some|many|all|every)\s+)?(?:[\w/-]+\s+){0,3}?(?:users?|admins?|administrators?|operators?|"
    r"developers?|engineers?|owners?|customers?|managers?|maintainers?|vendors?|people|teams?|authors?|"
    r"members?|consumers?|testers?|visitors?|clients?)\s+"
    r"(?:wants?\s+to|would\s+like\s+to|wish(?:es)?\s+to|needs?\s+to|should\s+be\s+able\s+to)\s",
    re.I,
)
#: A paragraph that is one wish of somebody: "Users should be able to pay by phone."
ABLE = re.compile(
    r"\s*(?:(?:the|an?|all|every)\s+)?(?:[\w'’-]+\s+){1,4}?(?:should|must|shall)\s+be\s+able\s+to\s"
    r"[^.!?:]{3,300}[.!]?\s*$",
    re.IGNORECASE,
)
#: What a page of a notes' program says of itself below its title.
PROPERTIES = re.compile(
    r"(?:\s*(?:status|state|assign\w*|priority|points|story\s+points|estimate|effort|size|sprint|epic|tags?|"
    r"labels?|type|created(?:\s+(?:by|time))?|last\s+edited\s+\w+|due(?:\s+date)?|owner|id|url)\s*:\s[^\n]{1,120}(?:\n|$))+",
    re.IGNORECASE,
)
ROLE_WORDS = re.compile(
    r"^(?:as\s+(?:an?\s+|the\s+)?|for\s+(?:an?\s+|the\s+)?)|\s+(?:user\s+)?stories$|[:,]+$|,?\s+I\s+(?:want|need).*$",
    re.I,
)
