//! Texts and properties that the handler reads, each by itself: far more of them in a second than
//! whole events.

#![no_main]

use std::time::UNIX_EPOCH;

use cfn_cognito_idp::delivery::{AllowedHosts, ResponseUrl};
use cfn_cognito_idp_core::{
    physical_id::PhysicalId,
    provider::{Declared, Previous, service_timeout},
    saml,
};
use cfn_cognito_idp_fuzz::{MARK, mark_secrets, mutate};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;

/// Seconds since 1970, while the URLs of the samples are live.
const NOW: i64 = 1_795_331_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if text.contains(MARK) {
        return;
    }
    id(text);
    url(text);
    metadata(text);
    let Ok(mut json) = serde_json::from_str::<Value>(text) else {
        return;
    };
    properties(&mut json);
    // The seeds are events.
    for value in json
        .as_object_mut()
        .into_iter()
        .flat_map(|map| map.values_mut())
    {
        if let Some(text) = value.as_str() {
            id(text);
            url(text);
            metadata(text);
        }
        properties(value);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

fn id(text: &str) {
    assert_eq!(PhysicalId::from(text).to_string(), text);
}

fn url(text: &str) {
    let allowed = AllowedHosts::from(text);
    for allowed in [AllowedHosts::default(), allowed] {
        let signed = format!("{text}?X-Amz-Signature={MARK}");
        let shown = match ResponseUrl::parse(&signed, &allowed) {
            Ok(url) => format!("{url:?} {:?}", url.issued_at(NOW)),
            Err(refused) => format!("{refused} {refused:?}"),
        };
        assert!(!shown.contains(MARK), "{shown}");
        if let Ok(url) = ResponseUrl::parse(text, &allowed) {
            url.issued_at(NOW);
        }
    }
}

/// Read without a panic, and never quoted.
fn metadata(text: &str) {
    for text in [
        text,
        &format!("{text}{MARK}"),
        &text.replace('<', &format!("<{MARK}")),
    ] {
        let found = saml::check(text, UNIX_EPOCH);
        let said = format!("{:?} {:?}", found.errors, found.warnings);
        assert!(!said.contains(MARK), "{said}");
    }
}

fn properties(json: &mut Value) {
    mark_secrets(json);
    let _ = service_timeout(json);
    let previous = Previous::from(&*json);
    match Declared::try_from(&*json) {
        Ok(declared) => {
            let provider = &declared.provider;
            let id = PhysicalId::Provider(provider.id.clone());
            assert_eq!(PhysicalId::from(id.to_string().as_str()), id);
            // What was once declared is read again when it is the previous.
            assert_eq!(previous.id.as_ref(), Some(&provider.id));
            assert_eq!(previous.kind, Some(provider.kind));
            assert_eq!(previous.members, provider.members);
            assert!(!format!("{declared:?}").contains(MARK));
        }
        Err(problems) => {
            assert!(!problems.0.is_empty());
            assert!(!problems.to_string().contains(MARK), "{problems}");
        }
    }
}
