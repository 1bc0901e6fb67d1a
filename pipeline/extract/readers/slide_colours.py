"""Letters that nobody sees on a slide: white ones, where nothing behind them may be dark."""

from __future__ import annotations

from typing import Any

from pipeline.extract.readers.word_styles import is_white

#: Names of the lightest colour of a slide's scheme.
_LIGHT = ("bg1", "lt1")
_FILLS = ("solidFill", "gradFill", "blipFill", "pattFill", "grpFill")
#: What may lie behind letters and is not a plain shape.
_OTHER_SHAPES = ("pic", "graphicFrame", "grpSp", "cxnSp", "contentPart", "AlternateContent")


def is_white_paper(slide: Any) -> bool:
    """Whether all that is painted on a slide, its layout and its master is known to be white. A
    picture, a table, a group or a shape with a style may be dark."""
    layout = slide.slide_layout
    layers = [each._element for each in (slide, layout, layout.slide_master)]
    if not _has_light_scheme(layout.slide_master):
        return False
    backgrounds = [bg for layer in layers if (bg := layer.find("{*}cSld/{*}bg")) is not None]
    if backgrounds and not _is_white_fill(backgrounds[0]):
        return False
    return all(_is_plain(shape) for layer in layers for shape in _shapes(layer))


def is_white_run(properties: Any) -> bool:
    """Whether a run's own properties paint its letters white; what it inherits is not asked."""
    fill = properties.find("{*}solidFill") if properties is not None else None
    return fill is not None and _is_white_color(fill)


def _shapes(layer: Any) -> list[Any]:
    tree = layer.find("{*}cSld/{*}spTree")
    return [] if tree is None else list(tree)


def _is_plain(shape: Any) -> bool:
    tag = _name(shape)
    if tag in _OTHER_SHAPES:
        return False
    if tag != "sp":
        return True  # what the tree says of itself
    if shape.find("{*}style") is not None:
        return False
    drawn = shape.find("{*}spPr")
    fills = [] if drawn is None else [each for each in drawn if _name(each) in _FILLS]
    return all(_name(each) == "solidFill" and _is_white_color(each) for each in fills)


def _is_white_fill(background: Any) -> bool:
    """A background's colour, told at once or by a reference to the scheme."""
    reference = background.find("{*}bgRef")
    fill = reference if reference is not None else background.find("{*}bgPr/{*}solidFill")
    return fill is not None and _is_white_color(fill)


def _is_white_color(fill: Any) -> bool:
    if len(fill) != 1 or len(fill[0]):  # a colour that is made darker or lighter
        return False
    kind, value = _name(fill[0]), fill[0].get("val", "")
    return (kind == "srgbClr" and is_white(value)) or (kind == "schemeClr" and value in _LIGHT)


def _has_light_scheme(master: Any) -> bool:
    """Whether the scheme's light colour is mapped to the background, and white."""
    mapped = master._element.find("{*}clrMap")
    if mapped is None or mapped.get("bg1") != "lt1":
        return False
    from lxml import etree

    themes = [part for part in master.part.rels.values() if part.reltype.endswith("/theme")]
    if len(themes) != 1:
        return False
    theme = etree.fromstring(themes[0].target_part.blob, etree.XMLParser(resolve_entities=False))
    light = theme.find(".//{*}clrScheme/{*}lt1/*")
    return light is not None and is_white(light.get("lastClr") or light.get("val", ""))


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
