"""Persistence behind the ports: commands, ledger, outbox, audit; no decision about their content."""
