"""The stacks of `examples/`, as they are."""

import base64
import json
from fnmatch import fnmatch
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from emulator import HANDLER_STACK, REGION, ROOT
from pages import blocks, shell
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


# Of each example: the provider, the parameters that its steps end with, and what these steps write
# into the secret.
WITH_SECRET = {
    "google": ("Google", {"ClientId": "mine"}, "client_secret"),
    "facebook": ("Facebook", {"ClientId": "987654321098765"}, "client_secret"),
    "amazon": ("LoginWithAmazon", {"ClientId": "mine"}, "client_secret"),
    "apple": ("SignInWithApple", {"ClientId": "mine", "TeamId": "T", "KeyId": "K"}, "private_key"),
    "oidc": ("Partner", {"ClientId": "mine", "Issuer": "https://idp.example.com"}, "client_secret"),
}


@pytest.mark.parametrize("name", WITH_SECRET)
def test_an_example_with_a_secret_is_deployed_as_it_is_and_then_by_its_steps(aws, name, tmp_path):
    provider_name, given, key = WITH_SECRET[name]
    stack = Stack(aws, name)
    body = (ROOT / "examples" / f"{name}.yaml").read_text()
    outcome = stack.create(body)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    domain = signs_in_by(aws, stack, outcome.outputs, provider_name)
    assert outcome.outputs["RedirectUri"] == f"https://{domain}/oauth2/idpresponse"
    assert outcome.outputs.get("DomainUrl", f"https://{domain}") == f"https://{domain}"
    assert outcome.outputs.get("DomainName", domain) == domain

    pool = outcome.outputs["UserPoolId"]
    # The emulator allows everything, and creates resources one by one.
    assert readable_by(aws, f"{name}-secret") == outcome.outputs["SecretArn"]
    assert "Type: Custom::CognitoIdentityProvider\n    DependsOn: ReadSecret\n" in body

    (write,) = blocks(f"examples/{name}.yaml")
    write = write.replace("SECRET_ARN", outcome.outputs["SecretArn"])
    for value, revision in [("planted", "1"), ("planted-rotated", "2")]:
        pem = f"-----BEGIN PRIVATE KEY-----\n{value[:4]}\n{value[4:]}\n-----END PRIVATE KEY-----\n"
        (tmp_path / "AuthKey_KEYID.p8").write_text(pem)
        (tmp_path / "secret.json").write_text(json.dumps({"client_secret": value}))
        shell(aws, tmp_path, write)
        updated = stack.update(body, Revision=revision, **given)
        assert updated.status == "UPDATE_COMPLETE", updated.reason
        details = provider(aws, pool, provider_name)["ProviderDetails"]
        assert details["client_id"] == given["ClientId"]
        assert details[key] == value
    assert stack.delete().status == "DELETE_COMPLETE"


def readable_by(aws, policy):
    """Returns the resource of a policy that an example adds to the function's role."""
    stack = aws.client("cloudformation").describe_stacks(StackName=HANDLER_STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    found = aws.client("iam").get_role_policy(RoleName=outputs["RoleName"], PolicyName=policy)
    (statement,) = found["PolicyDocument"]["Statement"]
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    return statement["Resource"]


def signs_in_by(aws, stack, outputs, provider_name):
    """Checks that an app client was made for the provider, after it. Returns the pool's domain."""
    cognito = aws.client("cognito-idp")
    pool, client = outputs["UserPoolId"], outputs["AppClientId"]
    described = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)
    assert described["UserPoolClient"]["SupportedIdentityProviders"] == [provider_name]
    events = [(event["ResourceType"], event["ResourceStatus"]) for event in stack.new_events()]
    made = events.index(("Custom::CognitoIdentityProvider", "CREATE_COMPLETE"))
    assert made < events.index(("AWS::Cognito::UserPoolClient", "CREATE_IN_PROGRESS"))

    url = urlsplit(outputs["SignInUrl"])
    prefix = url.hostname.removesuffix(f".auth.{REGION}.amazoncognito.com")
    held = cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"]
    assert held["UserPoolId"] == pool
    assert dict(parse_qsl(url.query)) == {
        "client_id": client,
        "response_type": "code",
        "identity_provider": provider_name,
        "redirect_uri": "https://app.example.com/callback",
    }
    return url.hostname


def test_saml(aws):
    stack = Stack(aws, "saml")
    body = (ROOT / "examples" / "saml.yaml").read_text()
    outcome = stack.create(body)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool = outcome.outputs["UserPoolId"]
    domain = signs_in_by(aws, stack, outcome.outputs, "Corp")
    assert outcome.outputs.items() >= {
        "AcsUrl": f"https://{domain}/saml2/idpresponse",
        "Audience": f"urn:amazon:cognito:sp:{pool}",
    }.items()
    assert "MetadataFile" in provider(aws, pool, "Corp")["ProviderDetails"]

    url = "https://idp.example.com/saml/metadata"
    outcome = stack.update(body, MetadataUrl=url)
    assert outcome.status == "UPDATE_COMPLETE", outcome.reason
    assert provider(aws, pool, "Corp")["ProviderDetails"] == {"MetadataURL": url}
    assert stack.delete().status == "DELETE_COMPLETE"


def test_tenants(aws):
    stack = Stack(aws, "tenants")
    body = (ROOT / "examples" / "tenants.yaml").read_text()
    outcome = stack.create(body)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert body.count("DependsOn: ReadSecrets\n") == 1
    outputs = outcome.outputs
    assert outputs["AcmeUserPoolId"] != outputs["GlobexUserPoolId"]
    cognito = aws.client("cognito-idp")
    readable = readable_by(aws, "tenants-secrets")
    for tenant in ("Acme", "Globex"):
        pool = outputs[f"{tenant}UserPoolId"]
        assert names(aws, pool) == [tenant]
        details = provider(aws, pool, tenant)["ProviderDetails"]
        secret = aws.client("secretsmanager").get_secret_value(
            SecretId=outputs[f"{tenant}SecretArn"]
        )
        assert fnmatch(outputs[f"{tenant}SecretArn"], readable)
        assert details["client_id"] == f"{tenant.lower()}-client"
        assert details["client_secret"] == json.loads(secret["SecretString"])["client_secret"]
        client = cognito.describe_user_pool_client(
            UserPoolId=pool, ClientId=outputs[f"{tenant}AppClientId"]
        )["UserPoolClient"]
        assert client["SupportedIdentityProviders"] == [tenant]
        assert client["CallbackURLs"] == [f"https://{tenant.lower()}.app.example.com/callback"]
        host = urlsplit(outputs[f"{tenant}RedirectUri"]).hostname
        domain = cognito.describe_user_pool_domain(Domain=host.split(".")[0])
        assert domain["DomainDescription"]["UserPoolId"] == pool
    assert stack.delete().status == "DELETE_COMPLETE"


def test_stackset(aws):
    # The emulator has no StackSets: a stack of it, with the secret that another account would have.
    body = (ROOT / "examples" / "stackset.yaml").read_text()
    assert "\nTransform:" not in body
    secrets = aws.client("secretsmanager")
    secret = secrets.create_secret(Name="central", SecretString='{"client_secret": "planted"}')
    stack = Stack(aws, "StackSet-sign-in")
    outcome = stack.create(body, ClientSecretArn=secret["ARN"])
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool = outcome.outputs["UserPoolId"]
    assert provider(aws, pool, "Partner")["ProviderDetails"]["client_secret"] == "planted"
    # As the steps in the template predict it.
    account = aws.client("sts").get_caller_identity()["Account"]
    domain = f"login-{account}.auth.{REGION}.amazoncognito.com"
    assert outcome.outputs["RedirectUri"] == f"https://{domain}/oauth2/idpresponse"
    assert stack.delete().status == "DELETE_COMPLETE"


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda it: it.name)
def test_an_example_waits_twenty_minutes_for_each_provider(example):
    body = example.read_text()
    count = body.count("Type: Custom::CognitoIdentityProvider")
    assert body.count("ServiceTimeout: 1200\n") == count


def test_saml_s3(aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="metadata")

    def put(key, text):
        s3.put_object(Bucket="metadata", Key=key, Body=text.encode())

    metadata = (ROOT / "tests/metadata/okta.xml").read_text()
    put("corp.xml", metadata)
    stack = Stack(aws, "saml-s3")
    body = (ROOT / "examples" / "saml-s3.yaml").read_text()
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

    named = aws.client("ssm").get_parameter(Name="/saml-s3/corp-expires/2099-12-31")
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
