//! Removal of characters that precede an XML document.

/// The byte order mark: it tells the encoding of the bytes after it and has no meaning in decoded
/// text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns an XML document without a leading byte order mark, and without white space before the
/// XML declaration: neither is part of the document, and XML parsers reject both.
pub(crate) fn document(text: &str) -> &str {
    let is_before = |c: char| c == BYTE_ORDER_MARK || c.is_whitespace();
    let document = text.trim_start_matches(is_before);
    let (before, _) = text.split_at(text.len() - document.len());
    if document.starts_with("<?xml") || before.contains(BYTE_ORDER_MARK) {
        document
    } else {
        text
    }
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
}
