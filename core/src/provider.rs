//! A template's properties: the provider they describe, or all that is wrong with them.

mod keys;
mod meant;
pub(crate) mod metadata;
mod previous;
mod problem;
mod rules;
mod schema;
mod source;

use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

pub use keys::documented_keys;
pub use meant::{letters, nearest};
pub use metadata::{CheckedProperties, ExpiredCertificates, check_metadata, check_properties};
pub use previous::Previous;
pub use problem::{Problem, Problems, path_of};
pub use rules::PROPERTIES;
pub use schema::schema;
pub use source::{Place, Source, Sources};

use crate::{
    details::Details,
    named::named,
    physical_id::{ProviderId, UserPoolId},
};
use problem::Shape;

named! {
    /// The types of identity provider that a user pool knows.
    pub enum ProviderType {
        Saml = "SAML",
        Oidc = "OIDC",
        Google = "Google",
        Facebook = "Facebook",
        LoginWithAmazon = "LoginWithAmazon",
        SignInWithApple = "SignInWithApple",
    }
}

impl ProviderType {
    /// A social provider is called what its type is called; Cognito takes no other name for it.
    pub const fn fixed_name(self) -> Option<&'static str> {
        match self {
            Self::Saml | Self::Oidc => None,
            Self::Google | Self::Facebook | Self::LoginWithAmazon | Self::SignInWithApple => {
                Some(self.as_str())
            }
        }
    }
}

/// A map of string to string, as `AttributeMapping` and `AcrMapping` are.
pub type StringMap = BTreeMap<String, String>;

/// The optional members of a provider. `None` means not declared, which is not the same as empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// User pool attribute to provider attribute.
    pub attribute_mapping: Option<StringMap>,
    /// What a sign-in request may name the provider by, such as a mail domain.
    pub idp_identifiers: Option<Vec<String>>,
    /// ACR level to the provider's ACR value.
    pub acr_mapping: Option<StringMap>,
}

/// The provider that a template wants.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Pool and name.
    pub id: ProviderId,
    /// `ProviderType`.
    pub kind: ProviderType,
    /// `ProviderDetails`, whole.
    pub details: Details,
    /// The members that may be left out.
    pub members: Members,
}

impl Provider {
    /// Completes the details with a value that was read from its source, and hides a secret.
    ///
    /// # Errors
    /// What a value may not be that is given in the template.
    pub fn add(
        &mut self,
        key: String,
        value: SecretString,
        is_secret: bool,
    ) -> Result<(), Problem> {
        let given = StringMap::from([(key.clone(), value.expose_secret().to_owned())]);
        let mut problems = Vec::new();
        rules::check_details(&given, Some(self.kind), &mut problems);
        // Nobody resolves references there, and so nobody left one unresolved.
        problems.retain(|problem| !matches!(problem, Problem::Unresolved(_)));
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
        self.details.insert(key, value, is_secret);
        Ok(())
    }

    /// Whether the pool signs the requests that it sends to this provider.
    pub fn signs_requests(&self) -> bool {
        let algorithm = self.details.expose("RequestSigningAlgorithm");
        self.kind == ProviderType::Saml && algorithm.is_some_and(|name| !name.is_empty())
    }
}

/// Everything a template declares: the provider, and how to go about it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The provider, without what is to be read.
    pub provider: Provider,
    /// `ProviderDetailsFrom`: the details that are to be read before anything is done.
    pub sources: Sources,
    /// `AdoptExisting`: take over a provider of that name that is there already.
    pub adopt_existing: bool,
}

impl TryFrom<&Value> for Declared {
    type Error = Problems;

    /// Reads `ResourceProperties`.
    ///
    /// # Errors
    /// Everything that breaks a published limit, all at once.
    fn try_from(properties: &Value) -> Result<Self, Problems> {
        let Some(properties) = properties.as_object() else {
            return Err(Problem::shape("ResourceProperties", "a map", properties).into());
        };
        let mut reader = Reader {
            properties,
            problems: Vec::new(),
        };
        let declared = reader.declared();
        match declared {
            Some(declared) if reader.problems.is_empty() => Ok(declared),
            _ => Err(Problems(reader.problems)),
        }
    }
}

/// `ServiceTimeout`, if there is a valid one. [`Declared`] reports an invalid one.
pub fn service_timeout(properties: &Value) -> Option<Duration> {
    let seconds = text(properties.get("ServiceTimeout")?)?.parse().ok()?;
    rules::SERVICE_TIMEOUT_SECONDS
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// Whether `AdoptExisting` is true. [`Declared`] reports what is neither true nor false.
pub fn adopts(properties: &Value) -> bool {
    let flag = properties.get("AdoptExisting").and_then(text);
    flag.as_deref() == Some("true")
}

/// A scalar as CloudFormation would send it: booleans and numbers are strings there, but not in
/// a direct invocation.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads the properties one by one and notes what is wrong instead of stopping at it.
struct Reader<'a> {
    properties: &'a Map<String, Value>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn declared(&mut self) -> Option<Declared> {
        for name in self.properties.keys() {
            if !PROPERTIES.contains(&name.as_str()) {
                self.problems.push(Problem::Unknown {
                    path: problem::name(name),
                    meant: nearest(name, &PROPERTIES),
                });
            }
        }
        let pool = self.pool();
        let name = self.required("ProviderName");
        let kind = self.kind();
        let details = self.map("ProviderDetails");
        let sources = self.sources();
        if !self.has("ProviderDetails") && !self.has("ProviderDetailsFrom") {
            self.problems
                .push(Problem::Missing("ProviderDetails".into()));
        }
        let members = Members {
            attribute_mapping: self.map("AttributeMapping"),
            idp_identifiers: self.list("IdpIdentifiers"),
            acr_mapping: self.map("AcrMapping"),
        };
        let adopt_existing = self.flag("AdoptExisting");
        self.timeout();
        self.scalar("Revision");

        if let Some(name) = &name {
            rules::check_name(name, kind, &mut self.problems);
        }
        let given = ["ProviderDetails", "ProviderDetailsFrom"].map(|map| self.value(map));
        // A map that is none is reported as such, and nobody knows what it should have held.
        let readable = given.iter().flatten().all(|map| map.is_object());
        if let Some(kind) = kind.filter(|_| readable && given.iter().any(Option::is_some)) {
            let has = |key: &str| given.iter().flatten().any(|map| map.get(key).is_some());
            rules::check_required(kind, has, &mut self.problems);
        }
        if let Some(details) = &details {
            rules::check_details(details, kind, &mut self.problems);
        }
        rules::check_members(&members, kind, &mut self.problems);

        Some(Declared {
            provider: Provider {
                id: ProviderId {
                    pool: pool?,
                    name: name?,
                },
                kind: kind?,
                details: details.unwrap_or_default().into_iter().collect(),
                members,
            },
            sources,
            adopt_existing,
        })
    }

    fn value(&self, property: &str) -> Option<&'a Value> {
        self.properties
            .get(property)
            .filter(|value| !value.is_null())
    }

    fn has(&self, property: &str) -> bool {
        self.value(property).is_some()
    }

    fn scalar(&mut self, property: &str) -> Option<String> {
        let value = self.value(property)?;
        let text = text(value);
        if text.is_none() {
            self.problems
                .push(Problem::shape(property, "a string", value));
        }
        text
    }

    fn required(&mut self, property: &'static str) -> Option<String> {
        if !self.has(property) {
            self.problems.push(Problem::Missing(property.into()));
        }
        self.scalar(property)
    }

    fn pool(&mut self) -> Option<UserPoolId> {
        let text = self.required("UserPoolId")?;
        let pool = text.parse().ok();
        if pool.is_none() {
            self.problems.push(Problem::Form {
                path: "UserPoolId".into(),
                form: "a user pool id such as eu-west-1_AbCdEf123, of 1 to 55 characters",
                shape: Shape::text(&text),
            });
        }
        pool
    }

    fn kind(&mut self) -> Option<ProviderType> {
        let text = self.required("ProviderType")?;
        let kind = ProviderType::from_name(&text);
        if kind.is_none() {
            self.problems.push(Problem::Type {
                found: problem::name(&text),
                meant: nearest(&text, &ProviderType::ALL.map(ProviderType::as_str)),
            });
        }
        kind
    }

    fn flag(&mut self, property: &str) -> bool {
        let Some(value) = self.value(property) else {
            return false;
        };
        match text(value).as_deref() {
            Some("true") => true,
            Some("false") => false,
            _ => {
                self.problems
                    .push(Problem::shape(property, "true or false", value));
                false
            }
        }
    }

    fn timeout(&mut self) {
        let given = self.value("ServiceTimeout");
        if let Some(value) = given
            && service_timeout(&Value::Object(self.properties.clone())).is_none()
        {
            self.problems.push(Problem::shape(
                "ServiceTimeout",
                "a whole number of seconds from 1 to 3600",
                value,
            ));
        }
    }

    fn map(&mut self, property: &str) -> Option<StringMap> {
        let value = self.value(property)?;
        let Some(entries) = value.as_object() else {
            self.problems
                .push(Problem::shape(property, "a map of strings", value));
            return None;
        };
        let mut map = StringMap::new();
        for (key, value) in entries {
            if let Some(text) = text(value) {
                map.insert(key.clone(), text);
            } else {
                let path = format!("{property}.{}", problem::name(key));
                self.problems.push(Problem::shape(path, "a string", value));
            }
        }
        Some(map)
    }

    fn sources(&mut self) -> Sources {
        let Some(value) = self.value("ProviderDetailsFrom") else {
            return Sources::new();
        };
        let Some(entries) = value.as_object() else {
            self.problems.push(Problem::shape(
                "ProviderDetailsFrom",
                "a map of sources",
                value,
            ));
            return Sources::new();
        };
        let given = self.value("ProviderDetails");
        let mut sources = Sources::new();
        for (key, value) in entries {
            let shown = problem::name(key);
            if given.is_some_and(|given| given.get(key).is_some()) {
                self.problems.push(Problem::GivenTwice(shown.clone()));
            }
            rules::check_key(key, &mut self.problems);
            let path = format!("ProviderDetailsFrom.{shown}");
            if let Some(source) = source::source(&path, value, &mut self.problems) {
                sources.insert(key.clone(), source);
            }
        }
        sources
    }

    fn list(&mut self, property: &str) -> Option<Vec<String>> {
        let value = self.value(property)?;
        let Some(items) = value.as_array() else {
            self.problems
                .push(Problem::shape(property, "a list of strings", value));
            return None;
        };
        let mut list = Vec::new();
        for (index, value) in items.iter().enumerate() {
            if let Some(text) = text(value) {
                list.push(text);
            } else {
                let path = format!("{property}[{index}]");
                self.problems.push(Problem::shape(path, "a string", value));
            }
        }
        Some(list)
    }
}

#[cfg(test)]
mod tests;
