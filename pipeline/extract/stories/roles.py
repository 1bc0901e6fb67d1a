"""Who a role names: someone who can wish, no one ("As a first step"), a thing, or a blank."""

from __future__ import annotations

import re

#: What begins no actor: a word that joins sentences or stands for something else.
NO_ACTOR = (
    r"(?:so|and|but|or|if|when|while|where|what|which|who|how|why|then|this|that|these|those|it|they|there|he|"
    r"she|you|we|I|as|because|once|after|before|for|to|in|on|by|with|also|not|only|maybe|please)\b"
)
#: A thing, which wishes nothing: what is said of it is a requirement, not an actor's story.
_THING = re.compile(
    r".*\b(?:systems?|apps?|applications?|software|platforms?|(?:web)?sites?|pages?|portals?|servers?|services?|"
    r"tools?|programs?|interfaces?|UI|API|database|products?|screens?|dashboards?|forms?|buttons?|reports?|files?|"
    r"e?-?mails?|notifications?|messages?|data|events?|builds?|fields?|passwords?|solution|library|module|"
    r"doors?|devices?|controller|display|clock|feature|lists?|results?|orders?|items?|links?)$",
    re.IGNORECASE,
)
#: "As a first step, we need …" names no one: the noun at the head of the phrase tells.
_NOBODY = re.compile(
    r"(?:(?!(?:of|in|on|with|who|for|from|and|to|at)\b)[\w’'-]+\s+){0,4}"
    r"(?:asides?|reply|response|favou?r|joke|results?|consequences?|examples?|steps?|workaround|effects?|rule|part|matter|reminder|whole|"
    r"follow[- ]?ups?|alternatives?|bonus|summary|solutions?|fallback|compromise|precaution|"
    r"point(?!\s+of\s+(?:contact|sale|care)\b)|"
    r"measure|practice|side[- ]?note|note|goal|thought|test|default|baseline|prerequisite|theme|"
    r"requirement|outcome|means|way|conclusion|corollary|phase|stage|iteration|options?|approach|"
    r"optimi[sz]ation|improvement|extension|side-effect|exception|benefit|trade-?off|future|symbol|"
    r"feature|change|background|context|convention|addition|reference|motivation|nation|country|"
    r"non-goal|work|mitigation|replacement|resort|generali[sz]ation|concept|case|kep|"
    r"enhancement|proposal|implementation|guideline|detail|priority|signal|hint|side|basis|token|"
    r"courtesy|gesture|safeguard|safety net|experiment|indicator|philosophy|principle|policy|proxy|"
    r"heuristic|check|sign)"
    r"(?=\s+(?:of|to|in|for|towards?|on|from|that|which|is|here|and|with|we)\b|\s*$|\s*[,;:(–—]|\s+-\s)",
    re.IGNORECASE,
)
#: Words that do not begin a role where "As" has no article: "As if", "As we", "As described".
_NOT_ROLE = re.compile(
    r"(?:if|for|to|long|far|soon|well|much|usual|such|in|on|with|we|you|they|it|he|she|this|that|these|"
    r"those|there|our|my|your|their|its|per|of|of now|part|always|before|above|mentioned|described|"
    r"discussed|noted|stated|shown|seen|explained|said|expected|opposed|needed|required|more|most|"
    r"many|important|result|I)\b(?!-)|.*\b(?:is|are|was|were|said|says|have|has)$"
    # "As outlined in this proposal", "As requested by legal", "As agreed"
    r"|(?-i:[a-z])\w+(?:ed|wn|ught)(?:$|\s+(?:by|above|below|here|earlier|before|previously|elsewhere|with)\b"
    r"|\s+(?:in|on|at|under|during|for)\s+(?:the|this|that|these|those|our|my|section|chapter|part|story|"
    r"stories|issue|ticket|[\[#§\d]))"
    r"|one\s+(?:can|could|may|might|would|sees)\b",
    re.IGNORECASE,
)
#: Characters of the longest form to be filled in.
_LONGEST_FORM = 300
_FORM_INSIDE = re.compile(r"<(?:type|role|user|persona|some|who)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?!\W*\[\[)\W*(?:<[^<>]*>|\[[^\[\]()]*\]|\{[^{}]*\}|_{2,}|\.{3,}|…|x{2,3}|<.*)\W*$|\W*$|"
    r"(?:some |certain )?(?:type|kind) of user\W*$|.*<(?:type|role|user|persona|some|who)\b",
    re.IGNORECASE | re.DOTALL,
)


def names_no_one(role: str) -> bool:
    """Whether what "As a …" opens is a manner of speaking, not someone."""
    return _NOBODY.match(role) is not None


def needs_an_article(role: str) -> bool:
    """Whether the words name no one where "As" stands before them without an article."""
    return _NOT_ROLE.match(role) is not None


def is_thing(role: str) -> bool:
    """Whether a sentence's subject is a thing ("The system shall …"), which wishes nothing."""
    return _THING.match(role) is not None


def is_placeholder(role: str) -> bool:
    """Whether a role is a form to be filled in ("< type of user >")."""
    if len(role) > _LONGEST_FORM:
        return not re.search(r"\w", role) or _FORM_INSIDE.search(role) is not None
    return _PLACEHOLDER.match(role) is not None
