"""The files of `make package`: deployed by the AWS CLI alone, and equal wherever they are made.

They are made here of the function that the other tests use, not of an optimized build.
"""

import json
import os
import shutil
import subprocess
import tomllib

import emulator
import package
import pytest
import yaml
from emulator import BIN, BUILT, HANDLER_STACK, HERE, ROOT
from pages import printed, shell
from stacks import Stack, provider

EXECUTABLE = BUILT.parent / "Function" / "bootstrap"
PROVIDER = """
Resources:
  UserPool: {Type: AWS::Cognito::UserPool}
  Corp:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: !ImportValue cfn-cognito-idp-ServiceToken
      UserPoolId: !Ref UserPool
      ProviderName: Corp
      ProviderType: SAML
      ProviderDetails: {MetadataURL: https://idp.example.com/saml/metadata}
Outputs:
  Pool: {Value: !Ref UserPool}
"""


@pytest.fixture
def dist(tmp_path):
    package.package(tmp_path / "dist", {HERE: EXECUTABLE})
    return tmp_path / "dist"


def deploy(dist, aws, tmp_path):
    """Runs the commands of the README in dist/, without cargo, sam and everything else."""
    commands = printed("README.md", "sha256sum").replace("arm64", HERE)
    # A stack that exists keeps the parameters that the command does not name.
    commands = f"{commands.strip()} --parameter-overrides ResponseUrlHosts=localhost:{aws.port}"
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "aws").symlink_to(BIN / "aws")
    (tools / "sha256sum").symlink_to(shutil.which("sha256sum"))
    assert sorted(os.listdir(tools)) == ["aws", "sha256sum"]
    ran = subprocess.run(
        [shutil.which("bash"), "-euxc", commands],
        cwd=dist,
        env=emulator.environment(aws.url) | {"PATH": str(tools)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def resources(aws):
    """The resources of the function's stack: type and physical id by logical id."""
    listed = aws.client("cloudformation").list_stack_resources(StackName=HANDLER_STACK)
    return {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"])
        for resource in listed["StackResourceSummaries"]
    }


def test_a_release_is_deployed_by_the_aws_cli_alone(dist, tmp_path):
    with emulator.emulator() as aws:
        shown = deploy(dist, aws, tmp_path)
        assert f"{package.NAME}-{HERE}.zip: OK" in shown
        stack = Stack(aws, "corp")
        outcome = stack.create(PROVIDER)
        assert outcome.status == "CREATE_COMPLETE", outcome.reason
        assert provider(aws, outcome.outputs["Pool"], "Corp")["ProviderType"] == "SAML"
        stack.delete()
        handler = Stack(aws, HANDLER_STACK)
        described = handler.cloudformation.describe_stacks(StackName=handler.name)
        handler.stack_id = described["Stacks"][0]["StackId"]
        [bucket] = aws.client("s3").list_buckets()["Buckets"]
        remove = printed("README.md", "aws cloudformation delete-stack")
        shell(aws, tmp_path, f"BUCKET={bucket['Name']}\n{remove}")
        assert aws.client("s3").list_buckets()["Buckets"] == []
        assert handler.settled().status == "DELETE_COMPLETE"


def test_a_release_updates_in_place_what_sam_has_deployed(aws, dist, tmp_path):
    before = resources(aws)
    assert "Function" in before
    deploy(dist, aws, tmp_path)
    assert resources(aws) == before


def test_the_template_of_a_release_has_no_transform_and_no_errors(dist):
    template = dist / f"template-{HERE}.yaml"
    linted = subprocess.run(
        # W3002: the zip has no URL before `aws cloudformation package`.
        [BIN / "cfn-lint", "--ignore-checks", "W3002", "--", template],
        capture_output=True,
        text=True,
    )
    assert linted.stdout == ""
    plain = yaml.safe_load(template.read_text())
    source = package.yaml_parse((ROOT / "template.yaml").read_text())
    assert "Transform" not in plain
    assert plain["Parameters"].keys() == source["Parameters"].keys() - {"Architecture"}
    for kept in ("Description", "Metadata", "Conditions"):
        assert plain[kept] == source[kept]
    assert plain["Outputs"].keys() == source["Outputs"].keys()
    assert plain["Resources"]["Function"]["Properties"]["Architectures"] == [HERE]
    assert "arn:aws:iam" not in template.read_text()


def test_the_same_executable_gives_the_same_files(dist, tmp_path):
    copy = tmp_path / "bootstrap"
    shutil.copyfile(EXECUTABLE, copy)
    copy.chmod(0o600)
    os.utime(copy, (0, 0))
    package.package(tmp_path / "again", {HERE: copy})
    files = sorted(file.name for file in dist.iterdir())
    assert files == sorted(file.name for file in (tmp_path / "again").iterdir())
    for name in files:
        assert (dist / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_the_sums_are_those_of_all_other_files(dist):
    def check():
        return subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dist)

    listed = {line.split()[1] for line in (dist / "SHA256SUMS").read_text().splitlines()}
    assert listed == {file.name for file in dist.iterdir()} - {"SHA256SUMS"}
    assert check().returncode == 0
    with (dist / f"{package.NAME}-{HERE}.zip").open("ab") as changed:
        changed.write(b"x")
    assert check().returncode == 1


def test_sam_packages_the_application_for_its_repository(aws, tmp_path):
    aws.client("s3").create_bucket(Bucket="applications")
    packaged = tmp_path / "packaged.yaml"
    emulator.run(
        [
            BIN / "sam", "package", "--template-file", BUILT, "--s3-bucket", "applications",
            "--output-template-file", packaged,
        ],
        endpoint=aws.url,
    )  # fmt: skip
    metadata = package.yaml_parse(packaged.read_text())["Metadata"]
    application = metadata["AWS::ServerlessRepo::Application"]
    for uploaded, name in [("ReadmeUrl", "README.md"), ("LicenseUrl", "LICENSE-APACHE")]:
        bucket, key = application[uploaded].removeprefix("s3://").split("/", 1)
        held = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        assert held == (ROOT / name).read_bytes()


def test_the_application_has_the_version_of_the_crate():
    metadata = package.yaml_parse((ROOT / "template.yaml").read_text())["Metadata"]
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    assert metadata["AWS::ServerlessRepo::Application"]["SemanticVersion"] == version
    assert json.loads((ROOT / "cdk" / "package.json").read_text())["version"] == version


def test_only_the_tag_of_the_version_is_released():
    tagged = subprocess.run(
        ["make", "--silent", "tagged"],
        cwd=ROOT,
        env=os.environ | {"TAG": "v0.0.0"},
        capture_output=True,
        text=True,
    )
    assert tagged.returncode != 0
    assert "the tag is 'v0.0.0', expected v" in tagged.stderr
