"""A custom resource handler as others write it, for `test_migrating.py`: a Lambda function whose
physical id is the provider's name, as that of the native resource is."""

import json
import urllib.request

import boto3

PASSED_ON = ("ProviderDetails", "AttributeMapping", "IdpIdentifiers")


def handle(event, _):
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    try:
        answer |= {"Status": "SUCCESS", "PhysicalResourceId": work(event)}
    except Exception as error:
        answer |= {
            "Status": "FAILED",
            "PhysicalResourceId": event.get("PhysicalResourceId", "failed"),
            "Reason": str(error),
        }
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))


def work(event):
    properties = event["ResourceProperties"]
    # Some call the properties as Cognito does, some otherwise.
    pool = properties.get("UserPoolId") or properties["Pool"]
    name = properties.get("ProviderName") or properties["Name"]
    cognito = boto3.client("cognito-idp")
    named = {"UserPoolId": pool, "ProviderName": name}
    members = {key: properties[key] for key in PASSED_ON if key in properties}
    match event["RequestType"]:
        case "Create":
            kind = properties.get("ProviderType") or properties["Kind"]
            cognito.create_identity_provider(**named, ProviderType=kind, **members)
        case "Update":
            cognito.update_identity_provider(**named, **members)
        case "Delete":
            cognito.delete_identity_provider(**named)
    return name
