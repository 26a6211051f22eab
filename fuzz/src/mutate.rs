//! Changes to JSON that leave it JSON. Of the bytes that libFuzzer makes of an event by itself,
//! almost none get past the parser.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

/// Changes `data` in place, which holds `size` bytes and has room for `max_size`. Returns how many
/// it holds then.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed));
    // Now and then the bytes themselves, for what the parser makes of those.
    if dice.below(8) > 0
        && let Some(mut json) = data
            .get(..size)
            .and_then(|d| serde_json::from_slice(d).ok())
    {
        for _ in 0..=dice.below(3) {
            change(&mut json, &mut dice);
        }
        let text = json.to_string();
        if let Some(room) = data.get_mut(..text.len())
            && text.len() <= max_size
        {
            room.copy_from_slice(text.as_bytes());
            return text.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
}

/// Makes one change at one place.
fn change(json: &mut Value, dice: &mut Dice) {
    let other = pick(json, dice).clone();
    let place = pick(json, dice);
    match (dice.below(6), place) {
        (0, place) => *place = other,
        (1, place) => *place = dice.value(),
        (2, Value::Object(entries)) => {
            if let Some(key) = entries.keys().nth(dice.below(entries.len())).cloned() {
                entries.remove(&key);
            }
        }
        (3, Value::Object(entries)) => {
            if let Some(mut key) = entries.keys().nth(dice.below(entries.len())).cloned() {
                // Half of the keys are words of the dictionary.
                if dice.below(2) == 0 {
                    key.clear();
                }
                text(&mut key, dice);
                entries.insert(key, other);
            }
        }
        (2 | 3, Value::Array(items)) => items.push(other),
        (_, Value::String(found)) => text(found, dice),
        (_, place) => *place = other,
    }
}

/// Any value of the document, the document itself included.
#[expect(clippy::expect_used, reason = "the values were counted")]
fn pick<'a>(json: &'a mut Value, dice: &mut Dice) -> &'a mut Value {
    let count = match &*json {
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        _ => 0,
    };
    // Most values are deep.
    if count == 0 || dice.below(6) == 0 {
        return json;
    }
    let at = dice.below(count);
    let inner = match json {
        Value::Array(items) => items.get_mut(at),
        Value::Object(entries) => entries.values_mut().nth(at),
        _ => None,
    };
    pick(inner.expect("one of those that were counted"), dice)
}

/// Changes a text as libFuzzer would, dictionary included, or makes it a long one.
fn text(text: &mut String, dice: &mut Dice) {
    if dice.below(16) == 0 {
        *text = text.repeat(dice.below(40));
        return;
    }
    let size = text.len();
    let mut bytes = std::mem::take(text).into_bytes();
    bytes.resize(size + 64, 0);
    let size = fuzzer_mutate(&mut bytes, size, size + 64);
    bytes.truncate(size);
    *text = String::from_utf8_lossy(&bytes).into_owned();
}

/// Chance, from the seed that libFuzzer gives, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    /// A number from 0 up to that, which it is only where there is none below. (SplitMix64)
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = usize::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap_or_default();
        mixed.checked_rem(end).unwrap_or_default()
    }

    fn value(&mut self) -> Value {
        match self.below(8) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!("true"),
            3 => json!(-1),
            4 => json!(1e300),
            5 => json!(""),
            6 => json!([]),
            _ => json!({}),
        }
    }
}
