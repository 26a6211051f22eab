//! The resources of our type in a template, and what CloudFormation would make of their
//! properties as far as the template tells.

use std::collections::BTreeMap;

use cfn_cognito_idp::provider::{Problem, path_of};
use serde_json::{Map, Value};

use crate::yaml::{Entry, Kind, Node, Position};

/// The type that is checked. `AWS::CloudFormation::CustomResource` may be handled by any function.
pub const TYPE: &str = "Custom::CognitoIdentityProvider";

/// A resource of our type.
pub struct Resource<'a> {
    pub name: &'a str,
    pub at: Position,
    /// Absent properties are empty ones.
    pub properties: Option<&'a Entry>,
    /// The condition under which the resource is made.
    condition: Option<&'a str>,
    /// It is the body of a `Fn::ForEach`, and names the loop's variable anywhere.
    looped: bool,
}

/// The resources of our type, or nothing if this is no template.
pub fn resources(template: &Node) -> Option<Vec<Resource<'_>>> {
    let entries = template.get("Resources")?.value.map()?;
    let mut found = Vec::new();
    collect(entries, false, &mut found);
    Some(found)
}

fn collect<'a>(entries: &'a [Entry], looped: bool, found: &mut Vec<Resource<'a>>) {
    for Entry { at, key, value } in entries {
        if key.starts_with("Fn::ForEach::") {
            if let Some([_, _, body]) = value.list() {
                collect(body.map().unwrap_or_default(), true, found);
            }
        } else if value.get("Type").and_then(|kind| kind.value.text()) == Some(TYPE) {
            found.push(Resource {
                name: key,
                at: *at,
                properties: value.get("Properties"),
                condition: value.get("Condition").and_then(|entry| entry.value.text()),
                looped,
            });
        }
    }
}

/// Conditions and what they are taken for. `Fn::If` of any other condition is unknown.
pub type Conditions<'a> = BTreeMap<&'a str, bool>;

impl<'a> Resource<'a> {
    /// The cases to check: nothing assumed, and then each branch of each `Fn::If`, with nothing
    /// assumed but what leads to it. Other conditions stay unknown, as which of them go together
    /// is for the deployment to say.
    pub fn cases(&self) -> Vec<Conditions<'a>> {
        let base: Conditions<'a> = self
            .condition
            .map(|name| (name, true))
            .into_iter()
            .collect();
        let mut cases = vec![base.clone()];
        if let Some(properties) = self.properties {
            branches(&properties.value, &base, &mut cases);
        }
        cases
    }

    /// The properties in this case.
    pub fn read(&self, conditions: &Conditions<'a>) -> Reading {
        let mut reading = Reading::default();
        reading.places.insert(String::new(), self.at);
        let Some(properties) = self.properties else {
            reading.value = Value::Object(Map::new());
            return reading;
        };
        reading.places.insert(String::new(), properties.at);
        let empty = Value::Object(Map::new());
        let mut reader = Reader {
            conditions,
            looped: self.looped,
            reading,
        };
        let value = reader.known("", &properties.value, properties.at, &empty);
        reader.reading.value = value.unwrap_or(empty);
        reader.reading
    }
}

fn branches<'a>(node: &'a Node, taken: &Conditions<'a>, cases: &mut Vec<Conditions<'a>>) {
    if let Some((condition, yes, no)) = choice(node) {
        for (branch, holds) in [(yes, true), (no, false)] {
            match taken.get(condition) {
                Some(known) if *known != holds => {}
                Some(_) => branches(branch, taken, cases),
                None => {
                    let mut taken = taken.clone();
                    taken.insert(condition, holds);
                    if !cases.contains(&taken) {
                        cases.push(taken.clone());
                    }
                    branches(branch, &taken, cases);
                }
            }
        }
        return;
    }
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| branches(item, taken, cases)),
        Kind::Map(entries) => entries
            .iter()
            .for_each(|entry| branches(&entry.value, taken, cases)),
        Kind::Null | Kind::Text(_) => {}
    }
}

/// `Fn::If` with its condition and branches.
fn choice(node: &Node) -> Option<(&str, &Node, &Node)> {
    match intrinsic(node)? {
        ("Fn::If", argument) => match argument.list()? {
            [condition, yes, no] => Some((condition.text()?, yes, no)),
            _ => None,
        },
        _ => None,
    }
}

/// `AWS::NoValue`, which takes what it stands for out of the template.
fn is_no_value(node: &Node) -> bool {
    matches!(intrinsic(node), Some(("Ref", name)) if name.text() == Some("AWS::NoValue"))
}

/// The function that stands for a value.
fn intrinsic(node: &Node) -> Option<(&str, &Node)> {
    match node.map()? {
        [Entry { key, value, .. }] if key == "Ref" || key.starts_with("Fn::") => Some((key, value)),
        _ => None,
    }
}

/// Properties in the form that the rules take, and what is known of them.
#[derive(Debug, Default)]
pub struct Reading {
    pub value: Value,
    /// Where each path is, as [`Problem::path`] has it.
    places: BTreeMap<String, Position>,
    /// Paths whose values only the deployment knows.
    unknown: Vec<String>,
    /// Paths of maps and lists that may have more or less in them than the template shows.
    open: Vec<String>,
    /// Paths that are there in the branch of a condition only.
    optional: Vec<String>,
}

impl Reading {
    /// Whether the problem may be none once it is known what the template leaves open.
    pub fn leaves_open(&self, problem: &Problem) -> bool {
        let path = problem.path();
        let is_open = match problem {
            // It may come with what the deployment adds to its map.
            Problem::Missing(_) => self.is_open(parent(&path)),
            // It takes both.
            Problem::GivenTwice(key) => self.is_optional(&path_of("ProviderDetails", key)),
            // How many there are.
            Problem::Form { .. } | Problem::Size { .. } => {
                self.optional.iter().any(|member| parent(member) == path)
            }
            _ => false,
        };
        // A key can be seen to be wrong without its value, if it is there.
        let is_unknown = if problem.is_of_key() {
            self.is_unknown(parent(&path)) || self.is_optional(&path)
        } else {
            self.is_unknown(&path)
        };
        is_open || is_unknown || self.is_open(&path)
    }

    fn is_optional(&self, path: &str) -> bool {
        self.optional.iter().any(|optional| optional == path)
    }

    /// Whether only the deployment knows the value at this path.
    pub fn is_unknown(&self, path: &str) -> bool {
        let holds = |whole: &String| match path.strip_prefix(whole.as_str()) {
            Some(rest) => rest.is_empty() || whole.is_empty() || rest.starts_with(['.', '[']),
            None => false,
        };
        self.unknown.iter().any(holds)
    }

    /// Whether the map or list at this path may have more or less in it than the template shows.
    pub fn is_open(&self, path: &str) -> bool {
        self.open.iter().any(|open| open == path)
    }

    /// Where to point: at the path, or at what is there of the way to it.
    pub fn place(&self, path: &str) -> Option<Position> {
        let mut path = path;
        loop {
            match self.places.get(path) {
                Some(at) => return Some(*at),
                None if path.is_empty() => return None,
                None => path = parent(path),
            }
        }
    }
}

fn parent(path: &str) -> &str {
    path.rfind(['.', '[']).map_or("", |end| &path[..end])
}

/// For an unknown text.
const STAND_IN: &str = "unknown";

struct Reader<'a> {
    conditions: &'a Conditions<'a>,
    looped: bool,
    reading: Reading,
}

impl Reader<'_> {
    /// The value at `path`, or nothing if it is `AWS::NoValue`. The rules see `stand_in` for an
    /// unknown one; what they say of it does not count.
    fn known(&mut self, path: &str, node: &Node, at: Position, stand_in: &Value) -> Option<Value> {
        if let Some((condition, yes, no)) = choice(node)
            && let Some(holds) = self.conditions.get(condition)
        {
            let branch = if *holds { yes } else { no };
            return self.known(path, branch, branch.at, stand_in);
        }
        self.reading.places.insert(path.to_owned(), at);
        match intrinsic(node) {
            Some(_) if is_no_value(node) => return None,
            Some(("Fn::Sub", text)) if text.text().is_some_and(refused_reference) => {
                return text.text().map(Value::from);
            }
            Some(_) => return Some(self.unknown(path, stand_in)),
            None => {}
        }
        Some(match &node.kind {
            Kind::Null => Value::Null,
            Kind::Text(text) if self.left_open(text) => self.unknown(path, stand_in),
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => self.list(path, items),
            Kind::Map(entries) => self.map(path, entries),
        })
    }

    fn unknown(&mut self, path: &str, stand_in: &Value) -> Value {
        self.reading.unknown.push(path.to_owned());
        if path == "ProviderDetailsFrom" {
            self.open(path);
        }
        stand_in.clone()
    }

    /// Notes that a map or list may have more or less in it.
    fn open(&mut self, path: &str) {
        self.reading.open.push(path.to_owned());
        // A required key may be in the other map, as far as the template tells.
        if path.is_empty() || path == "ProviderDetailsFrom" {
            self.reading.open.push("ProviderDetails".to_owned());
        }
    }

    fn list<N: std::ops::Deref<Target = Node>>(&mut self, path: &str, items: &[N]) -> Value {
        let mut values = Vec::new();
        for item in items {
            // An item must not fall out of the list: those behind it would be called by wrong
            // indices. The branches of an unknown condition may be `AWS::NoValue`, though.
            let item_path = format!("{path}[{}]", values.len());
            if self.is_optional(item) {
                self.open(path);
            }
            values.extend(self.known(&item_path, item, item.at, &STAND_IN.into()));
        }
        values.into()
    }

    fn map(&mut self, path: &str, entries: &[Entry]) -> Value {
        // Rules that depend on an unknown property are skipped for null; keys of the maps in the
        // properties are looked at only beside a text.
        let stand_in = if path.is_empty() {
            Value::Null
        } else {
            STAND_IN.into()
        };
        let mut values = Map::new();
        for Entry { at, key, value } in entries {
            if key == "Fn::Transform" || key.starts_with("Fn::ForEach::") {
                self.open(path);
                continue;
            }
            let path = path_of(path, key);
            if self.is_optional(value) {
                self.reading.optional.push(path.clone());
            }
            if let Some(value) = self.known(&path, value, *at, &stand_in) {
                values.insert(key.clone(), value);
            }
        }
        values.into()
    }

    /// Whether a value is there or not depending on a condition that is unknown here.
    fn is_optional(&self, node: &Node) -> bool {
        let Some((condition, yes, no)) = choice(node) else {
            return false;
        };
        let absent = |branch| is_no_value(branch) || self.is_optional(branch);
        match self.conditions.get(condition) {
            Some(true) => self.is_optional(yes),
            Some(false) => self.is_optional(no),
            None => absent(yes) || absent(no),
        }
    }

    /// Whether CloudFormation puts something else into this text.
    fn left_open(&self, text: &str) -> bool {
        let looped = self.looped && (text.contains("${") || text.contains("&{"));
        looped || (text.contains("{{resolve:") && !refused_reference(text))
    }
}

/// Whether a text holds a dynamic reference that CloudFormation does not resolve in a custom
/// resource. `ssm` it does; of `secretsmanager` it is said that it does and that it does not, so
/// that is for the deployment to see.
fn refused_reference(text: &str) -> bool {
    text.split("{{resolve:").skip(1).any(|reference| {
        !["ssm:", "secretsmanager:"]
            .iter()
            .any(|service| reference.starts_with(service))
    })
}
