import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    key = event["pathParameters"]["id"]
    if event["httpMethod"] == "PUT":
        table.put_item(Item={"id": key, "body": event["body"]})
        return {"statusCode": 204}
    found = table.get_item(Key={"id": key}).get("Item")
    return {"statusCode": 200 if found else 404, "body": json.dumps(found)}
