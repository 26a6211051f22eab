//! What only the whole template shows: who else has the provider, who waits for it, and the pool that
//! it is in.

use std::collections::{BTreeMap, BTreeSet};

use cfn_cognito_idp_core::provider::{adopts, path_of};
use serde_json::Value;

use crate::{
    template::{Reading, Resource, choice, intrinsic},
    yaml::{Kind, Node, Position},
};

/// A warning about a resource.
pub(crate) struct Found {
    pub at: Position,
    pub path: String,
    pub text: String,
}

/// What there is to say, by the resource that it is about.
pub(crate) fn look<'a>(resources: &[Resource<'a>]) -> BTreeMap<&'a str, Vec<Found>> {
    let mut found = Findings::default();
    twins(resources, &mut found);
    clients(resources, &mut found);
    for resource in resources.iter().filter(|it| it.is_provider()) {
        if let Some(pool) = pool(resource, resources) {
            attributes(resource, pool, &mut found);
        }
    }
    found.0
}

#[derive(Default)]
struct Findings<'a>(BTreeMap<&'a str, Vec<Found>>);

impl<'a> Findings<'a> {
    fn add(&mut self, resource: &Resource<'a>, at: Position, path: &str, text: String) {
        self.0.entry(resource.name).or_default().push(Found {
            at,
            path: path.to_owned(),
            text,
        });
    }
}

/// A value as it is written, in one of the ways in which it can be written. Equal ones are equal in
/// every deployment.
fn expression(resource: &Resource<'_>, property: &str) -> Option<Value> {
    written(&resource.property(property)?.value).filter(|value| {
        // A loop or another program may fill in something else each time.
        !resource.filled_in || !value.to_string().contains("${")
    })
}

fn written(node: &Node) -> Option<Value> {
    if let Some((function, argument)) = intrinsic(node) {
        return match (function, written(argument)?) {
            ("Fn::Sub", Value::String(text)) => Some(substituted(&text)),
            // Both are the id of a pool.
            ("Fn::GetAtt", attribute) => match attribute_of(&attribute)? {
                (name, "UserPoolId") => Some(reference(name)),
                (name, attribute) => Some(format!("${{{name}.{attribute}}}").into()),
            },
            ("Ref", Value::String(name)) => Some(reference(&name)),
            (function, argument) => Some([Value::from(function), argument].into_iter().collect()),
        };
    }
    match &node.kind {
        Kind::Null => None,
        Kind::Text(text) => Some(text.as_str().into()),
        Kind::List(items) => items.iter().map(|item| written(item)).collect(),
        Kind::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.clone(), written(&entry.value)?)))
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::from),
    }
}

fn reference(name: &str) -> Value {
    format!("${{{name}}}").into()
}

fn substituted(text: &str) -> Value {
    text.replace(".UserPoolId}", "}").into()
}

/// A resource and its attribute, of `A.B` or of `[A, B]`.
fn attribute_of(argument: &Value) -> Option<(&str, &str)> {
    match argument {
        Value::String(text) => text.split_once('.'),
        Value::Array(items) => match items.as_slice() {
            [name, attribute] => name.as_str().zip(attribute.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Two resources for the same provider.
fn twins<'a>(resources: &[Resource<'a>], found: &mut Findings<'a>) {
    let mut known: BTreeMap<String, Vec<&Resource<'a>>> = BTreeMap::new();
    let is_any = |it: &&Resource<'a>| it.is_provider() || it.is_of(NATIVE);
    for resource in resources.iter().filter(is_any) {
        let named = expression(resource, "UserPoolId").zip(expression(resource, "ProviderName"));
        let Some((pool, name)) = named else { continue };
        let same = known.entry(format!("{pool} {name}")).or_default();
        let other = same.iter().find(|other| are_both_there(resource, other));
        if let Some(other) = other {
            twin(resource, other, found);
        }
        same.push(resource);
    }
}

const NATIVE: &str = "AWS::Cognito::UserPoolIdentityProvider";

/// Whether there is a deployment with both, as far as their conditions tell.
fn are_both_there(one: &Resource<'_>, other: &Resource<'_>) -> bool {
    let conditions = one.condition.zip(other.condition);
    conditions.is_none_or(|(one, other)| one == other)
}

fn twin<'a>(resource: &Resource<'a>, other: &Resource<'a>, found: &mut Findings<'a>) {
    let (ours, other) = if resource.is_provider() {
        (resource, other)
    } else {
        (other, resource)
    };
    if !ours.is_provider() {
        return;
    }
    let adopts = [ours, other].map(|it| it.is_provider() && may_adopt(it));
    let retained = [ours, other].map(|it| {
        let policy = it.entry.value.get("DeletionPolicy");
        policy.is_some_and(|policy| policy.value.text() != Some("Delete"))
    });
    // One is about to be taken over from the other.
    if matches!(
        (adopts, retained),
        ([true, _], [_, true]) | ([_, true], [true, _])
    ) {
        return;
    }
    let text = format!(
        "this resource manages the same provider as {} at {} (same UserPoolId and ProviderName): \
         deleting either one deletes the provider",
        other.name, other.at
    );
    found.add(ours, ours.at, "", text);
}

fn may_adopt(resource: &Resource<'_>) -> bool {
    let reading = resource.read(&resource.base());
    adopts(&reading.value) || reading.is_unknown("AdoptExisting")
}

/// App clients that name a provider and do not wait for it.
fn clients<'a>(resources: &[Resource<'a>], found: &mut Findings<'a>) {
    let mut references = None;
    for client in resources
        .iter()
        .filter(|it| it.is_of("AWS::Cognito::UserPoolClient"))
    {
        let property = "SupportedIdentityProviders";
        let (Some(pool), Some(supported)) =
            (expression(client, "UserPoolId"), client.property(property))
        else {
            continue;
        };
        let mut names = Vec::new();
        literals(&supported.value, &mut names);
        for provider in resources.iter().filter(|it| it.is_provider()) {
            let name = provider.property("ProviderName");
            let Some(name) = name.and_then(|name| name.value.text()) else {
                continue;
            };
            let listed = names.iter().find(|(literal, _)| *literal == name);
            let Some((_, at)) = listed.filter(|_| !provider.filled_in && !client.filled_in) else {
                continue;
            };
            if expression(provider, "UserPoolId").as_ref() != Some(&pool) {
                continue;
            }
            let references = references.get_or_insert_with(|| all_references(resources));
            if waits(client.name, provider.name, references) {
                continue;
            }
            let text = format!(
                "{property} names {name} but this app client does not depend on {}: if the client \
                 is created first, Cognito fails with \"The provider {name} does not exist for \
                 User Pool\". Use !GetAtt \
                 {}.ProviderName instead of the literal, or add DependsOn: {}",
                provider.name, provider.name, provider.name
            );
            found.add(client, *at, property, text);
        }
    }
}

/// The texts of a list, those in the branches of `Fn::If` among them.
fn literals<'a>(node: &'a Node, found: &mut Vec<(&'a str, Position)>) {
    if let Some((_, yes, no)) = choice(node) {
        literals(yes, found);
        literals(no, found);
    }
    for item in node.list().unwrap_or_default() {
        literals(item, found);
    }
    found.extend(node.text().map(|text| (text, node.at)));
}

type References<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// What each resource refers to, and so is made after.
fn all_references<'a>(resources: &[Resource<'a>]) -> References<'a> {
    let mut all = References::new();
    for resource in resources {
        let names = all.entry(resource.name).or_default();
        let value = &resource.entry.value;
        if let Some(on) = value.get("DependsOn") {
            let mut waited_for = Vec::new();
            literals(&on.value, &mut waited_for);
            names.extend(waited_for.into_iter().map(|(name, _)| name));
        }
        referred(value, names);
    }
    all
}

fn referred<'a>(node: &'a Node, names: &mut BTreeSet<&'a str>) {
    match &node.kind {
        Kind::Null | Kind::Text(_) => {}
        Kind::List(items) => items.iter().for_each(|item| referred(item, names)),
        Kind::Map(entries) => {
            for entry in entries {
                let argument = &entry.value;
                let first = argument.list().and_then(<[_]>::first);
                let first = first.map_or(&**argument, |first| first).text();
                match entry.key.as_str() {
                    "Ref" => names.extend(first),
                    "Fn::GetAtt" => names.extend(first.and_then(|name| name.split('.').next())),
                    "Fn::Sub" => names.extend(first.into_iter().flat_map(substitutes)),
                    _ => {}
                }
                referred(argument, names);
            }
        }
    }
}

/// The resources in `${A}` and `${A.B}`.
fn substitutes(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        name.split('.').next()
    })
}

/// Whether one resource is made after another.
fn waits<'a>(one: &'a str, other: &str, references: &References<'a>) -> bool {
    let mut seen = BTreeSet::from([one]);
    let mut next = vec![one];
    while let Some(name) = next.pop() {
        if name == other {
            return true;
        }
        let names = references.get(name).into_iter().flatten();
        next.extend(names.filter(|name| seen.insert(name)));
    }
    false
}

/// The pool of a provider, if it is a resource of the template.
fn pool<'r, 'a>(
    provider: &Resource<'a>,
    resources: &'r [Resource<'a>],
) -> Option<&'r Resource<'a>> {
    let id = expression(provider, "UserPoolId")?;
    let name = id.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
    let mut pools = resources.iter();
    pools.find(|it| it.name == name && it.is_of("AWS::Cognito::UserPool"))
}

/// An attribute in the `Schema` of a pool.
struct Attribute<'a> {
    name: &'a str,
    is_immutable: bool,
    is_required: bool,
}

impl Attribute<'_> {
    fn is_called(&self, name: &str) -> bool {
        name == self.name || name.strip_prefix("custom:") == Some(self.name)
    }
}

/// What a mapping and its pool do not agree on.
fn attributes<'a>(provider: &Resource<'a>, pool: &Resource<'a>, found: &mut Findings<'a>) {
    const MAPPING: &str = "AttributeMapping";
    let reading = provider.read(&provider.base());
    let mapping = reading.property(MAPPING);
    if reading.is_unknown(MAPPING) || mapping.is_some_and(|mapping| !mapping.is_object()) {
        return;
    }
    let is_declared = mapping.is_some();
    let mapped = mapping.and_then(Value::as_object);
    let mapped: Vec<&str> = mapped
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .map(String::as_str)
        .filter(|key| !key.contains("${"))
        .collect();
    let place = |path: &str| reading.place(path).unwrap_or(provider.at);
    let (schema, is_whole) = schema(pool);
    for key in &mapped {
        let path = path_of(MAPPING, key);
        let attribute = schema.iter().find(|attribute| attribute.is_called(key));
        let text = match attribute {
            // aws-cli#9729
            None if is_whole && key.starts_with("custom:") => format!(
                "{path} maps to an attribute that is not in the Schema of {} at {}: unless it was \
                 added outside the template, Cognito fails with \"AttributeMapping contains \
                 invalid mapping\"",
                pool.name, pool.at
            ),
            // Seen by others: accelerated-intelligent-document-processing-on-aws#835.
            Some(attribute) if attribute.is_immutable => format!(
                "{path} maps to an attribute with Mutable: false in {} at {}: Cognito writes it \
                 at every sign-in, so each user's second sign-in fails with \"Attribute cannot \
                 be updated\"",
                pool.name, pool.at
            ),
            _ => continue,
        };
        found.add(provider, place(&path), &path, text);
    }
    if may_have_more(&reading, MAPPING) || !is_declared && may_adopt(provider) {
        return;
    }
    for attribute in schema.iter().filter(|attribute| attribute.is_required) {
        if !mapped.iter().any(|key| attribute.is_called(key)) {
            let text = format!(
                "{MAPPING} does not map {}, which {} at {} requires: a new user's first sign-in \
                 fails",
                attribute.name, pool.name, pool.at
            );
            found.add(provider, place(MAPPING), MAPPING, text);
        }
    }
    // Those two have nothing to map to it.
    let kind = reading.property("ProviderType").and_then(Value::as_str);
    if !matches!(kind, Some("Facebook" | "LoginWithAmazon"))
        && let Some(text) = unverified(pool, &mapped)
    {
        let path = path_of(MAPPING, "email");
        found.add(provider, place(&path), &path, text);
    }
}

fn may_have_more(reading: &Reading, map: &str) -> bool {
    reading.is_open(map) || reading.is_open("")
}

/// Cognito's documentation: by default, mapped email addresses are unverified.
fn unverified(pool: &Resource<'_>, mapped: &[&str]) -> Option<String> {
    if !mapped.contains(&"email") || mapped.contains(&"email_verified") {
        return None;
    }
    let uses = [
        ("AliasAttributes", "cannot sign in with it"),
        ("AutoVerifiedAttributes", "cannot reset a password with it"),
    ];
    let (property, without) = uses.into_iter().find(|(property, _)| {
        let list = pool.property(property).and_then(|list| list.value.list());
        let mut items = list.into_iter().flatten();
        items.any(|item| item.text() == Some("email"))
    })?;
    Some(format!(
        "AttributeMapping maps email but not email_verified: Cognito treats the address as \
         unverified, so a user {without}, although {} at {} lists email in {property}. Map \
         email_verified if the provider sends it",
        pool.name, pool.at
    ))
}

/// The attributes that a pool declares as far as they are known, and whether those are all.
fn schema<'a>(pool: &Resource<'a>) -> (Vec<Attribute<'a>>, bool) {
    let Some(entry) = pool.property("Schema") else {
        let properties = pool.properties.and_then(|entry| entry.value.map());
        let mut keys = properties.into_iter().flatten().map(|entry| &entry.key);
        return (Vec::new(), !keys.any(|key| key.starts_with("Fn::")));
    };
    let Some(items) = entry.value.list() else {
        return (Vec::new(), false);
    };
    let attributes: Vec<_> = items
        .iter()
        .filter_map(|item| {
            let text = |key: &str| item.get(key).and_then(|entry| entry.value.text());
            Some(Attribute {
                name: text("Name").filter(|name| !name.contains("${"))?,
                is_immutable: text("Mutable") == Some("false"),
                is_required: text("Required") == Some("true"),
            })
        })
        .collect();
    let is_whole = attributes.len() == items.len();
    (attributes, is_whole)
}
