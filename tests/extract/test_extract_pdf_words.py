"""Lines of a PDF whose words stand in odd places: read as text, never a defect."""

from __future__ import annotations

from pipeline.extract.readers.pdf_bare import find_bare_rows
from pipeline.extract.readers.pdf_layout import Line, lay_out
from pipeline.extract.readers.pdf_words import Word


def _line(base: float, *words: tuple[str, float, float]) -> Line:
    return Line([Word(text, left, right, base, 10.0) for text, left, right in words])


def test_words_over_each_other_are_read():
    # "messages" runs on below "remark", which begins a column of its own.
    odd = (("A", 0.0, 8.0), ("last", 14.0, 60.0), ("messages", 20.0, 90.0), ("remark", 96.0, 130.0))
    over = (("A", 0.0, 40.0), ("b", 60.0, 200.0), ("c", 60.2, 61.0), ("d", 210.0, 220.0))
    back = (("A", 0.0, 8.0), ("b", 20.0, 28.0), ("c", -30.0, -22.0))
    for words in (odd, over, back):
        lines = [_line(base, *words) for base in (700.0, 688.0, 676.0, 664.0)]
        laid = lay_out([word for line in lines for word in line.words], ())
        assert laid, words


def test_a_word_left_of_its_line_begins_no_table():
    back = (("A", 0.0, 8.0), ("b", 20.0, 28.0), ("c", -30.0, -22.0))
    assert find_bare_rows([_line(700.0 - 12 * n, *back) for n in range(4)], 0, ()) is None
