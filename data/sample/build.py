"""Build the sample's binary documents (XLSX, DOCX, PDF) from the text in this script.

Run it from anywhere: ``python data/sample/build.py [FOLDER]``. Nothing needs it at run time; the
built files are committed beside it. The same text gives the same bytes on any machine: dates are
fixed and nothing is compressed, because two versions of zlib may pack the same text differently.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from datetime import datetime
from pathlib import Path

# --- payments-and-reports.xlsx ---------------------------------------------------------------

PAYMENTS_AUTHOR, PAYMENTS_DATE = "Yusuf Demir", datetime(2026, 1, 15, 20, 30)
COLUMNS = ("ID", "As a", "I want", "So that", "Acceptance criteria")

PAYMENTS = """
ID: PAY-01
As a: member
I want: to pay my annual membership by direct debit
So that: I do not have to remember the date

ID: PAY-02
As a: member
I want: to get my deposit back automatically when a tool is returned
So that: I do not have to ask for it

ID: PAY-03
As a: treasurer
I want: to charge a late fee of 1 euro for each day that a tool is overdue
So that: tools come back in time

ID: PAY-04
As a: coordinator
I want: only coordinators to be allowed to waive a late fee
So that: all members are treated alike

ID: PAY-05
As a: treasurer
I want: every membership year to begin on 1 January
So that: the membership year matches the accounts

ID: PAY-06
As a: treasurer
I want: to see which deposits have not been paid
So that: I can write to the people concerned

ID: PAY-07
As a: treasurer
I want: to see which membership fees have not been paid
So that: I can write to the people concerned

ID: PAY-08
As a: treasurer
I want: a numbered receipt to be sent for every donation
So that: the books can be audited

ID: PAY-09
As a: supporter
I want: to give somebody a membership as a present
So that: they can try the library for a year

ID: PAY-10
As a: repair volunteer
I want: to order spare parts for a repair
So that: the branch gets its expenses back

ID: PAY-11
As a: member with little money
I want: to pay the membership fee in monthly instalments
So that: I can join before I have saved up
Acceptance criteria: there is no surcharge
  paying can be stopped at the end of any month
"""

REPORTS = """
ID: REP-01
As a: coordinator
I want: to see the number of successful repairs for each month
So that: I can report it to the city council

ID: REP-02
As a: treasurer
I want: to export the donations of a year as a spreadsheet
So that: I can hand them to the auditor in one file

ID: REP-03
As a: coordinator
I want: to export the member list as a CSV file
So that: I can work on it in a spreadsheet

ID: REP-04
As a: coordinator
I want: to see how many repairs each volunteer has done this year
So that: I can thank them properly

ID: REP-05
As a: coordinator
I want: a chart of loans by weekday
So that: I know how many people to ask for each evening

ID: REP-06
As a: coordinator
I want: a chart of repairs by weekday
So that: I know how many people to ask for each evening

ID: REP-07
As a: board member
I want: to see how many kilograms of waste our repairs have avoided
So that: we can apply for grants
Acceptance criteria: every kind of item has a typical weight
  the figure is called an estimate
"""

# --- privacy-and-access.docx -----------------------------------------------------------------

PRIVACY_AUTHOR, PRIVACY_DATE = "Bruno Keller", datetime(2026, 8, 21, 19, 5)

# One paragraph a blank line: "#" and "##" are headings, "-" is a bullet, "TABLE" is the table.
PRIVACY = """
# Privacy and access

The annual meeting asked me to write down what the network owes to the people whose data it
keeps, and to the people who cannot use its pages today. What follows is my list. It is not
legal advice, although a lawyer has read it and sighed only once.

Two things should be said first. Our branches grew up separately, and their lists did too; what
looks like carelessness from outside is mostly nine honest habits. And nobody here is paid to
look after this, so whatever we promise has to work without anybody remembering it.

## Personal data

As a former member, I want my personal data erased when I leave the network, so that nothing
about me stays behind.

As a member, I want to download everything that is stored about me, so that I can check
whether it is right.

Acceptance criteria:

- the file can be read by a person and by a program

- I have to sign in once more before the download starts

As a data protection officer, I want repair records deleted 24 months after the repair, so that
we keep no more than we need.

As a volunteer, I want no phone numbers on the shift page: they must not be visible to anybody
on the same shift, so that my private number stays private.

As a data protection officer, I want every branch to confirm once a year that it keeps no lists
of its own, so that a request can be answered from one place.

The lawyer's sigh was about the last point. She considers it certain that a list exists that none
of us knows about, and she would like to be wrong.

## Security

As a network administrator, I want staff accounts to need a second factor at sign-in, so that a
stolen password is not enough.

As a network administrator, I want to see who has looked at a member's record, so that misuse
comes to light.

## Access for everybody

We tested the pages with five people in July. Each row below comes from one of them. The videos
were new to most: few had known that the network makes any.

What the five had in common was patience. All of them had learnt their way around our mistakes,
and two of them had drawn a map of it for friends. A page that needs such a map is broken, even
if nobody complains.

TABLE
"""

ACCESS = """
As a: screen reader user
I want: every form field to have a spoken label
So that: I can join without asking for help

As a: member with poor eyesight
I want: to zoom the text to 200 % without losing any of the page
So that: I can read everything

As a: member who cannot use a mouse
I want: to reach every control with the keyboard
So that: I can manage my loans on my own
Acceptance criteria: it is always visible which control has the focus
  the order of the controls follows the order of the text

As a: deaf visitor
I want: captions on the repair videos
So that: I can follow them without help

As a: member who reads slowly
I want: every rule to be explained in plain language
So that: I understand what I sign
"""

# --- support-memo.pdf ------------------------------------------------------------------------

MEMO_AUTHOR, MEMO_DATE = "Nadia Brunetti", datetime(2026, 10, 9, 8, 40)

# One paragraph a blank line: "#" and "##" are headings, "-" is a bullet.
MEMO = """
# Support memo: what people write to us about

From: Nadia Brunetti, member support. To: everybody who works on Millrace. Date: 2026-10-09.

Between July and September 412 messages reached the support address. I have read all of them
again and turned those that came up more than five times into wishes. The order is that of
frequency, more or less. Complaints about the weather on repair evenings have been left out.

## Loans

Behind most of these stands one sentence that I have read in forty versions: nobody told me. It
is rarely true, since the rules hang in every branch, but they hang behind the counter, at the
height of a volunteer's head.

As a member, I need to be able to prolong a loan on my mobile phone, so that I can finish the job
without another trip to the library.

As a member, I want to keep a borrowed tool for 14 days, so that I can finish a job at my own
pace.

As a member, I want to report that a tool is damaged, so that nobody thinks that I broke it.

As a support agent, I want to merge two accounts of the same member, so that their history stays
together.

## Money

Money is where the tone gets sharper. Most people do not mind the amount; they mind finding out
late. The answers we give today depend on who is on duty, and that is unfair to both sides.

As a coordinator, I want any desk volunteer to be allowed to waive a late fee, so that all members
are treated alike at every counter.

As a member, I want to pay my annual membership by direct debit, so that I do not have to remember
the date.

As a member, I want to get my deposit back automatically when a tool is returned, so that the
volunteers at the counter handle no cash.

As a supporter of the network, I want to buy a membership as a gift for somebody, so that they can
try out the library for a year.

As a treasurer, I want a numbered receipt to be sent for every late fee, so that the books can be
audited.

## Repairs

People who bring us something broken are the kindest correspondents by far. They apologise for
the toaster. Most of what they ask could be read on the page of the branch, if the page of the
branch were not the third result that a search finds.

As a visitor, I want to be able to cancel a repair appointment through the website, so that the
slot goes to somebody else.

As a coordinator, I want visitors to book a repair without registering: an account must not be
required, so that nobody is turned away.

## Accounts

As an ex-member, I want you to delete my personal data when I have left the network, so that you
keep nothing about me.

As a member, I want to change my e-mail address myself, so that your messages still reach me.

As a member, I want to change my postal address myself, so that your messages still reach me.

As a support agent, I want to see which messages a member has received from us, so that I can
answer questions without guessing.

Acceptance criteria:

- messages of the last twelve months are listed, newest first

- the text is shown as the member saw it

## A last remark

Thirty-one messages only said thank you. I have answered those first. Please remember, when you
plan the winter, that the address is looked after by two people, and that one of them will be
away from the middle of November.
"""

EPOCH = (1980, 1, 1, 0, 0, 0)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of ``text``, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip())]


def records(text: str) -> list[dict[str, str]]:
    """Blocks of "Column: value" lines; an indented line continues the value on a line below."""
    rows = []
    for block in re.split(r"\n\s*\n", text.strip()):
        row: dict[str, str] = {}
        column = ""
        for line in block.splitlines():
            if line.startswith(" "):
                row[column] += "\n" + line.strip()
            else:
                column, value = line.split(": ", 1)
                row[column] = value
        rows.append(row)
    return rows


def freeze(package: bytes, modified: datetime) -> bytes:
    """The same Office package with fixed times and no compression."""
    stamp = modified.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system = 3  # the same on Windows and Unix
            new.writestr(member, content)
    return out.getvalue()


def build_xlsx() -> bytes:
    """Two sheets; on the first the header stands in row 4, below a title."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.properties.creator = book.properties.lastModifiedBy = PAYMENTS_AUTHOR
    book.properties.created = PAYMENTS_DATE
    book.properties.title = "Payments and reports"
    payments = book.active
    payments.title = "Payments"
    payments.append(["Millrace: wishes about money"])
    payments.append(["Collected by the treasurer; amounts are proposals until the board meets"])
    payments.append([])
    reports = book.create_sheet("Reports")
    for sheet, text in ((payments, PAYMENTS), (reports, REPORTS)):
        sheet.append(COLUMNS)
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)
        for record in records(text):
            sheet.append([record.get(column) for column in COLUMNS])
        for letter, width in zip("ABCDE", (9, 24, 52, 44, 44), strict=True):
            sheet.column_dimensions[letter].width = width
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    out = io.BytesIO()
    book.save(out)
    return freeze(out.getvalue(), PAYMENTS_DATE)


def build_docx() -> bytes:
    """Headings, paragraphs, bullets, and a table of stories at the end."""
    from docx import Document
    from docx.oxml.ns import qn

    document = Document()
    properties = document.core_properties
    properties.author = properties.last_modified_by = PRIVACY_AUTHOR
    properties.created = properties.modified = PRIVACY_DATE
    properties.title, properties.comments = "Privacy and access", ""
    for paragraph in paragraphs(PRIVACY):
        if paragraph == "TABLE":
            columns = COLUMNS[1:]
            table = document.add_table(rows=1, cols=len(columns), style="Table Grid")
            for cell, column in zip(table.rows[0].cells, columns, strict=True):
                cell.text = column
            for record in records(ACCESS):
                for cell, column in zip(table.add_row().cells, columns, strict=True):
                    cell.text = record.get(column, "")
        elif paragraph.startswith("#"):
            marks, title = paragraph.split(" ", 1)
            document.add_heading(title, level=len(marks))
        elif paragraph.startswith("- "):
            document.add_paragraph(paragraph[2:], style="List Bullet")
        else:
            document.add_paragraph(paragraph)
    # The template's hundred table styles, and the same again "with effects", are 700 kB of nothing.
    for style in list(document.styles.element):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:styleId")) != "TableGrid":
            document.styles.element.remove(style)
    for number, link in list(document.part.rels.items()):
        if link.reltype.endswith("/stylesWithEffects"):
            del document.part.rels[number]
    out = io.BytesIO()
    document.save(out)
    return freeze(out.getvalue(), PRIVACY_DATE)


def build_pdf() -> bytes:
    """A memo with a real text layer and a footer on every page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import BaseDocTemplate, Frame, KeepTogether, PageTemplate, Paragraph

    def footer(canvas, template) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 40, f"Millrace member support, internal memo, page {template.page}")

    styles = getSampleStyleSheet()
    sections: list[list[Paragraph]] = []
    for paragraph in paragraphs(MEMO):
        if paragraph.startswith("#"):
            marks, text = paragraph.split(" ", 1)
            sections.append([Paragraph(text, styles[f"Heading{len(marks)}"])])
        elif paragraph.startswith("- "):
            bullet = Paragraph(paragraph[2:], styles["BodyText"], bulletText="\N{BULLET}")
            sections[-1].append(bullet)
        else:
            sections[-1].append(Paragraph(paragraph, styles["BodyText"]))
    out = io.BytesIO()
    template = BaseDocTemplate(
        out,
        pagesize=A4,
        invariant=1,
        pageCompression=0,
        title="Support memo",
        author=MEMO_AUTHOR,
        subject="What people write to us about",
    )
    frame = Frame(72, 72, A4[0] - 144, A4[1] - 144, id="text")
    template.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=footer))
    template.build([KeepTogether(section) for section in sections])
    # Reproducible PDFs of reportlab are dated 2000-01-01; as many digits keep every offset.
    return out.getvalue().replace(b"20000101000000", MEMO_DATE.strftime("%Y%m%d%H%M%S").encode())


BUILDERS = {
    "payments-and-reports.xlsx": build_xlsx,
    "privacy-and-access.docx": build_docx,
    "support-memo.pdf": build_pdf,
}


def build(folder: Path) -> None:
    """Write the binary documents into ``folder``."""
    for name, builder in BUILDERS.items():
        (folder / name).write_bytes(builder())


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
