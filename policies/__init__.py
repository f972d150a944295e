"""The policy pack and the rules, by layer and service."""
