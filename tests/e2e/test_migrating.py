"""What docs/migrating.md says, done with the templates that it shows.

No sign-in may fail on the way, so that each sequence runs under `undisturbed`, which looks at the
emulator's record of every call: the provider is never deleted, never made anew, and every update of
it says what it says already.
"""

import contextlib
import dataclasses
import io
import json
import pathlib
import re
import textwrap
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError
from emulator import BUILT, HERE, ROOT
from pages import printed, shell
from stacks import Stack, provider

PAGE = ROOT / "docs" / "migrating.md"
EXAMPLES = ROOT / "examples"
SECRET = "planted-secret"
CALLBACK = "https://app.example.com/callback"
# What examples/adopt.yaml declares, as somebody has made it elsewhere.
PARTNER = {
    "ProviderType": "OIDC",
    "ProviderDetails": {
        "client_id": "partner-client",
        "client_secret": SECRET,
        "authorize_scopes": "openid email profile",
        "oidc_issuer": "https://login.partner.example.com",
        "attributes_request_method": "GET",
        "authorize_url": "https://login.partner.example.com/authorize",
        "token_url": "https://login.partner.example.com/token",
        "attributes_url": "https://login.partner.example.com/userinfo",
        "jwks_uri": "https://login.partner.example.com/jwks",
    },
    "AttributeMapping": {"email": "email", "username": "sub"},
    "IdpIdentifiers": ["partner.example.com"],
}


def example(name):
    return (EXAMPLES / name).read_text()


def changed(text, old, new):
    """`text` with every `old` replaced, which has to be there."""
    assert old in text, old
    return text.replace(old, new)


def failing(text, after):
    """`text` with a resource that fails once another one is there."""
    bad = f"""\
  Bad:
    Type: Custom::CognitoIdentityProvider
    DependsOn: {after}
    Properties:
      ServiceToken:
        Fn::ImportValue: !Sub ${{FunctionStack}}-ServiceToken

Outputs:
"""
    return changed(text, "Outputs:\n", bad)


RETAIN = "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"


def without_retain(text):
    return changed(text, RETAIN, "")


# -- Watching a provider ------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def recorded(aws):
    """Has the emulator record every call, as CloudTrail does."""
    setting = json.dumps({"cloudtrail._recording_enabled": "true"}).encode()
    with urllib.request.urlopen(f"{aws.url}/_ministack/config", setting) as answer:
        assert json.load(answer)["applied"]


def calls(aws, operation, pool, name):
    """The inputs of all calls so far of an operation on a provider, newest first."""
    found = aws.client("cloudtrail").lookup_events(
        LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": f"{operation}IdentityProvider"}
        ],
        MaxResults=50,
    )["Events"]
    inputs = [json.loads(event["CloudTrailEvent"])["requestParameters"] for event in found]
    return [i for i in inputs if (i["UserPoolId"], i["ProviderName"]) == (pool, name)]


def described(aws, pool, name):
    found = aws.client("cognito-idp").describe_identity_provider(
        UserPoolId=pool, ProviderName=name
    )["IdentityProvider"]
    return found.pop("CreationDate"), found.pop("LastModifiedDate"), found


@contextlib.contextmanager
def undisturbed(aws, pool, name):
    """A provider that is handed over in here, and that no sign-in can miss meanwhile."""
    made, modified, before = described(aws, pool, name)
    # One that is equal in everything and was made in the second of the request or after it would
    # be taken for the request's own, and not be updated.
    while time.time() < int(made.timestamp()) + 1:
        time.sleep(0.05)
    earlier = len(calls(aws, "Update", pool, name))
    yield
    made_since, modified_since, after = described(aws, pool, name)
    assert calls(aws, "Delete", pool, name) == []
    assert made_since == made
    assert modified_since > modified
    assert after == before
    updates = calls(aws, "Update", pool, name)
    for update in updates[: len(updates) - earlier]:
        assert {key: before[key] for key in update} == update


def sign_in(aws, client, name):
    """Where Cognito sends somebody who signs in with a provider."""
    query = urllib.parse.urlencode(
        {
            "identity_provider": name,
            "client_id": client,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
        }
    )

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        urllib.request.build_opener(Stay).open(f"{aws.url}/oauth2/authorize?{query}")
    except urllib.error.HTTPError as answer:
        return answer.headers.get("Location", answer.read().decode())
    raise AssertionError("no redirection")


# -- Making providers elsewhere -----------------------------------------------------------------


def make(aws, pool, **more):
    """Makes the provider of examples/adopt.yaml by the call that the console and Terraform make."""
    aws.client("cognito-idp").create_identity_provider(
        **{"UserPoolId": pool, "ProviderName": "Partner", **PARTNER, **more}
    )


@dataclasses.dataclass
class Code:
    """What can be put into a function."""

    file: pathlib.Path
    configuration: dict

    def archive(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as into:
            into.write(self.file, self.file.name)
        return archive.getvalue()


THEIRS = Code(
    pathlib.Path(__file__).with_name("other_handler.py"),
    {"Runtime": "python3.12", "Handler": "other_handler.handle"},
)
OURS = Code(
    BUILT.parent / "Function" / "bootstrap",
    {"Runtime": "provided.al2023", "Handler": "bootstrap"},
)


@pytest.fixture
def other_handler(aws):
    """A function with somebody else's handler; gives its ARN."""
    functions = aws.client("lambda")
    arn = functions.create_function(
        FunctionName="other-handler",
        Role="arn:aws:iam::000000000000:role/other-handler",
        Code={"ZipFile": THEIRS.archive()},
        Timeout=60,
        **THEIRS.configuration,
    )["FunctionArn"]
    yield arn
    functions.delete_function(FunctionName="other-handler")


def standing_in(template, arn):
    """A template with the native resource, which the emulator does not know, stood in for by
    somebody else's custom resource: CloudFormation keeps both or deletes both by the same rules,
    and `Ref` is the name."""
    return changed(
        changed(template, "Type: AWS::Cognito::UserPoolIdentityProvider", "Type: Custom::Native"),
        "    Properties:\n      UserPoolId: !Ref UserPool\n      ProviderName: Corp\n",
        f"    Properties:\n      ServiceToken: {arn}\n"
        "      UserPoolId: !Ref UserPool\n      ProviderName: Corp\n",
    )


# -- From the console, and from Terraform -------------------------------------------------------


def test_a_provider_made_by_hand_is_adopted(aws, pools, tmp_path):
    pool = pools()
    make(aws, pool)
    save = printed("docs/migrating.md", "aws cognito-idp describe-identity-provider")
    save = changed(save, "eu-west-1_Example01", pool)
    shell(aws, tmp_path, save)
    client = aws.client("cognito-idp").create_user_pool_client(
        UserPoolId=pool,
        ClientName="web",
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["Partner"],
    )["UserPoolClient"]["ClientId"]
    stack = Stack(aws, "adopt")
    adopt = example("adopt.yaml")
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}

    with undisturbed(aws, pool, "Partner"):
        outcome = stack.create(adopt, **given)
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
        assert outcome.outputs["PartnerId"] == f"{pool}|Partner"
        assert "login.partner.example.com" in sign_in(aws, client, "Partner")

        # The last step: what was for the time of the change only goes away again.
        settled = without_retain(changed(adopt, "      AdoptExisting: true\n", ""))
        outcome = stack.update(settled, **given)
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason
        assert "login.partner.example.com" in sign_in(aws, client, "Partner")

    shell(aws, tmp_path, changed(save, "before.json", "after.json"))
    differs = shell(aws, tmp_path, printed("docs/migrating.md", "diff"), status=1)
    assert set(re.findall(r'^[<>] +"(\w+)"', differs, re.MULTILINE)) == {"LastModifiedDate"}

    # It is the stack's own from now on.
    stack.delete()
    assert provider(aws, pool, "Partner") is None


def test_it_stays_when_its_new_stack_is_rolled_back(aws, pools):
    pool = pools()
    make(aws, pool)
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}
    fails = failing(example("adopt.yaml"), after="Partner")
    with undisturbed(aws, pool, "Partner"):
        stack = Stack(aws, "rolled-back")
        outcome = stack.create(fails, **given)
        assert outcome.status == "ROLLBACK_COMPLETE"
        assert "UserPoolId is required" in outcome.reason
        stack.delete()

        again = Stack(aws, "rolled-back-and-again")
        outcome = again.create(example("adopt.yaml"), **given)
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
    again.delete()
    assert provider(aws, pool, "Partner") is not None

    # Neither without Retain, nor with the policy that sounds like it.
    except_on_create = changed(
        fails, "    DeletionPolicy: Retain\n", "    DeletionPolicy: RetainExceptOnCreate\n"
    )
    for name, template in {"bare": without_retain(fails), "except": except_on_create}.items():
        stack = Stack(aws, f"rolled-back-{name}")
        assert stack.create(template, **given).status == "ROLLBACK_COMPLETE"
        assert provider(aws, pool, "Partner") is None
        make(aws, pool)


def test_what_the_template_does_not_declare(aws, pools):
    pool = pools()
    make(aws, pool, ProviderDetails=PARTNER["ProviderDetails"] | {"x_more": "1"})
    stack = Stack(aws, "undeclared")
    bare = example("adopt.yaml")
    bare = changed(bare, "      IdpIdentifiers: [partner.example.com]\n", "")
    outcome = stack.create(bare, UserPoolId=pool, PartnerClientSecret=SECRET)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    held = provider(aws, pool, "Partner")
    # A member that is not declared is left alone; a detail that is not declared goes.
    assert held["IdpIdentifiers"] == ["partner.example.com"]
    assert held["ProviderDetails"] == PARTNER["ProviderDetails"]
    stack.delete()


def test_what_cannot_be_adopted_is_left_as_it_was(aws, pools):
    pool = pools()
    make(aws, pool, ProviderName="Holder")
    make(aws, pool, IdpIdentifiers=[])
    before = described(aws, pool, "Partner")
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}
    saml = "https://idp.example.com/saml/metadata"
    wrong = {
        "type": (
            changed(
                changed(example("adopt.yaml"), "ProviderType: OIDC", "ProviderType: SAML"),
                "        client_id: partner-client\n",
                f"        client_id: partner-client\n        MetadataURL: {saml}\n",
            ),
            "adopted as SAML: its type is OIDC, and Cognito cannot change a provider's type",
        ),
        "secret": (
            changed(example("adopt.yaml"), "        client_id: partner-client\n", ""),
            "ProviderDetails.client_id is required",
        ),
        "not-told": (
            changed(example("adopt.yaml"), "      AdoptExisting: true\n", ""),
            "To adopt it, set AdoptExisting: true. From then on the stack owns it, and deletes it when the resource is deleted. If another resource declares it",
        ),
    }
    for name, (template, reason) in wrong.items():
        stack = Stack(aws, f"not-adopted-{name}")
        outcome = stack.create(template, **given)
        assert outcome.status == "ROLLBACK_COMPLETE"
        assert reason in outcome.reason
        assert described(aws, pool, "Partner") == before
        stack.delete()
    assert described(aws, pool, "Partner") == before


# -- From the native resource -------------------------------------------------------------------


def test_a_provider_of_the_native_resource_changes_over_in_its_stack(aws, other_handler):
    stack = Stack(aws, "native")
    before = standing_in(example("native-before.yaml"), other_handler)
    outcome = stack.create(without_retain(before))
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool, client = outcome.outputs["UserPoolId"], outcome.outputs["AppClientId"]

    def completes(template):
        outcome = stack.update(template)
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason
        assert outcome.outputs == {"UserPoolId": pool, "AppClientId": client}
        assert sign_in(aws, client, "Corp").startswith("https://idp.example.com/saml/metadata")
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in stack.new_events()]

    after = example("native-after.yaml")
    with undisturbed(aws, pool, "Corp"):
        completes(before)
        events = completes(after)
        assert ("Corp", "DELETE_SKIPPED") in events
        completes(without_retain(changed(after, "      AdoptExisting: true\n", "")))
    stack.delete()


def test_a_native_provider_is_gone_when_it_was_not_retained_first(aws, other_handler):
    stack = Stack(aws, "native-not-retained")
    before = standing_in(example("native-before.yaml"), other_handler)
    pool = stack.create(without_retain(before)).outputs["UserPoolId"]
    assert stack.update(example("native-after.yaml")).status == "UPDATE_COMPLETE"
    assert provider(aws, pool, "Corp") is None
    stack.delete()


def test_a_change_over_that_is_rolled_back_leaves_the_native_provider(aws, other_handler):
    stack = Stack(aws, "native-rolled-back")
    before = standing_in(example("native-before.yaml"), other_handler)
    pool = stack.create(before).outputs["UserPoolId"]
    with undisturbed(aws, pool, "Corp"):
        fails = failing(example("native-after.yaml"), after="CorpProvider")
        assert stack.update(fails).status == "UPDATE_ROLLBACK_COMPLETE"
        # And on again.
        assert stack.update(example("native-after.yaml")).status == "UPDATE_COMPLETE"
    stack.delete()


def test_a_native_provider_changes_over_to_another_stack(aws, pools, other_handler):
    pool = pools()
    resource = {
        "Type": "Custom::Native",
        "DeletionPolicy": "Retain",
        "Properties": {
            "ServiceToken": other_handler,
            "UserPoolId": pool,
            "ProviderName": "Partner",
            **PARTNER,
        },
    }
    old, new = Stack(aws, "native-elsewhere"), Stack(aws, "native-here")
    assert old.create(json.dumps({"Resources": {"Partner": resource}})).status == "CREATE_COMPLETE"
    with undisturbed(aws, pool, "Partner"):
        outcome = new.create(example("adopt.yaml"), UserPoolId=pool, PartnerClientSecret=SECRET)
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
        old.delete()
        skipped = [e["ResourceStatus"] for e in old.new_events()]
        assert "DELETE_SKIPPED" in skipped
    new.delete()


def test_the_emulator_does_not_know_the_native_resource(aws):
    # When it does, the tests above can do without a stand-in.
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        Stack(aws, "native-itself").create(example("native-before.yaml"))


# -- From another handler -----------------------------------------------------------------------


def theirs(arn, pool, **properties):
    named = {"UserPoolId": pool, "ProviderName": "Partner"}
    return json.dumps(
        {
            "Resources": {
                "Partner": {
                    "Type": "Custom::Theirs",
                    "Properties": {"ServiceToken": arn, **(named | PARTNER | properties)},
                }
            },
            "Outputs": {"Id": {"Value": {"Ref": "Partner"}}},
        }
    )


def put_behind(aws, code):
    """Changes what is behind the other handler's ARN, which itself no stack can change."""
    functions = aws.client("lambda")
    functions.update_function_configuration(
        FunctionName="other-handler",
        Environment={"Variables": {"RESPONSE_URL_HOSTS": f"localhost:{aws.port}"}},
        **code.configuration,
    )
    functions.update_function_code(FunctionName="other-handler", ZipFile=code.archive())


def put_ours_behind_by_the_page(aws, folder):
    """Does the same for the function of this project, with the commands of the page."""
    functions = aws.client("lambda")
    functions.update_function_configuration(
        FunctionName="other-handler",
        Environment={"Variables": {"RESPONSE_URL_HOSTS": f"localhost:{aws.port}"}},
    )
    built = folder / ".aws-sam" / "build"
    built.mkdir(parents=True)
    (built / "Function").symlink_to(OURS.file.parent)
    commands = printed("docs/migrating.md", "python3 -m zipfile")
    commands = changed(changed(commands, "OTHER", "other-handler"), "arm64", HERE)
    shell(aws, folder, commands)
    configuration = functions.get_function_configuration(FunctionName="other-handler")
    assert configuration.items() >= OURS.configuration.items()


def called_otherwise(template):
    """The same, from a handler whose properties have other names."""
    template = json.loads(template)
    properties = template["Resources"]["Partner"]["Properties"]
    for here, there in (("UserPoolId", "Pool"), ("ProviderName", "Name"), ("ProviderType", "Kind")):
        properties[there] = properties.pop(here)
    return json.dumps(template)


def test_a_stack_of_another_handler_changes_over(aws, pools, other_handler, tmp_path):
    pool = pools()
    stack = Stack(aws, "other-handler")
    outcome = stack.create(theirs(other_handler, pool))
    assert outcome.outputs == {"Id": "Partner"}, outcome.reason
    with undisturbed(aws, pool, "Partner"):
        put_ours_behind_by_the_page(aws, tmp_path)
        # Something has to change for CloudFormation to send an Update.
        outcome = stack.update(theirs(other_handler, pool, Revision="1"))
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason
        assert outcome.outputs == {"Id": f"{pool}|Partner"}
    stack.delete()
    assert provider(aws, pool, "Partner") is None


def test_a_stack_of_another_handler_with_other_properties_changes_over(aws, pools, other_handler):
    pool = pools()
    stack = Stack(aws, "other-properties")
    outcome = stack.create(called_otherwise(theirs(other_handler, pool)))
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    with undisturbed(aws, pool, "Partner"):
        put_behind(aws, OURS)
        outcome = stack.update(theirs(other_handler, pool, AdoptExisting=True))
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason
        assert outcome.outputs == {"Id": f"{pool}|Partner"}
    stack.delete()


def test_a_change_over_from_another_handler_that_fails_is_gone_back_on(aws, pools, other_handler):
    # Where the properties have other names, the rollback needs the handler that knows them.
    pool = pools()
    stack = Stack(aws, "other-fails")
    stack.create(called_otherwise(theirs(other_handler, pool)))
    made = described(aws, pool, "Partner")[0]
    put_behind(aws, OURS)
    outcome = stack.update(theirs(other_handler, pool, ProviderType="SAML"))
    assert outcome.status == "UPDATE_ROLLBACK_FAILED"
    put_behind(aws, THEIRS)
    aws.client("cloudformation").continue_update_rollback(StackName=stack.name)
    assert stack.settled().status == "UPDATE_ROLLBACK_COMPLETE"
    created, _, held = described(aws, pool, "Partner")
    assert (created, held["ProviderDetails"]) == (made, PARTNER["ProviderDetails"])
    stack.delete()


def test_a_stack_that_is_deleted_before_it_changes_over_leaves_the_provider(
    aws, pools, other_handler
):
    pool = pools()
    stack = Stack(aws, "other-deleted")
    stack.create(theirs(other_handler, pool))
    put_behind(aws, OURS)
    assert stack.delete().status == "DELETE_COMPLETE"
    assert provider(aws, pool, "Partner") is not None


# -- Renaming, and moving within this handler ---------------------------------------------------


def test_a_rename_adopts_a_provider_of_the_new_name(aws, pools):
    pool = pools()
    stack = Stack(aws, "rename")
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}
    mine = changed(example("adopt.yaml"), "      AdoptExisting: true\n", "")
    mine = changed(mine, "partner.example.com]", "old.example.com]")
    assert stack.create(mine, **given).status == "CREATE_COMPLETE"
    make(aws, pool, ProviderName="Partner2")

    refused = changed(mine, "ProviderName: Partner", "ProviderName: Partner2")
    outcome = stack.update(refused, UserPoolId=pool, PartnerClientSecret="another")
    assert outcome.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "set AdoptExisting: true" in outcome.reason

    renamed = changed(example("adopt.yaml"), "ProviderName: Partner", "ProviderName: Partner2")
    with undisturbed(aws, pool, "Partner2"):
        outcome = stack.update(renamed, **given)
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason
        assert outcome.outputs["PartnerId"] == f"{pool}|Partner2"
    # UpdateReplacePolicy: Retain
    assert provider(aws, pool, "Partner") is not None
    stack.delete()

    bare = Stack(aws, "rename-bare")
    adopts = without_retain(example("adopt.yaml"))
    adopts = changed(adopts, "      IdpIdentifiers: [partner.example.com]\n", "")
    assert bare.create(adopts, **given).status == "CREATE_COMPLETE"
    renamed = changed(adopts, "ProviderName: Partner", "ProviderName: Partner2")
    with undisturbed(aws, pool, "Partner2"):
        assert bare.update(renamed, **given).status == "UPDATE_COMPLETE"
    assert provider(aws, pool, "Partner") is None
    bare.delete()


def test_a_provider_moves_to_another_logical_id(aws, pools):
    pool = pools()
    stack = Stack(aws, "logical-id")
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}
    adopt = example("adopt.yaml")
    make(aws, pool)
    assert stack.create(adopt, **given).status == "CREATE_COMPLETE"
    moved = changed(changed(adopt, "  Partner:\n", "  Moved:\n"), "!Ref Partner\n", "!Ref Moved\n")
    moved = changed(moved, "!GetAtt Partner.", "!GetAtt Moved.")
    with undisturbed(aws, pool, "Partner"):
        outcome = stack.update(moved, **given)
        assert outcome.status == "UPDATE_COMPLETE", outcome.reason

    # Back, but the resource that goes is not retained any more.
    assert stack.update(without_retain(moved), **given).status == "UPDATE_COMPLETE"
    assert stack.update(adopt, **given).status == "UPDATE_COMPLETE"
    assert provider(aws, pool, "Partner") is None
    stack.delete()


# -- Leaving ------------------------------------------------------------------------------------


def test_a_provider_leaves_for_the_native_resource(aws, tmp_path):
    stack = Stack(aws, "leave")
    after = changed(example("native-after.yaml"), "      AdoptExisting: true\n", "")
    outcome = stack.create(after)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    pool, client = outcome.outputs["UserPoolId"], outcome.outputs["AppClientId"]
    made = described(aws, pool, "Corp")
    # The app client names it, and the resource leaves.
    without = re.sub(r"  # Another.*?(?=  AppClient:)", "", after, flags=re.DOTALL)
    without = changed(without, "!GetAtt CorpProvider.ProviderName", "Corp")
    outcome = stack.update(without)
    assert outcome.status == "UPDATE_COMPLETE", outcome.reason
    assert described(aws, pool, "Corp") == made
    assert sign_in(aws, client, "Corp").startswith("https://idp.example.com/saml/metadata")

    # On AWS the native resource now takes it by an import. The emulator does not know that one.
    native = changed(example("native-before.yaml"), "[!Ref Corp]", "[Corp]")
    (tmp_path / "native.yaml").write_text(native)
    commands = printed("docs/migrating.md", "aws cloudformation create-change-set")
    commands = changed(changed(commands, "identity", stack.name), "eu-west-1_Example01", pool)
    refused = shell(aws, tmp_path, f"({commands}) 2>&1 || true")
    assert "Unrecognized resource types" in refused
    stack.delete()


def test_a_provider_leaves_with_its_stack(aws, pools):
    pool = pools()
    stack = Stack(aws, "leave-stack")
    given = {"UserPoolId": pool, "PartnerClientSecret": SECRET}
    stack.create(example("adopt.yaml"), **given)
    made = described(aws, pool, "Partner")
    assert stack.delete().status == "DELETE_COMPLETE"
    assert described(aws, pool, "Partner") == made


# -- The page -----------------------------------------------------------------------------------


def test_the_page_shows_what_is_tested():
    page = PAGE.read_text()
    examples = {file.name: file.read_text() for file in EXAMPLES.iterdir()}
    blocks = re.findall(r"^( *)```yaml\n(.*?)^\1```", page, re.DOTALL | re.MULTILINE)
    assert blocks
    for _, block in blocks:
        shapes = [textwrap.indent(textwrap.dedent(block), " " * depth) for depth in range(0, 9, 2)]
        shown = [shape for text in examples.values() for shape in shapes if shape in text]
        assert shown, f"no example has\n{block}"
    for name in ("adopt.yaml", "native-before.yaml", "native-after.yaml"):
        assert f"(../examples/{name})" in page


def test_every_test_that_the_page_names_is_here():
    named = re.findall(r"`(test_\w+)`", PAGE.read_text())
    assert len(named) > 10
    for test in named:
        assert callable(globals()[test]), test
