"""What makes a judge out of a base model: pairs by code, memory and hours by formula, a card."""
