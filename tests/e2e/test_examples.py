"""The stacks of `examples/`, as they are."""

import json

from emulator import ROOT
from stacks import Stack, names, provider

SECRETS = {
    f"{name}": "planted"
    for name in (
        "PartnerClientSecret",
        "GoogleClientSecret",
        "FacebookClientSecret",
        "AmazonClientSecret",
        "ApplePrivateKey",
    )
}


def test_six_providers(aws):
    stack = Stack(aws, "six-providers")
    outcome = stack.create((ROOT / "examples" / "six-providers.yaml").read_text(), **SECRETS)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool = outcome.outputs["UserPoolId"]
    assert outcome.outputs.items() >= {
        "CorpId": f"{pool}|Corp",
        "CorpEntityId": f"urn:amazon:cognito:sp:{pool}",
        "PartnerIssuer": "https://login.partner.example.com",
    }.items()
    assert outcome.outputs["CorpCreated"].startswith("20")
    six = ["Corp", "Facebook", "Google", "LoginWithAmazon", "Partner", "SignInWithApple"]
    assert names(aws, pool) == six
    client = aws.client("cognito-idp").describe_user_pool_client(
        UserPoolId=pool, ClientId=outcome.outputs["AppClientId"]
    )["UserPoolClient"]
    assert sorted(client["SupportedIdentityProviders"]) == six
    assert stack.delete().status == "DELETE_COMPLETE"


def test_secrets(aws):
    stack = Stack(aws, "secrets")
    body = (ROOT / "examples" / "secrets.yaml").read_text()
    outcome = stack.create(body, GoogleClientSecret="planted-first")
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    client_id = "1234567890-example.apps.googleusercontent.com"
    assert outcome.outputs["GoogleClientId"] == client_id
    pool = outcome.outputs["UserPoolId"]

    def details():
        held = provider(aws, pool, "Google")["ProviderDetails"]
        return held["client_id"], held["client_secret"]

    assert details() == (client_id, "planted-first")
    secrets = aws.client("secretsmanager")
    rotated = json.dumps({"client_secret": "planted-rotated"})
    secrets.put_secret_value(SecretId=outcome.outputs["GoogleSecret"], SecretString=rotated)
    outcome = stack.update(body, GoogleClientSecret="planted-first", Revision="2")
    assert outcome.status == "UPDATE_COMPLETE", outcome.reason
    assert details() == (client_id, "planted-rotated")
    assert stack.delete().status == "DELETE_COMPLETE"


def test_an_object_is_read_by_the_function(aws, pools):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="metadata")
    metadata = (ROOT / "tests/metadata/okta.xml").read_text()
    s3.put_object(Bucket="metadata", Key="idp/corp.xml", Body=metadata.encode())
    stack = Stack(aws, "object")
    source = {"S3": {"Bucket": "metadata", "Key": "idp/corp.xml"}}
    pool = pools()
    corp = {
        "Type": "Custom::CognitoIdentityProvider",
        "Properties": {
            "ServiceToken": aws.service_token,
            "UserPoolId": pool,
            "ProviderName": "Corp",
            "ProviderType": "SAML",
            "ProviderDetailsFrom": {"MetadataFile": source},
        },
    }
    outcome = stack.create(json.dumps({"Resources": {"Corp": corp}}))
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    held = provider(aws, pool, "Corp")["ProviderDetails"]
    assert held["MetadataFile"] == metadata

    source["S3"]["Key"] = "idp/gone.xml"
    outcome = stack.update(json.dumps({"Resources": {"Corp": corp}}))
    assert outcome.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "reading ProviderDetails.MetadataFile from S3 (metadata/idp/gone.xml)" in outcome.reason
    stack.delete()
