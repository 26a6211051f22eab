import { CognitoIdentityProvider } from "./provider";

/**
 * A provider of OAuth 2.0, whose endpoints Cognito returns.
 *
 * @internal
 */
export abstract class OAuthProvider extends CognitoIdentityProvider {
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

  /**
   * The URL from which Cognito reads attributes of users, if Cognito returns it.
   */
  public get attributesUrl(): string {
    return this.attribute("attributes_url");
  }
}
