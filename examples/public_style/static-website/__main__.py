import mimetypes
import os

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
path = config.get("path") or "./www"
domain = config.require("domain")
zone_name = config.require("zone")

# Certificates for CloudFront have to be in us-east-1, wherever the rest is.
east = aws.Provider("east", profile=aws.config.profile, region="us-east-1")

zone = aws.route53.get_zone(name=zone_name)

certificate = aws.acm.Certificate(
    "certificate",
    domain_name=domain,
    validation_method="DNS",
    opts=pulumi.ResourceOptions(provider=east),
)
option = certificate.domain_validation_options[0]
record = aws.route53.Record(
    "validation",
    zone_id=zone.zone_id,
    name=option.resource_record_name,
    type=option.resource_record_type,
    records=[option.resource_record_value],
    ttl=60,
)
validation = aws.acm.CertificateValidation(
    "certificate",
    certificate_arn=certificate.arn,
    validation_record_fqdns=[record.fqdn],
    opts=pulumi.ResourceOptions(provider=east),
)

bucket = aws.s3.Bucket("website")
logs = aws.s3.Bucket("logs")
ownership = aws.s3.BucketOwnershipControls("logs", bucket=logs.id, rule={"object_ownership": "BucketOwnerPreferred"})
aws.s3.BucketAcl("logs", bucket=logs.id, acl="private", opts=pulumi.ResourceOptions(depends_on=[ownership]))


def upload(folder: str) -> None:
    for root, _, files in os.walk(folder):
        for file in sorted(files):
            full = os.path.join(root, file)
            key = os.path.relpath(full, folder)
            aws.s3.BucketObjectv2(
                key,
                bucket=bucket.id,
                key=key,
                source=pulumi.FileAsset(full),
                content_type=mimetypes.guess_type(full)[0],
                opts=pulumi.ResourceOptions(parent=bucket),
            )


upload(path)

access = aws.cloudfront.OriginAccessControl(
    "website",
    origin_access_control_origin_type="s3",
    signing_behavior="always",
    signing_protocol="sigv4",
)
cdn = aws.cloudfront.Distribution(
    "website",
    enabled=True,
    aliases=[domain],
    default_root_object="index.html",
    origins=[
        aws.cloudfront.DistributionOriginArgs(
            origin_id=bucket.arn,
            domain_name=bucket.bucket_regional_domain_name,
            origin_access_control_id=access.id,
        )
    ],
    default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
        target_origin_id=bucket.arn,
        viewer_protocol_policy="redirect-to-https",
        allowed_methods=["GET", "HEAD", "OPTIONS"],
        cached_methods=["GET", "HEAD", "OPTIONS"],
        forwarded_values=aws.cloudfront.DistributionDefaultCacheBehaviorForwardedValuesArgs(
            query_string=False,
            cookies=aws.cloudfront.DistributionDefaultCacheBehaviorForwardedValuesCookiesArgs(forward="none"),
        ),
        min_ttl=0,
        default_ttl=600,
        max_ttl=600,
    ),
    price_class="PriceClass_100",
    custom_error_responses=[
        aws.cloudfront.DistributionCustomErrorResponseArgs(
            error_code=404, response_code=404, response_page_path="/404.html"
        )
    ],
    restrictions=aws.cloudfront.DistributionRestrictionsArgs(
        geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(restriction_type="none")
    ),
    viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
        acm_certificate_arn=validation.certificate_arn,
        ssl_support_method="sni-only",
        minimum_protocol_version="TLSv1.2_2021",
    ),
    logging_config=aws.cloudfront.DistributionLoggingConfigArgs(
        bucket=logs.bucket_domain_name, include_cookies=False, prefix=f"{domain}/"
    ),
)
aws.s3.BucketPolicy(
    "website",
    bucket=bucket.bucket,
    policy=aws.iam.get_policy_document_output(
        statements=[
            aws.iam.GetPolicyDocumentStatementArgs(
                principals=[
                    aws.iam.GetPolicyDocumentStatementPrincipalArgs(
                        type="Service", identifiers=["cloudfront.amazonaws.com"]
                    )
                ],
                actions=["s3:GetObject"],
                resources=[bucket.arn.apply(lambda arn: f"{arn}/*")],
                conditions=[
                    aws.iam.GetPolicyDocumentStatementConditionArgs(
                        test="StringEquals", variable="AWS:SourceArn", values=[cdn.arn]
                    )
                ],
            )
        ]
    ).json,
)
aws.route53.Record(
    domain,
    name=domain.removesuffix(zone_name).rstrip("."),
    zone_id=zone.zone_id,
    type="A",
    aliases=[
        aws.route53.RecordAliasArgs(name=cdn.domain_name, zone_id=cdn.hosted_zone_id, evaluate_target_health=True)
    ],
)

pulumi.export("origin", bucket.bucket_regional_domain_name)
pulumi.export("cdn", cdn.domain_name.apply(lambda name: f"https://{name}"))
pulumi.export("url", f"https://{domain}")
