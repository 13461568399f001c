"""The mapping language: its files, their compiled form, and the trace each rule leaves; no protocol's documents."""
