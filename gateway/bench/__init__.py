"""`dergate bench`: CPU ratios against a named baseline in one run; it decides and serves nothing."""
