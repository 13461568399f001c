"""IEC 61850-7-420: values of logical nodes to canonical commands, canonical facts to attributes."""
