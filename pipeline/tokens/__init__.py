"""How many tokens a request has for a model, before anything is sent."""
