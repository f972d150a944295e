"""What the platform team writes: environments, tenants, and what holds for all of them (`platform.yaml`)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from lychgate.provisioner.models.names import Name
from lychgate.provisioner.models.settings import KEYS, Layer, Part
from pydantic import Field, model_validator

Account = Annotated[str, Field(pattern=r"^\d{12}$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
PolicyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:policy/[\w+=,.@/-]+$")]
Key = Literal[KEYS]  # type: ignore[valid-type]
PlatformPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")]
Endpoint = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:\d{1,5})?$")]


class Irsa(Part):
    """IAM roles for service accounts: the cluster's OpenID Connect provider.

    https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
    """

    provider: str = Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/.+$")
    issuer: str = Field(pattern=r"^https://")


class Controller(Part):
    """The pods through which ingress comes: their class, namespace, and `app.kubernetes.io/name`."""

    class_name: str
    namespace: Name
    name: Name


class Cluster(Part):
    """The EKS cluster. Pods get their roles by EKS Pod Identity, unless `irsa` says otherwise; `certificate_authority`
    is base64 of its PEM."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")
    endpoint: str = Field(pattern=r"^https://")
    certificate_authority: str
    irsa: Irsa | None = None
    security_group: str = Field(
        pattern=r"^sg-[0-9a-f]{8,17}$", description="The cluster's own security group: nodes, DNS, ingress controller"
    )
    ingress: Controller
    issuer: str = Field(description="The ClusterIssuer of cert-manager that certificates come from")
    storage_class: str = "gp3-encrypted"
    cache_image: str = Field(pattern=r"^.+@sha256:[0-9a-f]{64}$", description="Valkey, as the platform has checked it")


class Subnet(Part):
    """A subnet: its id, its zone and its addresses."""

    id: str = Field(pattern=r"^subnet-[0-9a-f]{8,17}$")
    zone: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")
    cidr: Cidr


class Network(Part):
    """The VPC that the platform's base has made: workloads run in `private` subnets; data stores stand in `data`
    subnets, from which no route leads out of the VPC."""

    vpc: str = Field(pattern=r"^vpc-[0-9a-f]{8,17}$")
    private: list[Subnet] = Field(min_length=2)
    data: list[Subnet] = Field(min_length=2)
    endpoints: str = Field(pattern=r"^sg-[0-9a-f]{8,17}$", description="Security group of the interface endpoints")
    prefix_lists: dict[Literal["s3", "dynamodb"], Annotated[str, Field(pattern=r"^pl-[0-9a-f]{8,17}$")]]


class External(Part):
    """Something outside of AWS that workloads may call: `uses: [external/NAME]`."""

    cidrs: list[Cidr] = Field(min_length=1)
    port: int = Field(default=443, ge=1, le=65535)


class Observability(Part):
    """New Relic: the account (a sub-account for a tenant that is kept apart), and the secret that holds its key."""

    account: int = Field(ge=1)
    region: Literal["US", "EU"] = "EU"
    license_secret: str = Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$")
    license_key: str = Field(
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]+$", description="The KMS key of that secret"
    )
    cidrs: list[Cidr] = Field(min_length=1, description="Addresses of the OTLP endpoint, or of the proxy before it")


class State(Part):
    """Where Pulumi keeps the state of the environment's stacks, and what encrypts the secrets in it."""

    backend: str = Field(pattern=r"^(s3|file|gs|azblob|https)://")
    secrets_provider: str = Field(pattern=r"^(awskms://.+|passphrase)$")


class Frozen(Part):
    """Nothing is synced until the day, and why."""

    reason: str = Field(min_length=1)
    until: date


class Signatory(Part):
    """Whoever sigstore certifies as this, such as the job of a pipeline, on the word of an issuer of tokens."""

    identity: str = Field(min_length=1)
    issuer: str = Field(pattern=r"^https://")


class SignedVerdicts(Part):
    """What a sync has to bring: a verdict on it that one of these has signed, and how old that may be. Keys are public,
    in PEM; `trusted_root` is sigstore's TrustedRoot in JSON. Files are named by their path in the platform's folder."""

    keys: list[PlatformPath] = []
    identities: list[Signatory] = []
    trusted_root: PlatformPath | None = None
    max_age_hours: float = Field(default=24, gt=0, le=744)

    @model_validator(mode="after")
    def _somebody(self) -> SignedVerdicts:
        if not self.keys and not self.identities:
            raise ValueError("needs `keys`, or `identities`: whose signature counts")
        if bool(self.identities) != (self.trusted_root is not None):
            raise ValueError("`identities` and `trusted_root` belong together")
        return self


class Environment(Layer):
    """An environment. `production` is whether what is lost here is lost for good; `limits` and `minimums` are the most
    and the least that settings may come to (cores of CPU, GiB of memory); `budget` is what all of it may cost in a
    month, in US dollars. `endpoint` is a cloud that answers in the place of AWS, such as LocalStack, and never that of
    production. `signed_verdict` demands one of every sync."""

    account: Account
    region: Region
    endpoint: Endpoint | None = None
    production: bool
    baseline: Literal["production", "test"] = "production"
    branch: str = Field(default="main", description="The protected branch that is deployed from")
    frozen: Frozen | None = None
    deployers: list[RoleArn] = Field(min_length=1)
    boundary: PolicyArn
    cluster: Cluster
    network: Network
    zone: str = Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", description="DNS zone of the ingress hosts")
    access_log_bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    rotation_function: str = Field(pattern=r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+$")
    observability: Observability
    state: State
    signed_verdict: SignedVerdicts | None = None
    externals: dict[Name, External] = {}
    budget: int = Field(ge=1)
    limits: dict[Key, float] = {}
    minimums: dict[Key, float] = {}
    locked: list[Key] = []


class Tenant(Layer):
    """A tenant: its name for people, and its own account at New Relic where it has one."""

    title: str = Field(min_length=1, max_length=100)
    observability: Observability | None = None


class Tenants(Part):
    """`tenants.yaml`."""

    tenants: dict[Name, Tenant] = Field(min_length=1)


class PlatformFile(Layer):
    """`platform.yaml`: what holds everywhere."""

    organization: str = Field(default="organization", pattern=r"^[A-Za-z0-9_-]+$")
    locked: list[Key] = []
