//! Text that CloudFormation and the log can show.

use std::borrow::Cow;

/// Stands for a character that may not be shown.
const REPLACEMENT: char = '\u{fffd}';
/// Tells the encoding of the bytes that follow it. In a text that has been decoded, it means nothing.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns an XML document without the byte order mark before it, and without white space before its
/// declaration: neither is part of it, and XML parsers refuse both.
pub fn document(text: &str) -> &str {
    let is_before = |c: char| c == BYTE_ORDER_MARK || c.is_whitespace();
    let document = text.trim_start_matches(is_before);
    let (before, _) = text.split_at(text.len() - document.len());
    if document.starts_with("<?xml") || before.contains(BYTE_ORDER_MARK) {
        document
    } else {
        text
    }
}

/// The text without control characters: CloudFormation answers in XML, where most of them may not
/// be, and one in a Reason makes all events of a stack unreadable. Tabs and line breaks become spaces.
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

/// Whether a text can be in XML as it is, where tabs and line breaks may be.
pub fn fits_xml(text: &str) -> bool {
    !text.contains(|c| is_unprintable(c) && !matches!(c, '\t' | '\n' | '\r'))
}

/// C0, DEL, C1, and what is no character in Unicode.
fn is_unprintable(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    c.is_control() || is_noncharacter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_begins_with_its_declaration() {
        for before in [
            "",
            "\u{feff}",
            "\n",
            "\r\n\t ",
            "\n\u{feff} ",
            "\u{feff}\u{feff}",
        ] {
            let declared = "<?xml version=\"1.0\"?>\n<a/>\n";
            assert_eq!(document(&format!("{before}{declared}")), declared);
        }
        assert_eq!(document("\u{feff}\n<a/>\u{feff}"), "<a/>\u{feff}");
        // Where there is no declaration, white space may be there, and lines are counted with it.
        assert_eq!(document("\n <a/>"), "\n <a/>");
        assert_eq!(document("\u{feff}"), "");
        assert_eq!(document(""), "");
    }

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
