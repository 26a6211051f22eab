"""What the README shows, done."""

import re
import textwrap

from emulator import HANDLER_STACK, ROOT
from stacks import Stack, provider


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
