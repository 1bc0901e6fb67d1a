"""Atlassian's document format (a tree of nodes in JSON) to lines with Markdown's marks."""

from __future__ import annotations

import json
from typing import Any

_DEEPEST = 60


def read_atlassian(raw: str) -> str | None:
    """The text of a document's JSON, None when it is none."""
    try:
        root = json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(root, dict) or root.get("type") != "doc":
        return None
    lines: list[str] = []
    _write_blocks(root, lines, "", 0)
    return "\n".join(lines).strip()


def _write_blocks(node: dict[str, Any], lines: list[str], lead: str, depth: int) -> None:
    """A block node's children as lines; ``lead`` stands before the first line of each."""
    if depth > _DEEPEST:
        return
    for child in _children(node):
        kind = child.get("type", "")
        if kind == "heading":
            level = child.get("attrs", {}).get("level", 3)
            lines += ["", f"{'#' * min(max(int(level), 1), 6)} {_inline(child)}", ""]
        elif kind in ("bulletList", "orderedList", "taskList", "decisionList"):
            _write_list(child, lines, lead, depth + 1)
        elif kind == "codeBlock":
            lines += ["", "```", _inline(child), "```", ""]
        elif kind == "table":
            lines.append("")
            for number, row in enumerate(_children(child)):
                cells = [_cell(cell) for cell in _children(row)]
                lines.append(f"| {' | '.join(cells)} |")
                if number == 0:
                    lines.append("|" + "---|" * len(cells))
            lines.append("")
        elif kind == "rule":
            lines += ["", "----", ""]
        elif kind in ("paragraph", "caption"):
            lines += [f"{lead}{_inline(child)}", ""] if not lead else [f"{lead}{_inline(child)}"]
        else:  # panels, quotes, expands, layouts
            if title := child.get("attrs", {}).get("title"):
                lines += ["", str(title), ""]
            _write_blocks(child, lines, lead, depth + 1)


def _write_list(node: dict[str, Any], lines: list[str], lead: str, depth: int) -> None:
    indent = " " * len(lead)
    for item in _children(node):
        kind = item.get("type", "")
        if kind in ("bulletList", "orderedList", "taskList") and depth < _DEEPEST:
            _write_list(item, lines, f"{indent}- ", depth + 1)
            continue
        if kind in ("taskItem", "decisionItem"):
            lines.append(f"{indent}- {_inline(item)}")
            continue
        first = True
        for child in _children(item):
            if child.get("type") in ("bulletList", "orderedList", "taskList") and depth < _DEEPEST:
                _write_list(child, lines, f"{indent}- ", depth + 1)
            else:
                lines.append(f"{indent}{'- ' if first else '  '}{_inline(child)}")
                first = False
    if not indent:
        lines.append("")


def _cell(node: dict[str, Any]) -> str:
    return " ".join(_inline(child) for child in _children(node)).replace("|", "\\|")


def _inline(node: dict[str, Any], depth: int = 0) -> str:
    """The words of a node and of all in it."""
    if depth > _DEEPEST:
        return ""
    kind = node.get("type")
    attributes = node.get("attrs") or {}
    if kind == "text":
        words = str(node.get("text", ""))
        for mark in node.get("marks") or ():
            if isinstance(mark, dict) and mark.get("type") == "link":
                link = str((mark.get("attrs") or {}).get("href", ""))
                if link and link not in words:
                    words = f"{words} ({link})"
        return words
    if kind == "hardBreak":
        return "\n"
    if kind in ("mention", "emoji", "status", "date"):
        return str(attributes.get("text") or attributes.get("shortName") or "")
    if kind in ("inlineCard", "blockCard"):
        return str(attributes.get("url") or "")
    return "".join(_inline(child, depth + 1) for child in _children(node))


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    inside = node.get("content")
    return (
        [child for child in inside if isinstance(child, dict)] if isinstance(inside, list) else []
    )
