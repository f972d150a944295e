"""What a service means: a bucket with its companions, a role with all its policies, AWS's defaults applied."""
