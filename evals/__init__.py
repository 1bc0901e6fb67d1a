"""Evals: needles, canaries, fabrication, merge quality, perplexity, and the pages."""
