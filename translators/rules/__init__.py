"""The mapping language: files, compiled form, and the trace each rule leaves; no protocol's documents."""
