import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

import emulator  # noqa: E402


@pytest.fixture(scope="session")
def aws():
    """An emulated AWS that the built function is deployed to."""
    with emulator.emulator() as aws:
        aws.service_token = aws.deploy_handler()
        yield aws


@pytest.fixture
def pools(aws):
    """Makes user pools, and removes them."""
    cognito = aws.client("cognito-idp")
    made = []

    def pool():
        made.append(cognito.create_user_pool(PoolName="e2e")["UserPool"]["Id"])
        return made[-1]

    yield pool
    for pool_id in made:
        cognito.delete_user_pool(UserPoolId=pool_id)
