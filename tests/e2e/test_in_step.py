"""`examples/in-step.yaml`, as it is: values that change, and changes by hand.

The emulator sends the events of Secrets Manager and of S3 by itself, matches events with rules, and
invokes the function with what the rules make of them. It does not send Parameter Store's event, so
the test sends the one that AWS documents. A day is too long for a test, so that the targets of the
daily rule are invoked with the input that the emulator keeps for them.
"""

import datetime
import json
import re
import time

import pytest
from emulator import HANDLER_STACK, ROOT
from pages import printed, shell
from stacks import Stack, names, provider

BODY = (ROOT / "examples" / "in-step.yaml").read_text()
METADATA = (ROOT / "tests" / "metadata" / "okta.xml").read_text()
RENEWED = METADATA.replace("exk1example", "exk2example")
GIVEN = {"MetadataBucket": "in-step", "GoogleClientSecret": "planted-first"}
CLIENT_ID = "1234567890-example.apps.googleusercontent.com"
PARTNER = {
    "client_id": "partner-client",
    "client_secret": "planted-partner",
    "authorize_scopes": "openid",
    "oidc_issuer": "https://login.partner.example.com",
    "attributes_request_method": "GET",
}


class InStep:
    """The stack of the example."""

    def __init__(self, aws):
        self.aws = aws
        self.cognito = aws.client("cognito-idp")
        self.events = aws.client("events")
        self.secrets = aws.client("secretsmanager")
        self.ssm = aws.client("ssm")
        self.s3 = aws.client("s3")
        self.stack = Stack(aws, "in-step")

    def deploy(self):
        self.s3.create_bucket(Bucket="in-step")
        self.s3.put_bucket_notification_configuration(
            Bucket="in-step", NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        self.s3.put_object(Bucket="in-step", Key="corp.xml", Body=METADATA.encode())
        outcome = self.stack.create(BODY, **GIVEN)
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
        self.outputs = outcome.outputs
        self.pool = outcome.outputs["UserPoolId"]
        past_this_second()

    def physical_id(self, logical_id, stack="in-step"):
        described = self.stack.cloudformation.describe_stack_resource(
            StackName=stack, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def targets(self, rule):
        found = self.events.list_targets_by_rule(Rule=self.physical_id(rule))["Targets"]
        return {target["Id"]: target for target in found}

    def daily(self, target):
        """The event that the daily rule sends."""
        return json.loads(self.targets("EveryDay")[target]["Input"])

    def invoke(self, event):
        invoked = self.aws.client("lambda").invoke(
            FunctionName=self.aws.service_token, Payload=json.dumps(event)
        )
        answer = json.loads(invoked["Payload"].read())
        if "FunctionError" in invoked:
            raise RuntimeError(answer["errorMessage"])
        return answer

    def detect(self, target):
        return self.invoke(self.daily(target))

    def statuses(self):
        return {
            target: self.detect(target)["StackResourceDriftStatus"]
            for target in ("Google", "Corp", "UserPool")
        }

    def details(self, name):
        return provider(self.aws, self.pool, name)["ProviderDetails"]

    def change_by_hand(self, mapping=None, **details):
        self.cognito.update_identity_provider(
            UserPoolId=self.pool,
            ProviderName="Google",
            ProviderDetails=self.details("Google") | details,
            **({"AttributeMapping": mapping} if mapping else {}),
        )

    def apply(self, name):
        """Applies the declared properties, as the rules do, with the time of now."""
        properties = self.daily(name)["ResourceProperties"]
        return self.invoke(apply_event(self, name, properties, now()))

    def rotate(self, secret):
        self.secrets.put_secret_value(
            SecretId=self.outputs["GoogleSecret"],
            SecretString=json.dumps({"client_secret": secret}),
        )

    def log(self):
        """The lines of the function's log that are JSON."""
        group = self.physical_id("LogGroup", HANDLER_STACK)
        found = self.aws.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [event["message"] for event in found]
        return [json.loads(line) for line in lines if line.startswith("{")]


def apply_event(in_step, name, properties, time_of_event):
    return {
        "RequestType": "Apply",
        "Time": time_of_event,
        "StackId": in_step.stack.stack_id,
        "LogicalResourceId": name,
        "PhysicalResourceId": f"{in_step.pool}|{name}",
        "ResourceProperties": properties,
    }


def now():
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def past_this_second():
    """Waits for the next second: the times of events are whole seconds, so that one in the second
    of a deployment counts as earlier."""
    time.sleep(1.1)


def eventually(read, wanted):
    """Waits until an event has been delivered and handled."""
    deadline = time.monotonic() + 60
    while (found := read()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == wanted


@pytest.fixture(scope="module")
def deployed(aws):
    in_step = InStep(aws)
    in_step.deploy()
    yield in_step
    assert in_step.stack.delete().status == "DELETE_COMPLETE"


@pytest.fixture
def in_step(deployed):
    """The stack in step with its template, before and after each test."""
    yield deployed
    for name in names(deployed.aws, deployed.pool):
        if name not in ("Google", "Corp"):
            deployed.cognito.delete_identity_provider(UserPoolId=deployed.pool, ProviderName=name)
    for name in ("Google", "Corp"):
        deployed.apply(name)
    assert set(deployed.statuses().values()) == {"IN_SYNC"}


def test_the_properties_are_written_once(in_step):
    assert in_step.daily("Google") == {
        "RequestType": "DetectDrift",
        "PhysicalResourceId": f"{in_step.pool}|Google",
        "ResourceProperties": {
            "UserPoolId": in_step.pool,
            "ProviderName": "Google",
            "ProviderType": "Google",
            "ProviderDetails": {"authorize_scopes": "openid email profile"},
            "ProviderDetailsFrom": {
                "client_id": {"SsmParameter": {"Name": in_step.outputs["GoogleClientId"]}},
                "client_secret": {
                    "SecretsManager": {
                        "SecretId": in_step.outputs["GoogleSecret"],
                        "JsonKey": "client_secret",
                    }
                },
            },
            "AttributeMapping": {"email": "email", "username": "sub"},
        },
    }
    assert in_step.daily("UserPool") == {
        "RequestType": "DetectDrift",
        "UserPoolId": in_step.pool,
        "DeclaredProviders": ["Google", "Corp"],
    }
    for rule, name in [("GoogleValueChanged", "Google"), ("CorpMetadataChanged", "Corp")]:
        template = in_step.targets(rule)[name]["InputTransformer"]["InputTemplate"]
        assert json.loads(template.replace("<time>", '"now"')) == apply_event(
            in_step, name, in_step.daily(name)["ResourceProperties"], "now"
        )
        # EventBridge's limit.
        assert len(template) <= 8192


def test_a_provider_in_step_is_reported_as_such(in_step):
    assert in_step.statuses() == {"Google": "IN_SYNC", "Corp": "IN_SYNC", "UserPool": "IN_SYNC"}
    found = in_step.detect("Google")
    modified = found.pop("LastModifiedDate")
    assert datetime.datetime.fromisoformat(modified).tzinfo is not None
    assert found == {
        "PhysicalResourceId": f"{in_step.pool}|Google",
        "ResourceType": "Custom::CognitoIdentityProvider",
        "StackResourceDriftStatus": "IN_SYNC",
        "PropertyDifferences": [],
        "PropertiesNotCompared": [],
    }


def test_a_rotated_secret_is_applied_without_a_deployment(in_step):
    events = len(in_step.stack._events())
    in_step.rotate("planted-rotated")
    eventually(lambda: in_step.details("Google")["client_secret"], "planted-rotated")
    assert in_step.details("Google")["client_id"] == CLIENT_ID
    assert len(in_step.stack._events()) == events


def test_a_changed_parameter_is_applied_without_a_deployment(in_step):
    name = in_step.outputs["GoogleClientId"]
    in_step.ssm.put_parameter(Name=name, Value="other-client", Overwrite=True)
    # As in the Systems Manager User Guide, "Amazon EventBridge event examples for Systems Manager".
    region = in_step.events.meta.region_name
    account = in_step.aws.service_token.split(":")[4]
    entry = {
        "Source": "aws.ssm",
        "DetailType": "Parameter Store Change",
        "Resources": [f"arn:aws:ssm:{region}:{account}:parameter{name}"],
        "Detail": json.dumps({"operation": "Update", "name": name, "type": "String"}),
    }
    assert in_step.events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    eventually(lambda: in_step.details("Google")["client_id"], "other-client")


def test_written_metadata_are_applied_without_a_deployment(in_step):
    in_step.s3.put_object(Bucket="in-step", Key="corp.xml", Body=RENEWED.encode())
    eventually(lambda: in_step.details("Corp")["MetadataFile"], RENEWED)


def test_a_change_by_hand_is_reported_and_undone(in_step):
    in_step.change_by_hand(
        {"email": "mail", "username": "sub", "name": "name"},
        client_secret="planted-by-hand",
        authorize_scopes="openid",
    )
    found = in_step.detect("Google")
    assert "planted" not in json.dumps(found)
    assert found["StackResourceDriftStatus"] == "MODIFIED"
    differences = {
        difference["PropertyPath"]: (
            difference["DifferenceType"],
            difference["ExpectedValue"],
            difference["ActualValue"],
        )
        for difference in found["PropertyDifferences"]
    }
    assert differences == {
        "/ProviderDetails/authorize_scopes": ("NOT_EQUAL", "openid email profile", "openid"),
        "/ProviderDetails/client_secret": ("NOT_EQUAL", "***", "***"),
        "/AttributeMapping/email": ("NOT_EQUAL", "email", "mail"),
        "/AttributeMapping/name": ("ADD", "null", "name"),
    }
    assert in_step.apply("Google")["Applied"] is True
    assert in_step.apply("Google")["Applied"] is False


def test_a_deleted_provider_is_reported(in_step):
    in_step.cognito.delete_identity_provider(UserPoolId=in_step.pool, ProviderName="Google")
    assert in_step.detect("Google")["StackResourceDriftStatus"] == "DELETED"
    assert in_step.detect("UserPool")["PropertyDifferences"] == [
        {
            "PropertyPath": "/DeclaredProviders/Google",
            "ExpectedValue": "Google",
            "ActualValue": "null",
            "DifferenceType": "REMOVE",
        }
    ]
    with pytest.raises(RuntimeError, match="does not exist, and Apply creates none"):
        in_step.apply("Google")
    # A deployment does.
    body = BODY.replace("authorize_scopes: openid email profile", "authorize_scopes: openid email")
    assert in_step.stack.update(body, **GIVEN).status == "UPDATE_COMPLETE"
    assert in_step.details("Google")["authorize_scopes"] == "openid email"
    assert in_step.stack.update(BODY, **GIVEN).status == "UPDATE_COMPLETE"
    past_this_second()


def test_a_provider_that_no_template_declares_is_reported(in_step):
    in_step.cognito.create_identity_provider(
        UserPoolId=in_step.pool,
        ProviderName="Partner",
        ProviderType="OIDC",
        ProviderDetails=PARTNER,
    )
    found = in_step.detect("UserPool")
    assert (found["UserPoolId"], found["StackResourceDriftStatus"]) == (in_step.pool, "MODIFIED")
    (difference,) = found["PropertyDifferences"]
    actual = json.loads(difference.pop("ActualValue"))
    assert difference == {
        "PropertyPath": "/DeclaredProviders/Partner",
        "ExpectedValue": "null",
        "DifferenceType": "ADD",
    }
    assert (actual["ProviderName"], actual["ProviderType"]) == ("Partner", "OIDC")
    assert actual.keys() == {"ProviderName", "ProviderType", "CreationDate", "LastModifiedDate"}


def test_the_rules_follow_a_deployment(in_step):
    body = BODY.replace("email: email", "email: mail")
    assert in_step.stack.update(body, **GIVEN).status == "UPDATE_COMPLETE"
    properties = in_step.daily("Google")["ResourceProperties"]
    assert properties["AttributeMapping"]["email"] == "mail"
    assert in_step.statuses()["Google"] == "IN_SYNC"
    assert in_step.stack.update(BODY, **GIVEN).status == "UPDATE_COMPLETE"
    past_this_second()


def test_an_event_from_before_a_deployment_is_refused(in_step):
    properties = in_step.daily("Google")["ResourceProperties"]
    sent = now()
    past_this_second()
    body = BODY.replace("email: email", "email: mail")
    assert in_step.stack.update(body, **GIVEN).status == "UPDATE_COMPLETE"
    with pytest.raises(RuntimeError, match="superseded: CloudFormation has changed the resource"):
        in_step.invoke(apply_event(in_step, "Google", properties, sent))
    assert provider(in_step.aws, in_step.pool, "Google")["AttributeMapping"]["email"] == "mail"
    assert in_step.stack.update(BODY, **GIVEN).status == "UPDATE_COMPLETE"
    past_this_second()


def test_events_of_other_values_do_not_match(in_step):
    described = in_step.events.describe_rule(Name=in_step.physical_id("GoogleValueChanged"))

    def matches(secret):
        # As in the Secrets Manager User Guide, "Secret Label Updated event".
        event = {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "Secret Label Updated",
            "source": "aws.secretsmanager",
            "account": "012345678901",
            "time": "2024-02-06T16:43:48Z",
            "region": "us-west-2",
            "resources": [secret],
            "detail": {
                "name": "mySecret",
                "labelUpdated": "AWSCURRENT",
                "versionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
            },
        }
        return in_step.events.test_event_pattern(
            EventPattern=described["EventPattern"], Event=json.dumps(event)
        )["Result"]

    secret = in_step.secrets.describe_secret(SecretId=in_step.outputs["GoogleSecret"])
    assert matches(secret["ARN"])
    assert not matches("arn:aws:secretsmanager:us-west-2:012345678901:secret:mySecret-a1b2c3")


def test_each_rule_alone_may_invoke_the_function(in_step):
    policy = in_step.aws.client("lambda").get_policy(FunctionName=in_step.aws.service_token)
    granted = [
        statement
        for statement in json.loads(policy["Policy"])["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    sources = {
        in_step.events.describe_rule(Name=in_step.physical_id(rule))["Arn"]
        for rule in ("GoogleValueChanged", "CorpMetadataChanged", "EveryDay")
    }
    assert len(granted) == 3
    assert {statement["Action"] for statement in granted} == {"lambda:InvokeFunction"}
    assert {
        statement["Condition"]["ArnLike"]["AWS:SourceArn"] for statement in granted
    } == sources


def test_the_alarm_is_on_the_metric_that_the_function_writes(in_step):
    in_step.cognito.create_identity_provider(
        UserPoolId=in_step.pool,
        ProviderName="Partner",
        ProviderType="OIDC",
        ProviderDetails=PARTNER,
    )
    in_step.detect("UserPool")
    line = next(line for line in reversed(in_step.log()) if "Drifted" in line)
    assert line["Drifted"] == 1
    assert line["pool"] == in_step.pool
    assert line["properties"] == ["/DeclaredProviders/Partner"]
    (written,) = line["_aws"]["CloudWatchMetrics"]
    assert written["Dimensions"] == [[]]
    (metric,) = written["Metrics"]
    alarms = in_step.aws.client("cloudwatch").describe_alarms(
        AlarmNames=[in_step.physical_id("Drifted"), in_step.physical_id("RequestDropped")]
    )["MetricAlarms"]
    drifted, dropped = sorted(alarms, key=lambda alarm: alarm["Namespace"], reverse=True)
    assert (drifted["Namespace"], drifted["MetricName"], drifted["Dimensions"]) == (
        written["Namespace"],
        metric["Name"],
        [],
    )
    assert dropped["Dimensions"] == [
        {"Name": "FunctionName", "Value": in_step.aws.service_token.rsplit(":")[-1]}
    ]


def test_the_commands_of_the_readme_and_the_reference(in_step, tmp_path):
    in_step.change_by_hand(authorize_scopes="openid")
    (tmp_path / "events").mkdir()
    shell(in_step.aws, tmp_path / "events", printed("docs/reference.md", "RULE="))
    pool = json.dumps(in_step.daily("UserPool"))
    (tmp_path / "events" / "detect-pool-drift.json").write_text(pool)
    shown = shell(in_step.aws, tmp_path, printed("README.md", "FUNCTION="))
    drifts = re.findall(r'"StackResourceDriftStatus": ?"(\w+)"', shown)
    assert drifts == ["MODIFIED", "IN_SYNC"], shown
    assert re.findall(r'"Applied": ?(\w+)', shown) == ["true"]
    # The emulator records no calls in its CloudTrail, but it takes the command.
    shell(in_step.aws, tmp_path, printed("docs/reference.md", "aws cloudtrail"))
    assert in_step.details("Google")["authorize_scopes"] == "openid email profile"
