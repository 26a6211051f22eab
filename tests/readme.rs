//! The README's tables hold what the code takes and returns.

use cfn_cognito_idp::{provider::PROPERTIES, secret::PUBLIC_KEYS};

const README: &str = include_str!("../README.md");

#[test]
fn every_property_and_attribute_is_in_the_readme() {
    for name in PROPERTIES.iter().chain(&PUBLIC_KEYS) {
        assert!(README.contains(&format!("`{name}`")), "{name}");
    }
}
