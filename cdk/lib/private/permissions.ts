import { Stack, Token, TokenComparison } from "aws-cdk-lib";
import type * as cognito from "aws-cdk-lib/aws-cognito";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { ICognitoIdentityProviderFunction } from "../function";

/**
 * Returns the policy that lets a function manage the providers of a pool from this stack, which all
 * providers of the pool share: the policies of a role have a limit together.
 */
export function poolAccess(
  provider: Construct,
  userPool: cognito.IUserPool,
  handler: ICognitoIdentityProviderFunction,
): iam.Policy {
  const stack = Stack.of(provider);
  const id = `CognitoIdentityProviders${userPool.node.addr.slice(-8)}${handler.node.addr.slice(-8)}`;
  const found = stack.node.tryFindChild(id) as iam.Policy | undefined;
  return (
    found ??
    policy(stack, id, handler, [
      new iam.PolicyStatement({
        actions: [
          "cognito-idp:CreateIdentityProvider",
          "cognito-idp:DescribeIdentityProvider",
          "cognito-idp:UpdateIdentityProvider",
          "cognito-idp:DeleteIdentityProvider",
          "cognito-idp:GetSigningCertificate",
        ],
        resources: [userPool.userPoolArn],
      }),
      // The function asks CloudFormation whether a request is still current.
      new iam.PolicyStatement({
        actions: ["cloudformation:DescribeStackResource"],
        resources: [stack.stackId],
      }),
    ])
  );
}

/** Attaches a policy to the role of a function, unless the role was imported as immutable. */
export function policy(
  scope: Construct,
  id: string,
  handler: ICognitoIdentityProviderFunction,
  statements: iam.PolicyStatement[],
): iam.Policy {
  const made = new iam.Policy(scope, id, { statements });
  handler.role.attachInlinePolicy(made);
  return made;
}

/**
 * Refuses a function or a user pool in another region than the stack: CloudFormation calls functions
 * of its own region only, and the function Cognito of its own region.
 */
export function requireSameRegion(
  scope: Construct,
  userPool: cognito.IUserPool,
  handler: ICognitoIdentityProviderFunction,
): void {
  const { region } = Stack.of(scope);
  for (const [name, { env }] of Object.entries({ userPool, handler })) {
    if (Token.compareStrings(env.region, region) === TokenComparison.DIFFERENT) {
      // The CDK's own message, about cross-environment references, would come first.
      throw new Error(
        `${scope.node.path}: ${name} is in ${env.region}, and this stack is in ${region}: they ` +
          "must be in one region",
      );
    }
  }
}
