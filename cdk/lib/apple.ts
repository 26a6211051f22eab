import type { Construct } from "constructs";
import { CognitoIdentityProvider } from "./private/provider";
import type { CognitoIdentityProviderProps } from "./props";
import type { ProviderValue } from "./value";

/**
 * Properties of Sign in with Apple.
 */
export interface CognitoIdentityProviderAppleProps extends CognitoIdentityProviderProps {
  /**
   * The services id that is registered with Apple.
   */
  readonly clientId: string | ProviderValue;

  /**
   * The id of the team.
   */
  readonly teamId: string | ProviderValue;

  /**
   * The id of the private key.
   */
  readonly keyId: string | ProviderValue;

  /**
   * The private key, without its first and last line, such as
   * `ProviderValue.fromSecretsManager(secret)`.
   */
  readonly privateKey: ProviderValue;

  /**
   * The scopes to request.
   *
   * @default ["name"]
   */
  readonly scopes?: string[];
}

/**
 * Sign in with Apple. Its name in the user pool is `SignInWithApple`.
 */
export class CognitoIdentityProviderApple extends CognitoIdentityProvider {
  constructor(scope: Construct, id: string, props: CognitoIdentityProviderAppleProps) {
    super(scope, id, props, {
      type: "SignInWithApple",
      name: "SignInWithApple",
      details: {
        client_id: props.clientId,
        team_id: props.teamId,
        key_id: props.keyId,
        private_key: props.privateKey,
        authorize_scopes: (props.scopes ?? ["name"]).join(" "),
      },
    });
  }

  /**
   * The URL at which users sign in, if Cognito returns it.
   */
  public get authorizeUrl(): string {
    return this.attribute("authorize_url");
  }

  /**
   * The URL of the token endpoint, if Cognito returns it.
   */
  public get tokenUrl(): string {
    return this.attribute("token_url");
  }
}
