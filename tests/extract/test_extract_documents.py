"""Small documents, a property each, read as a careful reader counts them."""

from __future__ import annotations

import pytest

from tests.extract.documents import formats, printed, trackers, web, word, workbook
from tests.extract.documents.cases import Case, faults

CASES = [
    case for group in (word, workbook, web, trackers, printed, formats) for case in group.CASES
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_read_as_a_reader_tells_it(case: Case) -> None:
    assert faults(case) == []
