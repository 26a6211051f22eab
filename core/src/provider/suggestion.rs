//! Suggestions for misspelt names.

/// Returns the known name that is nearest to `word`, if it is near enough.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = letters(word);
    let distances = known
        .iter()
        .map(|known| (strsim::osa_distance(&word, &letters(known)), *known));
    let (distance, known) = distances.min()?;
    // At most one edit for every four letters.
    (distance * 4 <= word.chars().count()).then_some(known)
}

/// Returns a name in lower case and without punctuation, for comparison.
pub fn letters(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// The most letters to compare, more than any known name has. The time of a comparison grows with
/// the square of the length.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_few_slips_is_found_and_no_other() {
        let known = ["AttributeMapping", "AcrMapping", "SAML"];
        for (word, suggestion) in [
            ("AttributeMappings", Some("AttributeMapping")),
            ("attribute_mapping", Some("AttributeMapping")),
            ("AtrtibuteMaping", Some("AttributeMapping")),
            ("Saml", Some("SAML")),
            ("SAML2", Some("SAML")),
            ("SAM", None),
            ("Mapping", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), suggestion, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), &known), None);
        assert_eq!(nearest("a", &[]), None);
    }
}
