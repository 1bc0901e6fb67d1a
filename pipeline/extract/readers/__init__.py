"""Bytes to text and blocks: one file a format, each named in the table of :mod:`.reader_registry`.

registry     which format a file is, and who reads it; reading: what every reader gives back
plain        prose, Gherkin and CSV as they are stored; bundles: an archive's members
decoding     bytes -> text; frontmatter: the YAML head, author and date lines
markup       text, Markdown, Obsidian, RST, wiki-marked cells -> blocks; asciidoc; wiki
gherkin      features in every dialect, valid or not
tables       rows, their header, what columns and fields are called; regions: several on a sheet
delimited    CSV, TSV; records: JSON; yaml_records, xml_records over ``objects`` and ``row_store``
workbook     XLSX (workbook_parts, number_formats, far_cells); biff: XLS and ODS
word         DOCX (word_styles); opendocument; rtf; slides (slide_colours)
web          HTML (web_marks, web_runs, web_styles); mail; confluence, confluence_space; trello
pdf          a page's words, order, tables, fields and notes (pdf_*)
builder      a text put together block by block; archive: zip bombs, locks; xml_parsing
leftout      what the author struck out or hid; strikes: by marks in the text
condensing   what keeps to the limits where a file has a hundred thousand rows
"""
