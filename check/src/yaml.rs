//! A template's text as a tree with positions. JSON is YAML, and short-form tags (`!Ref`) are
//! written out (`{Ref: …}`), so that all templates look the same.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Write as _},
    ops::Range,
    rc::Rc,
};

use libyaml_safer::{Encoding, EventData, Mark, Parser, ScalarStyle};

/// No template is as deep; deeper ones would end in a stack overflow.
const DEPTH_MAX: usize = 200;
/// A template has at most a megabyte, but aliases of aliases can stand for any number of nodes.
const NODES_MAX: usize = 1_000_000;

/// A place in a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

impl From<Mark> for Position {
    fn from(mark: Mark) -> Self {
        let from_one = |count: u64| usize::try_from(count).map_or(usize::MAX, |count| count + 1);
        Self {
            line: from_one(mark.line),
            column: from_one(mark.column),
        }
    }
}

/// Where a file begins.
const START: Position = Position { line: 1, column: 1 };

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text that cannot be read as YAML.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub at: Position,
    pub text: String,
}

impl SyntaxError {
    fn new(at: impl Into<Position>, text: &str) -> Self {
        Self {
            at: at.into(),
            text: text.to_owned(),
        }
    }
}

impl From<libyaml_safer::Error> for SyntaxError {
    fn from(error: libyaml_safer::Error) -> Self {
        let at = error.problem_mark().map_or(START, Position::from);
        let problem = error.problem();
        match error.context() {
            Some(context) if !context.is_empty() => Self::new(at, &format!("{context}: {problem}")),
            _ => Self::new(at, problem),
        }
    }
}

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Node {
    pub at: Position,
    pub kind: Kind,
    /// How many nodes and levels there are with aliases written out.
    nodes: usize,
    depth: usize,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    /// Any other scalar, as CloudFormation passes it to a custom resource.
    Text(String),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub at: Position,
    pub key: String,
    pub value: Rc<Node>,
    /// Entries of the same map with the same key, before this one, which is the one that counts.
    pub replaced: Vec<Self>,
}

impl Node {
    fn new(at: Position, kind: Kind) -> Self {
        let (mut nodes, mut depth) = (1, 0);
        let mut add = |child: &Self| {
            nodes = child.nodes.saturating_add(nodes);
            depth = child.depth.max(depth);
        };
        match &kind {
            Kind::Null | Kind::Text(_) => {}
            Kind::List(items) => items.iter().for_each(|item| add(item)),
            Kind::Map(entries) => entries.iter().for_each(|entry| add(&entry.value)),
        }
        Self {
            at,
            kind,
            nodes,
            depth: depth + 1,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Rc<Self>]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key == key)
    }
}

/// A collection whose end has not been read.
struct Open {
    at: Position,
    anchor: Option<String>,
    tag: Option<String>,
    map: bool,
    /// Keys and values in turn, if it is a map.
    nodes: Vec<Rc<Node>>,
}

/// Reads a template.
///
/// # Errors
/// What is no YAML, or more than one document.
pub(crate) fn parse(text: &str) -> Result<Rc<Node>, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    read(text).or_else(|error| match joined(text) {
        Some(joined) => read(&joined),
        None => Err(error),
    })
}

/// The text with JSON's escapes of two halves of a character as YAML's escape of the whole, if it has
/// any. On their lines, what follows moves to the left.
fn joined(text: &str) -> Option<String> {
    let mut joined = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        joined.push_str(before);
        let half = |text: &str, halves: Range<u32>| {
            let code = u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
            halves.contains(&code).then(|| code - halves.start)
        };
        let high = half(escape, 0xD800..0xDC00);
        let low = escape.get(6..).and_then(|next| half(next, 0xDC00..0xE000));
        let length = if let Some((high, low)) = high.zip(low) {
            // A string takes everything.
            let _ = write!(joined, "\\U{:08X}", 0x1_0000 + (high << 10) + low);
            12
        } else {
            // A backslash and what it escapes.
            let length = escape.chars().take(2).map(char::len_utf8).sum();
            joined.push_str(escape.get(..length)?);
            length
        };
        rest = escape.get(length..)?;
    }
    joined.push_str(rest);
    (joined != text).then_some(joined)
}

fn read(text: &str) -> Result<Rc<Node>, SyntaxError> {
    let mut parser = Parser::new();
    parser.set_encoding(Encoding::Utf8);
    parser.set_input(text.as_bytes());
    let mut anchors: HashMap<String, Rc<Node>> = HashMap::new();
    let mut stack: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        let event = parser.parse()?;
        let at = event.start_mark.into();
        let (node, anchor) = match event.data {
            EventData::DocumentStart { .. } if root.is_some() => {
                return Err(SyntaxError::new(
                    at,
                    "a template is one YAML document; a second one starts here",
                ));
            }
            EventData::Scalar {
                anchor,
                tag,
                value,
                style,
                ..
            } => {
                let is_plain = style == ScalarStyle::Plain && tag.is_none();
                let node = Node::new(at, scalar(value, is_plain));
                (written_out(node, local(tag)), anchor)
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                open(&mut stack, at, anchor, tag, false)?;
                continue;
            }
            EventData::MappingStart { anchor, tag, .. } => {
                open(&mut stack, at, anchor, tag, true)?;
                continue;
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                let Some(open) = stack.pop() else { continue };
                let kind = if open.map {
                    Kind::Map(entries(&open)?)
                } else {
                    Kind::List(open.nodes)
                };
                let node = Node::new(open.at, kind);
                (written_out(node, open.tag), open.anchor)
            }
            EventData::Alias { anchor } => {
                let node = anchors.get(&anchor).ok_or_else(|| {
                    SyntaxError::new(
                        at,
                        "unknown alias: no anchor of that name is defined above it",
                    )
                })?;
                (Rc::clone(node), None)
            }
            EventData::StreamEnd => break,
            _ => continue,
        };
        if node.nodes > NODES_MAX || stack.len() + node.depth > DEPTH_MAX {
            return Err(SyntaxError::new(
                at,
                "aliases expand to too many or too deeply nested values",
            ));
        }
        if let Some(anchor) = anchor {
            anchors.insert(anchor, Rc::clone(&node));
        }
        match stack.last_mut() {
            Some(open) => open.nodes.push(node),
            None => root = Some(node),
        }
    }
    root.ok_or_else(|| SyntaxError::new(START, "the file is empty"))
}

fn open(
    stack: &mut Vec<Open>,
    at: Position,
    anchor: Option<String>,
    tag: Option<String>,
    map: bool,
) -> Result<(), SyntaxError> {
    if stack.len() >= DEPTH_MAX {
        return Err(SyntaxError::new(
            at,
            "nested too deeply (more than 200 levels)",
        ));
    }
    stack.push(Open {
        at,
        anchor,
        tag: local(tag),
        map,
        nodes: Vec::new(),
    });
    Ok(())
}

/// Plain words mean what they mean in YAML 1.1, which is CloudFormation's.
fn scalar(text: String, is_plain: bool) -> Kind {
    if is_plain {
        match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
                return Kind::Text("true".to_owned());
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
                return Kind::Text("false".to_owned());
            }
            _ => {}
        }
    }
    Kind::Text(text)
}

/// The name in a tag such as `!Ref`; those of YAML itself (`!!str`) change nothing here.
fn local(tag: Option<String>) -> Option<String> {
    let name = tag?.strip_prefix('!')?.to_owned();
    (!name.is_empty()).then_some(name)
}

/// `!Ref x` as `{Ref: x}`, `!Sub x` as `{Fn::Sub: x}`.
fn written_out(node: Node, tag: Option<String>) -> Rc<Node> {
    let node = Rc::new(node);
    let Some(tag) = tag else { return node };
    let key = match tag.as_str() {
        "Ref" => tag,
        _ => format!("Fn::{tag}"),
    };
    let at = node.at;
    Rc::new(Node::new(
        at,
        Kind::Map(vec![Entry {
            at,
            key,
            value: node,
            replaced: Vec::new(),
        }]),
    ))
}

/// A map's entries. CloudFormation refuses aliases and merges, but `aws cloudformation package`
/// and `sam build` write them out before it sees them, and so they count here.
fn entries(open: &Open) -> Result<Vec<Entry>, SyntaxError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut places = BTreeMap::new();
    let mut merged = Vec::new();
    for pair in open.nodes.chunks_exact(2) {
        let [key, value] = pair else { continue };
        let Some(text) = key.text() else {
            return Err(SyntaxError::new(key.at, "map keys must be strings"));
        };
        if text == "<<" {
            let maps = value.list().unwrap_or_else(|| std::slice::from_ref(value));
            merged.extend(maps.iter().filter_map(|map| map.map()).flatten().cloned());
            continue;
        }
        let entry = Entry {
            at: key.at,
            key: text.to_owned(),
            value: Rc::clone(value),
            replaced: Vec::new(),
        };
        let place = *places.entry(entry.key.clone()).or_insert(entries.len());
        match entries.get_mut(place) {
            // Of two with the same key the last counts, as in JSON.
            Some(before) => {
                let mut replaced = std::mem::replace(before, entry);
                before.replaced.append(&mut replaced.replaced);
                before.replaced.push(replaced);
            }
            None => entries.push(entry),
        }
    }
    // Own entries win over merged ones, and earlier merged ones over later.
    for entry in merged {
        places.entry(entry.key.clone()).or_insert_with(|| {
            entries.push(entry);
            entries.len()
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as JSON, so that it can be compared.
    fn json(node: &Node) -> serde_json::Value {
        match &node.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => items.iter().map(|item| json(item)).collect(),
            Kind::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), json(&entry.value)))
                .collect(),
        }
    }

    fn parsed(text: &str) -> String {
        json(&parse(text).unwrap()).to_string()
    }

    fn refused(text: &str) -> String {
        // Not `unwrap_err`, which would print a tree that should not be there.
        let error = parse(text).err().unwrap();
        format!("{}: {}", error.at, error.text)
    }

    #[test]
    fn short_forms_are_written_out() {
        assert_eq!(
            parsed(
                "[!Ref A, !Sub [\"${B}\", {B: !GetAtt C.D}], !If [E, {F: 1}, !Ref AWS::NoValue]]"
            ),
            r#"[{"Ref":"A"},{"Fn::Sub":["${B}",{"B":{"Fn::GetAtt":"C.D"}}]},{"Fn::If":["E",{"F":"1"},{"Ref":"AWS::NoValue"}]}]"#
        );
    }

    #[test]
    fn plain_words_are_those_of_yaml_1_1() {
        assert_eq!(
            parsed("[yes, Off, \"yes\", ~, null, 010, 1.0, !!str true, !!str ]"),
            r#"["true","false","yes",null,null,"010","1.0","true",""]"#
        );
    }

    #[test]
    fn json_is_read_with_tabs_and_escapes() {
        assert_eq!(
            parsed("{\n\t\"a\":\t\"\\/\\u00e9\\n\",\n\t\"b\": [\n\t\ttrue,\n\t\t1\n\t]\n}\n"),
            "{\"a\":\"/é\\n\",\"b\":[\"true\",\"1\"]}"
        );
        assert_eq!(
            parsed(r#"{"a": "\ud83e\udd80 \\ud83e\\udd80 \uD83E\uDD80\"", "b": "\\"}"#),
            r#"{"a":"🦀 \\ud83e\\udd80 🦀\"","b":"\\"}"#
        );
        for half in [
            r"\ud83e",
            r"\udd80",
            r"\ud83e\ud83e",
            r"\ud83e\",
            r"\ud83eé",
        ] {
            assert!(parse(&format!("{{\"a\": \"{half}\"}}")).is_err(), "{half}");
        }
    }

    #[test]
    fn aliases_and_merges_are_written_out() {
        assert_eq!(
            parsed("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: {<<: [{x: 4}, *a]}\nd: *a\n"),
            r#"{"a":{"x":"1","y":"2"},"b":{"x":"3","y":"2"},"c":{"x":"4","y":"2"},"d":{"x":"1","y":"2"}}"#
        );
    }

    #[test]
    fn positions_are_those_of_the_text() {
        let root = parse("a:\n  b: !Ref é\n  c:\n    - é: x\n").unwrap();
        let a = root.get("a").unwrap();
        let b = a.value.get("b").unwrap();
        let c = a.value.get("c").unwrap();
        let item = c.value.list().unwrap().first().unwrap();
        let at = [
            a.at,
            b.at,
            b.value.at,
            c.at,
            item.at,
            item.get("é").unwrap().value.at,
        ];
        assert_eq!(
            at.map(|at| at.to_string()),
            ["1:1", "2:3", "2:6", "3:3", "4:7", "4:10"]
        );
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_place() {
        assert_eq!(refused(""), "1:1: the file is empty");
        assert_eq!(
            refused("a: 1\n---\nb: 2\n"),
            "2:1: a template is one YAML document; a second one starts here"
        );
        assert_eq!(
            refused("a: &a [*a]\n"),
            "1:8: unknown alias: no anchor of that name is defined above it"
        );
        assert_eq!(refused("? [a]\n: b\n"), "1:3: map keys must be strings");
        assert!(refused("a: [1, 2\nb: 3\n").starts_with("2:"));
    }

    #[test]
    fn what_would_take_for_ever_is_refused() {
        assert!(refused(&"- ".repeat(300)).ends_with("nested too deeply (more than 200 levels)"));
        let grown = |levels, items: fn(usize) -> String| {
            let lines =
                (1..levels).map(|level| format!("a{level}: &a{level} {}", items(level - 1)));
            let lines: Vec<String> = std::iter::once("a0: &a0 ha".to_owned())
                .chain(lines)
                .collect();
            refused(&lines.join("\n"))
        };
        let laughs = grown(100, |below| format!("[*a{below}, *a{below}]"));
        assert!(laughs.ends_with("aliases expand to too many or too deeply nested values"));
        let tower = grown(300, |below| format!("[*a{below}]"));
        assert!(tower.ends_with("aliases expand to too many or too deeply nested values"));
    }
}
