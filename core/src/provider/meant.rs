//! What a misspelt name was probably meant to be.

/// Finds the known name that is nearest to `word`, if one is near.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = letters(word);
    let distances = known
        .iter()
        .map(|known| (strsim::osa_distance(&word, &letters(known)), *known));
    let (distance, known) = distances.min()?;
    // Two slips in a word of eight.
    (distance * 4 <= word.chars().count()).then_some(known)
}

/// A name without case and punctuation, by which names are compared.
pub fn letters(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).take(LONGEST).collect()
}

/// Longer than any name that is known. Comparing takes time with the square of the length.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_few_slips_is_found_and_no_other() {
        let known = ["AttributeMapping", "AcrMapping", "SAML"];
        for (word, meant) in [
            ("AttributeMappings", Some("AttributeMapping")),
            ("attribute_mapping", Some("AttributeMapping")),
            ("AtrtibuteMaping", Some("AttributeMapping")),
            ("Saml", Some("SAML")),
            ("SAML2", Some("SAML")),
            ("SAM", None),
            ("Mapping", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(100_000), &known), None);
        assert_eq!(nearest("a", &[]), None);
    }
}
