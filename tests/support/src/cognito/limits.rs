//! The limits that Cognito's API model publishes for the members of a request.

use serde_json::{Map, Value};

use super::provider::{Refusal, invalid, text};

/// Characters of a key or value of `ProviderDetails`, or of a value of `AttributeMapping`.
const VALUE_MAX: usize = 131_072;
/// The types whose providers have the type's name.
const SOCIAL: [&str; 4] = ["Google", "Facebook", "LoginWithAmazon", "SignInWithApple"];

/// Checks a new name against `ProviderNameTypeV2`: three characters at least, no space, and no
/// underscore but as the second character.
pub(super) fn check_new_name(name: &str) -> Result<(), Refusal> {
    let is_edge = |c: char| c != '_' && !c.is_whitespace();
    let characters: Vec<char> = name.chars().collect();
    let is_valid = match characters.as_slice() {
        [first, middle, rest @ ..] if !rest.is_empty() => {
            is_edge(*first) && !middle.is_whitespace() && rest.iter().copied().all(is_edge)
        }
        _ => false,
    };
    demand(is_valid, "providerName", || {
        "Member must satisfy regular expression pattern: \
         [^_\\p{Z}][\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}][^_\\p{Z}]+"
            .to_owned()
    })
}

/// Checks the name and the type of any provider, as Cognito has taken them at all times.
pub(super) fn check_name(name: &str, kind: &str) -> Result<(), Refusal> {
    check_length("providerName", name, 1, 32)?;
    if name.contains(char::is_control) {
        return Err(constraint(
            "providerName",
            "Member must satisfy regular expression pattern: \
             [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}\\p{Z}]+",
        ));
    }
    if !SOCIAL.contains(&kind) && !["SAML", "OIDC"].contains(&kind) {
        return Err(constraint(
            "providerType",
            "Member must satisfy enum value set: \
             [SAML, Facebook, Google, LoginWithAmazon, SignInWithApple, OIDC]",
        ));
    }
    if SOCIAL.contains(&kind) && name != kind {
        return Err(invalid(format!(
            "Provider {name} cannot be of type {kind}."
        )));
    }
    Ok(())
}

/// Checks keys and values of `ProviderDetails`.
pub(super) fn check_details(details: &Map<String, Value>) -> Result<(), Refusal> {
    for (key, value) in details {
        check_length("providerDetails", key, 0, VALUE_MAX)?;
        check_length(
            "providerDetails",
            string("providerDetails", value)?,
            0,
            VALUE_MAX,
        )?;
    }
    Ok(())
}

/// Checks `AttributeMapping`, `IdpIdentifiers` and `AcrMapping`.
pub(super) fn check_members(input: &Value, kind: &str) -> Result<(), Refusal> {
    for (key, value) in map(input, "AttributeMapping") {
        check_length("attributeMapping", key, 1, 32)?;
        let value = string("attributeMapping", value)?;
        check_length("attributeMapping", value, 0, VALUE_MAX)?;
    }
    let identifiers = input.get("IdpIdentifiers").and_then(Value::as_array);
    let count = identifiers.map_or(0, Vec::len);
    demand(count <= 50, "idpIdentifiers", || {
        "Member must have length less than or equal to 50".to_owned()
    })?;
    for identifier in identifiers.into_iter().flatten() {
        check_identifier(string("idpIdentifiers", identifier)?)?;
    }
    for (level, value) in map(input, "AcrMapping") {
        let is_level = ["Level1", "Level2", "Level3", "Level4"].contains(&level.as_str());
        demand(is_level, "acrMapping", || {
            "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: \
             Level[1-4]]"
                .to_owned()
        })?;
        let value = string("acrMapping", value)?;
        check_length("acrMapping", value, 1, 64)?;
        let is_valid = |c: char| c.is_ascii_graphic() && !['"', '\\'].contains(&c);
        demand(value.chars().all(is_valid), "acrMapping", || {
            "Map values must satisfy constraint: [Member must satisfy regular expression pattern: \
             [\\x21\\x23-\\x5B\\x5D-\\x7E]+]"
                .to_owned()
        })?;
    }
    if map(input, "AcrMapping").next().is_some() && kind != "OIDC" {
        return Err(invalid("AcrMapping is supported for OIDC providers only."));
    }
    Ok(())
}

/// Checks one identifier; letters and digits of any script count as word characters, as it is not
/// published what `\w` takes.
fn check_identifier(identifier: &str) -> Result<(), Refusal> {
    check_length("idpIdentifiers", identifier, 1, 40)?;
    let is_valid = |c: char| {
        !c.is_ascii() || c.is_ascii_alphanumeric() || c.is_whitespace() || "_+=.@-".contains(c)
    };
    demand(identifier.chars().all(is_valid), "idpIdentifiers", || {
        "Member must satisfy constraint: [Member must satisfy regular expression pattern: \
         [\\w\\s+=.@-]+]"
            .to_owned()
    })
}

fn check_length(member: &str, text: &str, min: usize, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    demand(length >= min, member, || {
        format!("Member must have length greater than or equal to {min}")
    })?;
    demand(length <= max, member, || {
        format!("Member must have length less than or equal to {max}")
    })
}

fn demand(is_met: bool, member: &str, rule: impl FnOnce() -> String) -> Result<(), Refusal> {
    if is_met {
        return Ok(());
    }
    Err(constraint(member, &rule()))
}

/// Returns the refusal of a member in the words of the validation of all services.
fn constraint(member: &str, rule: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}"
    ))
}

/// Returns the text of a value that the model declares as a string.
fn string<'a>(member: &str, value: &'a Value) -> Result<&'a str, Refusal> {
    value.as_str().ok_or_else(|| {
        Refusal(
            "SerializationException",
            format!("a value of {member} cannot be converted to a String"),
        )
    })
}

fn map<'a>(input: &'a Value, member: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let map = input.get(member).and_then(Value::as_object);
    map.into_iter().flatten()
}

/// Checks that the pool of a request has the shape of an id.
pub(super) fn check_pool(input: &Value) -> Result<(), Refusal> {
    let id = text(input, "UserPoolId");
    check_length("userPoolId", id, 1, 55)?;
    let word = |text: &str, more: &[char]| {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || more.contains(&c);
        !text.is_empty() && text.chars().all(is_valid)
    };
    let parts = id.rsplit_once('_');
    let is_valid = parts.is_some_and(|(region, rest)| word(region, &['_', '-']) && word(rest, &[]));
    demand(is_valid, "userPoolId", || {
        "Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_name_is_held_to_the_new_pattern() {
        for name in [
            "Corp",
            "IdP",
            "株式会社",
            "a.b",
            "a_b",
            "Ünï",
            "SignInWithApple",
        ] {
            assert!(check_new_name(name).is_ok(), "{name}");
        }
        for name in [
            "", "A", "Ab", "corp_idp", "_ab", "My Corp", " ab", "ab_", "a b",
        ] {
            assert!(check_new_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_of_earlier_years_may_have_spaces_and_underscores() {
        for name in ["A", "corp_idp", "My Corp", &"é".repeat(32)] {
            assert!(check_name(name, "OIDC").is_ok(), "{name}");
        }
        for name in ["", "a\nb", &"é".repeat(33)] {
            assert!(check_name(name, "OIDC").is_err(), "{name}");
        }
        let Err(Refusal(_, message)) = check_name("corp", "Google") else {
            panic!("the name is taken");
        };
        assert_eq!(message, "Provider corp cannot be of type Google.");
    }

    #[test]
    fn members_are_held_to_the_published_limits() {
        for members in [
            json!({}),
            json!({"AttributeMapping": {}, "IdpIdentifiers": [], "AcrMapping": {}}),
            json!({"AttributeMapping": {"k".repeat(32): ""}}),
            json!({"IdpIdentifiers": vec!["corp.example.com"; 50]}),
            json!({"IdpIdentifiers": ["a b_+=.@-9é", "i".repeat(40)]}),
            json!({"AcrMapping": {"Level1": "urn:acr:1", "Level4": "x".repeat(64)}}),
        ] {
            assert!(check_members(&members, "OIDC").is_ok(), "{members}");
        }
        for members in [
            json!({"AttributeMapping": {"": "mail"}}),
            json!({"AttributeMapping": {"k".repeat(33): "mail"}}),
            json!({"AttributeMapping": {"email": "v".repeat(131_073)}}),
            json!({"AttributeMapping": {"email": 1}}),
            json!({"IdpIdentifiers": vec!["a"; 51]}),
            json!({"IdpIdentifiers": [""]}),
            json!({"IdpIdentifiers": ["i".repeat(41)]}),
            json!({"IdpIdentifiers": ["a/b"]}),
            json!({"AcrMapping": {"Level5": "one"}}),
            json!({"AcrMapping": {"Level1": ""}}),
            json!({"AcrMapping": {"Level1": "x".repeat(65)}}),
            json!({"AcrMapping": {"Level1": "a b"}}),
            json!({"AcrMapping": {"Level1": "a\"b"}}),
        ] {
            assert!(check_members(&members, "OIDC").is_err(), "{members}");
        }
        let levels = json!({"AcrMapping": {"Level1": "one"}});
        assert!(check_members(&levels, "SAML").is_err());
        assert!(check_members(&json!({"AcrMapping": {}}), "SAML").is_ok());
    }

    #[test]
    fn the_id_of_a_pool_has_a_region() {
        for (id, is_valid) in [
            ("eu-west-1_AbC1", true),
            ("eu-west-1", false),
            ("eu-west-1_", false),
            ("_AbC", false),
            ("eu-west-1_A-C", false),
            (&format!("eu_{}", "a".repeat(53)), false),
        ] {
            let input = json!({"UserPoolId": id});
            assert_eq!(check_pool(&input).is_ok(), is_valid, "{id}");
        }
    }
}
