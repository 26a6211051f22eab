"""The stacks of `examples/`, as they are."""

from emulator import ROOT
from stacks import Stack, names

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
