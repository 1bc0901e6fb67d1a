# ruff: noqa: E501 (documents as they stand)
"""Exports of trackers and wikis: Jira, Azure DevOps, Trello, GitHub, GitLab, Notion, Confluence."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.extract.documents.cases import Case, Told, text

CLIMB = Told("climber", "book a wall", "I can train")
_CLIMB = "As a climber, I want to book a wall so that I can train."


def exported(value: object) -> Callable[[], bytes]:
    return lambda: json.dumps(value, indent=1).encode()


def adf(*nodes: object) -> dict[str, object]:
    """A description in Atlassian's document format."""
    return {"type": "doc", "version": 1, "content": list(nodes)}


def para(*words: str | dict[str, object]) -> dict[str, object]:
    runs = [{"type": "text", "text": w} if isinstance(w, str) else w for w in words]
    return {"type": "paragraph", "content": runs}


def struck(words: str) -> dict[str, object]:
    return {"type": "text", "text": words, "marks": [{"type": "strike"}]}


def bullets(*words: str) -> dict[str, object]:
    return {
        "type": "bulletList",
        "content": [{"type": "listItem", "content": [para(w)]} for w in words],
    }


def jira(description: object, **fields: object) -> dict[str, object]:
    named = {
        "issuetype": {"name": "Story"},
        "summary": "Booking",
        "description": description,
        "reporter": {"displayName": "Ann Wu"},
        "created": "2025-02-03T10:00:00.000+0100",
    }
    return {"issues": [{"key": "WALL-3", "fields": named | fields}]}


_WIKI = (
    "Summary,Issue key,Issue Type,Description\n"
    '"Booking",WALL-3,Story,"h2. Story\n*As a* +climber+, *I want to* book a wall\\\\ so that '
    "{color:#ff0000}I can train{color}.\n{quote}Walls are scarce.{quote}\n||Day||Walls||\n|Monday|4|\n"
    "h3. Acceptance criteria\n* -by phone-\n* by {{app}}, see [the rules|https://climb.example/r]\n"
    '# asks [~ann]\n!wall.png|thumbnail!"\n'
)
_SEVERAL = (
    "Issue key,Issue Type,Summary,Description\n"
    f'WALL-4,Story,Two wishes,"{_CLIMB}\n\nAs a coach, I want to see bookings."\n'
    'WALL-5,Story,First criteria,"*Acceptance criteria*\n* for an hour\n* with a friend\n\n'
    f'*Story*\n{_CLIMB}"\n'
)
_RSS = (
    '<?xml version="1.0"?><rss version="0.92"><channel><title>Jira</title><item><title>[WALL-3] '
    'Booking</title><link>https://climb.example/browse/WALL-3</link><key id="9">WALL-3</key>'
    '<summary>Booking</summary><type>Story</type><reporter username="ann">Ann Wu</reporter>'
    "<created>Mon, 3 Feb 2025 10:00:00 +0100</created><description>&lt;p&gt;As a climber, I want "
    "to book a wall so that I can train.&lt;/p&gt;&lt;ul&gt;&lt;li&gt;for an hour&lt;/li&gt;&lt;li"
    "&gt;&lt;del&gt;for a day&lt;/del&gt;&lt;/li&gt;&lt;/ul&gt;</description></item></channel></rss>"
)
_AS_XLS = (
    "<html><body><table id='issuetable'><tr><th>Key</th><th>Issue Type</th><th>Summary</th>"
    f"<th>Description</th></tr><tr><td>WALL-3</td><td>Story</td><td>Booking</td><td>{_CLIMB}"
    "<br/>* for an hour</td></tr></table></body></html>"
)
_AZURE_CSV = (
    "ID,Work Item Type,Title,State,Tags,Description,Acceptance Criteria\n"
    '31,User Story,"Booking &amp; paying",New,a,"<div>As a climber, I&nbsp;want to book a wall so '
    'that I can train.</div>","<ol><li>&lt; 2 s</li><li>for <s>two</s> one hour</li></ol>"\n'
    '32,User Story,"As a coach, I want R&amp;D walls",New,b,,\n'
)
_AZURE = {
    "count": 2,
    "value": [
        {
            "id": 31,
            "rev": 2,
            "fields": {
                "System.WorkItemType": "User Story",
                "System.Title": "Booking",
                "System.CreatedBy": {"displayName": "Ann Wu"},
                "System.CreatedDate": "2025-02-03T10:00:00Z",
                "System.Description": f"<div>{_CLIMB}</div>",
                "Microsoft.VSTS.Common.AcceptanceCriteria": "<ul><li>for an hour</li><li>5 &euro;</li></ul>",
            },
            "url": "https://dev.example/31",
        },
        {
            "id": 32,
            "fields": {
                "System.WorkItemType": "Bug",
                "System.Title": "Broken hold",
                "System.Description": "As a climber I fell.",
            },
        },
    ],
}
_TRELLO = {
    "id": "b1",
    "name": "Walls",
    "desc": "",
    "cards": [
        {
            "id": "c1",
            "idShort": 7,
            "name": _CLIMB,
            "desc": "Walls are scarce.",
            "closed": False,
            "idChecklists": ["k1"],
            "shortUrl": "https://t.example/c1",
            "labels": [{"name": "story"}],
        },
        {
            "id": "c2",
            "idShort": 8,
            "name": "Coach",
            "desc": "As a coach, I want to see bookings.\n\n**Acceptance criteria**\n- by day",
            "closed": True,
        },
    ],
    "checklists": [
        {
            "id": "k1",
            "idCard": "c1",
            "name": "Acceptance criteria",
            "checkItems": [
                {"name": "by week", "pos": 2, "state": "complete"},
                {"name": "for an hour", "pos": 1, "state": "incomplete"},
            ],
        }
    ],
    "actions": [
        {
            "type": "commentCard",
            "data": {"text": "As a judge, I want rules.", "card": {"name": _CLIMB}},
        }
    ],
    "lists": [{"id": "l1", "name": "As a list, I want cards"}],
}
_TRELLO_CSV = (
    "Card ID,Card Name,Card URL,Card Description,Labels,Checklists,Archived\n"
    f'c1,Booking,https://t.example/c1,"{_CLIMB}",,,false\n'
)
_GITHUB = [
    {
        "number": 12,
        "title": "Booking",
        "state": "open",
        "user": {"login": "ann"},
        "created_at": "2025-02-03T10:00:00Z",
        "body": f"{_CLIMB}\n\n### Acceptance criteria\n\n"
        "- [ ] for an hour\n- [x] with a friend\n- [ ] ~~for a day~~",
        "labels": [{"name": "story"}],
        "pull_request": None,
        "milestone": {"title": "As a milestone, I want to be met"},
    },
    {"number": 13, "title": "As a coach, I want to see bookings", "body": None},
]
_GITLAB = [
    {
        "id": 900,
        "iid": 4,
        "title": "Booking",
        "description": f"{_CLIMB}\n\n* [ ] for an hour",
        "author": {"name": "Ann Wu"},
        "created_at": "2025-02-03T10:00:00.000Z",
        "task_completion_status": {"count": 1, "completed_count": 0},
    },
]
_NOTION_CSV = (
    "\ufeffName,Status,Story,Acceptance criteria\nBooking,Doing,"
    f'"{_CLIMB}","for an hour\nwith a friend"\n'
)
_NOTION_MD = (
    "# Booking\n\nStatus: Doing\nOwner: Ann Wu\nTags: walls, story\n\n"
    f"{_CLIMB}\n\n- [ ]  for an hour\n- [x]  with a friend\n\n<aside>\n💡 As a coach, I want to see "
    "bookings.\n\n</aside>\n"
)
_STORAGE = (
    '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Walls are scarce.</p>'
    "</ac:rich-text-body></ac:structured-macro><h2>Story 1: Booking</h2>"
    f"<p>{_CLIMB}</p><p>Acceptance criteria:</p><ac:task-list><ac:task><ac:task-id>1</ac:task-id>"
    "<ac:task-status>incomplete</ac:task-status><ac:task-body>for an hour</ac:task-body></ac:task>"
    "<ac:task><ac:task-id>2</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>"
    "<s>for a day</s></ac:task-body></ac:task></ac:task-list>"
    '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">java</ac:parameter>'
    "<ac:plain-text-body><![CDATA[if (a < b) { As a coder, I want code }]]></ac:plain-text-body>"
    '</ac:structured-macro><p>As a coach, I want <ac:link><ri:page ri:content-title="B"/>'
    "<ac:plain-text-link-body><![CDATA[bookings]]></ac:plain-text-link-body></ac:link>&nbsp;&ndash;"
    " all.</p>"
)
_CONFLUENCE_HTML = (
    '<html><head><title>Walls : Wishes</title></head><body class="theme-default aui-theme-default">'
    '<div id="page"><div id="main-content" class="wiki-content group"><h1>Wishes</h1>'
    f'<div class="confluence-information-macro"><p>{_CLIMB}</p></div>'
    '<div class="table-wrap"><table class="confluenceTable"><tbody><tr><th><p>As a</p></th><th>'
    "<p>I want</p></th></tr><tr><td><p>coach</p></td><td><p>bookings</p></td></tr></tbody></table>"
    "</div></div></div></body></html>"
)
#: What Confluence calls "export to Word".
MHTML = (
    "Date: Mon, 3 Feb 2025 10:00:00 +0100 (CET)\r\nMessage-ID: <1@climb>\r\nSubject: Exported From "
    'Confluence\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=_P"\r\n\r\n'
    "----=_P\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\nContent-Location: file:///C:/exported.html\r\n\r\n<html><body><h1>Wishes"
    "</h1><p>As a climber=2C I want to book a wall so =\r\nthat I can train=2E</p></body></html>\r\n"
    "----=_P\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K\r\n"
    "----=_P--\r\n"
)


def _page(number: int, title: str, body: str, *, status: str = "current", of: int = 0) -> str:
    """A page of a space and its body; ``of``: the page whose older version it is."""
    older = f'<property name="originalVersion" class="Page"><id name="id">{of}</id></property>'
    body = body.replace("]]>", "]]]]><![CDATA[>")
    return (
        f'<object class="Page" package="com.atlassian.confluence.pages"><id name="id">{number}</id>'
        f'<property name="title"><![CDATA[{title}]]></property>{older if of else ""}'
        f'<property name="contentStatus"><![CDATA[{status}]]></property></object>'
        f'<object class="BodyContent"><id name="id">{number}0</id><property name="body"><![CDATA['
        f'{body}]]></property><property name="content" class="Page"><id name="id">{number}</id>'
        '</property><property name="bodyType">2</property></object>'
    )


_SPACE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<hibernate-generic datetime="2025-02-03 10:00:00">'
    + _page(1, "Walls", f"<h2>Booking</h2><p>{_CLIMB}</p><ul><li>for an hour</li></ul>")
    + _page(2, "Walls", "<p>As a ghost, I want to book for a year.</p>", of=1)
    + _page(3, "Ropes", "<p>As a ghost, I want to haunt ropes.</p>", status="draft")
    + _page(
        4,
        "Coaching",
        '<ac:structured-macro ac:name="info"><ac:rich-text-body><p>As a coach, I want bookings.</p>'
        '</ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="code">'
        "<ac:plain-text-body><![CDATA[book()]]></ac:plain-text-body></ac:structured-macro>",
    )
    + '<object class="Comment"><id name="id">9</id><property name="contentStatus">current</property>'
    '</object><object class="BodyContent"><id name="id">90</id><property name="body"><![CDATA['
    '<p>As a ghost, I want to comment.</p>]]></property><property name="content" class="Comment">'
    '<id name="id">9</id></property></object></hibernate-generic>'
)

CASES = (
    Case(
        "jira-wiki.csv",
        text(_WIKI),
        (
            CLIMB._replace(
                criteria=("by app, see the rules (https://climb.example/r)", "asks @ann"),
                key="WALL-3",
            ),
        ),
        absent=("{", "+climber+", "\\\\", "||"),
        said=("struck",),
    ),
    Case(
        "jira-several.csv",
        text(_SEVERAL),
        (
            CLIMB._replace(key="WALL-4"),
            Told("coach", "see bookings", key="WALL-4"),
            CLIMB._replace(criteria=("for an hour", "with a friend"), key="WALL-5"),
        ),
    ),
    Case(
        "jira-v2.json",
        exported(
            jira(
                "*As a* climber, I want to book a wall\\\\ so that I can train.\n\n* for an hour\n"
            )
        ),
        (CLIMB._replace(criteria=("for an hour",), key="WALL-3"),),
    ),
    Case(
        "jira-adf.json",
        exported(
            jira(
                adf(
                    para(
                        "As a climber, I want to book ",
                        struck("two walls"),
                        "a wall so that I can train.",
                    ),
                    {
                        "type": "heading",
                        "attrs": {"level": 3},
                        "content": [{"type": "text", "text": "Acceptance criteria"}],
                    },
                    bullets("for an hour", "with a friend"),
                )
            )
        ),
        (CLIMB._replace(criteria=("for an hour", "with a friend"), key="WALL-3"),),
        said=("struck",),
        kept=("two walls",),
    ),
    Case(
        "jira.xml",
        text(_RSS),
        (CLIMB._replace(criteria=("for an hour",), key="WALL-3"),),
        said=("struck",),
        kept=("for a day",),
    ),
    Case(
        "jira-export.xls", text(_AS_XLS), (CLIMB._replace(criteria=("for an hour",), key="WALL-3"),)
    ),
    Case(
        "azure.csv",
        text(_AZURE_CSV),
        (
            CLIMB._replace(criteria=("< 2 s", "for one hour"), key="31"),
            Told("coach", "R&D walls", key="32"),
        ),
        said=("struck",),
    ),
    Case(
        "azure.json", exported(_AZURE), (CLIMB._replace(criteria=("for an hour", "5 €"), key="31"),)
    ),
    Case(
        "trello.json",
        exported(_TRELLO),
        (
            CLIMB._replace(criteria=("for an hour", "by week"), key="7"),
            Told("coach", "see bookings", criteria=("by day",), key="8"),
        ),
        said=("archived",),
        absent=("judge",),
    ),
    Case("trello.csv", text(_TRELLO_CSV), (CLIMB._replace(key="c1"),)),
    Case(
        "github.json",
        exported(_GITHUB),
        (
            CLIMB._replace(criteria=("for an hour", "with a friend"), key="12"),
            Told("coach", "see bookings", key="13"),
        ),
        said=("struck",),
    ),
    Case("gitlab.json", exported(_GITLAB), (CLIMB._replace(criteria=("for an hour",), key="4"),)),
    Case(
        "notion.csv",
        text(_NOTION_CSV),
        (CLIMB._replace(criteria=("for an hour", "with a friend")),),
    ),
    Case(
        "notion.md",
        text(_NOTION_MD),
        (CLIMB._replace(criteria=("for an hour", "with a friend")), Told("coach", "see bookings")),
    ),
    Case(
        "confluence.xml",
        text(_STORAGE),
        (CLIMB._replace(criteria=("for an hour",)), Told("coach", "bookings – all")),
        said=("struck",),
        kept=("for a day",),
        absent=("coder",),
    ),
    Case(
        "entities.xml",
        text(_SPACE),
        (CLIMB._replace(criteria=("for an hour",)), Told("coach", "bookings")),
        said=("1 in older versions", "1 of status 'draft'", "1 comment"),
        kept=("to comment",),
        place="Coaching",
    ),
    Case("confluence.html", text(_CONFLUENCE_HTML), (CLIMB, Told("coach", "bookings"))),
    Case("confluence.doc", text(MHTML), (CLIMB,)),
)
