//! Parses a template's properties into the provider they describe, or into every error in them.

mod error;
mod keys;
pub(crate) mod metadata;
mod previous;
mod rules;
mod schema;
mod source;
mod suggestion;

use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

pub use error::{PropertyError, PropertyErrors, listed, path_of};
pub use keys::documented_keys;
pub use metadata::{CheckedProperties, ExpiredCertificates, check_metadata, check_properties};
pub use previous::Previous;
pub use rules::PROPERTIES;
pub use schema::schema;
pub use source::{Location, Source, Sources};
pub use suggestion::meant_key;
use suggestion::nearest;

use crate::{
    details::{Details, PUBLIC_KEYS},
    named::named,
    physical_id::{ProviderId, UserPoolId},
};

named! {
    /// The types of identity provider that a user pool supports.
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
    /// Returns the only name that Cognito accepts for a social provider: that of its type.
    pub const fn fixed_name(self) -> Option<&'static str> {
        match self {
            Self::Saml | Self::Oidc => None,
            Self::Google | Self::Facebook | Self::LoginWithAmazon | Self::SignInWithApple => {
                Some(self.as_str())
            }
        }
    }
}

/// A map of strings to strings, such as `AttributeMapping` and `AcrMapping`.
pub type StringMap = BTreeMap<String, String>;

/// The optional members of a provider. `None` means not declared, which differs from empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Maps user pool attributes to provider attributes.
    pub attribute_mapping: Option<StringMap>,
    /// Other names by which a sign-in request may select the provider, such as a mail domain.
    pub idp_identifiers: Option<Vec<String>>,
    /// Maps ACR levels to the provider's ACR values.
    pub acr_mapping: Option<StringMap>,
}

/// The provider that a template describes.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The pool and the name.
    pub id: ProviderId,
    /// `ProviderType`.
    pub kind: ProviderType,
    /// The complete `ProviderDetails`.
    pub details: Details,
    /// The optional members.
    pub members: Members,
}

impl Provider {
    /// Adds a detail that was read from its source, and hides it if it is a secret.
    ///
    /// # Errors
    /// Returns the first rule that the value breaks; the rules are those for values in the
    /// template.
    pub fn add(
        &mut self,
        key: String,
        value: SecretString,
        is_secret: bool,
    ) -> Result<(), PropertyError> {
        let given = StringMap::from([(key.clone(), value.expose_secret().to_owned())]);
        let mut errors = Vec::new();
        rules::check_details(&given, Some(self.kind), &mut errors);
        // CloudFormation does not resolve references in sources, so this text is just a value.
        errors.retain(|error| !matches!(error, PropertyError::UnresolvedReference(_)));
        if let Some(error) = errors.into_iter().next() {
            return Err(error);
        }
        self.details.insert(key, value, is_secret);
        Ok(())
    }

    /// Returns whether the pool signs the requests that it sends to this provider.
    pub fn signs_requests(&self) -> bool {
        let algorithm = self.details.expose("RequestSigningAlgorithm");
        self.kind == ProviderType::Saml && algorithm.is_some_and(|name| !name.is_empty())
    }
}

/// Everything that a template declares: the provider and the options for this resource.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The provider, without the details that are read from sources.
    pub provider: Provider,
    /// `ProviderDetailsFrom`: the details to read before the first call.
    pub sources: Sources,
    /// `AdoptExisting`: whether to adopt an existing provider with this name.
    pub adopt_existing: bool,
}

impl TryFrom<&Value> for Declared {
    type Error = PropertyErrors;

    /// Parses `ResourceProperties`.
    ///
    /// # Errors
    /// Returns every broken rule at once.
    fn try_from(properties: &Value) -> Result<Self, PropertyErrors> {
        let Some(properties) = properties.as_object() else {
            return Err(PropertyError::shape("ResourceProperties", "a map", properties).into());
        };
        let mut parser = PropertyParser {
            properties,
            errors: Vec::new(),
        };
        let declared = parser.declared();
        match declared {
            Some(declared) if parser.errors.is_empty() => Ok(declared),
            _ => Err(PropertyErrors(parser.errors)),
        }
    }
}

/// Returns `ServiceTimeout` if it is valid. [`Declared`] reports an invalid one.
pub fn service_timeout(properties: &Value) -> Option<Duration> {
    let seconds = text(properties.get("ServiceTimeout")?)?.parse().ok()?;
    rules::SERVICE_TIMEOUT_SECONDS
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// Returns the properties in one text, for requests that repeat them, without those that only concern
/// CloudFormation. `None` if a value is given that must not be shown.
pub fn public_properties(properties: &Value) -> Option<String> {
    let mut properties = properties.as_object()?.clone();
    for key in ["ServiceToken", "ServiceTimeout"] {
        properties.remove(key);
    }
    let details = properties.get("ProviderDetails").and_then(Value::as_object);
    let is_public = |key: &String| PUBLIC_KEYS.contains(&key.as_str());
    let shows_all = details.into_iter().flatten().all(|(key, _)| is_public(key));
    shows_all.then(|| Value::Object(properties).to_string())
}

/// Returns whether `AdoptExisting` is true. [`Declared`] reports an invalid value.
pub fn adopts(properties: &Value) -> bool {
    let flag = properties.get("AdoptExisting").and_then(text);
    flag.as_deref() == Some("true")
}

/// Returns a scalar as the string that CloudFormation would send. Only direct invocations contain
/// booleans and numbers.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A parser that collects errors instead of stopping at the first.
struct PropertyParser<'a> {
    properties: &'a Map<String, Value>,
    errors: Vec<PropertyError>,
}

impl<'a> PropertyParser<'a> {
    fn declared(&mut self) -> Option<Declared> {
        for name in self.properties.keys() {
            if !PROPERTIES.contains(&name.as_str()) {
                self.errors.push(PropertyError::UnknownProperty {
                    path: error::shown_key(name),
                    suggestion: nearest(name, &PROPERTIES),
                });
            }
        }
        let pool = self.pool();
        let name = self.required("ProviderName");
        let kind = self.kind();
        let details = self.map("ProviderDetails");
        let sources = self.sources();
        if !self.has("ProviderDetails") && !self.has("ProviderDetailsFrom") {
            self.errors
                .push(PropertyError::Missing("ProviderDetails".into()));
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
            rules::check_name(name, kind, &mut self.errors);
        }
        let given = ["ProviderDetails", "ProviderDetailsFrom"].map(|map| self.value(map));
        // A value that is not a map is reported as such; its keys are unknown, so none is reported
        // as missing.
        let readable = given.iter().flatten().all(|map| map.is_object());
        if let Some(kind) = kind.filter(|_| readable && given.iter().any(Option::is_some)) {
            let maps = given.iter().flatten().filter_map(|map| map.as_object());
            let keys: Vec<_> = maps.flat_map(Map::keys).map(String::as_str).collect();
            rules::check_required(kind, &keys, &mut self.errors);
        }
        if let Some(details) = &details {
            rules::check_details(details, kind, &mut self.errors);
        }
        rules::check_members(&members, kind, &mut self.errors);

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
            self.errors
                .push(PropertyError::shape(property, "a string", value));
        }
        text
    }

    fn required(&mut self, property: &'static str) -> Option<String> {
        if !self.has(property) {
            self.errors.push(PropertyError::Missing(property.into()));
        }
        self.scalar(property)
    }

    fn pool(&mut self) -> Option<UserPoolId> {
        let text = self.required("UserPoolId")?;
        let pool = text.parse().ok();
        if pool.is_none() {
            self.errors.push(PropertyError::Form {
                path: "UserPoolId".into(),
                form: "a user pool id of at most 55 characters, such as eu-west-1_AbCdEf123",
                shape: None,
            });
        }
        pool
    }

    fn kind(&mut self) -> Option<ProviderType> {
        let text = self.required("ProviderType")?;
        let kind = ProviderType::from_name(&text);
        if kind.is_none() {
            self.errors.push(PropertyError::Type {
                found: error::shown_key(&text),
                suggestion: nearest(&text, &ProviderType::ALL.map(ProviderType::as_str)),
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
                self.errors
                    .push(PropertyError::shape(property, "true or false", value));
                false
            }
        }
    }

    fn timeout(&mut self) {
        let given = self.value("ServiceTimeout");
        if let Some(value) = given
            && service_timeout(&Value::Object(self.properties.clone())).is_none()
        {
            self.errors.push(PropertyError::shape(
                "ServiceTimeout",
                "a whole number of seconds from 1 to 3600",
                value,
            ));
        }
    }

    fn map(&mut self, property: &str) -> Option<StringMap> {
        let value = self.value(property)?;
        let Some(entries) = value.as_object() else {
            self.errors
                .push(PropertyError::shape(property, "a map of strings", value));
            return None;
        };
        let mut map = StringMap::new();
        for (key, value) in entries {
            if let Some(text) = text(value) {
                map.insert(key.clone(), text);
            } else {
                let path = format!("{property}.{}", error::shown_key(key));
                self.errors
                    .push(PropertyError::shape(path, "a string", value));
            }
        }
        Some(map)
    }

    fn sources(&mut self) -> Sources {
        let Some(value) = self.value("ProviderDetailsFrom") else {
            return Sources::new();
        };
        let Some(entries) = value.as_object() else {
            self.errors.push(PropertyError::shape(
                "ProviderDetailsFrom",
                "a map of sources",
                value,
            ));
            return Sources::new();
        };
        let given = self.value("ProviderDetails");
        let mut sources = Sources::new();
        for (key, value) in entries {
            let shown = error::shown_key(key);
            if given.is_some_and(|given| given.get(key).is_some()) {
                self.errors
                    .push(PropertyError::ValueAndSource(shown.clone()));
            }
            rules::check_key(key, &mut self.errors);
            let path = format!("ProviderDetailsFrom.{shown}");
            if let Some(source) = source::parse_source(&path, value, &mut self.errors) {
                sources.insert(key.clone(), source);
            }
        }
        sources
    }

    fn list(&mut self, property: &str) -> Option<Vec<String>> {
        let value = self.value(property)?;
        let Some(items) = value.as_array() else {
            self.errors
                .push(PropertyError::shape(property, "a list of strings", value));
            return None;
        };
        let mut list = Vec::new();
        for (index, value) in items.iter().enumerate() {
            if let Some(text) = text(value) {
                list.push(text);
            } else {
                let path = format!("{property}[{index}]");
                self.errors
                    .push(PropertyError::shape(path, "a string", value));
            }
        }
        Some(list)
    }
}

#[cfg(test)]
mod tests;
