"""Is every sentence of every story in the merged document? Counted without the merge's help.

This room imports the standard library alone and shares no splitter, no normal form and no reader
with what it checks: the house's rule of one of each exempts it, so that one mistake cannot hide
the other.

sentences  a story's text -> its units
plain      the form in which texts are compared
accounts   edition and stories -> Kept
edition    merged.json or the Markdown edition -> the value that is checked
keywords   how Gherkin blocks are called
"""

from __future__ import annotations

from pipeline.kept.accounts import Kept, Told, check
from pipeline.kept.edition import DamagedEdition, read_edition
from pipeline.kept.text_units import units

__all__ = ["DamagedEdition", "Kept", "Told", "check", "read_edition", "units"]
