"""The stacks of `examples/`, as they are."""

import base64
import json

from cryptography import x509
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


def test_saml(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="metadata")

    def put(key, text):
        s3.put_object(Bucket="metadata", Key=key, Body=text.encode())

    metadata = (ROOT / "tests/metadata/okta.xml").read_text()
    put("corp.xml", metadata)
    stack = Stack(aws, "saml")
    body = (ROOT / "examples" / "saml.yaml").read_text()
    given = {"MetadataBucket": "metadata"}
    outcome = stack.create(body, **given)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool = outcome.outputs["UserPoolId"]
    held = provider(aws, pool, "Corp")["ProviderDetails"]
    assert held["MetadataFile"] == metadata
    certificate = x509.load_der_x509_certificate(
        base64.b64decode(outcome.outputs["SigningCertificate"])
    )
    assert certificate.subject.rfc4514_string() == f"CN={pool}"
    assert outcome.outputs.items() >= {
        "EntityId": f"urn:amazon:cognito:sp:{pool}",
        "Provider": "http://www.okta.com/exk1example",
        "CertificateNotAfter": "2099-12-31T23:59:59Z",
    }.items()

    named = aws.client("ssm").get_parameter(Name="/saml/corp-expires/2099-12-31")
    assert named["Parameter"]["Value"] == "http://www.okta.com/exk1example"

    put("page.xml", "<html/>")
    for key, reason in [
        ("gone.xml", "reading ProviderDetails.MetadataFile from S3 (metadata/gone.xml): NoSuchKey"),
        ("page.xml", "invalid properties: ProviderDetails.MetadataFile is not SAML metadata"),
    ]:
        outcome = stack.update(body, MetadataKey=key, **given)
        assert outcome.status == "UPDATE_ROLLBACK_COMPLETE"
        assert reason in outcome.reason
    assert provider(aws, pool, "Corp")["ProviderDetails"] == held
    assert stack.delete().status == "DELETE_COMPLETE"
