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
        self._schema = json.loads(SCHEMA.read_text())
        self._use_schema_arg = False

    def validate(self, validator, keywords, instance, schema):
        for error in super().validate(validator, keywords, instance, schema):
            if error.validator == "required" and left_open(instance, error.message):
                continue
            # Messages quote what they are about, and lint output is kept by whoever runs it.
            if "ProviderDetails" in error.path:
                error.message = error.message.replace(repr(error.instance), "this value")
            yield error


def left_open(properties, message):
    """Whether a required key may be there by another way than cfn-lint sees.

    A condition may put it into one map or the other, and a transform may add it.
    """
    maps = [properties.get(name) for name in ("ProviderDetails", "ProviderDetailsFrom")]
    if not all(isinstance(map, dict) for map in maps):
        return False
    details, sources = maps
    both = [key for key in details if key in sources]
    return "Fn::Transform" in sources or any(message.startswith(repr(key)) for key in both)
