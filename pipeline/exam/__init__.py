"""The exam of a judge: labelled pairs are asked about as a merge asks; what is found becomes the
judge's record.

    questions   labelled pairs as stories, drawn ones looked up in their documents
    job         the run: planned, priced, journalled and resumed as a merge is
    windows     whole scenes in windows of several sizes, and the run that asks about them
    by_code     judges that no model stands behind
    price       what an exam would cost
"""
