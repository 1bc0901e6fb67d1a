"""Attention: which kernel runs, packed texts, shared prefixes, the cache of keys and values."""
