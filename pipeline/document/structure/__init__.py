"""What a document says and in which order, whatever its form."""
