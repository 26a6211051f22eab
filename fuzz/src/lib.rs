//! What the targets share: changes that leave an event JSON, and a mark on everything that must not
//! be seen again.

mod mutate;

use cfn_cognito_idp_core::details::PUBLIC_KEYS;
use serde_json::Value;

pub use mutate::mutate;

/// Stands in every secret. No other text of an input has it, so that seeing it is a leak.
pub const MARK: &str = "7zQ-planted-Kx3";

/// Marks the values of `ProviderDetails` that may not be shown. They keep their own text, so that
/// they are as odd as the input makes them. `ProviderDetailsFrom` holds no secrets, only where they
/// are, and nothing can be read there.
pub fn mark_secrets(properties: &mut Value) {
    let details = properties.get_mut("ProviderDetails");
    let details = details.and_then(Value::as_object_mut);
    for (key, value) in details.into_iter().flatten() {
        if let Value::String(secret) = value
            && !PUBLIC_KEYS.contains(&key.as_str())
        {
            secret.push_str(MARK);
        }
    }
}
