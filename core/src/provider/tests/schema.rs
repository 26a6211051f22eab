//! The schema, and the keys in it, as they are published.

use super::*;

#[test]
fn the_schema_is_the_one_in_the_file() {
    let file = include_str!("../../../../schema/cognito-identity-provider.json");
    let written: Value = serde_json::from_str(file).unwrap();
    assert!(
        schema() == written,
        "run `make schema` and read the difference"
    );
}

#[test]
fn each_type_has_the_keys_that_cognito_documents_for_it() {
    assert_eq!(
        documented_keys(ProviderType::Saml),
        [
            "MetadataURL",
            "MetadataFile",
            "IDPInit",
            "IDPSignout",
            "EncryptedResponses",
            "RequestSigningAlgorithm",
            "SSORedirectBindingURI",
            "SLORedirectBindingURI",
        ]
    );
    let apple = documented_keys(ProviderType::SignInWithApple);
    assert!(apple.contains(&"private_key") && !apple.contains(&"client_secret"));
}
