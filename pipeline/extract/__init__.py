"""Documents in, stories out: ``corpus.extract(paths)`` is the way in. No language model is used.

corpus       paths -> extractions, one document at a time; cache, equal bytes joined
walk         which files are meant: folders, globs, exclusion
readers/     bytes -> Document: one file a format, in ``registry``
patterns     Document -> Extraction: which shapes are looked for where
stories/     blocks -> stories: one file a shape
overlooked   what looks like stories and was read as none
links        criteria in another document, joined by key
marks        what may not leave the machine, over ``properties`` beside the text
limits       time and memory a document may take; beside: in a process of its own
page/        what was read, on one page to look through
"""
