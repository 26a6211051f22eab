//! The encoding that an XML declaration names.

/// Prefixes of the names of encodings that encode ASCII as UTF-8 does.
const ASCII_COMPATIBLE: [&str; 6] = [
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "iso-8859-",
    "windows-125",
];

/// Returns whether a document, which is sent as UTF-8, declares an encoding in which it would read
/// differently.
pub(super) fn declares_wrong_encoding(document: &str) -> bool {
    let Some(encoding) = encoding(document).map(str::to_ascii_lowercase) else {
        return false;
    };
    let is_like_ascii = ASCII_COMPATIBLE
        .iter()
        .any(|like| encoding.starts_with(like));
    let is_utf8 = matches!(encoding.as_str(), "utf-8" | "utf8");
    !(is_utf8 || is_like_ascii && document.is_ascii())
}

/// Returns the encoding that a document declares.
fn encoding(document: &str) -> Option<&str> {
    let (declaration, _) = document.strip_prefix("<?xml")?.split_once("?>")?;
    let (before, after) = declaration.split_once("encoding")?;
    if !before.ends_with(|c: char| c.is_ascii_whitespace()) {
        return None;
    }
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (encoding, _) = value.strip_prefix(quote)?.split_once(quote)?;
    Some(encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_misleads_if_the_text_would_be_another_one_in_it() {
        for (encoding, text, expected) in [
            ("UTF-8", "é", false),
            ("utf-8", "é", false),
            ("UTF8", "é", false),
            ("US-ASCII", "e", false),
            ("ISO-8859-1", "e", false),
            ("Windows-1252", "e", false),
            ("ISO-8859-1", "é", true),
            ("UTF-16", "e", true),
            ("utf-16le", "e", true),
            ("ISO-10646-UCS-2", "e", true),
            ("IBM037", "e", true),
            ("", "e", true),
        ] {
            for declaration in [
                format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>"),
                format!("<?xml version='1.0'\n encoding = '{encoding}' standalone='no' ?>"),
            ] {
                let document = format!("{declaration}<a>{text}</a>");
                assert_eq!(declares_wrong_encoding(&document), expected, "{document}");
            }
        }
    }

    #[test]
    fn no_encoding_is_utf_8() {
        for document in [
            "<?xml version=\"1.0\"?><a encoding=\"UTF-16\"/>",
            "<a encoding=\"UTF-16\"/>",
            "<?xml version=\"1.0\" encoding=UTF-16?><a/>",
            "<?xml version=\"1.0\" myencoding=\"UTF-16\"?><a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-16",
            "",
        ] {
            assert!(!declares_wrong_encoding(document), "{document}");
        }
    }
}
