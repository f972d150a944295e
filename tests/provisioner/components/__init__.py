"""The components: small programs of them, run by the real capture and judged by all rules."""
