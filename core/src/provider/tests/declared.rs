//! What follows from properties beside what they declare.

use super::*;

#[test]
fn only_a_saml_provider_with_an_algorithm_signs_its_requests() {
    let signs = |kind, algorithm: &str| {
        let mut provider = parsed(&oidc()).provider;
        provider.kind = kind;
        provider.details = Details::from_iter([("RequestSigningAlgorithm", algorithm)]);
        provider.signs_requests()
    };
    assert!(signs(ProviderType::Saml, "rsa-sha256"));
    assert!(!signs(ProviderType::Saml, ""));
    assert!(!signs(ProviderType::Oidc, "rsa-sha256"));
}

#[test]
fn a_provider_is_adopted_only_if_the_template_says_true() {
    for (flag, adopts_existing) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
        (json!(null), false),
    ] {
        let properties = with("AdoptExisting", flag);
        assert_eq!(adopts(&properties), adopts_existing, "{properties}");
        assert_eq!(parsed(&properties).adopt_existing, adopts_existing);
    }
    assert!(!adopts(&with("AdoptExisting", json!("yes"))));
    assert!(!adopts(&oidc()));
}

#[test]
fn keys_are_required_only_of_details_that_can_be_read() {
    let mut properties = oidc();
    properties["ProviderDetails"] = json!(null);
    assert_eq!(
        errors(&properties),
        "invalid properties: ProviderDetails is required"
    );
    properties["ProviderDetails"] = json!(7);
    assert_eq!(
        errors(&properties),
        "invalid properties: ProviderDetails must be a map of strings, not a number"
    );
}
