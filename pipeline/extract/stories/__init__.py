"""Blocks to stories: one file a shape.

sections     headed narratives, lists, paragraphs, over the tree of ``outline`` and its ``headings``
lists        lines and items that are stories by their place; requirements with "shall"
rows         a row a story; cells: what one cell says; story_tables: which tables, sideways ones
features     narratives and scenarios
units        sentences inside a block; leads: keys, titles and labels in front of them
phrases      one sentence -> role, goal, benefit; purposes: its parts; templates: other languages
assembly     the blocks of one story -> its fields; ``parse_story_text``
found        a found story -> Story with its id and source
"""
