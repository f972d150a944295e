"""What data are kept in or pass through, whichever service it is."""

from __future__ import annotations

from lychgate.views.base import View
from lychgate.views.dynamodb import TABLES
from lychgate.views.rds import CLUSTERS, INSTANCES
from lychgate.views.s3 import BUCKETS
from lychgate.views.secretsmanager import SECRETS
from lychgate.views.sns import TOPICS
from lychgate.views.sqs import QUEUES


class DataStore(View):
    """What data are kept in or pass through."""

    types = BUCKETS + TABLES + CLUSTERS + INSTANCES + QUEUES + TOPICS + SECRETS
    __slots__ = ()
