/** An app as a user of the package writes it; only the function's settings are for the emulator. */

import {
  App,
  aws_s3_assets as assets,
  CfnOutput,
  aws_cognito as cognito,
  Duration,
  aws_events as events,
  aws_lambda as lambda,
  RemovalPolicy,
  Stack,
  aws_secretsmanager as secretsmanager,
  aws_ssm as ssm,
} from "aws-cdk-lib";
import {
  CognitoIdentityProviderFunction,
  CognitoIdentityProviderGoogle,
  CognitoIdentityProviderSaml,
  CognitoUserPoolDriftDetection,
  ProviderValue,
  SamlMetadata,
} from "cfn-cognito-idp";

const { METADATA = "", RESPONSE_URL_HOST = "", SECRET_ARN = "" } = process.env;

const app = new App();
const shared = new Stack(app, "Shared");
const handler = new CognitoIdentityProviderFunction(shared, "Function", {
  architecture: lambda.Architecture.X86_64,
  responseUrlHosts: [RESPONSE_URL_HOST],
  alarms: {},
});

const stack = new Stack(app, "TypeScript");
const userPool = new cognito.UserPool(stack, "UserPool", { removalPolicy: RemovalPolicy.DESTROY });
const clientId = ssm.StringParameter.fromStringParameterName(stack, "ClientId", "/google/client");
const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, "Secret", SECRET_ARN);
const google = new CognitoIdentityProviderGoogle(stack, "Google", {
  userPool,
  handler,
  clientId: ProviderValue.fromSsmParameter(clientId),
  clientSecret: ProviderValue.fromSecretsManager(secret, { jsonField: "client_secret" }),
  scopes: ["openid", "email"],
  attributeMapping: { email: cognito.ProviderAttribute.GOOGLE_EMAIL },
  detectDrift: events.Schedule.rate(Duration.days(1)),
  applyOnChange: true,
});

const metadata = new assets.Asset(stack, "Metadata", { path: METADATA });
const corp = new CognitoIdentityProviderSaml(stack, "Corp", {
  userPool,
  handler,
  name: "Corp",
  metadata: SamlMetadata.fromBucket(metadata.bucket, metadata.s3ObjectKey),
  requestSigningAlgorithm: cognito.SigningAlgorithm.RSA_SHA256,
  identifiers: ["example.com"],
});

new CognitoUserPoolDriftDetection(stack, "Drift", {
  userPool,
  handler,
  schedule: events.Schedule.rate(Duration.days(1)),
});

const client = userPool.addClient("Client", {
  supportedIdentityProviders: [corp.clientIdentityProvider, google.clientIdentityProvider],
});

for (const [name, value] of Object.entries({
  UserPoolId: userPool.userPoolId,
  ClientId: client.userPoolClientId,
  EntityId: corp.entityId,
  SigningCertificate: corp.signingCertificate,
  IdpEntityId: corp.idpEntityId,
})) {
  new CfnOutput(stack, `Output${name}`, { value }).overrideLogicalId(name);
}
