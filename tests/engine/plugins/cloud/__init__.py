"""The test AWS provider's resources where it is given endpoints: they live in the cloud there, by boto3.

A module for each service, as `provisioner/sync/live` has them, and one table of what each type calls (`table`). Where
AWS settles something by itself that moto does not, it is set as AWS would. Without endpoints nothing of this is used.
"""
