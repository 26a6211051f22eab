//! Makes text safe for CloudFormation and for logs.

use std::borrow::Cow;

/// The replacement for a character that may not be shown.
const REPLACEMENT: char = '\u{fffd}';

/// Returns the text without control characters: CloudFormation responds in XML, which forbids most
/// of them, and one in a Reason makes all events of a stack unreadable. Tabs and line breaks become
/// spaces.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return text.into();
    }
    let shown = |c: char| match c {
        '\t' | '\n' | '\r' => ' ',
        c if is_unprintable(c) => REPLACEMENT,
        c => c,
    };
    text.chars().map(shown).collect::<String>().into()
}

/// Returns whether XML allows a text unchanged. Tabs and line breaks are allowed.
pub fn fits_xml(text: &str) -> bool {
    !text.contains(|c| is_unprintable(c) && !matches!(c, '\t' | '\n' | '\r'))
}

/// Returns whether a character is a control character (C0, DEL, C1) or a Unicode noncharacter.
fn is_unprintable(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    c.is_control() || is_noncharacter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced_and_all_others_kept() {
        assert_eq!(
            printable("a\0b\u{1b}c\u{7f}d\u{85}e\u{fffe}f\u{ffff}g\u{1ffff}h\u{fdd0}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e\u{fffd}f\u{fffd}g\u{fffd}h\u{fffd}"
        );
        assert_eq!(printable("one\ttwo\r\nthree"), "one two  three");
        assert!(fits_xml("one\ttwo\r\nthree") && !fits_xml("a\u{1b}b"));
        let kept = "Ünternehmen 株式会社 🦀 \u{fffd}\u{a0}";
        assert!(matches!(printable(kept), Cow::Borrowed(text) if text == kept));
    }
}
