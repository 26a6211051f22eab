"""A rule for cfn-lint: the properties of Custom::CognitoIdentityProvider by their JSON schema.

cfn-lint takes every custom resource for AWS::CloudFormation::CustomResource, so that a schema of
the type's own in --registry-schemas is never looked at. A rule is.
"""

import json
from pathlib import Path

from cfnlint.rules.jsonschema.CfnLintJsonSchema import CfnLintJsonSchema

SCHEMA = Path(__file__).parent.parent / "cognito-identity-provider.json"


class CognitoIdentityProvider(CfnLintJsonSchema):
    id = "E9401"
    shortdesc = "Properties of Custom::CognitoIdentityProvider"
    description = "Validates them against the JSON schema of cfn-cognito-idp"
    source_url = "https://json-schema.org/draft-07"
    tags = ["resources"]

    def __init__(self):
        super().__init__(
            keywords=["Resources/Custom::CognitoIdentityProvider/Properties"],
            all_matches=True,
        )
        # cfn-lint drops all errors of an allOf in which it cannot resolve one function, such as a Ref.
        whole = json.loads(SCHEMA.read_text())
        self._parts = [*whole.pop("allOf"), whole]

    def validate(self, validator, keywords, instance, schema):
        for part in self._parts:
            yield from self._errors(validator, keywords, instance, part)

    def _errors(self, validator, keywords, instance, part):
        for error in super().validate(validator, keywords, instance, part):
            if error.validator == "required":
                if left_open(instance, error):
                    continue
            # cfn-lint's own texts quote the value, and what it prints is kept somewhere.
            elif error.validator is None:
                error.message = f"{error.path[-1]} cannot be set here"
            elif "ProviderDetails" in error.path:
                error.message = (
                    f"the value breaks the rule {error.validator}: {error.validator_value}"
                )
            yield error


def left_open(properties, error):
    """Whether a required key may be there by another way than cfn-lint sees.

    A transform may add it, and a condition may put it into one map or the other.
    """
    details, sources = (
        found if isinstance(found := properties.get(name), dict) else {}
        for name in ("ProviderDetails", "ProviderDetailsFrom")
    )
    added = "Fn::Transform" in details or "Fn::Transform" in sources
    if list(error.path)[:1] == ["ProviderDetails"]:
        both = [key for key in details if key in sources]
        return added or any(error.message.startswith(repr(key)) for key in both)
    return added and error.message.startswith("'ProviderDetails'")
