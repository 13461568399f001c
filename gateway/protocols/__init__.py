"""Protocol sessions, sans-I/O: messages in, messages and deadlines out; no socket, task or lock."""
