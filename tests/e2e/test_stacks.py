"""Stacks on an emulated CloudFormation, with the function that SAM built and deployed."""

import json

import pytest
from emulator import ROOT
from stacks import Stack, names, provider

OIDC = {
    "client_id": "client-1",
    "client_secret": "planted-secret",
    "authorize_scopes": "openid email",
    "oidc_issuer": "https://idp.example.com",
    "attributes_request_method": "GET",
}
SOCIAL = {"client_id": "client-1", "client_secret": "planted-secret", "authorize_scopes": "email"}
TYPES = {
    "SAML": {"MetadataURL": "https://idp.example.com/metadata", "IDPSignout": True},
    "OIDC": OIDC,
    "Google": SOCIAL,
    "Facebook": SOCIAL | {"api_version": "v17.0"},
    "LoginWithAmazon": SOCIAL,
    "SignInWithApple": {
        "client_id": "client-1",
        "team_id": "TEAM",
        "key_id": "KEY",
        "private_key": "planted-key",
        "authorize_scopes": "email name",
    },
}


def resource(aws, pool, name, kind, details, **more):
    return {
        "Type": "Custom::CognitoIdentityProvider",
        "Properties": {
            "ServiceToken": aws.service_token,
            "UserPoolId": pool,
            "ProviderName": name,
            "ProviderType": kind,
            "ProviderDetails": details,
            **more,
        },
    }


def template(**resources):
    outputs = {"Id": {"Value": {"Ref": next(iter(resources))}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def sent(details):
    """Details as CloudFormation sends them."""
    return {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in details.items()
    }


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_lives_through_create_update_replacement_and_delete(aws, pools, kind):
    pool, other = pools(), pools()
    fixed = kind not in ("SAML", "OIDC")
    name = kind if fixed else "Corp"
    stack = Stack(aws, f"life-{kind}")

    def apply(operation, pool, name, **mapping):
        body = template(Idp=resource(aws, pool, name, kind, TYPES[kind], AttributeMapping=mapping))
        outcome = operation(body)
        assert outcome.outputs == {"Id": f"{pool}|{name}"}, outcome.reason
        held = provider(aws, pool, name)
        assert held["ProviderDetails"].items() >= sent(TYPES[kind]).items()
        assert held["AttributeMapping"] == mapping
        assert held["ProviderType"] == kind
        return outcome.status

    assert apply(stack.create, pool, name, email="mail") == "CREATE_COMPLETE"
    assert apply(stack.update, pool, name, email="upn", nickname="cn") == "UPDATE_COMPLETE"
    if fixed:
        new = (other, name)
    else:
        new = (pool, "Renamed")
    assert apply(stack.update, *new, email="upn") == "UPDATE_COMPLETE"
    assert provider(aws, pool, name) is None
    assert stack.delete().status == "DELETE_COMPLETE"
    assert names(aws, pool) == names(aws, other) == []


def test_100_kb_of_metadata_arrive_byte_for_byte(aws, pools):
    pool = pools()
    line = "<!-- q'&quot;\" Ünïcode 株式会社 🦀 \\ \t ${AWS::Region} -->\r\n"
    metadata = (ROOT / "tests/metadata/okta.xml").read_text()
    metadata += line * (100_000 // len(line) + 1)
    stack = Stack(aws, "metadata")
    body = template(Idp=resource(aws, pool, "Corp", "SAML", {"MetadataFile": metadata}))
    # Too long to be sent with the call, as on AWS.
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="metadata.json", Body=body)
    outcome = stack.create(f"{aws.url}/templates/metadata.json")
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert provider(aws, pool, "Corp")["ProviderDetails"]["MetadataFile"] == metadata
    stack.delete()


def test_a_failed_update_leaves_the_provider_as_it_was(aws, pools):
    pool = pools()
    stack = Stack(aws, "failed-update")
    members = {"AttributeMapping": {"email": "mail"}, "IdpIdentifiers": ["a.example"]}
    stack.create(template(Idp=resource(aws, pool, "Corp", "OIDC", OIDC, **members)))
    before = provider(aws, pool, "Corp")

    changes = {
        "AcrMapping.Level9": {"AcrMapping": {"Level9": "x"}, **members},
        "AttributeMappings": {"AttributeMappings": {}, **members},
        "IdpIdentifiers[0]": {"IdpIdentifiers": ["x" * 41]},
    }
    for named, change in changes.items():
        outcome = stack.update(template(Idp=resource(aws, pool, "Corp", "OIDC", OIDC, **change)))
        assert outcome.status == "UPDATE_ROLLBACK_COMPLETE"
        assert named in outcome.reason
        assert provider(aws, pool, "Corp") == before
    stack.delete()


def test_a_refused_change_of_type_is_rolled_back(aws, pools):
    pool = pools()
    stack = Stack(aws, "change-of-type")
    stack.create(template(Idp=resource(aws, pool, "Corp", "OIDC", OIDC)))
    before = provider(aws, pool, "Corp")
    outcome = stack.update(template(Idp=resource(aws, pool, "Corp", "SAML", TYPES["SAML"])))
    assert outcome.status == "UPDATE_ROLLBACK_COMPLETE", outcome.reason
    assert "cannot be changed from OIDC to SAML: choose another ProviderName" in outcome.reason
    assert provider(aws, pool, "Corp") == before
    stack.delete()


def test_a_failed_create_leaves_the_provider_of_somebody_else(aws, pools):
    pool = pools()
    aws.client("cognito-idp").create_identity_provider(
        UserPoolId=pool, ProviderName="Corp", ProviderType="OIDC", ProviderDetails=OIDC
    )
    before = provider(aws, pool, "Corp")
    stack = Stack(aws, "failed-create")
    theirs = resource(aws, pool, "Corp", "OIDC", OIDC | {"client_id": "client-2"})
    outcome = stack.create(template(Idp=theirs))
    assert outcome.status == "ROLLBACK_COMPLETE"
    assert "already exists" in outcome.reason and "AdoptExisting" in outcome.reason
    assert provider(aws, pool, "Corp") == before
    stack.delete()
    assert provider(aws, pool, "Corp") == before


def test_a_stack_takes_over_a_provider_that_it_is_told_to_adopt(aws, pools):
    pool = pools()
    aws.client("cognito-idp").create_identity_provider(
        UserPoolId=pool, ProviderName="Corp", ProviderType="OIDC", ProviderDetails=OIDC
    )
    stack = Stack(aws, "adopt")
    mine = resource(
        aws, pool, "Corp", "OIDC", OIDC | {"client_id": "client-2"}, AdoptExisting=True
    )
    outcome = stack.create(template(Idp=mine))
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert provider(aws, pool, "Corp")["ProviderDetails"]["client_id"] == "client-2"
    stack.delete()
    assert names(aws, pool) == []


def test_a_rename_is_undone_when_another_resource_fails(aws, pools):
    # Without identifiers, which would move along: CloudFormation undoes a rename by an Update back
    # to the old name, the emulator by a Delete of the new one alone. tests/function/replace.rs has
    # CloudFormation's way.
    pool = pools()
    stack = Stack(aws, "undone-rename")
    stack.create(template(Idp=resource(aws, pool, "Corp", "OIDC", OIDC)))
    before = provider(aws, pool, "Corp")

    renamed = resource(aws, pool, "Renamed", "OIDC", OIDC)
    bad = resource(aws, pool, "Other", "OIDC", {}) | {"DependsOn": "Idp"}
    outcome = stack.update(template(Idp=renamed, Bad=bad))
    assert outcome.status == "UPDATE_ROLLBACK_COMPLETE", outcome.reason
    assert "ProviderDetails.client_id is required" in outcome.reason
    assert provider(aws, pool, "Corp") == before
    assert names(aws, pool) == ["Corp"]
    stack.delete()
    assert names(aws, pool) == []


def test_a_stack_with_forty_providers_comes_up(aws, pools):
    pool = pools()
    stack = Stack(aws, "forty")
    forty = {
        f"Idp{n}": resource(aws, pool, f"Corp-{n}", "OIDC", OIDC | {"client_id": f"client-{n}"})
        for n in range(40)
    }
    outcome = stack.create(template(**forty))
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert len(names(aws, pool)) == 40

    forty["Idp7"]["Properties"]["ProviderDetails"] = {"client_id": "client-7"}
    outcome = stack.update(template(**forty))
    assert outcome.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "ProviderDetails.oidc_issuer is required" in outcome.reason
    assert len(names(aws, pool)) == 40
    stack.delete()
    assert names(aws, pool) == []


def test_one_bad_property_fails_a_new_stack_and_leaves_nothing(aws, pools):
    pool = pools()
    stack = Stack(aws, "one-bad")
    some = {f"Idp{n}": resource(aws, pool, f"Corp-{n}", "OIDC", OIDC) for n in range(4)}
    some["Bad"] = resource(aws, pool, "Bad", "OIDC", OIDC, IdpIdentifiers="not a list")
    outcome = stack.create(template(**some))
    assert outcome.status == "ROLLBACK_COMPLETE"
    assert "IdpIdentifiers must be a list of strings" in outcome.reason
    assert names(aws, pool) == []
    stack.delete()
