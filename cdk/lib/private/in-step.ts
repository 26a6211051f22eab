import { type CfnResource, Stack } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { ICognitoIdentityProviderFunction } from "../function";
import { named } from "./names";
import type { Change } from "./source";

/**
 * The keys of `ProviderDetails` that the attribute `ResourceProperties` may show. It does not exist
 * if the template gives a value for another key.
 */
const SHOWN = new Set([
  "EncryptedResponses",
  "IDPInit",
  "IDPSignout",
  "MetadataURL",
  "RequestSigningAlgorithm",
  "SLORedirectBindingURI",
  "SSORedirectBindingURI",
  "api_version",
  "attributes_request_method",
  "attributes_url",
  "attributes_url_add_attributes",
  "authorize_scopes",
  "authorize_url",
  "client_id",
  "jwks_uri",
  "key_id",
  "oidc_issuer",
  "team_id",
  "token_request_method",
  "token_url",
]);

/** Returns why the rules of `options` cannot send the properties of a provider, if they cannot. */
export function sendingErrors(details: object, options: string[]): string[] {
  return Object.keys(details)
    .filter((key) => !SHOWN.has(key))
    .map(
      (key) =>
        `with ${options.join(" and ")}, the function must read ${named(["ProviderDetails", key])}: give it ` +
        (key === "MetadataFile"
          ? "with SamlMetadata.fromBucket or fromValue"
          : "with ProviderValue.fromSecretsManager, fromSsmParameter or fromBucket"),
    );
}

/** Compares a provider with its properties on a schedule. */
export function detectDrift(
  scope: Construct,
  schedule: events.Schedule,
  provider: CfnResource,
  handler: ICognitoIdentityProviderFunction,
): void {
  const rule = new events.Rule(scope, "DetectDrift", {
    description: "Compares an identity provider with its template.",
    schedule,
  });
  invoke(rule, handler, {
    input: `{"RequestType": "DetectDrift", ${sentProperties(provider)}}`,
  });
}

/** Compares the list of a pool's providers with a JSON array of names, on a schedule. */
export function detectPoolDrift(
  scope: Construct,
  schedule: events.Schedule,
  userPoolId: string,
  declared: string,
  handler: ICognitoIdentityProviderFunction,
): void {
  const rule = new events.Rule(scope, "DetectDrift", {
    description: "Compares the providers of a user pool with the templates.",
    schedule,
  });
  invoke(rule, handler, {
    input: `{"RequestType": "DetectDrift", "UserPoolId": "${userPoolId}", "DeclaredProviders": ${declared}}`,
  });
}

/** Updates a provider when one of its values changes. */
export function applyOnChange(
  scope: Construct,
  changes: Change[],
  provider: CfnResource,
  handler: ICognitoIdentityProviderFunction,
): void {
  const stack = Stack.of(scope);
  // By the time and the ids, an event that is delivered late does not undo a later deployment.
  const inputTransformer = {
    inputPathsMap: { time: "$.time" },
    inputTemplate:
      `{"RequestType": "Apply", "Time": <time>, "StackId": "${stack.stackId}", ` +
      `"LogicalResourceId": "${provider.logicalId}", ${sentProperties(provider)}}`,
  };
  const resources = changes.flatMap((change) => ("resource" in change ? [change.resource] : []));
  if (resources.length > 0) {
    const rule = new events.Rule(scope, "ValueChanged", {
      description: "Applies an identity provider when a secret or a parameter has changed.",
      eventPattern: {
        source: ["aws.secretsmanager", "aws.ssm"],
        detailType: ["Secret Label Updated", "Parameter Store Change"],
        // The type demands strings; patterns are objects.
        resources: [...new Set(resources)] as string[],
      },
    });
    invoke(rule, handler, { inputTransformer });
  }
  const objects = changes.flatMap((change) => ("bucket" in change ? [change] : []));
  for (const [index, { bucket, key, enableEvents }] of objects.entries()) {
    enableEvents();
    const rule = new events.Rule(scope, `ObjectChanged${index || ""}`, {
      description: "Applies an identity provider when an object has changed.",
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: { bucket: { name: [bucket] }, object: { key: [key] } },
      },
    });
    invoke(rule, handler, { inputTransformer });
  }
}

/** Returns the part of an event that names a provider and its properties. */
function sentProperties(provider: CfnResource): string {
  // The attribute is a JSON object, so it stands without quotes.
  const properties = provider.getAtt("ResourceProperties").toString();
  return `"PhysicalResourceId": "${provider.ref}", "ResourceProperties": ${properties}`;
}

/** Lets a rule invoke the function, and nothing but this rule. */
function invoke(
  rule: events.Rule,
  { functionArn }: ICognitoIdentityProviderFunction,
  target: Pick<events.CfnRule.TargetProperty, "input" | "inputTransformer">,
): void {
  // Targets of the CDK would quote the attribute.
  const cfnRule = rule.node.defaultChild as events.CfnRule;
  cfnRule.targets = [{ id: "Provider", arn: functionArn, ...target }];
  new CfnPermission(rule, "Invoke", {
    action: "lambda:InvokeFunction",
    functionName: functionArn,
    principal: "events.amazonaws.com",
    sourceArn: rule.ruleArn,
  });
}
