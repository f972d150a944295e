"""The provisioner: what a product team models once becomes a Pulumi stack per application, environment and tenant.

`models` is what people write, `components` makes one thing each, `assembly` puts a stack together from both, `chart` is
the one Helm chart that all services use.
"""
