"""Every file of `events/`, sent with `cargo lambda invoke` to `cargo lambda watch`, as the README
says it is done."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from emulator import ROOT, environment, free_port

EVENTS = ROOT / "events"
POOL = "us-east-1_Example01"


def success(name):
    return {"Status": "SUCCESS", "PhysicalResourceId": f"{POOL}|{name}"}


# In an order in which each finds what it is about. The answers are what its author meant.
EXPECTED = [
    ("create-saml", success("Corp")),
    ("create-oidc", success("Partner")),
    ("create-google", success("Google")),
    ("create-facebook", success("Facebook")),
    ("create-amazon", success("LoginWithAmazon")),
    ("create-apple", success("SignInWithApple")),
    # It reports all of the above but two.
    ("detect-pool-drift", {"UserPoolId": POOL, "StackResourceDriftStatus": "MODIFIED"}),
    ("create-from-secret", success("Supplier")),
    # It declares an attribute more than the Create, as if somebody had removed it since.
    ("detect-drift", {"StackResourceDriftStatus": "MODIFIED", "PropertiesNotCompared": []}),
    ("apply", {"PhysicalResourceId": f"{POOL}|Supplier", "Applied": True}),
    ("update", success("Partner")),
    ("update-rollback", success("Partner")),
    ("rename", success("CorpSso")),
    (
        "malformed",
        {
            "Status": "FAILED",
            "PhysicalResourceId": "not-created/00000000-0000-4000-8000-000000000010",
        },
    ),
    ("delete", success("Corp")),
]


@contextlib.contextmanager
def running(*command, **environ):
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment() | environ, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        # The function is a child of the tool, which ends it when it is interrupted.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def watch():
    """`cargo lambda watch` with the fakes of `make local` behind it."""
    port = str(free_port())
    fakes = ("cargo", "run", "--quiet", "-p", "cfn-cognito-idp-support", "--bin", "local")
    with running(*fakes) as local:
        await_port("9100", local)
        watching = running(
            "cargo-lambda", "lambda", "watch", "--ignore-changes", "--invoke-port", port,
            AWS_ENDPOINT_URL="http://localhost:9100",
            RESPONSE_URL_HOSTS="localhost:9100",
        )  # fmt: skip
        with watching as process:
            await_port(port, process)
            yield port


def await_port(port, process):
    # The fakes may have to be built first.
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended at once")
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"{process.args} did not come up")


def test_every_event_is_expected():
    assert sorted(name for name, _ in EXPECTED) == sorted(file.stem for file in EVENTS.iterdir())


@pytest.mark.parametrize(("name", "expected"), EXPECTED, ids=[name for name, _ in EXPECTED])
def test_event(watch, name, expected):
    answer = invoke(watch, name)
    assert answer.items() >= expected.items()
    if name == "malformed":
        assert "AttributeMappings is not a property" in answer["Reason"]
    if name == "detect-pool-drift":
        differences = answer["PropertyDifferences"]
        assert [(found["PropertyPath"], found["DifferenceType"]) for found in differences] == [
            ("/DeclaredProviders/Facebook", "ADD"),
            ("/DeclaredProviders/Google", "ADD"),
            ("/DeclaredProviders/LoginWithAmazon", "ADD"),
            ("/DeclaredProviders/SignInWithApple", "ADD"),
        ]
    if name == "detect-drift":
        assert answer["PropertyDifferences"] == [
            {
                "PropertyPath": "/AttributeMapping/name",
                "ExpectedValue": "name",
                "ActualValue": "null",
                "DifferenceType": "REMOVE",
            }
        ]
    if name == "apply":
        assert invoke(watch, name)["Applied"] is False
        assert invoke(watch, "detect-drift")["StackResourceDriftStatus"] == "IN_SYNC"


def invoke(port, name):
    invoked = subprocess.run(
        ["cargo-lambda", "lambda", "invoke", "cfn-cognito-idp", "--invoke-port", port,
         "--data-file", EVENTS / f"{name}.json"],
        cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=1200, check=False,
    )  # fmt: skip
    assert invoked.returncode == 0, invoked.stderr
    return json.loads(invoked.stdout)
