import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import type { UserPoolIdentityProviderProps } from "aws-cdk-lib/aws-cognito";
import type { Schedule } from "aws-cdk-lib/aws-events";
import type { ICognitoIdentityProviderFunction } from "./function";

/**
 * Properties of an identity provider of any type.
 */
export interface CognitoIdentityProviderProps extends UserPoolIdentityProviderProps {
  /**
   * The function that manages the provider.
   *
   * @default - one function for all providers of the stack
   */
  readonly handler?: ICognitoIdentityProviderFunction;

  /**
   * Other names for the provider in sign-in requests (`idp_identifier`), such as an email domain.
   * They are unique in the user pool.
   *
   * @default - no identifiers
   */
  readonly identifiers?: string[];

  /**
   * Keys of Cognito's `ProviderDetails` for which there is no property, such as
   * `attributes_url_add_attributes`.
   *
   * @default - no other keys
   */
  readonly additionalDetails?: { [key: string]: string };

  /**
   * Whether to adopt an existing provider of that name. The stack then owns it, deletion included:
   * set `removalPolicy` to `RETAIN` until the stack is deployed.
   *
   * @default false
   */
  readonly adoptExisting?: boolean;

  /**
   * Any text; change it to force an update, for example after a secret was rotated.
   *
   * @default - no revision
   */
  readonly revision?: string;

  /**
   * How long CloudFormation waits for the function. The function stops retrying before then.
   *
   * @default Duration.minutes(20), which is enough for the three deliveries of an event
   */
  readonly serviceTimeout?: Duration;

  /**
   * What happens to the provider when it is removed from the stack.
   *
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * When to compare the provider with the template. Differences are written to the function's log
   * and counted by the metric `Drifted` (`CognitoIdentityProviderFunction.metricDrifted`).
   *
   * Values that may not be shown (`clientSecret`, `privateKey` and a metadata document) must be
   * read by the function.
   *
   * @default - never
   */
  readonly detectDrift?: Schedule;

  /**
   * Whether to update the provider, without a deployment, when a value that the function reads has
   * changed: a secret, a parameter or an object. For an object, EventBridge notifications of the
   * bucket are turned on.
   *
   * Values that may not be shown (`clientSecret`, `privateKey` and a metadata document) must be
   * read by the function.
   *
   * @default false
   */
  readonly applyOnChange?: boolean;
}
