"""A work item's links stay with its story, as its key and author do: what it names, and under
which name; they are not words of the story."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.extract.extraction import extract
from pipeline.store.rows.extraction_text import locator_as_json, locator_from_json
from pipeline.stories import Story

WISH = "As a climber, I want to book a wall so that I can train."
JIRA_CSV = (
    "Issue key,Issue Type,Summary,Description,Parent id,Epic Link,Outward issue link (Blocks),"
    "Outward issue link (Blocks),Inward issue link (Cloners)\n"
    f'WALL-3,Story,Booking,"{WISH}",1001,WALL-1,WALL-4,WALL-5,\n'
)
AZURE_CSV = f'ID,Work Item Type,Title,Parent,Description\n31,User Story,Booking,12,"{WISH}"\n'
JIRA_REST = {
    "issues": [
        {
            "key": "WALL-3",
            "fields": {
                "issuetype": {"name": "Story"},
                "summary": "Booking",
                "description": WISH,
                "parent": {"key": "WALL-1", "fields": {"summary": "Walls"}},
                "issuelinks": [
                    {
                        "id": "7",
                        "type": {"name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
                        "outwardIssue": {
                            "key": "WALL-4",
                            "fields": {"summary": "As a coach, I want to see bookings."},
                        },
                    },
                    {"type": {"name": "Relates"}, "inwardIssue": {"key": "WALL-9"}},
                ],
            },
        }
    ]
}
_API = "https://dev.example/_apis/wit/workItems"
AZURE_REST = {
    "value": [
        {
            "id": 31,
            "fields": {
                "System.WorkItemType": "User Story",
                "System.Title": "Booking",
                "System.Parent": 12,
                "System.Description": WISH,
            },
            "relations": [
                {
                    "rel": "System.LinkTypes.Hierarchy-Reverse",
                    "url": f"{_API}/12",
                    "attributes": {"isLocked": False, "name": "Parent"},
                },
                {"rel": "System.LinkTypes.Related", "url": f"{_API}/40", "attributes": {"id": 8}},
                {"rel": "AttachedFile", "url": "https://dev.example/a.png", "attributes": {}},
            ],
        }
    ]
}
JIRA_RSS = (
    '<rss version="0.92"><channel><title>Jira</title><item><title>[WALL-3] Booking</title>'
    '<link>https://climb.example/browse/WALL-3</link><key id="9">WALL-3</key>'
    '<summary>Booking</summary><type id="10001" iconUrl="s.svg">Story</type>'
    f'<status id="1">Open</status><description>&lt;p&gt;{WISH}&lt;/p&gt;</description>'
    '<parent id="8">WALL-1</parent><issuelinks><issuelinktype id="1"><name>Blocks</name>'
    '<outwardlinks description="blocks"><issuelink><issuekey id="3">WALL-4</issuekey></issuelink>'
    '<issuelink><issuekey id="4">WALL-5</issuekey></issuelink></outwardlinks></issuelinktype>'
    '<issuelinktype id="2"><name>Relates</name><inwardlinks description="relates to"><issuelink>'
    '<issuekey id="5">WALL-9</issuekey></issuelink></inwardlinks></issuelinktype></issuelinks>'
    '<subtasks><subtask id="6">WALL-7</subtask></subtasks></item></channel></rss>'
)
CASES = {
    "jira.csv": (
        JIRA_CSV,
        (
            "Parent id: 1001",
            "Epic Link: WALL-1",
            "Outward issue link (Blocks): WALL-4",
            "Outward issue link (Blocks): WALL-5",
        ),
    ),
    "azure.csv": (AZURE_CSV, ("Parent: 12",)),
    "jira.json": (
        json.dumps(JIRA_REST),
        (
            "Parent: WALL-1",
            "Outward issue link (Blocks): WALL-4",
            "Inward issue link (Relates): WALL-9",
        ),
    ),
    "jira.xml": (
        JIRA_RSS,
        (
            "parent: WALL-1",
            "Outward issue link (Blocks): WALL-4",
            "Outward issue link (Blocks): WALL-5",
            "Inward issue link (Relates): WALL-9",
            "subtasks: WALL-7",
        ),
    ),
    "azure.json": (
        json.dumps(AZURE_REST),
        ("System.Parent: 12", f"Parent: {_API}/12", f"Linked work item: {_API}/40"),
    ),
    "plain.csv": (f'Key,Story,Status\nA-1,"{WISH}",open\n', ()),
}


def story_of(name: str, folder: Path) -> Story:
    (folder / name).write_text(CASES[name][0], encoding="utf-8")
    (extraction,) = extract([folder / name])
    (story,) = extraction.stories
    return story


@pytest.mark.parametrize("name", CASES)
def test_links_of_a_work_item_are_its_storys(name: str, tmp_path: Path) -> None:
    story = story_of(name, tmp_path)
    assert story.source.locator.links == CASES[name][1]
    assert not any(link.rpartition(" ")[2] in story.text for link in CASES[name][1])
    assert locator_from_json(locator_as_json(story.source.locator)) == story.source.locator
