"""From prompts to texts and likelihoods."""
