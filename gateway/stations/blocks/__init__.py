"""OCPP functional blocks, one file each; none knows another."""
