"""Certificates: issuing, rendering, verifying, exporting."""
