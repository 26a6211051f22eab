import { Lazy, Resource, Stack } from "aws-cdk-lib";
import type { IUserPool } from "aws-cdk-lib/aws-cognito";
import type { Schedule } from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { CognitoIdentityProviderFunction, type ICognitoIdentityProviderFunction } from "./function";
import { detectPoolDrift } from "./private/in-step";
import { policy, requireSameRegion } from "./private/permissions";

/**
 * Properties of the drift detection of a user pool.
 */
export interface CognitoUserPoolDriftDetectionProps {
  /**
   * The user pool.
   */
  readonly userPool: IUserPool;

  /**
   * When to compare.
   */
  readonly schedule: Schedule;

  /**
   * The names of providers that are declared elsewhere, such as in another stack.
   *
   * @default - only the providers that the app declares for `userPool`
   */
  readonly otherProviders?: string[];

  /**
   * The function that compares.
   *
   * @default - one function for all providers of the stack
   */
  readonly handler?: ICognitoIdentityProviderFunction;
}

/**
 * Reports providers that the user pool has and no template declares, such as one that was created
 * by hand, and declared ones that it lacks. They are written to the function's log and counted by
 * the metric `Drifted` (`CognitoIdentityProviderFunction.metricDrifted`).
 *
 * Declared are the providers of `userPool`, those of the CDK's own constructs included. Their
 * properties are compared by `detectDrift` of a provider.
 */
export class CognitoUserPoolDriftDetection extends Resource {
  constructor(scope: Construct, id: string, props: CognitoUserPoolDriftDetectionProps) {
    super(scope, id);
    const { userPool, otherProviders = [] } = props;
    const handler = props.handler ?? CognitoIdentityProviderFunction.getOrCreate(this);
    requireSameRegion(this, userPool, handler);
    policy(this, "Access", handler, [
      new iam.PolicyStatement({
        actions: ["cognito-idp:ListIdentityProviders"],
        resources: [userPool.userPoolArn],
      }),
    ]);
    // Providers may still be declared after this.
    const declared = Lazy.string({
      produce: () =>
        Stack.of(this).toJsonString([
          ...userPool.identityProviders.map(({ providerName }) => providerName),
          ...otherProviders,
        ]),
    });
    detectPoolDrift(this, props.schedule, userPool.userPoolId, declared, handler);
  }
}
