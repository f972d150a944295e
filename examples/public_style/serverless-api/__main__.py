import json

import pulumi
import pulumi_aws as aws

stack = pulumi.get_stack()

table = aws.dynamodb.Table(
    "items",
    attributes=[aws.dynamodb.TableAttributeArgs(name="id", type="S")],
    hash_key="id",
    read_capacity=5,
    write_capacity=5,
)

role = aws.iam.Role(
    "lambda",
    assume_role_policy="""{
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Effect": "Allow",
                "Sid": ""
            }
        ]
    }""",
)
aws.iam.RolePolicyAttachment("logs", role=role.name, policy_arn=aws.iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE)
access = aws.iam.Policy(
    "items",
    policy=pulumi.Output.all(arn=table.arn).apply(
        lambda known: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": known["arn"]}
                ],
            }
        )
    ),
)
aws.iam.RolePolicyAttachment("items", role=role.name, policy_arn=access.arn)

function = aws.lambda_.Function(
    "api",
    runtime=aws.lambda_.Runtime.PYTHON3D12,
    code=pulumi.AssetArchive({".": pulumi.FileArchive("./handler")}),
    handler="app.handler",
    role=role.arn,
    timeout=10,
    environment=aws.lambda_.FunctionEnvironmentArgs(variables={"TABLE": table.name}),
)


def api_body(arn: str) -> str:
    integration = {
        "uri": f"arn:aws:apigateway:{aws.config.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "passthroughBehavior": "when_no_match",
        "httpMethod": "POST",
        "type": "aws_proxy",
    }
    return json.dumps(
        {
            "swagger": "2.0",
            "info": {"title": "items", "version": "1.0"},
            "paths": {
                "/items/{id}": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": integration}}
            },
        }
    )


api = aws.apigateway.RestApi("items", body=function.arn.apply(api_body))
deployment = aws.apigateway.Deployment(
    "items",
    rest_api=api.id,
    triggers={"body": api.body.apply(lambda body: str(len(body)))},
    opts=pulumi.ResourceOptions(depends_on=[api]),
)
stage = aws.apigateway.Stage("items", rest_api=api.id, deployment=deployment.id, stage_name=stack)
aws.lambda_.Permission(
    "invoke",
    action="lambda:invokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*/*"),
)

# The same function again behind the newer kind of API.
http_api = aws.apigatewayv2.Api(
    "items-http", protocol_type="HTTP", route_key="GET /items/{id}", target=function.invoke_arn
)
aws.lambda_.Permission(
    "invoke-http",
    action="lambda:InvokeFunction",
    function=function.name,
    principal="apigateway.amazonaws.com",
    source_arn=http_api.execution_arn.apply(lambda arn: f"{arn}/*/*"),
)

pulumi.export("url", pulumi.Output.concat(stage.invoke_url, "/items/"))
pulumi.export("http_url", http_api.api_endpoint)
