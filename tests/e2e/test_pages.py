"""Runs what the pages show, and checks that a test runs each command as it is printed."""

import re
import shutil
import textwrap

import emulator
import pytest
from emulator import BUILT, HANDLER_STACK, HERE, ROOT
from pages import PAGES, blocks, printed, shell
from stacks import Stack, provider
from test_examples import WITH_SECRET

TESTS = [*ROOT.glob("tests/e2e/*.py"), *ROOT.glob("tests/cdk/*.py")]
# The beginnings of blocks that no test runs as they are printed, and why.
NOT_AS_PRINTED = {
    ("README.md", "make demo"): "make test would run itself; test_tools.py runs the emulator",
    ("README.md", 'export PATH="$PWD/.venv/bin:$PATH"\nrustup'): "the optimized build takes minutes",
    ("README.md", 'export PATH="$PWD/.venv/bin:$PATH"\nexport'): "test_events.py uses a free port",
    ("README.md", 'export PATH="$PWD/.venv/bin:$PATH"\ncargo'): "test_events.py uses a free port",
    ("README.md", "$ cargo run"): "check/tests/check/main.rs compares the output",
    ("examples/stackset.yaml", "aws cloudformation create-stack-set"): "no emulator has StackSets",
}


def test_every_command_is_run_by_a_test():
    source = "\n".join(test.read_text() for test in TESTS)
    run = [
        (page, beginning.encode().decode("unicode_escape"))
        for page, beginning in re.findall(r'printed\(\s*"(.+?)",\s*"(.+?)"\s*\)', source)
    ]
    # Another test runs all commands of these examples.
    run += [(f"examples/{name}.yaml", "") for name in WITH_SECRET]
    for page in PAGES:
        for block in blocks(page):
            known = [
                beginning
                for named, beginning in [*run, *NOT_AS_PRINTED]
                if named == page and block.startswith(beginning)
            ]
            assert known, f"{page} prints\n{block}"
    for page, beginning in NOT_AS_PRINTED:
        assert len([block for block in blocks(page) if block.startswith(beginning)]) == 1


def test_the_minimal_template_works_when_pasted(aws):
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert f"{HANDLER_STACK}-ServiceToken" in block
    template = (
        "Resources:\n  UserPool: {Type: AWS::Cognito::UserPool}\n"
        + textwrap.indent(block, "  ")
        + "Outputs:\n  Pool: {Value: !Ref UserPool}\n"
    )
    stack = Stack(aws, "readme")
    outcome = stack.create(template)
    assert outcome.status == "CREATE_COMPLETE", outcome.reason
    assert provider(aws, outcome.outputs["Pool"], "Corp")["ProviderType"] == "SAML"
    stack.delete()


def test_a_deployment_that_fails_shows_its_reasons(aws):
    deploy = printed("README.md", "aws cloudformation deploy --stack-name sign-in")
    shell(aws, ROOT, deploy)
    stack = Stack(aws, "sign-in")
    described = stack.cloudformation.describe_stacks(StackName=stack.name)
    stack.stack_id = described["Stacks"][0]["StackId"]
    template = (ROOT / "examples" / "google.yaml").read_text()
    broken = template.replace("authorize_scopes:", "scopes:")
    assert broken != template
    assert stack.update(broken).status == "UPDATE_ROLLBACK_COMPLETE"
    show = printed("README.md", "aws cloudformation describe-stack-events")
    reasons = shell(aws, ROOT, show.replace("STACK", stack.name, 1))
    assert "Google\tinvalid properties: ProviderDetails.authorize_scopes is required" in reasons
    stack.delete()


def test_access_to_values_is_granted_by_parameters_of_the_function(tmp_path):
    (tmp_path / ".aws-sam").mkdir()
    (tmp_path / ".aws-sam" / "build").symlink_to(BUILT.parent)
    # The built template names the licence and the README of the application.
    for file in ("samconfig.toml", "LICENSE-APACHE", "README.md"):
        shutil.copy(ROOT / file, tmp_path)
    command = printed("docs/reference.md", "sam deploy --parameter-overrides")
    with emulator.emulator() as aws:
        shell(aws, tmp_path, command.replace("arm64", HERE))
        (role,) = [
            resource["PhysicalResourceId"]
            for resource in aws.client("cloudformation").list_stack_resources(
                StackName=HANDLER_STACK
            )["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::IAM::Role"
        ]
        iam = aws.client("iam")
        policies = str(
            [
                iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
            ]
        )
    for arn in re.findall(r"=(arn:[^']+)", command):
        assert arn in policies


@pytest.mark.parametrize("given", ["google", "oidc"])
def test_cfn_lint_finds_what_the_check_finds(aws, tmp_path, given):
    command = printed("docs/reference.md", "cfn-lint --append-rules")
    command = command.replace("PATH_TO_CHECKOUT", str(ROOT))
    template = (ROOT / "examples" / f"{given}.yaml").read_text()
    (tmp_path / "template.yaml").write_text(template)
    assert shell(aws, tmp_path, command) == ""
    (tmp_path / "template.yaml").write_text(template.replace("authorize_scopes:", "scopes:"))
    assert "'authorize_scopes' is a required property" in shell(aws, tmp_path, command, status=2)
