//! When a provider holds what is declared, and what is sent of it.

use super::*;

fn mapping(entries: &[(&str, &str)]) -> StringMap {
    let entries = entries.iter().copied();
    entries
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_mapping_is_held_by_the_same_entries_and_the_one_that_cognito_adds() {
    let mut desired = declared("Corp", &[]).provider;
    desired.members.attribute_mapping = Some(mapping(&[("email", "mail"), ("name", "cn")]));
    for (entries, is_held) in [
        (&[("email", "mail"), ("name", "cn")][..], true),
        (
            &[("email", "mail"), ("name", "cn"), ("username", "sub")],
            true,
        ),
        (&[("email", "mail"), ("name", "cn"), ("zone", "tz")], false),
        (&[("email", "mail"), ("name", "sn")], false),
        (&[("email", "mail")], false),
        (&[], false),
    ] {
        let mut found = observed(&declared("Corp", &[]), SINCE);
        found.members.attribute_mapping = Some(mapping(entries));
        assert_eq!(compare::holds(&desired, &found), is_held, "{entries:?}");
    }
}

#[test]
fn acr_mapping_is_sent_for_oidc_only() {
    for (kind, is_sent) in [(ProviderType::Oidc, true), (ProviderType::Saml, false)] {
        let mut declared = declared("Corp", &[]);
        declared.provider.kind = kind;
        declared.provider.members.acr_mapping = Some(mapping(&[("Level1", "one")]));
        let members = members::declared_only(&declared);
        assert_eq!(members.acr_mapping.is_some(), is_sent);
    }
}

#[test]
fn only_a_member_that_had_something_and_is_no_longer_declared_is_taken_away() {
    let needs_merge = |wanted: Option<&str>, before: &[&str]| {
        let mut declared = declared("Corp", &[]);
        declared.provider.members.idp_identifiers = wanted.map(|item| vec![item.to_owned()]);
        let mut previous = Previous::default();
        previous.members.idp_identifiers = Some(before.iter().map(ToString::to_string).collect());
        members::needs_merge(&declared, &previous)
    };
    assert!(needs_merge(None, &["a.example"]));
    assert!(!needs_merge(None, &[]));
    assert!(!needs_merge(Some("b.example"), &["a.example"]));
}
