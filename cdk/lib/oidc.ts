import type { OidcAttributeRequestMethod, OidcEndpoints } from "aws-cdk-lib/aws-cognito";
import type { Construct } from "constructs";
import { OAuthProvider } from "./private/oauth";
import type { CognitoIdentityProviderProps } from "./props";
import type { ProviderValue } from "./value";

/**
 * Levels of authentication, and the values of `acr` that the provider has for them.
 */
export interface AcrMapping {
  /**
   * The value for the first level.
   *
   * @default - not mapped
   */
  readonly level1?: string;

  /**
   * The value for the second level.
   *
   * @default - not mapped
   */
  readonly level2?: string;

  /**
   * The value for the third level.
   *
   * @default - not mapped
   */
  readonly level3?: string;

  /**
   * The value for the fourth level.
   *
   * @default - not mapped
   */
  readonly level4?: string;
}

/**
 * Properties of an OpenID Connect provider.
 */
export interface CognitoIdentityProviderOidcProps extends CognitoIdentityProviderProps {
  /**
   * The name of the provider.
   *
   * @default - made of the construct's path
   */
  readonly name?: string;

  /**
   * The client id that the provider issued.
   */
  readonly clientId: string | ProviderValue;

  /**
   * The client secret that the provider issued, such as
   * `ProviderValue.fromSecretsManager(secret)`.
   *
   * @default - no secret
   */
  readonly clientSecret?: ProviderValue;

  /**
   * The URL of the issuer, which starts with https://.
   */
  readonly issuerUrl: string | ProviderValue;

  /**
   * The scopes to request.
   *
   * @default ["openid"]
   */
  readonly scopes?: string[];

  /**
   * The method of requests for attributes of users.
   *
   * @default OidcAttributeRequestMethod.GET
   */
  readonly attributeRequestMethod?: OidcAttributeRequestMethod;

  /**
   * The endpoints, if the issuer does not publish them.
   *
   * @default - discovered from `issuerUrl`
   */
  readonly endpoints?: OidcEndpoints;

  /**
   * Levels of authentication, and the values of `acr` that the provider has for them.
   *
   * @default - no mapping
   */
  readonly acrMapping?: AcrMapping;
}

/**
 * An OpenID Connect provider.
 */
export class CognitoIdentityProviderOidc extends OAuthProvider {
  constructor(scope: Construct, id: string, props: CognitoIdentityProviderOidcProps) {
    const { endpoints, acrMapping } = props;
    super(scope, id, props, {
      type: "OIDC",
      name: props.name,
      details: {
        client_id: props.clientId,
        client_secret: props.clientSecret,
        oidc_issuer: props.issuerUrl,
        authorize_scopes: (props.scopes ?? ["openid"]).join(" "),
        attributes_request_method: props.attributeRequestMethod ?? "GET",
        authorize_url: endpoints?.authorization,
        token_url: endpoints?.token,
        attributes_url: endpoints?.userInfo,
        jwks_uri: endpoints?.jwksUri,
      },
      acrMapping: acrMapping && {
        Level1: acrMapping.level1,
        Level2: acrMapping.level2,
        Level3: acrMapping.level3,
        Level4: acrMapping.level4,
      },
    });
  }

  /**
   * The URL of the issuer.
   */
  public get issuerUrl(): string {
    return this.attribute("oidc_issuer");
  }

  /**
   * The URL of the keys that sign tokens, if Cognito returns it.
   */
  public get jwksUri(): string {
    return this.attribute("jwks_uri");
  }
}
