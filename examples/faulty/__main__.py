"""Checkout of one tenant in one environment: every module declares its part when it is imported."""

import pulumi

import cluster
import database
import storage
import workload

pulumi.export("cluster", cluster.cluster.name)
pulumi.export("database", database.cluster.endpoint)
pulumi.export("receipts", storage.receipts.bucket)
pulumi.export("service", workload.service.metadata.name)
