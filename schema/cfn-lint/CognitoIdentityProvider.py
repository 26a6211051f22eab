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
