"""TLS contexts, identities and the development PKI; no protocol."""
