"""Pure translation between wire documents and the canonical DER model; no I/O, clock, global or logging."""
