"""The commands of evals, their options, and what a person sees of them."""
