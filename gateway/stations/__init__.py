"""Thin adapters to the charging stations: endpoint, transport, validation, session; no grid decision."""
