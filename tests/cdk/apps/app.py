"""An app as a user of the package writes it; only the function's settings are for the emulator."""

import os

from aws_cdk import App, CfnOutput, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from cfn_cognito_idp import (
    AcrMapping,
    CognitoIdentityProviderFunction,
    CognitoIdentityProviderOidc,
    ProviderValue,
)

app = App()
stack = Stack(app, "Python")
user_pool = cognito.UserPool(stack, "UserPool", removal_policy=RemovalPolicy.DESTROY)
handler = CognitoIdentityProviderFunction(
    stack,
    "Function",
    architecture=lambda_.Architecture.X86_64,
    response_url_hosts=[os.environ["RESPONSE_URL_HOST"]],
)
secret = secretsmanager.Secret(
    stack, "Secret", secret_string_value=SecretValue.unsafe_plain_text("planted-secret")
)
partner = CognitoIdentityProviderOidc(
    stack,
    "Partner",
    user_pool=user_pool,
    handler=handler,
    name="Partner",
    client_id="partner-client",
    client_secret=ProviderValue.from_secrets_manager(secret),
    issuer_url="https://login.partner.example.com",
    acr_mapping=AcrMapping(level1="low"),
    attribute_mapping=cognito.AttributeMapping(
        email=cognito.ProviderAttribute.other("email"),
        custom={"username": cognito.ProviderAttribute.other("sub")},
    ),
)
client = user_pool.add_client(
    "Client", supported_identity_providers=[partner.client_identity_provider]
)
CfnOutput(stack, "UserPoolId", value=user_pool.user_pool_id)
CfnOutput(stack, "ClientId", value=client.user_pool_client_id)
CfnOutput(stack, "Issuer", value=partner.issuer_url)
app.synth()
