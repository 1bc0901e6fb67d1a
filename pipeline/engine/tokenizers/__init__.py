"""Tokenizers and chat templates, without torch."""
