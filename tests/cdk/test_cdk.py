"""The CDK packages as `make cdk` builds them: apps that are deployed with `cdk deploy`.

The apps install the packages that users install: the npm package and the Python wheel. The
TypeScript app imports its secret and its parameter: in the emulator, unlike on AWS, `Ref` of a
secret is not the ARN that its events name.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import time

import emulator
import pytest
from stacks import names, provider

APPS = pathlib.Path(__file__).parent / "apps"
PACKAGES = emulator.ROOT / "cdk" / "dist"
MODULES = emulator.ROOT / "cdk" / "node_modules"
README = emulator.ROOT / "cdk" / "README.md"
METADATA = emulator.ROOT / "tests" / "metadata" / "okta.xml"
CHECK = ["cargo", "run", "--quiet", "--locked", "-p", "cfn-cognito-idp-check", "--"]
RULES = ["--append-rules", emulator.ROOT / "schema" / "cfn-lint"]
# The CDK writes dependencies that a reference implies already, and a template parameter for the value
# of each imported SSM parameter.
USUAL = ["--ignore-checks", "W3005", "W2001"]
LINT = [emulator.BIN / "cfn-lint", *RULES, *USUAL, "--"]


def only(pattern):
    """The only package of a kind, so that no older one is tested by mistake."""
    [found] = PACKAGES.glob(pattern)
    return found


@pytest.fixture(scope="module")
def typescript(cdk, tmp_path_factory):
    """The deployed TypeScript app: its outputs, and the folder with its templates."""
    folder = tmp_path_factory.mktemp("typescript")
    modules = folder / "node_modules"
    modules.mkdir()
    with tarfile.open(only("js/*.tgz")) as package:
        package.extractall(folder, filter="data")
    (folder / "package").rename(modules / "cfn-cognito-idp")
    for shared in ("aws-cdk-lib", "constructs", "@types"):
        (modules / shared).symlink_to(MODULES / shared)
    for file in ("app.mts", "tsconfig.json"):
        shutil.copy(APPS / file, folder)
    emulator.run([MODULES / ".bin" / "tsc", "--project", folder])
    cdk.aws.client("ssm").put_parameter(
        Name="/google/client", Value="google-client", Type="String"
    )
    secret = cdk.aws.client("secretsmanager").create_secret(
        Name="google", SecretString='{"client_secret": "planted-first"}'
    )
    variables = {"METADATA": str(METADATA), "SECRET_ARN": secret["ARN"]}
    return deploy(cdk, folder, f"node {folder / 'app.mts'}", **variables)


@pytest.fixture(scope="module")
def python(cdk, tmp_path_factory):
    """The deployed Python app: its outputs, and the folder with its templates."""
    folder = tmp_path_factory.mktemp("python")
    wheel = only("python/*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    emulator.run([*pip, "--no-deps", "--target", folder, wheel])
    app = f"{sys.executable} {APPS / 'app.py'}"
    return deploy(cdk, folder, app, PYTHONPATH=str(folder))


def deploy(cdk, folder, app, **variables):
    outputs = folder / "outputs.json"
    cdk.run(
        "deploy", "--all", "--app", app, "--output", str(folder / "cdk.out"),
        "--require-approval", "never", "--outputs-file", str(outputs), **variables,
    )  # fmt: skip
    merged = {}
    for of_stack in json.loads(outputs.read_text()).values():
        merged |= of_stack
    return merged, folder / "cdk.out"


def client_providers(cdk, outputs):
    client = cdk.aws.client("cognito-idp").describe_user_pool_client(
        UserPoolId=outputs["UserPoolId"], ClientId=outputs["ClientId"]
    )
    return sorted(client["UserPoolClient"]["SupportedIdentityProviders"])


def test_a_typescript_app_deploys_providers_with_values_from_every_source(cdk, typescript):
    outputs, _ = typescript
    pool = outputs["UserPoolId"]
    assert names(cdk.aws, pool) == client_providers(cdk, outputs) == ["Corp", "Google"]
    google = provider(cdk.aws, pool, "Google")["ProviderDetails"]
    assert (google["client_id"], google["client_secret"]) == ("google-client", "planted-first")
    corp = provider(cdk.aws, pool, "Corp")
    assert corp["ProviderDetails"]["MetadataFile"] == METADATA.read_text()
    assert corp["IdpIdentifiers"] == ["example.com"]
    assert outputs["EntityId"] == f"urn:amazon:cognito:sp:{pool}"
    assert outputs["IdpEntityId"] == "http://www.okta.com/exk1example"
    assert outputs["SigningCertificate"]


@pytest.mark.usefixtures("typescript")
@pytest.mark.parametrize("rule", ["GoogleDetectDrift", "DriftDetectDrift"])
def test_the_scheduled_events_find_the_provider_and_the_pool_in_step(cdk, rule):
    events = cdk.aws.client("events")
    described = cdk.aws.client("cloudformation").describe_stack_resources(StackName="TypeScript")
    rules = [
        found["PhysicalResourceId"]
        for found in described["StackResources"]
        if found["ResourceType"] == "AWS::Events::Rule"
        and found["LogicalResourceId"].startswith(rule)
    ]
    [target] = events.list_targets_by_rule(Rule=rules[0].rsplit("/")[-1])["Targets"]
    invoked = cdk.aws.client("lambda").invoke(
        FunctionName=target["Arn"], Payload=target["Input"]
    )
    answer = json.loads(invoked["Payload"].read())
    assert answer["StackResourceDriftStatus"] == "IN_SYNC", answer


def test_a_rotated_secret_is_applied(cdk, typescript):
    outputs, _ = typescript
    # The function refuses an event of the second in which the deployment ended.
    second = int(time.time())
    while int(time.time()) == second:
        time.sleep(0.05)
    cdk.aws.client("secretsmanager").put_secret_value(
        SecretId="google", SecretString='{"client_secret": "planted-second"}'
    )
    deadline = time.monotonic() + 60
    held = None
    while held != "planted-second" and time.monotonic() < deadline:
        time.sleep(0.1)
        google = provider(cdk.aws, outputs["UserPoolId"], "Google")
        held = google["ProviderDetails"]["client_secret"]
    assert held == "planted-second"


def test_a_python_app_deploys_a_provider(cdk, python):
    outputs, _ = python
    pool = outputs["UserPoolId"]
    assert names(cdk.aws, pool) == client_providers(cdk, outputs) == ["Partner"]
    partner = provider(cdk.aws, pool, "Partner")
    assert partner["ProviderDetails"]["client_secret"] == "planted-secret"
    assert partner["AttributeMapping"] == {"email": "email", "username": "sub"}
    assert outputs["Issuer"] == "https://login.partner.example.com"


def test_the_python_app_of_the_readme_is_synthesized(python, tmp_path):
    _, templates = python
    [block] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (tmp_path / "app.py").write_text(block)
    run = subprocess.run(
        [sys.executable, tmp_path / "app.py"],
        env=emulator.environment()
        | {"PYTHONPATH": str(templates.parent), "CDK_OUTDIR": str(tmp_path / "out")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    template = json.loads((tmp_path / "out" / "SignIn.template.json").read_text())
    [google] = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "Custom::CognitoIdentityProvider"
    ]
    assert google["ProviderDetails"]["authorize_scopes"] == "openid email profile"
    assert google["AttributeMapping"] == {"email": "email"}


@pytest.mark.parametrize(
    "tool, expected",
    [(CHECK, "3 identity providers checked, 0 errors\n"), (LINT, "")],
    ids=["check", "cfn-lint"],
)
def test_the_check_and_cfn_lint_find_nothing_in_the_templates(typescript, python, tool, expected):
    templates = [
        template for _, folder in (typescript, python) for template in folder.glob("*.template.json")
    ]
    checked = subprocess.run(
        [*tool, *templates],
        cwd=emulator.ROOT,
        env=emulator.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (checked.returncode, checked.stdout) == (0, expected)


def test_deleting_the_stacks_deletes_the_providers(cdk, typescript):
    outputs, folder = typescript
    cdk.run("destroy", "--force", "TypeScript", "--app", str(folder))
    pools = cdk.aws.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert outputs["UserPoolId"] not in [pool["Id"] for pool in pools]
