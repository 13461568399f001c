"""All that touches a socket, a clock or a disk; what a document means lives in `translators`."""
