"""cfn-lint with the rule of this project: what it rejects, what it lets pass, what it says."""

import json
import subprocess

from emulator import BIN, ROOT, environment

REJECTED = sorted((ROOT / "check/tests/schema").glob("*.json"))


def messages(*templates):
    """What the rule says, by the name of the template."""
    command = [BIN / "cfn-lint", "--append-rules", ROOT / "schema/cfn-lint", "--format", "json"]
    linted = subprocess.run(
        [*command, "--", *templates], env=environment(), capture_output=True, text=True
    )
    said = {template.name: [] for template in templates}
    for found in json.loads(linted.stdout):
        if found["Rule"]["Id"] == "E9401":
            said[found["Filename"].rsplit("/")[-1]].append(found["Message"])
    return said


def lint(folder, properties):
    """What it says of a provider of Google's with these properties."""
    template = folder / "template.json"
    resource = {
        "Type": "Custom::CognitoIdentityProvider",
        "Properties": {
            "ServiceToken": "arn",
            "UserPoolId": "eu-west-1_AbC",
            "ProviderName": "Google",
            "ProviderType": "Google",
            **properties,
        },
    }
    by_value = {"Fn::Equals": ["a", "b"]}
    template.write_text(
        json.dumps({"Conditions": {"ByValue": by_value}, "Resources": {"Google": resource}})
    )
    return messages(template)[template.name]


def test_every_rule_rejects_its_example():
    said = messages(*REJECTED)
    assert len(said) == 51
    assert [name for name, texts in said.items() if not texts] == []


def test_what_is_missing_is_said_once(tmp_path):
    assert lint(tmp_path, {}) == ["'ProviderDetails' is a required property"]
    given = {"client_id": "id", "authorize_scopes": "openid"}
    secret = ["'client_secret' is a required property"]
    assert lint(tmp_path, {"ProviderDetails": given}) == secret
    source = {"SsmParameter": {"Name": "/scopes"}}
    sources = {"authorize_scopes": source}
    both = {"ProviderDetails": {"client_id": "id"}, "ProviderDetailsFrom": sources}
    assert lint(tmp_path, both) == secret


def test_what_is_missing_is_said_beside_a_value_that_only_the_deployment_knows(tmp_path):
    for kind, key, required in [
        ("OIDC", "oidc_issuer", ["attributes_request_method", "authorize_scopes", "client_id"]),
        ("SAML", "IDPSignout", ["MetadataURL"]),
        ("Google", "client_id", ["authorize_scopes", "client_secret"]),
    ]:
        details = {key: {"Ref": "AWS::Region"}}
        name = kind if kind == "Google" else "Corp"
        given = {"ProviderType": kind, "ProviderName": name, "ProviderDetails": details}
        assert sorted(lint(tmp_path, given)) == [
            f"{name!r} is a required property" for name in required
        ]


def test_no_value_of_the_details_is_quoted(tmp_path):
    planted = "planted"
    for details in [
        {"client_secret": [planted]},
        {"client_secret": planted, "authorize_scopes": "openid"},
        {"ActiveEncryptionCertificate": planted},
        {"client_secret": planted + "{{resolve:ssm-secure:a:1}}"},
        {"client_secret": {"Fn::Join": ["", [planted, "{{resolve:ssm-secure:a:1}}"]]}},
        {"client_secret": {"Fn::Sub": planted + "{{resolve:ssm-secure:a:1}}"}},
        planted,
    ]:
        source = {"ProviderDetailsFrom": {"key": {"SsmParameter": {"Name": "/key"}}}}
        for more in [{}, source]:
            said = lint(tmp_path, {"ProviderDetails": details, **more})
            assert said
            assert planted not in "".join(said)


def test_a_value_may_be_given_one_way_or_the_other(tmp_path):
    absent = {"Ref": "AWS::NoValue"}
    source = {"SsmParameter": {"Name": "/secret"}}
    properties = {
        "ProviderDetails": {
            "client_id": "id",
            "authorize_scopes": "openid",
            "client_secret": {"Fn::If": ["ByValue", "secret", absent]},
        },
        "ProviderDetailsFrom": {"client_secret": {"Fn::If": ["ByValue", absent, source]}},
    }
    assert lint(tmp_path, properties) == []


def test_what_a_transform_adds_is_left_to_it(tmp_path):
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/sources.json"}}
    added = {"Fn::Transform": include}
    for details, sources in [
        ({"client_id": "id"}, added),
        ({"client_id": "id", **added}, {"key": {"SsmParameter": {"Name": "/key"}}}),
        (None, added),
    ]:
        properties = {"ProviderDetails": details, "ProviderDetailsFrom": sources}
        properties = {name: value for name, value in properties.items() if value}
        assert lint(tmp_path, properties) == []
        # That of the others is not.
        source = {"key": {"S3": {"Bucket": "idp"}}}
        wrong = properties | {"ProviderDetailsFrom": sources | source}
        assert lint(tmp_path, wrong) == ["'Key' is a required property"]
