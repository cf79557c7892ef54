"""What is new for a person: on a page, and in a summary by mail."""
