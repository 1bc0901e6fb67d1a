"""White letters on slides: left out and said on white paper, read wherever it may be dark."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pipeline.extract.extraction import extract

_SEEN, _WHITE = "As a clerk, I want to find a form.", "As a guard, I want to see a door."


def deck(
    background: tuple[int, int, int] | None = None,
    box: tuple[int, int, int] | None = None,
    *,
    scheme: bool = False,
    picture: bool = False,
) -> bytes:
    """A deck of one slide: a text that is seen and one in white letters."""
    from pptx import Presentation
    from pptx.dml.color import RGBColor
    from pptx.enum.dml import MSO_THEME_COLOR
    from pptx.util import Inches

    made: Any = Presentation()
    colour: Any = RGBColor
    slide = made.slides.add_slide(made.slide_layouts[6])
    if background is not None:
        slide.background.fill.solid()
        slide.background.fill.fore_color.rgb = colour(*background)
    for words, top in ((_SEEN, 1), (_WHITE, 3)):
        frame = slide.shapes.add_textbox(Inches(1), Inches(top), Inches(6), Inches(1))
        run = frame.text_frame.paragraphs[0].add_run()
        run.text = words
    if scheme:
        run.font.color.theme_color = MSO_THEME_COLOR.BACKGROUND_1
    else:
        run.font.color.rgb = colour(255, 255, 255)
    if box is not None:
        frame.fill.solid()
        frame.fill.fore_color.rgb = colour(*box)
    if picture:
        slide.shapes.add_picture(io.BytesIO(_dot()), Inches(0), Inches(0))
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _dot() -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize(
    "settings", [{}, {"scheme": True}, {"box": (255, 255, 255)}, {"background": (255, 255, 255)}]
)
def test_white_letters_on_a_white_slide_are_left_out_and_said(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    (tmp_path / "a.pptx").write_bytes(deck(**settings))
    (read,) = extract([tmp_path])
    assert [story.role for story in read.stories] == ["clerk"]
    assert _WHITE in read.document.text
    assert "1 invisible place" in (read.document.problem or "")


@pytest.mark.parametrize(
    "settings", [{"background": (0, 0, 64)}, {"box": (0, 0, 0)}, {"picture": True}]
)
def test_white_letters_are_read_where_it_may_be_dark_behind_them(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    (tmp_path / "a.pptx").write_bytes(deck(**settings))
    (read,) = extract([tmp_path])
    assert [story.role for story in read.stories] == ["clerk", "guard"]
    assert read.document.problem is None
