"""What the Pulumi engine starts: `python -u -m pulumi.policy ENGINE_ADDRESS policies`."""

from lychgate.policies.pack import serve

serve()
