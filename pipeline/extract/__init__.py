"""Documents in, stories out: ``corpus.extract(paths)`` is the way in. No language model is used.

corpus       paths -> extractions, one document at a time; cache, equal bytes joined
walk         which files are meant: folders, globs, exclusion
readers      one file -> Document: which format, who reads it, what is wrong with it
  decoding     bytes -> text, the encoding found or guessed
  mojibake     UTF-8 once read as Windows-1252: recognised, repaired on request
  frontmatter  the YAML head, author and date lines
  markup       text, Markdown, Obsidian, RST, wiki-marked cells -> blocks
  gherkin      features in every dialect, valid or not -> blocks
  tables       header and columns; delimited (CSV, TSV), records (JSON, JSON Lines)
  workbook     XLSX; biff: XLS; word: DOCX; web: HTML; pdf: PDF (archive: zip bombs, locks;
               builder: a text put together block by block)
patterns     Document -> Extraction: which shapes are looked for where
  sections     headed narratives, lists, paragraphs; outline: the tree of headings;
               units: sentences inside a block; hanging: what belongs to one;
               listed: items under "User stories" that are no sentence of one
  requirements shall-sentences under "Requirements"
  lists        plain text of one story a line
  rows         a row a story, three columns; cell_words: a cell's words without markup,
               cell_stories: stories told in one cell, criteria: a cell of them; sideways:
               vertical tables; wishes: which tables are of stories
  features     narratives and scenarios
  assembly     the blocks of one story -> its fields; ``parse_story_text``
  leads        keys, titles and labels in front of it; headings: what they announce
  phrases      one sentence -> role, goal, benefit; roles: whom a role names; templates: the
               sentence in other languages; labelled: "Role: … Goal: …"; sentences: where they end
  found        a found story -> Story with its id and source; escapes: what a format does to
               the text of a cell, undone
overlooked   what looks like stories and was read as none
links        criteria in another document, joined by key
page         what was read, on one page to look through (page_frame, page_moves, page_text)
"""
