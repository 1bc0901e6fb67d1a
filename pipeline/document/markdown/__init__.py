"""The Markdown edition, and the parts that the page shares with it."""
