import type { Construct } from "constructs";
import { OAuthProvider } from "./private/oauth";
import type { CognitoIdentityProviderProps } from "./props";
import type { ProviderValue } from "./value";

/**
 * Properties of sign-in with Google.
 */
export interface CognitoIdentityProviderGoogleProps extends CognitoIdentityProviderProps {
  /**
   * The client id that Google issued.
   */
  readonly clientId: string | ProviderValue;

  /**
   * The client secret that Google issued, such as
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
 * Sign-in with Google. Its name in the user pool is `Google`.
 */
export class CognitoIdentityProviderGoogle extends OAuthProvider {
  constructor(scope: Construct, id: string, props: CognitoIdentityProviderGoogleProps) {
    super(scope, id, props, {
      type: "Google",
      name: "Google",
      details: {
        client_id: props.clientId,
        client_secret: props.clientSecret,
        authorize_scopes: (props.scopes ?? ["profile"]).join(" "),
      },
    });
  }
}
