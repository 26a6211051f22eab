/** Whole templates; `npm run snapshots` writes them anew. */

import { test } from "node:test";
import { App, Duration, Stack } from "aws-cdk-lib";
import * as cognito from "aws-cdk-lib/aws-cognito";
import { Schedule } from "aws-cdk-lib/aws-events";
import {
  CognitoIdentityProviderFunction,
  CognitoIdentityProviderGoogle,
  CognitoIdentityProviderSaml,
  ProviderValue,
  SamlMetadata,
} from "../lib/index.js";
import { stack, template } from "./stacks.mts";

/** Returns a template in which the function's code has no hash. */
function normalised(of: Stack): string {
  const text = JSON.stringify(template(of).toJSON(), null, 2);
  return text.replaceAll(/[0-9a-f]{64}/g, "HASH");
}

test("a stack with its own function", (t) => {
  const of = stack();
  const google = new CognitoIdentityProviderGoogle(of, "Google", {
    userPool: of.userPool,
    clientId: ProviderValue.fromSsmParameter(of.parameter),
    clientSecret: ProviderValue.fromSecretsManager(of.secret(), { jsonField: "client_secret" }),
    scopes: ["openid", "email"],
    attributeMapping: { email: cognito.ProviderAttribute.GOOGLE_EMAIL },
    detectDrift: Schedule.rate(Duration.days(1)),
    applyOnChange: true,
  });
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: of.userPool,
    metadata: SamlMetadata.fromBucket(of.bucket({ eventBridgeEnabled: true }), "corp.xml"),
    requestSigningAlgorithm: cognito.SigningAlgorithm.RSA_SHA256,
  });
  of.userPool.addClient("Client", { supportedIdentityProviders: [google.clientIdentityProvider] });
  t.assert.snapshot(normalised(of), { serializers: [String] });
});

test("a stack that shares a function", (t) => {
  const app = new App({ analyticsReporting: false });
  const shared = new Stack(app, "Shared");
  const handler = new CognitoIdentityProviderFunction(shared, "Function", { alarms: {} });
  const of = new Stack(app, "Stack");
  new CognitoIdentityProviderSaml(of, "Corp", {
    userPool: cognito.UserPool.fromUserPoolId(of, "UserPool", "eu-west-1_Example01"),
    metadata: SamlMetadata.fromUrl("https://idp.example.com/metadata"),
    handler,
  });
  t.assert.snapshot(`${normalised(shared)}\n${normalised(of)}`, { serializers: [String] });
});
