//! The keys of `ProviderDetails` that Cognito documents.

use super::ProviderType::{self, Facebook, Google, LoginWithAmazon, Oidc, Saml, SignInWithApple};

/// A key of `ProviderDetails`.
#[derive(Debug, Clone, Copy)]
pub(super) struct DetailsKey {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// The provider types that have this key.
    types: &'static [ProviderType],
}

const SAML: &[ProviderType] = &[Saml];
const OAUTH: &[ProviderType] = &[Oidc, Google, Facebook, LoginWithAmazon, SignInWithApple];
const WITH_SECRET: &[ProviderType] = &[Oidc, Google, Facebook, LoginWithAmazon];
const WITH_ISSUER: &[ProviderType] = &[Oidc, Google, SignInWithApple];
const OIDC: &[ProviderType] = &[Oidc];
const SOCIAL: &[ProviderType] = &[Google, Facebook, LoginWithAmazon, SignInWithApple];
const FACEBOOK: &[ProviderType] = &[Facebook];
const APPLE: &[ProviderType] = &[SignInWithApple];

/// The settable keys in the API references of `CreateIdentityProvider` and
/// `DescribeIdentityProvider`.
pub(super) const DOCUMENTED_KEYS: [DetailsKey; 23] = [
    key(
        "MetadataURL",
        "SAML: where Cognito fetches the provider's metadata, and renews them",
        SAML,
    ),
    key(
        "MetadataFile",
        "SAML: the provider's metadata, a document in XML",
        SAML,
    ),
    key(
        "IDPInit",
        "SAML: whether sign-ins may begin at the provider, true or false",
        SAML,
    ),
    key(
        "IDPSignout",
        "SAML: whether signing out also signs out at the provider, true or false",
        SAML,
    ),
    key(
        "EncryptedResponses",
        "SAML: whether assertions have to be encrypted, true or false",
        SAML,
    ),
    key(
        "RequestSigningAlgorithm",
        "SAML: rsa-sha256 to sign the requests",
        SAML,
    ),
    key(
        "SSORedirectBindingURI",
        "SAML: where to sign in, in place of what the metadata say",
        SAML,
    ),
    key(
        "SLORedirectBindingURI",
        "SAML: where to sign out, in place of what the metadata say",
        SAML,
    ),
    key("client_id", "The client id that the provider issued", OAUTH),
    key(
        "client_secret",
        "The secret that belongs to client_id",
        WITH_SECRET,
    ),
    key(
        "authorize_scopes",
        "The OAuth scopes to request, such as openid email",
        OAUTH,
    ),
    key(
        "oidc_issuer",
        "OIDC: the URL that discovery begins at",
        WITH_ISSUER,
    ),
    key(
        "attributes_request_method",
        "OIDC: GET or POST, for attributes_url",
        OIDC,
    ),
    key(
        "attributes_url",
        "Where attributes of users are, if discovery does not tell",
        WITH_SECRET,
    ),
    key(
        "attributes_url_add_attributes",
        "Whether attributes_url is extended by their names",
        OAUTH,
    ),
    key(
        "authorize_url",
        "Where users sign in, if discovery does not tell",
        OAUTH,
    ),
    key(
        "token_url",
        "The token endpoint, if discovery does not give it",
        OAUTH,
    ),
    key(
        "token_request_method",
        "The method for token_url, as Cognito returns it",
        SOCIAL,
    ),
    key(
        "jwks_uri",
        "OIDC: where the keys are that sign tokens, if discovery does not tell",
        OIDC,
    ),
    key(
        "api_version",
        "Facebook: the version of its API, such as v17.0",
        FACEBOOK,
    ),
    key("team_id", "SignInWithApple: the id of the team", APPLE),
    key(
        "key_id",
        "SignInWithApple: the id of the private key",
        APPLE,
    ),
    key(
        "private_key",
        "SignInWithApple: the private key, without its first and last line",
        APPLE,
    ),
];

const fn key(
    name: &'static str,
    description: &'static str,
    types: &'static [ProviderType],
) -> DetailsKey {
    DetailsKey {
        name,
        description,
        types,
    }
}

/// Returns the documented keys of a provider type.
pub fn documented_keys(kind: ProviderType) -> Vec<&'static str> {
    let of_kind = DOCUMENTED_KEYS
        .iter()
        .filter(|key| key.types.contains(&kind));
    of_kind.map(|key| key.name).collect()
}
