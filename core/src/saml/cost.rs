//! Limits on a document, checked before it is parsed because the parser cannot be interrupted.
//!
//! The parser compares the attributes of an element with each other and copies the namespaces of
//! each element to its children. This check is one pass, linear in the length of the document.

/// The most levels of nested elements. Metadata have ten.
const DEPTH_MAX: usize = 100;
/// The most attributes of one element, namespace declarations included. Metadata have a handful.
const ATTRIBUTES_MAX: usize = 50;

/// Returns what a document has too many of, as a plural noun, if anything.
pub(super) fn excess(text: &str) -> Option<&'static str> {
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some((_, tag)) = rest.split_once('<') {
        rest = match tag.as_bytes() {
            [b'!', b'-', b'-', ..] => after(tag, "-->"),
            [b'!', b'[', ..] => after(tag, "]]>"),
            [b'?', ..] => after(tag, "?>"),
            [b'!', ..] => after(tag, ">"),
            [b'/', ..] => {
                depth = depth.saturating_sub(1);
                after(tag, ">")
            }
            _ => {
                let start = Start::of(tag);
                if start.attributes > ATTRIBUTES_MAX {
                    return Some("attributes in one element");
                }
                depth += usize::from(!start.is_empty);
                if depth > DEPTH_MAX {
                    return Some("nested elements");
                }
                start.rest
            }
        };
    }
    None
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// A start tag.
struct Start<'a> {
    attributes: usize,
    /// Whether the tag is self-closing.
    is_empty: bool,
    /// The text after the tag, from the last character of the tag on.
    rest: &'a str,
}

impl<'a> Start<'a> {
    fn of(tag: &'a str) -> Self {
        let mut start = Self {
            attributes: 0,
            is_empty: false,
            rest: "",
        };
        let mut quote = None;
        for (at, c) in tag.char_indices() {
            match (quote, c) {
                (Some(open), _) => quote = Some(open).filter(|open| *open != c),
                (None, '"' | '\'') => quote = Some(c),
                (None, '=') => start.attributes += 1,
                (None, '>') => {
                    start.rest = tag.get(at..).unwrap_or_default();
                    return start;
                }
                _ => {}
            }
            start.is_empty = quote.is_none() && c == '/';
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(attributes: usize) -> String {
        let attributes = (0..attributes).map(|n| format!(" a{n}='>'"));
        format!("<a{}/>", attributes.collect::<Vec<_>>().concat())
    }

    #[test]
    fn many_attributes_in_one_element_are_too_many() {
        assert_eq!(excess(&element(50).repeat(50)), None);
        assert_eq!(excess(&element(51)), Some("attributes in one element"));
    }

    #[test]
    fn elements_are_counted_within_each_other_and_not_beside() {
        let nested = |depth| "<a b='/'>".repeat(depth) + &"</a>".repeat(depth);
        assert_eq!(excess(&nested(100).repeat(50)), None);
        assert_eq!(excess(&nested(101)), Some("nested elements"));
        // What looks like an end in a comment is none.
        for hidden in ["<!-- > </a> -->", "<![CDATA[ > </a> ]]>", "<?p > </a> ?>"] {
            let text = format!("<a>{hidden}").repeat(101);
            assert_eq!(excess(&text), Some("nested elements"), "{hidden}");
        }
        for beside in ["<a/>", "<?p?>", "<!---->", "<!DOCTYPE a>"] {
            assert_eq!(excess(&beside.repeat(1_000)), None, "{beside}");
        }
    }
}
