import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import emulator  # noqa: E402

CDK = emulator.ROOT / "cdk" / "node_modules" / ".bin" / "cdk"
QUIET = {"CDK_DISABLE_CLI_TELEMETRY": "true", "CDK_DISABLE_VERSION_CHECK": "true"}


class Cdk:
    """The CDK's command line, for the emulator."""

    def __init__(self, aws):
        self.aws = aws

    def run(self, *arguments, **variables):
        command = [CDK, "--no-notices", *arguments]
        host = {"RESPONSE_URL_HOST": f"localhost:{self.aws.port}"}
        return emulator.run(command, endpoint=self.aws.url, variables=QUIET | host | variables)


@pytest.fixture(scope="session")
def cdk():
    """An emulated AWS that is bootstrapped for the CDK."""
    with emulator.emulator() as aws:
        cdk = Cdk(aws)
        cdk.run("bootstrap", f"aws://000000000000/{emulator.REGION}")
        yield cdk
