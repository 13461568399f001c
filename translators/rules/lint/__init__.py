"""Lint: what is wrong in rules that load, each finding with its place and a suggestion."""
