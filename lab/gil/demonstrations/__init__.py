"""Small programs that any interpreter runs by path, with nothing installed; what they print is shown."""
