import type { SigningAlgorithm } from "aws-cdk-lib/aws-cognito";
import type { Construct } from "constructs";
import { CognitoIdentityProvider } from "./private/provider";
import type { CognitoIdentityProviderProps } from "./props";
import type { SamlMetadata } from "./saml-metadata";

/**
 * Properties of a SAML provider.
 */
export interface CognitoIdentityProviderSamlProps extends CognitoIdentityProviderProps {
  /**
   * The name of the provider.
   *
   * @default - made of the construct's path
   */
  readonly name?: string;

  /**
   * The metadata of the provider.
   */
  readonly metadata: SamlMetadata;

  /**
   * Whether signing out also signs out at the provider.
   *
   * @default false
   */
  readonly idpSignout?: boolean;

  /**
   * Whether the provider must encrypt its assertions.
   *
   * @default false
   */
  readonly encryptedResponses?: boolean;

  /**
   * The algorithm with which the pool signs its requests.
   *
   * @default - requests are not signed
   */
  readonly requestSigningAlgorithm?: SigningAlgorithm;

  /**
   * Whether sign-ins may begin at the provider.
   *
   * @default false
   */
  readonly idpInitiated?: boolean;

  /**
   * The URL at which users sign in, if it is not the one in the metadata.
   *
   * @default - the URL in the metadata
   */
  readonly ssoRedirectBindingUri?: string;

  /**
   * The URL at which users sign out, if it is not the one in the metadata.
   *
   * @default - the URL in the metadata
   */
  readonly sloRedirectBindingUri?: string;
}

/**
 * A SAML provider.
 */
export class CognitoIdentityProviderSaml extends CognitoIdentityProvider {
  private readonly signs: boolean;
  private readonly hasDocument: boolean;

  constructor(scope: Construct, id: string, props: CognitoIdentityProviderSamlProps) {
    super(scope, id, props, {
      type: "SAML",
      name: props.name,
      details: {
        [props.metadata._key]: props.metadata._value,
        IDPSignout: props.idpSignout,
        EncryptedResponses: props.encryptedResponses,
        RequestSigningAlgorithm: props.requestSigningAlgorithm,
        IDPInit: props.idpInitiated,
        SSORedirectBindingURI: props.ssoRedirectBindingUri,
        SLORedirectBindingURI: props.sloRedirectBindingUri,
      },
    });
    this.signs = props.requestSigningAlgorithm !== undefined;
    this.hasDocument = props.metadata._key === "MetadataFile";
  }

  /**
   * The entity id of the user pool, to be registered with the provider.
   */
  public get entityId(): string {
    return this.attribute("SamlEntityId");
  }

  /**
   * The certificate with which the pool signs its requests, in base64, to be registered with the
   * provider. It exists only with `requestSigningAlgorithm`.
   */
  public get signingCertificate(): string {
    if (!this.signs) {
      throw new Error(
        `${this.node.path}: signingCertificate exists only with requestSigningAlgorithm`,
      );
    }
    return this.attribute("SigningCertificate");
  }

  /**
   * The certificate with which the provider encrypts its assertions, if Cognito returns it.
   */
  public get activeEncryptionCertificate(): string {
    return this.attribute("ActiveEncryptionCertificate");
  }

  /**
   * The entity id of the provider, in its metadata. It exists only if the metadata are not given by
   * a URL.
   */
  public get idpEntityId(): string {
    return this.ofDocument("idpEntityId", "SamlIdpEntityId");
  }

  /**
   * The time at which the provider's next signing certificate expires, in ISO 8601. It exists only
   * if the metadata are not given by a URL.
   */
  public get certificateNotAfter(): string {
    return this.ofDocument("certificateNotAfter", "SamlCertificateNotAfter");
  }

  /**
   * The URL at which users sign in, if Cognito returns it.
   */
  public get ssoRedirectBindingUri(): string {
    return this.attribute("SSORedirectBindingURI");
  }

  /**
   * The URL at which users sign out, if Cognito returns it.
   */
  public get sloRedirectBindingUri(): string {
    return this.attribute("SLORedirectBindingURI");
  }

  private ofDocument(property: string, name: string): string {
    if (!this.hasDocument) {
      throw new Error(
        `${this.node.path}: ${property} exists only if metadata is not SamlMetadata.fromUrl`,
      );
    }
    return this.attribute(name);
  }
}
