"""An emulated AWS on a free port, with the function deployed to it by SAM.

Used by the demo and by the end-to-end tests. However the context is left, all processes are stopped
and all files removed.
"""

import contextlib
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import boto3
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
REGION = "us-east-1"
HANDLER_STACK = "cfn-cognito-idp"
HERE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
# Not where `sam build` puts what a user deploys: this is for this machine.
BUILT = ROOT / ".aws-sam" / "emulated" / "template.yaml"


def environment(endpoint=None):
    """Returns an environment for AWS tools without anything of the user's own account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    kept |= {
        "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "SAM_CLI_TELEMETRY": "0",
    }
    if endpoint:
        kept["AWS_ENDPOINT_URL"] = endpoint
    return kept


# The function then starts a few milliseconds later, and compiles in a third of the time. Of the
# profile, the one codegen unit stays: 16 cost a fifth more processor time, and no less of the clock.
UNOPTIMIZED = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
}


def run(command, endpoint=None, echo=None, variables=None):
    """Runs a command to its end. Its output is shown if it fails, or goes to `echo`."""
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment(endpoint) | (variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if echo:
                echo(line.rstrip())
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.terminate()
        process.wait()
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{''.join(lines)}")
    return "".join(lines)


def build(echo=None):
    """Builds the function for this machine, as `sam build` does for AWS, but unoptimized."""
    # sam runs this too, but does not show its progress.
    arm = ["--arm64"] if HERE == "arm64" else []
    release = ["--release", "--bin", "cfn-cognito-idp", *arm]
    run([BIN / "cargo-lambda", "lambda", "build", *release], echo=echo, variables=UNOPTIMIZED)
    here = ["--config-env", "default" if HERE == "arm64" else HERE]
    run([BIN / "sam", "build", "--build-dir", BUILT.parent, *here], variables=UNOPTIMIZED)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """A running ministack."""

    def __init__(self, port, folder):
        self.port = port
        self.folder = folder
        self.url = f"http://localhost:{port}"

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=300),
        )

    def deploy_handler(self, **parameters):
        """Deploys `template.yaml`, as built, and returns the service token."""
        parameters = {
            "Architecture": HERE,
            "ResponseUrlHosts": f"localhost:{self.port}",
        } | parameters
        overrides = [f"{key}={value}" for key, value in parameters.items()]
        run(
            [
                BIN / "sam", "deploy", "--template-file", BUILT, "--stack-name", HANDLER_STACK,
                "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar",
                "--parameter-overrides", *overrides,
            ],
            endpoint=self.url,
        )  # fmt: skip
        stack = self.client("cloudformation").describe_stacks(StackName=HANDLER_STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}[
            "ServiceToken"
        ]


def _stopped(*_):
    raise KeyboardInterrupt


@contextlib.contextmanager
def emulator():
    """Starts a ministack; stops it and removes its files at the end, on SIGINT and SIGTERM too."""
    # SIGINT as well: where a shell has started this in the background, it is ignored otherwise.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _stopped)
    port = free_port()
    folder = tempfile.mkdtemp(prefix="cfn-cognito-idp-")
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": folder,
        "LOG_LEVEL": "WARNING",
    }
    log = open(pathlib.Path(folder) / "ministack.log", "w+")
    process = subprocess.Popen(
        [BIN / "python", ROOT / "tools" / "emulated.py"],
        env=environment(f"http://localhost:{port}") | settings,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _await_health(process, port, log)
        yield Emulator(port, folder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        # The functions run in the same session, and may outlive their parent.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _await_health(process, port, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"ministack ended at once:\n{log.read()}")
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://localhost:{port}/_ministack/health", timeout=2):
                return
        time.sleep(0.1)
    raise RuntimeError("ministack did not come up within a minute")
