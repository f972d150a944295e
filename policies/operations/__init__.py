"""Logs, backups, availability, hardening, inventory."""
