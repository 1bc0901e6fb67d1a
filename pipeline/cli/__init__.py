"""The command line: one file a group of commands, its options, and what a person sees of them."""
