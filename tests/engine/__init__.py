"""What a run of the real Pulumi engine needs: the CLI, a language host, test providers, and a way to call them."""
