//! What Cognito does with a provider: the details that it refuses, the keys that it adds, and those
//! that it never returns.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::limits;

type Pools = BTreeMap<String, BTreeMap<String, Value>>;

/// An error of the service: its name and message.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

/// What the service holds requests to beside its published limits.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// How many providers a pool may have.
    pub(super) providers: Option<usize>,
    /// Each `MetadataURL` that answers with 404.
    pub(super) down: BTreeSet<String>,
}

type Done = Result<Option<Value>, Refusal>;

/// The namespaces without which SAML metadata are not read.
const NAMESPACES: [&str; 2] = [
    "urn:oasis:names:tc:SAML:2.0:metadata",
    "http://www.w3.org/2000/09/xmldsig#",
];

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal("InvalidParameterException", message.into())
}

pub(super) fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn pool<'a>(
    pools: &'a mut Pools,
    input: &Value,
) -> Result<&'a mut BTreeMap<String, Value>, Refusal> {
    limits::check_pool(input)?;
    let id = text(input, "UserPoolId");
    pools.get_mut(id).ok_or_else(|| {
        Refusal(
            "ResourceNotFoundException",
            format!("User pool {id} does not exist."),
        )
    })
}

/// In the words of Describe and Delete.
fn missing(input: &Value) -> Refusal {
    let (pool, name) = (text(input, "UserPoolId"), text(input, "ProviderName"));
    Refusal(
        "ResourceNotFoundException",
        format!("Identity provider {name} for tenantId {pool} does not exist."),
    )
}

/// In the words of Update.
fn missing_in_pool(input: &Value) -> Refusal {
    let (pool, name) = (text(input, "UserPoolId"), text(input, "ProviderName"));
    Refusal(
        "ResourceNotFoundException",
        format!("Identity provider {name} in User Pool {pool} does not exist."),
    )
}

pub(super) fn create(pools: &mut Pools, rules: &Rules, input: &Value, now: f64) -> Done {
    limits::check_new_name(text(input, "ProviderName"))?;
    store(pools, rules, input, now)
}

/// Creates a provider by the rules of earlier years, which took names that [`create`] refuses.
pub(super) fn store(pools: &mut Pools, rules: &Rules, input: &Value, now: f64) -> Done {
    let providers = pool(pools, input)?;
    let (name, kind) = (text(input, "ProviderName"), text(input, "ProviderType"));
    limits::check_name(name, kind)?;
    limits::check_members(input, kind)?;
    let details = input.get("ProviderDetails").and_then(Value::as_object);
    let details = details.ok_or_else(|| invalid("ProviderDetails is required"))?;
    check_details(kind, details)?;
    if providers.contains_key(name) {
        return Err(Refusal(
            "DuplicateProviderException",
            format!(
                "{name} already exists for tenant {}.",
                text(input, "UserPoolId")
            ),
        ));
    }
    check_unique(providers, name, input)?;
    let quota = rules.providers;
    if quota.is_some_and(|quota| providers.len() >= quota) {
        return Err(Refusal(
            "LimitExceededException",
            "The maximum number of identity providers for this user pool has been reached.".into(),
        ));
    }
    check_source(rules, kind, details)?;
    // What a SAML provider gets is not published.
    let mapping = match kind {
        "SAML" => json!({}),
        _ => json!({"username": "sub"}),
    };
    let mut stored = json!({
        "UserPoolId": text(input, "UserPoolId"),
        "ProviderName": name,
        "ProviderType": kind,
        "ProviderDetails": complete(kind, details.clone()),
        "AttributeMapping": mapping,
        "IdpIdentifiers": [],
        "CreationDate": now,
        "LastModifiedDate": now,
    });
    set_members(&mut stored, input);
    providers.insert(name.to_owned(), stored.clone());
    Ok(Some(answered(stored, input)))
}

pub(super) fn describe(pools: &mut Pools, input: &Value) -> Done {
    let name = text(input, "ProviderName");
    let stored = pool(pools, input)?
        .get(name)
        .ok_or_else(|| missing(input))?;
    Ok(Some(shown(stored.clone())))
}

/// Lists a page of a pool's providers: at most `MaxResults`, from the name in `NextToken` on.
pub(super) fn list(pools: &mut Pools, input: &Value) -> Result<Value, Refusal> {
    let from = text(input, "NextToken").to_owned();
    let most = input
        .get("MaxResults")
        .and_then(Value::as_u64)
        .unwrap_or(60);
    if most > 60 {
        return Err(Refusal(
            "InvalidParameterException",
            "Value at 'maxResults' failed to satisfy constraint: Member must have value less than or \
             equal to 60"
                .to_owned(),
        ));
    }
    let most = usize::try_from(most).unwrap_or(60);
    let rest: Vec<_> = pool(pools, input)?.range(from..).collect();
    let page = rest.iter().take(most).map(|(name, provider)| {
        json!({
            "ProviderName": name,
            "ProviderType": provider["ProviderType"],
            "CreationDate": provider["CreationDate"],
            "LastModifiedDate": provider["LastModifiedDate"],
        })
    });
    let mut answer = json!({"Providers": page.collect::<Vec<_>>()});
    if let Some((next, _)) = rest.get(most) {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

pub(super) fn update(pools: &mut Pools, rules: &Rules, input: &Value, now: f64) -> Done {
    let providers = pool(pools, input)?;
    let name = text(input, "ProviderName");
    let stored = providers.get(name).ok_or_else(|| missing_in_pool(input))?;
    let mut stored = stored.clone();
    let kind = text(&stored, "ProviderType").to_owned();
    limits::check_members(input, &kind)?;
    check_unique(providers, name, input)?;
    if let Some(details) = input.get("ProviderDetails").and_then(Value::as_object) {
        let mut details = details.clone();
        if let Some(key) = stored["ProviderDetails"].get("private_key") {
            details.entry("private_key").or_insert_with(|| key.clone());
        }
        check_details(&kind, &details)?;
        check_source(rules, &kind, &details)?;
        stored["ProviderDetails"] = complete(&kind, details);
    }
    set_members(&mut stored, input);
    stored["LastModifiedDate"] = now.into();
    providers.insert(name.to_owned(), stored.clone());
    Ok(Some(answered(stored, input)))
}

pub(super) fn delete(pools: &mut Pools, input: &Value) -> Done {
    let name = text(input, "ProviderName");
    let removed = pool(pools, input)?.remove(name);
    removed.map(|_| None).ok_or_else(|| missing(input))
}

/// As long as a real one.
pub(super) fn signing_certificate(pools: &mut Pools, input: &Value) -> Result<String, Refusal> {
    pool(pools, input)?;
    Ok("MIICsigning".to_owned())
}

/// What is stored, as it is returned.
fn shown(mut stored: Value) -> Value {
    if let Some(details) = stored["ProviderDetails"].as_object_mut() {
        details.remove("private_key");
    }
    stored
}

/// What is stored, as Create and Update return it: with identifiers only if the request had some.
fn answered(stored: Value, input: &Value) -> Value {
    let mut shown = shown(stored);
    if input.get("IdpIdentifiers").is_none()
        && let Some(provider) = shown.as_object_mut()
    {
        provider.remove("IdpIdentifiers");
    }
    shown
}

fn check_details(kind: &str, details: &Map<String, Value>) -> Result<(), Refusal> {
    limits::check_details(details)?;
    let has = |key: &str| details.contains_key(key);
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    let value = |key: &str| details.get(key).and_then(Value::as_str).unwrap_or_default();
    let refusal = match kind {
        "SAML" if has("MetadataURL") && has("MetadataFile") => {
            "Only one of the MetadataURL or MetadataFile should be provided."
        }
        "SAML" if !has("MetadataURL") && !has("MetadataFile") => {
            "At least one of the MetadataURL or MetadataFile should be provided."
        }
        "OIDC"
            if !all(&[
                "client_id",
                "authorize_scopes",
                "oidc_issuer",
                "attributes_request_method",
            ]) =>
        {
            "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp \
             details."
        }
        "OIDC" if !value("oidc_issuer").starts_with("https://") => {
            "OIDC endpoint must start with https://"
        }
        "OIDC" if !["GET", "POST"].contains(&value("attributes_request_method")) => {
            "attributes_request_method must be GET or POST"
        }
        "SignInWithApple" if !all(&["client_id", "private_key", "team_id", "key_id"]) => {
            "clientId, privateKey, teamId, and keyId are all required idp details."
        }
        "Google" | "Facebook" | "LoginWithAmazon"
            if !all(&["client_id", "client_secret", "authorize_scopes"]) =>
        {
            "clientId, clientSecret and authorizeScopes are all required idp details."
        }
        _ => "",
    };
    if !refusal.is_empty() {
        return Err(invalid(refusal));
    }
    if details.contains_key("ActiveEncryptionCertificate") {
        return Err(invalid(
            "ActiveEncryptionCertificate is not a valid key for SAML identity provider details",
        ));
    }
    if let Some((key, value)) = details.iter().find(|(key, _)| *key == "refused") {
        // As the service does it: the offending value is quoted, whatever it is.
        return Err(invalid(format!(
            "Value {value} at 'providerDetails.{key}' failed to satisfy constraint; \
             client_secret was {}",
            details.get("client_secret").unwrap_or(&Value::Null)
        )));
    }
    Ok(())
}

/// Reads the metadata: those of a URL are fetched on every request that names it.
fn check_source(rules: &Rules, kind: &str, details: &Map<String, Value>) -> Result<(), Refusal> {
    if kind != "SAML" {
        return Ok(());
    }
    let file = details.get("MetadataFile").and_then(Value::as_str);
    if file.is_some_and(|file| !NAMESPACES.iter().all(|namespace| file.contains(namespace))) {
        return Err(invalid("Unable to unmarshall metadata"));
    }
    let url = details.get("MetadataURL").and_then(Value::as_str);
    if url.is_some_and(|url| rules.down.contains(url)) {
        return Err(invalid(
            "Non-ok status code 404 returned from remote metadata source",
        ));
    }
    Ok(())
}

fn check_unique(
    providers: &BTreeMap<String, Value>,
    name: &str,
    input: &Value,
) -> Result<(), Refusal> {
    let wanted = input.get("IdpIdentifiers").and_then(Value::as_array);
    let others = providers.iter().filter(|(other, _)| *other != name);
    for (_, other) in others {
        for identifier in wanted.into_iter().flatten() {
            let held = other["IdpIdentifiers"].as_array();
            if held.is_some_and(|held| held.contains(identifier)) {
                return Err(Refusal(
                    "DuplicateProviderException",
                    format!("The identifier {identifier} is already in use."),
                ));
            }
        }
    }
    Ok(())
}

/// The keys that the service adds by itself.
fn complete(kind: &str, mut details: Map<String, Value>) -> Value {
    let added: &[(&str, &str)] = match kind {
        "SAML" => &[
            ("ActiveEncryptionCertificate", "MIICexample"),
            ("SSORedirectBindingURI", "https://idp.example.com/sso"),
            ("SLORedirectBindingURI", "https://idp.example.com/slo"),
        ],
        "OIDC" => &[("attributes_url_add_attributes", "false")],
        "Google" => &[
            (
                "attributes_url",
                "https://people.googleapis.com/v1/people/me?personFields=",
            ),
            ("attributes_url_add_attributes", "true"),
            (
                "authorize_url",
                "https://accounts.google.com/o/oauth2/v2/auth",
            ),
            ("oidc_issuer", "https://accounts.google.com"),
            ("token_request_method", "POST"),
            ("token_url", "https://www.googleapis.com/oauth2/v4/token"),
        ],
        "Facebook" => &[
            ("api_version", "v17.0"),
            (
                "attributes_url",
                "https://graph.facebook.com/v17.0/me?fields=",
            ),
            ("attributes_url_add_attributes", "true"),
            (
                "authorize_url",
                "https://www.facebook.com/v17.0/dialog/oauth",
            ),
            ("token_request_method", "GET"),
            (
                "token_url",
                "https://graph.facebook.com/v17.0/oauth/access_token",
            ),
        ],
        "LoginWithAmazon" => &[
            ("attributes_url", "https://api.amazon.com/user/profile"),
            ("attributes_url_add_attributes", "false"),
            ("authorize_url", "https://www.amazon.com/ap/oa"),
            ("token_request_method", "POST"),
            ("token_url", "https://api.amazon.com/auth/o2/token"),
        ],
        _ => &[
            ("attributes_url_add_attributes", "false"),
            ("authorize_url", "https://appleid.apple.com/auth/authorize"),
            ("oidc_issuer", "https://appleid.apple.com"),
            ("token_request_method", "POST"),
            ("token_url", "https://appleid.apple.com/auth/token"),
        ],
    };
    for (key, value) in added {
        details.entry(*key).or_insert_with(|| (*value).into());
    }
    details.into()
}

fn set_members(stored: &mut Value, input: &Value) {
    for key in ["AttributeMapping", "IdpIdentifiers", "AcrMapping"] {
        if let Some(value) = input.get(key) {
            stored[key] = value.clone();
        }
    }
}
