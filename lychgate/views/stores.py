"""What data are kept in or pass through, whichever service it is."""

from __future__ import annotations

from lychgate.views.base import View
from lychgate.views.dynamodb import TABLES
from lychgate.views.rds import CLUSTERS, INSTANCES
from lychgate.views.s3 import BUCKETS
from lychgate.views.secretsmanager import SECRETS
from lychgate.views.sns import TOPICS
from lychgate.views.sqs import QUEUES
from lychgate.views.storage import FILE_SYSTEMS, VOLUMES

OTHERS = (
    "aws:s3/directoryBucket:DirectoryBucket",
    "aws:docdb/cluster:Cluster",
    "aws:neptune/cluster:Cluster",
    "aws:redshift/cluster:Cluster",
    "aws:elasticache/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:elasticache/serverlessCache:ServerlessCache",
    "aws:memorydb/cluster:Cluster",
    "aws:opensearch/domain:Domain",
    "aws:kinesis/stream:Stream",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
    "aws:msk/cluster:Cluster",
    "aws:mq/broker:Broker",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:fsx/ontapFileSystem:OntapFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem",
    "aws:backup/vault:Vault",
)


class DataStore(View):
    """What data are kept in or pass through."""

    types = BUCKETS + TABLES + CLUSTERS + INSTANCES + QUEUES + TOPICS + SECRETS + VOLUMES + FILE_SYSTEMS + OTHERS
    __slots__ = ()
