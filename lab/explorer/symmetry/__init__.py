"""States up to swapping threads that differ only in their number."""
