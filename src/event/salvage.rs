//! Recovers the members of an event that is not valid as a whole.

use std::{collections::BTreeMap, fmt};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};

/// The readable part of an event.
pub(super) struct Salvaged {
    /// The members with valid values.
    pub(super) members: Map<String, Value>,
    /// Whether all members were found, including any with invalid values.
    pub(super) is_whole: bool,
}

/// Reads the members of an object one by one, up to the first byte that is not JSON.
pub(super) fn salvage(event: &[u8]) -> Salvaged {
    let text = String::from_utf8_lossy(event);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut seen = BTreeMap::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(Members(&mut seen));
    let is_whole = read.is_ok() && reader.end().is_ok();
    // Members are collected unparsed, because deeply nested values cannot be parsed.
    let members = seen.into_iter().filter_map(|(key, raw)| {
        let value = serde_json::from_str(raw.get()).ok()?;
        Some((key, value))
    });
    Salvaged {
        members: members.collect(),
        is_whole,
    }
}

/// A visitor that keeps the members before an error.
struct Members<'a>(&'a mut BTreeMap<String, Box<RawValue>>);

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some((key, value)) = members.next_entry()? {
            self.0.insert(key, value);
        }
        Ok(())
    }
}
