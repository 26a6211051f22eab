import type { Construct } from "constructs";
import { OAuthProvider } from "./private/oauth";
import type { CognitoIdentityProviderProps } from "./props";
import type { ProviderValue } from "./value";

/**
 * Properties of sign-in with Facebook.
 */
export interface CognitoIdentityProviderFacebookProps extends CognitoIdentityProviderProps {
  /**
   * The app id that Facebook issued.
   */
  readonly clientId: string | ProviderValue;

  /**
   * The app secret that Facebook issued, such as
   * `ProviderValue.fromSecretsManager(secret)`.
   */
  readonly clientSecret: ProviderValue;

  /**
   * The scopes to request.
   *
   * @default ["public_profile"]
   */
  readonly scopes?: string[];

  /**
   * The version of Facebook's API, such as `v17.0`.
   *
   * @default - the version that Cognito chooses
   */
  readonly apiVersion?: string;
}

/**
 * Sign-in with Facebook. Its name in the user pool is `Facebook`.
 */
export class CognitoIdentityProviderFacebook extends OAuthProvider {
  constructor(scope: Construct, id: string, props: CognitoIdentityProviderFacebookProps) {
    super(scope, id, props, {
      type: "Facebook",
      name: "Facebook",
      details: {
        client_id: props.clientId,
        client_secret: props.clientSecret,
        api_version: props.apiVersion,
        authorize_scopes: (props.scopes ?? ["public_profile"]).join(","),
      },
    });
  }
}
