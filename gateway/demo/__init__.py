"""`dergate demo`: the main job on loopback, each step judged by its own arithmetic; no product code."""
