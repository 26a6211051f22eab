//! The resources of a template, and what CloudFormation would make of the properties of ours as far as
//! the template tells.

use std::collections::{BTreeMap, BTreeSet};

use cfn_cognito_idp_core::provider::{PropertyError, path_of};
use serde_json::{Map, Value};

use crate::{
    hints,
    yaml::{Entry, Kind, Node, Position},
};

/// The type that is checked. `AWS::CloudFormation::CustomResource` may be handled by any function.
const TYPE: &str = "Custom::CognitoIdentityProvider";

/// A resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'a> {
    pub name: &'a str,
    pub at: Position,
    /// Absent properties are empty ones.
    pub properties: Option<&'a Entry>,
    /// The condition under which the resource is made.
    pub condition: Option<&'a str>,
    /// Something fills in `${…}` before CloudFormation sees it: a loop of `Fn::ForEach`, whose body
    /// this is, or the Serverless Framework.
    pub filled_in: bool,
    /// The whole of it.
    pub entry: &'a Entry,
}

/// Whether a text that cannot be read may be a template with a resource of ours.
pub(crate) fn may_be_one(text: &str) -> bool {
    text.contains(TYPE)
}

/// The resources of a template, those in the bodies of loops among them; or nothing if this is no
/// template.
pub(crate) fn resources(root: &Node) -> Option<Vec<Resource<'_>>> {
    let mut found = Vec::new();
    if let Some(resources) = root.get("Resources") {
        collect(resources.value.map()?, false, &mut found);
        return Some(found);
    }
    // `resources` of a serverless.yml is a map with a template's sections, or a list of such.
    let sections = &root.get("resources")?.value;
    let sections = sections
        .list()
        .unwrap_or_else(|| std::slice::from_ref(sections));
    let mut resources = sections
        .iter()
        .filter_map(|section| section.get("Resources")?.value.map())
        .peekable();
    resources.peek()?;
    for entries in resources {
        collect(entries, true, &mut found);
    }
    Some(found)
}

fn collect<'a>(entries: &'a [Entry], filled_in: bool, found: &mut Vec<Resource<'a>>) {
    for entry in entries {
        let Entry { at, key, value, .. } = entry;
        if key.starts_with("Fn::ForEach::") {
            if let Some([_, _, body]) = value.list() {
                collect(body.map().unwrap_or_default(), true, found);
            }
        } else {
            found.push(Resource {
                name: key,
                at: *at,
                properties: value.get("Properties"),
                condition: value.get("Condition").and_then(|entry| entry.value.text()),
                filled_in,
                entry,
            });
        }
    }
}

/// An entry that another one with the same key replaces.
pub(crate) struct Replaced {
    pub path: String,
    pub at: Position,
    /// Where the one is that counts.
    pub by: Position,
}

/// What is replaced in an entry, or the entry itself.
pub(crate) fn replaced(entry: &Entry) -> Vec<Replaced> {
    let mut found = Vec::new();
    replaced_in(entry, "", &mut found);
    if let Some(properties) = entry.value.get("Properties") {
        // Their names are the paths of properties.
        found.retain(|replaced: &Replaced| !replaced.path.starts_with("Properties."));
        for property in properties.value.map().unwrap_or_default() {
            replaced_in(property, &path_of("", &property.key), &mut found);
        }
    }
    found
}

fn replaced_in(entry: &Entry, path: &str, found: &mut Vec<Replaced>) {
    found.extend(entry.replaced.iter().map(|replaced| Replaced {
        path: path.to_owned(),
        at: replaced.at,
        by: entry.at,
    }));
    replaced_below(&entry.value, path, found);
}

fn replaced_below(node: &Node, path: &str, found: &mut Vec<Replaced>) {
    match &node.kind {
        Kind::Null | Kind::Text(_) => {}
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                replaced_below(item, &format!("{path}[{index}]"), found);
            }
        }
        Kind::Map(entries) => {
            for entry in entries {
                replaced_in(entry, &path_of(path, &entry.key), found);
            }
        }
    }
}

/// Conditions and what they are taken for. `Fn::If` of any other condition is unknown.
pub(crate) type Conditions<'a> = BTreeMap<&'a str, bool>;

impl<'a> Resource<'a> {
    /// Whether it is one of ours.
    pub(crate) fn is_provider(&self) -> bool {
        self.is_of(TYPE)
    }

    /// Whether it is of that type.
    pub(crate) fn is_of(&self, kind: &str) -> bool {
        is_of(self.entry, kind)
    }

    /// Whether it or what it replaces is one of ours.
    pub(crate) fn was_provider(&self) -> bool {
        let replaced = &self.entry.replaced;
        self.is_provider() || replaced.iter().any(|entry| is_of(entry, TYPE))
    }

    /// The property of that name, if it is written out.
    pub(crate) fn property(&self, name: &str) -> Option<&'a Entry> {
        self.properties?.value.get(name)
    }

    /// What is assumed in every case.
    pub(crate) fn base(&self) -> Conditions<'a> {
        self.condition
            .map(|name| (name, true))
            .into_iter()
            .collect()
    }

    /// The cases to check beside [`Resource::base`]: each branch of each `Fn::If`, with nothing
    /// assumed but what leads to it. Other conditions stay unknown, as which of them go together
    /// is for the deployment to say.
    ///
    /// The cases of a batch contradict each other nowhere. What is wrong in one of them is wrong
    /// where all of them hold too, so that a batch without mistakes is seen in one reading.
    pub(crate) fn batches(&self) -> Vec<Vec<Conditions<'a>>> {
        let mut cases = Cases::default();
        if let Some(properties) = self.properties {
            branches(&properties.value, &self.base(), &mut cases);
        }
        let mut batches: Vec<(Conditions<'a>, Vec<Conditions<'a>>)> = Vec::new();
        for case in cases.in_order {
            let fits = |(whole, _): &&mut (Conditions<'a>, _)| {
                let mut assumed = case.iter();
                assumed.all(|(name, holds)| whole.get(name).is_none_or(|other| other == holds))
            };
            match batches.iter_mut().find(fits) {
                Some((whole, batch)) => {
                    whole.extend(&case);
                    batch.push(case);
                }
                None => batches.push((case.clone(), vec![case])),
            }
        }
        batches.into_iter().map(|(_, batch)| batch).collect()
    }

    /// The properties in this case.
    pub(crate) fn read(&self, conditions: &Conditions<'a>) -> Reading {
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
            is_base: *conditions == self.base(),
            filled_in: self.filled_in,
            reading,
        };
        let value = reader.known("", &properties.value, properties.at, &empty);
        reader.reading.value = value.unwrap_or(empty);
        reader.reading
    }
}

fn is_of(entry: &Entry, kind: &str) -> bool {
    let found = entry.value.get("Type");
    found.is_some_and(|found| found.value.text() == Some(kind))
}

#[derive(Default)]
struct Cases<'a> {
    in_order: Vec<Conditions<'a>>,
    known: BTreeSet<Conditions<'a>>,
}

fn branches<'a>(node: &'a Node, taken: &Conditions<'a>, cases: &mut Cases<'a>) {
    if let Some((condition, yes, no)) = choice(node) {
        for (branch, holds) in [(yes, true), (no, false)] {
            match taken.get(condition) {
                Some(known) if *known != holds => {}
                Some(_) => branches(branch, taken, cases),
                None => {
                    let mut taken = taken.clone();
                    taken.insert(condition, holds);
                    if cases.known.insert(taken.clone()) {
                        cases.in_order.push(taken.clone());
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
pub(crate) fn choice(node: &Node) -> Option<(&str, &Node, &Node)> {
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
pub(crate) fn intrinsic(node: &Node) -> Option<(&str, &Node)> {
    match node.map()? {
        [Entry { key, value, .. }] if key == "Ref" || key.starts_with("Fn::") => Some((key, value)),
        _ => None,
    }
}

/// Properties in the form that the rules take, and what is known of them.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub value: Value,
    /// Where each path is, as [`PropertyError::path`] has it.
    places: BTreeMap<String, Position>,
    /// Paths whose values only the deployment knows.
    unknown: BTreeSet<String>,
    /// Paths of maps and lists that may have more or less in them than the template shows.
    open: BTreeSet<String>,
    /// Paths that are there in the branch of a condition only, and the maps that they are in.
    optional: BTreeSet<String>,
    optional_in: BTreeSet<String>,
    /// What CloudFormation may not take, by path.
    pub warnings: BTreeMap<String, String>,
}

impl Reading {
    /// The value of a property.
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.value.get(name)
    }

    /// Whether the error may be none once it is known what the template leaves open.
    pub(crate) fn leaves_open(&self, error: &PropertyError) -> bool {
        let path = error.path();
        let is_open = match error {
            // It may come with what the deployment adds to its map.
            PropertyError::Missing(_) | PropertyError::MissingKey { .. } => {
                self.is_open(parent(&path))
            }
            // It takes both, whatever else there is.
            PropertyError::BothMetadata => {
                return ["ProviderDetails", "ProviderDetailsFrom"]
                    .iter()
                    .flat_map(|map| ["MetadataURL", "MetadataFile"].map(|key| path_of(map, key)))
                    .any(|path| self.is_optional(&path));
            }
            // It takes both.
            PropertyError::ValueAndSource(key) => {
                self.is_optional(&path_of("ProviderDetails", key))
            }
            // How many there are.
            PropertyError::Form { .. } | PropertyError::Size { .. } => {
                self.optional_in.contains(&*path)
            }
            _ => false,
        };
        // A key can be seen to be wrong without its value, if it is there.
        let is_unknown = if error.is_of_key() {
            self.is_unknown(parent(&path)) || self.is_optional(&path)
        } else {
            self.is_unknown(&path)
        };
        is_open || is_unknown || self.is_open(&path)
    }

    /// Whether it is there in the branch of a condition only.
    pub(crate) fn is_optional(&self, path: &str) -> bool {
        self.optional.contains(path)
    }

    /// Whether only the deployment knows the value at this path.
    pub(crate) fn is_unknown(&self, path: &str) -> bool {
        let mut path = path;
        loop {
            match self.unknown.contains(path) {
                true => return true,
                false if path.is_empty() => return false,
                false => path = parent(path),
            }
        }
    }

    /// Whether the map or list at this path may have more or less in it than the template shows.
    pub(crate) fn is_open(&self, path: &str) -> bool {
        self.open.contains(path)
    }

    /// Where to point: at the path, or at what is there of the way to it.
    pub(crate) fn place(&self, path: &str) -> Option<Position> {
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
    /// Whether nothing is assumed but that the resource is there.
    is_base: bool,
    filled_in: bool,
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
            Some((function, argument)) => {
                let text = written(function, argument).unwrap_or_default();
                if refused_reference(&text) {
                    return Some(text.into());
                }
                self.refer(path, &text);
                return Some(self.unknown(path, stand_in));
            }
            None => {}
        }
        Some(match &node.kind {
            Kind::Null => {
                let text = format!(
                    "{path} is null, which CloudFormation refuses: \"'null' values are not \
                     allowed in templates\""
                );
                self.reading.warnings.insert(path.to_owned(), text);
                Value::Null
            }
            Kind::Text(text) if self.left_open(text) => {
                self.refer(path, text);
                self.unknown(path, stand_in)
            }
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => self.list(path, items),
            Kind::Map(entries) => self.map(path, entries),
        })
    }

    fn unknown(&mut self, path: &str, stand_in: &Value) -> Value {
        self.reading.unknown.insert(path.to_owned());
        if path == "ProviderDetailsFrom" {
            self.open(path);
        }
        stand_in.clone()
    }

    /// Notes a reference to a secret.
    fn refer(&mut self, path: &str, text: &str) {
        let warning = hints::of_reference(path, text);
        let warnings = &mut self.reading.warnings;
        warnings.extend(warning.map(|warning| (path.to_owned(), warning)));
    }

    /// Notes that a map or list may have more or less in it.
    fn open(&mut self, path: &str) {
        self.reading.open.insert(path.to_owned());
        // A required key may be in the other map, as far as the template tells.
        if path.is_empty() || path == "ProviderDetailsFrom" {
            self.reading.open.insert("ProviderDetails".to_owned());
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
        for Entry { at, key, value, .. } in entries {
            if key == "Fn::Transform" || key.starts_with("Fn::ForEach::") {
                self.open(path);
                continue;
            }
            if path == "AttributeMapping" && !self.is_base && !self.depends(value) {
                // No rule looks at two of them, and this one is in the base case as it is here.
                continue;
            }
            let path = path_of(path, key);
            if self.is_optional(value) {
                self.reading.optional_in.insert(parent(&path).to_owned());
                self.reading.optional.insert(path.clone());
            }
            if let Some(value) = self.known(&path, value, *at, &stand_in) {
                values.insert(key.clone(), value);
            }
        }
        values.into()
    }

    /// Whether what is assumed here decides on a part of the value.
    fn depends(&self, node: &Node) -> bool {
        if let Some((condition, yes, no)) = choice(node) {
            let is_assumed = self.conditions.contains_key(condition);
            return is_assumed || self.depends(yes) || self.depends(no);
        }
        match &node.kind {
            Kind::Null | Kind::Text(_) => false,
            Kind::List(items) => items.iter().any(|item| self.depends(item)),
            Kind::Map(entries) => entries.iter().any(|entry| self.depends(&entry.value)),
        }
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
        let filled_in = self.filled_in && (text.contains("${") || text.contains("&{"));
        filled_in || (text.contains("{{resolve:") && !refused_reference(text))
    }
}

/// The text of a `Fn::Sub` or `Fn::Join` as it is written, with `${…}` for what is put into it.
fn written(function: &str, argument: &Node) -> Option<String> {
    match (function, argument.list()) {
        ("Ref", _) => Some(format!("${{{}}}", argument.text()?)),
        ("Fn::Sub", None) => argument.text().map(str::to_owned),
        ("Fn::Sub", Some([text, ..])) => text.text().map(str::to_owned),
        ("Fn::Join", Some([between, pieces])) => {
            let piece = |node: &Node| match (node.text(), intrinsic(node)) {
                (Some(text), _) => text.to_owned(),
                (None, Some((function, argument))) => {
                    written(function, argument).unwrap_or_else(|| "${…}".to_owned())
                }
                _ => "${…}".to_owned(),
            };
            let pieces = pieces.list()?.iter().map(|node| piece(node));
            Some(pieces.collect::<Vec<_>>().join(between.text()?))
        }
        _ => None,
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
