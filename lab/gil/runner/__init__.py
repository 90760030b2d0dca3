"""What a real interpreter runs, by path and with nothing installed."""
