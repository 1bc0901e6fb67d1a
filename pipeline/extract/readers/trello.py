"""A Trello board's JSON to row blocks: a card is a row, its checklists are its criteria.

Cards and their checklists stand far apart in the file, so the text is put together anew, card by
card; what was said and done on the board (``actions``) repeats old wordings and is left out.
"""

from __future__ import annotations

import json
from typing import Any

from pipeline.extract.readers.builder import TextBuilder


def read_board(text: str) -> TextBuilder | None:
    """The board's cards, None when the text is not a board's."""
    if '"cards"' not in text or ('"checklists"' not in text and '"lists"' not in text):
        return None
    try:
        board = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(board, dict) or not isinstance(board.get("cards"), list):
        return None
    cards = [card for card in board["cards"] if isinstance(card, dict)]
    if not any("desc" in card or "idList" in card or "idShort" in card for card in cards):
        return None
    builder = TextBuilder()
    builder.add(str(board.get("name") or "Board"), "heading", 1)
    lists = {each.get("id"): str(each.get("name", "")) for each in _dicts(board, "lists")}
    checklists = _dicts(board, "checklists")
    archived = 0
    for number, card in enumerate(cards, start=1):
        archived += bool(card.get("closed"))
        own = [each for each in checklists if each.get("idCard") == card.get("id")]
        cells = [
            ("key", str(card.get("idShort") or "")),
            ("title", str(card.get("name") or "")),
            ("description", str(card.get("desc") or "")),
            *(("acceptance criteria", item) for each in own for item in _items(each)),
            ("list", lists.get(card.get("idList"), "")),
            ("labels", ", ".join(str(each.get("name", "")) for each in _dicts(card, "labels"))),
            ("url", str(card.get("shortUrl") or card.get("url") or "")),
            ("updated", str(card.get("dateLastActivity") or "")),
        ]
        builder.add_record(number, cells)
    if archived:
        builder.remarks.append(f"{archived} archived card{'s' * (archived != 1)} read, too")
    said = [each for each in _dicts(board, "actions") if each.get("type") == "commentCard"]
    if said:
        builder.remarks.append(f"{len(said)} comment{'s' * (len(said) != 1)} on cards not read")
    return builder


def _dicts(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = holder.get(name)
    return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []


def _items(checklist: dict[str, Any]) -> list[str]:
    """A checklist's items in the order in which they are shown."""
    items = _dicts(checklist, "checkItems")
    items.sort(key=lambda item: item["pos"] if isinstance(item.get("pos"), (int, float)) else 0)
    return [str(item["name"]) for item in items if item.get("name")]
