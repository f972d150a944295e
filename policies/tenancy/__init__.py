"""Tenants and environments apart."""
