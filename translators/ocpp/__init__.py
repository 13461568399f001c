"""OCPP 2.1 and 2.0.1 payloads in and out, with literal keys; no session, no socket."""
