"""Many states at once: packed into words, looked up, stepped by tables, numbered, and the way to each of them."""
