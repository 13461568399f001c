"""The `dergate` command: parses arguments, renders results; the work is done elsewhere."""
