"""OpenADR 3.0.1 and 3.1: events as VTNs serve them, to canonical commands."""
