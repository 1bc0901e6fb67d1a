"""Prompts by length and depth: tasks, cells, their price, their run."""
