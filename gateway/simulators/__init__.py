"""Peers that ship with the product, written from the standards; they share no code with the gateway."""
