"""Decisions, sans-I/O: `(state, event, now) -> effects`; nothing here asks for the time or opens anything."""
