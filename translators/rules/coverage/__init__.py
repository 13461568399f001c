"""Coverage: every leaf of every source is read or let go with a reason, every target field sent or not."""
