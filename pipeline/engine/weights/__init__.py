"""Where weights lie, and which bytes they are. Needs no torch."""
