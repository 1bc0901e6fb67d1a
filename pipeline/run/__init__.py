"""A run from paths to document: read, plan, price, send, conclude, write."""
