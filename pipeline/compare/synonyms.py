"""A small table of words that requirement writers use for one another.

Stems unite inflections ("expires", "expired"), not different words. A few dozen everyday verbs
and roles of requirements are swapped so often that a reworded duplicate cannot be seen without
them. The table is kept small and general on purpose: no word of any product's domain is in it,
because each entry is also a licence for a model to swap the words (the gate accepts them).

``OPPOSITES`` are pairs that make two otherwise equal sentences contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.compare.words import stem

_SAME = """
see view look
delete remove erase
edit change modify update alter amend adjust
get receive obtain
find search locate
choose select pick
create add
notify alert inform tell
buy purchase
begin start
finish complete
send email mail
login signin logon
user person people
customer client
admin administrator
picture photo image photograph
quick fast rapid swift
keep retain
check verify validate
allow permit
forbid prohibit disallow
help assist
mobile phone smartphone
cost price
show display
error mistake
store save
"""

_OPPOSITE = """
allow forbid
enable disable
include exclude
accept reject
approve reject
show hide
public private
visible hidden
optional mandatory
optional required
automatic manual
always never
before after
minimum maximum
least most
ascending descending
oldest newest
increase decrease
lock unlock
grant deny
internal external
"""


def _rows(table: str) -> Iterable[tuple[str, ...]]:
    return (tuple(stem(word) for word in line.split()) for line in table.split("\n") if line)


_CONCEPTS: Mapping[str, str] = {word: row[0] for row in _rows(_SAME) for word in row}


def concept(stemmed: str) -> str:
    """The stem that stands for every word of its group; a stem in no group stands for itself."""
    return _CONCEPTS.get(stemmed, stemmed)


OPPOSITES: frozenset[frozenset[str]] = frozenset(
    frozenset(concept(word) for word in row) for row in _rows(_OPPOSITE)
)
