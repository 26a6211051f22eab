"""The commands of docs/operating.md, and the tool behind them."""

import http.server
import json
import re
import subprocess
import sys
import textwrap
import threading
import time

import emulator
import pytest
from emulator import HANDLER_STACK, ROOT
from pages import printed, shell
from stacks import Stack, names

LOOK = printed("docs/operating.md", "QUEUE=")

PROVIDER = """
Parameters:
  Secret: {Type: String, Default: planted}
Resources:
  Pool: {Type: AWS::Cognito::UserPool}
  Google:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: !ImportValue cfn-cognito-idp-ServiceToken
      ServiceTimeout: 120
      UserPoolId: !Ref Pool
      ProviderName: Google
      ProviderType: Google
      ProviderDetails:
        client_id: client
        client_secret: !Ref Secret
        authorize_scopes: openid
Outputs:
  Pool: {Value: !Ref Pool}
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with what the commands name of the repository."""
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    return tmp_path


@pytest.fixture
def mute():
    """An emulated AWS whose function may not answer at its response URLs."""
    with emulator.emulator() as aws:
        aws.token = aws.deploy_handler(ResponseUrlHosts="elsewhere", Alarms="true", Dashboard="true")
        yield aws


def begin(aws, template):
    """Begins to create a stack, and waits until its event has failed for good."""
    stack = Stack(aws, "identity")
    stack.stack_id = stack.cloudformation.create_stack(
        StackName=stack.name, TemplateBody=template
    )["StackId"]
    queue = outputs(aws)["UnansweredEventsUrl"]
    sqs = aws.client("sqs")
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=0)
    assert received["Messages"]
    return stack


def outputs(aws):
    cloudformation = aws.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=HANDLER_STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_an_event_that_was_not_answered_is_answered_once_the_cause_is_mended(mute, folder):
    stack = begin(mute, PROVIDER)
    shown = shell(mute, folder, LOOK)
    assert "LogicalResourceId: Google" in shown and stack.stack_id in shown

    hosts = {"RESPONSE_URL_HOSTS": f"localhost:{mute.port}"}
    mute.client("lambda").update_function_configuration(
        FunctionName=mute.token, Environment={"Variables": hosts}
    )
    shell(mute, folder, printed("docs/operating.md", "FUNCTION="))
    assert json.loads((folder / "result.json").read_text())["Status"] == "SUCCESS"
    outcome = stack.settled()
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert names(mute, outcome.outputs["Pool"]) == ["Google"]

    queue = outputs(mute)["UnansweredEventsUrl"]
    clear = printed("docs/operating.md", "aws sqs purge-queue")
    shell(mute, folder, f"QUEUE={queue}\n{clear}")
    received = mute.client("sqs").receive_message(QueueUrl=queue)
    assert "Messages" not in received
    assert sorted(path.name for path in folder.iterdir()) == ["tools"]


def test_the_alarms_and_the_dashboard_are_about_the_queue_and_the_function(mute):
    queue = outputs(mute)["UnansweredEventsUrl"].rpartition("/")[2]
    function = mute.token.rpartition(":")[2]
    cloudwatch = mute.client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    watched = {
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]) for alarm in alarms
    }
    assert watched == {("ApproximateNumberOfMessagesVisible", queue), ("Errors", function)}
    body = cloudwatch.get_dashboard(DashboardName=HANDLER_STACK)["DashboardBody"]
    charts = [widget["properties"] for widget in json.loads(body)["widgets"]]
    assert function in json.dumps(charts[0]) and queue in json.dumps(charts[2])
    assert charts[3]["query"].startswith("SOURCE '")


def test_a_stack_that_hangs_is_made_to_fail(mute, folder):
    stack = begin(mute, PROVIDER)
    shell(mute, folder, LOOK + printed("docs/operating.md", "python3 tools/answer.py"))
    # The stack is not at its end: the Delete of the rollback is not answered either.
    deadline = time.monotonic() + 60
    while not (reasons := stack._reasons()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "answered by hand: the function cannot reach Cognito" in reasons[0]


def test_an_answer_by_hand_lets_the_rollback_find_what_was_created(tmp_path):
    received = []

    class Bucket(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(403 if "expired" in self.path else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = "/stack?X-Amz-Date=20261122T070000Z&X-Amz-Signature=a%2Fb"
    event = {
        "RequestType": "Create",
        "ResponseURL": f"http://127.0.0.1:{server.server_port}{path}",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Corp",
        "ResourceProperties": {"UserPoolId": "eu-west-1_Pool", "ProviderName": "Corp"},
    }
    properties = {"UserPoolId": "no pool", "ProviderName": "Corp", "ServiceTimeout": "1200"}
    update = event | {"RequestType": "Update", "PhysicalResourceId": "eu-west-1_Pool|Corp"}
    for given, physical_id, until in [
        (event, "unconfirmed/1795330800/eu-west-1_Pool|Corp", "08:00"),
        (event | {"ResourceProperties": properties}, "not-created/request", "07:20"),
        (update, "eu-west-1_Pool|Corp", "08:00"),
    ]:
        message = tmp_path / "message.json"
        message.write_text(json.dumps({"requestPayload": given}))
        tool = [sys.executable, ROOT / "tools" / "answer.py", message]
        shown = subprocess.check_output(tool, text=True)
        assert f"CloudFormation waits until 2026-11-22 {until} UTC." in shown
        assert "X-Amz" not in shown
        subprocess.run([*tool, "--fail", "by hand"], check=True, capture_output=True)
        sent_to, content_type, body = received.pop()
        assert (sent_to, content_type) == (path, "")
        assert body == {
            "Status": "FAILED",
            "Reason": "by hand",
            "PhysicalResourceId": physical_id,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Corp",
        }
    expired = event | {"ResponseURL": event["ResponseURL"].replace("stack?", "expired?")}
    message.write_text(json.dumps({"requestPayload": expired}))
    refused = subprocess.run([*tool, "--fail", "by hand"], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "The answer was not taken: HTTP Error 403: Forbidden\n"
    server.shutdown()


def test_the_tool_says_where_there_is_nobody_to_answer(tmp_path):
    message = tmp_path / "message.json"
    tool = [sys.executable, ROOT / "tools" / "answer.py", message]

    def run(*arguments):
        done = subprocess.run([*tool, *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    message.write_text("None\n")
    assert run() == (1, "The queue was empty: there is no message.\n")

    # What a rule has sent.
    apply = {"RequestType": "Apply", "PhysicalResourceId": "eu-west-1_Pool|Corp"}
    message.write_text(json.dumps({"requestPayload": apply}))
    code, shown = run()
    assert code == 0 and "RequestType: Apply" in shown
    assert shown.endswith("It has no response URL: nobody waits for a response.\n")
    assert run("--fail", "by hand") == (
        1, "The event has no response URL: nobody waits for a response.\n",
    )  # fmt: skip
    assert run("--event", tmp_path / "event.json") == (0, "")
    assert json.loads((tmp_path / "event.json").read_text()) == apply


def test_an_apply_whose_deliveries_all_fail_is_in_the_queue_too(aws):
    apply = {"RequestType": "Apply", "PhysicalResourceId": "us-east-1_Pool|Queued"}
    aws.client("lambda").invoke(
        FunctionName=aws.service_token, InvocationType="Event", Payload=json.dumps(apply)
    )
    queue, sqs = outputs(aws)["UnansweredEventsUrl"], aws.client("sqs")
    deadline = time.monotonic() + 60
    found = None
    while found is None:
        assert time.monotonic() < deadline
        received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
        bodies = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        found = next((body for body in bodies if body["requestPayload"] == apply), None)
    assert found["responsePayload"]["errorType"] == "Failed"


def test_another_stack_grants_the_role_what_it_reads(aws):
    page = (ROOT / "docs" / "reference.md").read_text()
    page = page.partition("### Grant it from another stack")[2]
    block = re.search(r"```yaml\n(.*?)```", page, re.S)[1]
    stack = Stack(aws, "granting")
    outcome = stack.create(
        "Resources:\n  UserPool: {Type: AWS::Cognito::UserPool}\n" + textwrap.indent(block, "  ")
    )
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    iam = aws.client("iam")
    role = outputs(aws)["RoleName"]
    assert outputs(aws)["RoleArn"] == iam.get_role(RoleName=role)["Role"]["Arn"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="granting-google")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == "secretsmanager:GetSecretValue"
    assert stack.delete().status == "DELETE_COMPLETE"


def test_providers_that_no_stack_declares_are_listed(aws, tmp_path):
    stack = Stack(aws, "listed")
    pool = stack.create(PROVIDER).outputs["Pool"]
    aws.client("cognito-idp").create_identity_provider(
        UserPoolId=pool,
        ProviderName="Stray",
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": "a",
            "client_secret": "b",
            "attributes_request_method": "GET",
            "oidc_issuer": "https://stray.example.com",
            "authorize_scopes": "openid",
        },
    )
    commands = printed("docs/operating.md", "POOL=")
    assert "POOL=us-east-1_Example01" in commands
    commands = commands.replace("us-east-1_Example01", pool)
    assert shell(aws, tmp_path, commands).split() == ["Stray"]
    stack.delete()


def test_a_wedged_rollback_is_continued(aws, tmp_path):
    secrets = aws.client("secretsmanager")
    by_value = "        client_secret: !Ref Secret\n"
    of_google = "        authorize_scopes: openid\n"
    assert by_value in PROVIDER and of_google in PROVIDER

    def template(secret):
        source = (
            "      ProviderDetailsFrom:\n"
            f"        client_secret: {{SecretsManager: {{SecretId: {secret}}}}}\n"
        )
        return PROVIDER.replace(by_value, "").replace(of_google, of_google + source)

    # It is tried after Google was updated, and refused.
    mistake = (
        "  Mistake:\n    Type: Custom::CognitoIdentityProvider\n    DependsOn: Google\n"
        "    Properties: {ServiceToken: !ImportValue cfn-cognito-idp-ServiceToken}\n"
    )
    secrets.create_secret(Name="newer", SecretString="second")
    for command in (
        printed("docs/operating.md", "aws cloudformation continue-update-rollback --stack-name identity\n"),
        printed("docs/operating.md", "aws cloudformation continue-update-rollback --stack-name identity --res"),
    ):
        secrets.create_secret(Name="older", SecretString="first")
        stack = Stack(aws, "identity")
        outcome = stack.create(template("older"))
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
        secrets.delete_secret(SecretId="older", ForceDeleteWithoutRecovery=True)
        outcome = stack.update(template("newer").replace("Outputs:", mistake + "Outputs:"))
        assert outcome.status == "UPDATE_ROLLBACK_FAILED", outcome.reason
        assert "reading ProviderDetails.client_secret" in outcome.reason
        if "--resources-to-skip" not in command:
            secrets.create_secret(Name="older", SecretString="first")
        shell(aws, tmp_path, command)
        outcome = stack.settled()
        assert outcome.status == "UPDATE_ROLLBACK_COMPLETE", outcome.reason
        assert stack.delete().status == "DELETE_COMPLETE"
        if "--resources-to-skip" not in command:
            secrets.delete_secret(SecretId="older", ForceDeleteWithoutRecovery=True)
    secrets.delete_secret(SecretId="newer", ForceDeleteWithoutRecovery=True)
