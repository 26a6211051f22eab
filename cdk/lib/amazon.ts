import type { Construct } from "constructs";
import { OAuthProvider } from "./private/oauth";
import type { CognitoIdentityProviderProps } from "./props";
import type { ProviderValue } from "./value";

/**
 * Properties of Login with Amazon.
 */
export interface CognitoIdentityProviderAmazonProps extends CognitoIdentityProviderProps {
  /**
   * The client id that Amazon issued.
   */
  readonly clientId: string | ProviderValue;

  /**
   * The client secret that Amazon issued, such as
   * `ProviderValue.fromSecretsManager(secret)`.
   */
  readonly clientSecret: ProviderValue;

  /**
   * The scopes to request.
   *
   * @default ["profile"]
   */
  readonly scopes?: string[];
}

/**
 * Login with Amazon. Its name in the user pool is `LoginWithAmazon`.
 */
export class CognitoIdentityProviderAmazon extends OAuthProvider {
  constructor(scope: Construct, id: string, props: CognitoIdentityProviderAmazonProps) {
    super(scope, id, props, {
      type: "LoginWithAmazon",
      name: "LoginWithAmazon",
      details: {
        client_id: props.clientId,
        client_secret: props.clientSecret,
        authorize_scopes: (props.scopes ?? ["profile"]).join(" "),
      },
    });
  }
}
