//! Drift, in CloudFormation's terms.

use super::*;

#[test]
fn drift_names_every_property_that_differs_by_its_path() {
    let map = |entries: &[(&str, &str)]| {
        let owned = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Some(owned.collect::<StringMap>())
    };
    let mut wanted = declared("Corp", &["a", "b"]);
    wanted.provider.details =
        Details::from_iter([("client_id", "a"), ("team_id", "t"), ("private_key", "p")]);
    wanted.provider.members.attribute_mapping = map(&[("email", "mail"), ("name", "cn")]);
    wanted.provider.members.acr_mapping = map(&[("Level1", "one")]);
    let mut found = observed(&wanted, SINCE);
    found.details = Details::from_iter([("client_id", "b"), ("added_by_cognito", "x")]);
    found.members.attribute_mapping = map(&[("email", "upn"), ("a~b/c", "x"), ("username", "sub")]);
    found.members.acr_mapping = map(&[("Level1", "two")]);
    found.members.idp_identifiers = Some(vec!["b".to_owned(), "c".to_owned()]);
    let drift = Drift::new(&wanted, Some(&found));
    let seen: Vec<_> = drift
        .differences
        .iter()
        .map(|it| {
            let (expected, actual) = (it.expected.as_deref(), it.actual.as_deref());
            (it.path.as_str(), expected, actual, it.kind().as_str())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                "/ProviderDetails/client_id",
                Some("a"),
                Some("b"),
                "NOT_EQUAL"
            ),
            ("/ProviderDetails/team_id", Some("t"), None, "REMOVE"),
            ("/AttributeMapping/a~0b~1c", None, Some("x"), "ADD"),
            (
                "/AttributeMapping/email",
                Some("mail"),
                Some("upn"),
                "NOT_EQUAL"
            ),
            ("/AttributeMapping/name", Some("cn"), None, "REMOVE"),
            ("/AcrMapping/Level1", Some("one"), Some("two"), "NOT_EQUAL"),
            ("/IdpIdentifiers/0", Some("a"), None, "REMOVE"),
            ("/IdpIdentifiers/1", None, Some("c"), "ADD"),
        ]
    );
    assert_eq!(drift.not_compared, ["/ProviderDetails/private_key"]);
    assert_eq!(drift.status, DriftStatus::Modified);

    // What the template declares of "username" is compared.
    wanted.provider.members.attribute_mapping = map(&[("username", "id")]);
    found.members.attribute_mapping = map(&[("username", "sub")]);
    let drift = Drift::new(&wanted, Some(&found));
    assert!(
        drift
            .differences
            .iter()
            .any(|it| it.path == "/AttributeMapping/username")
    );

    let same = observed(&declared("Corp", &["a", "b"]), SINCE);
    let drift = Drift::new(&declared("Corp", &["b", "a"]), Some(&same));
    assert_eq!(drift.status, DriftStatus::InSync);
    let mut wanted = declared("Corp", &["b", "a"]);
    wanted.provider.details = Details::from_iter([("private_key", "p")]);
    let mut found = same;
    found.details = Details::default();
    assert_eq!(
        Drift::new(&wanted, Some(&found)).status,
        DriftStatus::NotChecked
    );
    // A value that one of the two may not show is shown of neither.
    let mut wanted = declared("Corp", &[]);
    wanted
        .provider
        .details
        .insert("client_id".to_owned(), "s".into(), true);
    let mut found = observed(&wanted, SINCE);
    found.details = Details::from_iter([("client_id", "seen")]);
    let drift = Drift::new(&wanted, Some(&found));
    let difference = drift.differences.first().unwrap();
    assert_eq!(difference.path, "/ProviderDetails/client_id");
    assert_eq!(difference.expected.as_deref(), Some("***"));
    assert_eq!(difference.actual.as_deref(), Some("***"));
    // What an unknown key holds may be a secret, however short.
    let mut wanted = declared("Corp", &[]);
    wanted.provider.details = Details::from_iter([("key_of_2030", "x")]);
    let mut found = observed(&wanted, SINCE);
    found.details = Details::default();
    let drift = Drift::new(&wanted, Some(&found));
    let difference = drift.differences.first().unwrap();
    assert_eq!(difference.expected.as_deref(), Some("***"));
    assert_eq!(difference.actual, None);
}

#[test]
fn values_that_must_not_be_shown_are_hidden_in_drift() {
    let mut wanted = declared("Corp", &[]);
    wanted.provider.details =
        Details::from_iter([("client_secret", "planted-a"), ("client_id", "a")]);
    wanted.provider.members.attribute_mapping = Some(StringMap::from([(
        "email".to_owned(),
        "planted-a".to_owned(),
    )]));
    let mut found = observed(&wanted, SINCE);
    found.details =
        Details::from_iter([("client_secret", "planted-b"), ("client_id", "planted-b")]);
    found.members.attribute_mapping = Some(StringMap::from([(
        "email".to_owned(),
        "planted-b".to_owned(),
    )]));
    let drift = Drift::new(&wanted, Some(&found));
    assert_eq!(drift.status, DriftStatus::Modified);
    assert_eq!(drift.differences.len(), 3);
    assert!(!format!("{drift:?}").contains("planted"), "{drift:?}");
    assert_eq!(Drift::new(&wanted, None).status, DriftStatus::Deleted);
}
