"""Thin drivers to the utilities, one per protocol; they decide nothing."""
