/** The properties of the constructs, by what they are in the resource. */
const PROPERTIES: { [path: string]: string } = {
  AcrMapping: "acrMapping",
  AttributeMapping: "attributeMapping",
  IdpIdentifiers: "identifiers",
  ProviderName: "name",
  Revision: "revision",
  ServiceTimeout: "serviceTimeout",
  UserPoolId: "userPool",
  "ProviderDetails.EncryptedResponses": "encryptedResponses",
  "ProviderDetails.IDPInit": "idpInitiated",
  "ProviderDetails.IDPSignout": "idpSignout",
  "ProviderDetails.MetadataFile": "metadata",
  "ProviderDetails.MetadataURL": "metadata",
  "ProviderDetails.RequestSigningAlgorithm": "requestSigningAlgorithm",
  "ProviderDetails.SLORedirectBindingURI": "sloRedirectBindingUri",
  "ProviderDetails.SSORedirectBindingURI": "ssoRedirectBindingUri",
  "ProviderDetails.api_version": "apiVersion",
  "ProviderDetails.attributes_request_method": "attributeRequestMethod",
  "ProviderDetails.attributes_url": "endpoints.userInfo",
  "ProviderDetails.authorize_scopes": "scopes",
  "ProviderDetails.authorize_url": "endpoints.authorization",
  "ProviderDetails.client_id": "clientId",
  "ProviderDetails.client_secret": "clientSecret",
  "ProviderDetails.jwks_uri": "endpoints.jwksUri",
  "ProviderDetails.key_id": "keyId",
  "ProviderDetails.oidc_issuer": "issuerUrl",
  "ProviderDetails.private_key": "privateKey",
  "ProviderDetails.team_id": "teamId",
  "ProviderDetails.token_url": "endpoints.token",
};

/**
 * Names a property of the resource, or a key or item in it, as the function's messages do, such as
 * `IdpIdentifiers[0]`, and before that the property of the construct.
 */
export function named([property, ...within]: string[]): string {
  const path = [property, ...within]
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key || '""'}`))
    .join("")
    .slice(1);
  const name = property.startsWith("ProviderDetails")
    ? (PROPERTIES[`ProviderDetails.${within[0]}`] ?? (within.length > 0 && "additionalDetails"))
    : PROPERTIES[property];
  return name ? `${name} (${path})` : path;
}
