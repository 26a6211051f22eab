//! What holds for all texts and answers, whatever is in them.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

use std::time::Duration;

use cfn_cognito_idp::{
    event,
    response::{BODY_MAX, Body},
    retry::Retry,
};
use cfn_cognito_idp_core::{
    details::Details,
    physical_id::{PhysicalId, ProviderId},
    plan::{Answer, Observed, Success},
    provider::{Declared, Members, PROPERTIES, Previous},
    saml::Metadata,
};
use proptest::{collection::btree_map, prelude::*, sample::select};
use serde_json::{Value, json};

fn envelope() -> event::Envelope {
    let event = json!({
        "RequestType": "Create",
        "ResponseURL": "https://example.amazonaws.com/?X-Amz-Signature=planted",
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/1",
        "RequestId": "r-1",
        "ResourceType": "Custom::CognitoIdentityProvider",
        "LogicalResourceId": "Corp",
    });
    event::open(event.to_string().as_bytes()).0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A message keeps no secret that is long enough to be one, and a message without any is left as
    /// it is.
    #[test]
    fn no_secret_is_left_in_a_message(
        words in proptest::collection::vec("[a-zA-Z \"{}=:,.-]{0,12}", 1..5),
        secret in "[a-zA-Z0-9+/=\"\\\\ -]{8,40}",
        other in "[a-zA-Z0-9]{8,12}",
    ) {
        let details = Details::from_iter([("client_secret", &secret), ("token", &other)]);
        let json = Value::from(secret.as_str()).to_string();
        let quoted = json[1..json.len() - 1].to_owned();
        for quote in [&secret, &quoted, &other] {
            let redacted = details.redact(&words.join(quote));
            prop_assert!(!redacted.contains(quote.trim()), "{}", redacted);
        }
        let plain = words.join("_");
        let is_free = [&secret, &quoted, &other].iter().all(|form| !plain.contains(form.trim()));
        prop_assume!(is_free);
        prop_assert_eq!(details.redact(&plain), plain);
    }
}

fn provider_id() -> impl Strategy<Value = ProviderId> {
    ("[a-z]{2}-[a-z]{4}-[1-9]_[A-Za-z0-9]{1,9}", "\\PC{1,32}")
        .prop_map(|(pool, name)| format!("{pool}|{name}").parse().unwrap())
}

/// Any JSON.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(".{0,10}", inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Properties in which a secret is planted wherever one can be, beside anything.
fn properties() -> impl Strategy<Value = Value> {
    let names = select(
        PROPERTIES
            .into_iter()
            .chain(["Unknown"])
            .collect::<Vec<_>>(),
    );
    btree_map(names, json(), 0..11).prop_map(|map| {
        let mut properties: Value = map
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        for key in ["client_secret", "private_key", "MetadataFile"] {
            if let Some(details) = properties["ProviderDetails"].as_object_mut() {
                details.insert(key.to_owned(), json!("planted-secret"));
            }
        }
        properties
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ids_round_trip(provider in provider_id(), since in any::<i64>(), request in "\\PC{0,40}") {
        for id in [
            PhysicalId::Provider(provider.clone()),
            PhysicalId::Unconfirmed { since, provider },
            PhysicalId::NotCreated(request),
        ] {
            prop_assert_eq!(PhysicalId::from(id.to_string().as_str()), id);
        }
    }

    #[test]
    fn any_text_is_an_id_and_stays_itself(text in ".{0,80}") {
        prop_assert_eq!(PhysicalId::from(text.as_str()).to_string(), text);
    }

    #[test]
    fn properties_are_read_or_refused_without_showing_a_secret(properties in properties()) {
        let shown = match Declared::try_from(&properties) {
            Ok(declared) => format!("{declared:?}"),
            Err(problems) => problems.to_string(),
        };
        prop_assert!(!shown.contains("planted-secret"), "{}", shown);
        // Older properties are read in any shape.
        let _ = Previous::from(&properties);
    }

    #[test]
    fn every_event_has_an_envelope(event in json(), url in any::<bool>(), kind in ".{0,8}") {
        let mut event = event;
        if let Some(event) = event.as_object_mut() {
            event.insert("RequestType".to_owned(), kind.into());
            if url {
                event.insert("ResponseURL".to_owned(), "https://s3.amazonaws.com/".into());
            }
        }
        let has_url = url && event.is_object();
        let (envelope, _) = event::open(event.to_string().as_bytes());
        prop_assert_eq!(envelope.response_url.is_some(), has_url);
    }

    #[test]
    fn no_response_is_too_long_or_shows_a_secret(
        id in provider_id(), reason in ".{0,9000}", long in "\\PC{0,5000}", uri in ".{0,3000}",
        certificate in "\\PC{0,5000}",
    ) {
        let details = Details::from_iter([
            ("ActiveEncryptionCertificate", long.as_str()),
            ("SSORedirectBindingURI", &uri),
            ("client_secret", "planted-secret"),
            ("private_key", "planted-secret"),
            ("MetadataFile", "planted-secret"),
            ("key_of_2030", "planted-secret"),
        ]);
        let observed = Observed {
            kind: "SAML".to_owned(),
            details,
            members: Members::default(),
            created: 0,
            modified: 0,
            creation_date: "2026-11-22T07:00:00Z".to_owned(),
            last_modified_date: "2026-11-22T07:00:00Z".to_owned(),
        };
        let success = Success {
            summary: "created",
            provider: Some((id.clone(), Some(observed))),
            signing_certificate: Some(Ok(certificate)),
        };
        for result in [Ok(success), Err(reason.into())] {
            let answer = Answer { physical_id: id.to_string(), result };
            let body = Body::new(&envelope(), &answer, &Metadata::default(), None).document.to_string();
            prop_assert!(body.len() <= BODY_MAX, "{} bytes", body.len());
            prop_assert!(!body.contains("planted"));
        }
    }

    #[test]
    fn delays_stay_within_their_bounds(attempt in any::<u32>(), rounds in 0_u32..50, ms in 0_u64..900_000) {
        let Retry { transient, throttled, .. } = Retry::AWS;
        prop_assert!(transient.delay(attempt) <= transient.most);
        let elapsed = Duration::from_millis(ms);
        let (taken, wait) = throttled.next(rounds, elapsed);
        prop_assert!(taken > rounds);
        // A turn is in the round under way, the next, or the one that the caller has reached.
        let furthest = Duration::from_secs(130 + 13 * u64::from(rounds)).max(elapsed + Duration::from_mins(1));
        prop_assert!(elapsed + wait <= furthest, "{:?}", wait);
    }
}
