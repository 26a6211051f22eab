//! The paths of errors, by which the check finds their lines in a template.

use super::*;

/// Returns the path of each error, and whether the key itself is wrong.
fn error_paths(properties: &Value) -> Vec<(String, bool)> {
    let errors = Declared::try_from(properties).unwrap_err().0;
    let paths = errors.iter();
    paths
        .map(|error| (error.path().into_owned(), error.is_of_key()))
        .collect()
}

#[test]
fn an_error_names_its_property_key_or_item() {
    let google = |key: &str, value: Value| {
        let keys = ["client_id", "client_secret", "authorize_scopes"];
        let mut properties = minimal(ProviderType::Google, &keys);
        properties[key] = value;
        properties
    };
    let source = json!({"client_id": {"SsmParameter": {"Name": "/id"}}});
    let steps = json!({"a": {"S3": {"Bucket": "b", "Key": ".."}}});
    for (properties, path, is_of_key) in [
        (with("Typo", json!(1)), "Typo", true),
        (with("ProviderType", json!("X")), "ProviderType", false),
        (with("UserPoolId", json!(null)), "UserPoolId", false),
        (with("UserPoolId", json!("x")), "UserPoolId", false),
        (
            with("IdpIdentifiers", json!(["ok", ""])),
            "IdpIdentifiers[1]",
            false,
        ),
        (
            with("IdpIdentifiers", json!(["a/b"])),
            "IdpIdentifiers[0]",
            false,
        ),
        (
            with("AttributeMapping", json!({"": "mail"})),
            "AttributeMapping.\"\"",
            true,
        ),
        (
            with("AcrMapping", json!({"Level5": "one"})),
            "AcrMapping.Level5",
            true,
        ),
        (google("ProviderName", json!("My")), "ProviderName", false),
        (
            google("AcrMapping", json!({"Level1": "one"})),
            "AcrMapping",
            false,
        ),
        (minimal(ProviderType::Saml, &[]), "ProviderDetails", false),
        (
            minimal(ProviderType::Saml, &["MetadataURL", "MetadataFile"]),
            "ProviderDetails",
            false,
        ),
        (
            with("ProviderDetailsFrom", source),
            "ProviderDetailsFrom.client_id",
            true,
        ),
        (
            with("ProviderDetailsFrom", steps),
            "ProviderDetailsFrom.a.S3.Key",
            false,
        ),
        (
            with_detail("ActiveEncryptionCertificate", json!("MIIC")),
            "ProviderDetails.ActiveEncryptionCertificate",
            true,
        ),
        (
            with_detail("client_id", json!("{{resolve:ssm-secure:id}}")),
            "ProviderDetails.client_id",
            false,
        ),
    ] {
        assert_eq!(error_paths(&properties), [(path.to_owned(), is_of_key)]);
    }
}

#[test]
fn an_error_in_metadata_is_one_of_the_metadata_file() {
    let error = PropertyError::Metadata(crate::saml::MetadataError::NotSaml);
    assert_eq!(error.path(), "ProviderDetails.MetadataFile");
    assert!(!error.is_of_key());
}

#[test]
fn properties_are_checked_together_with_their_metadata() {
    let mut properties = minimal(ProviderType::Saml, &[]);
    properties["ProviderDetails"] = json!({"MetadataFile": "<html/>"});
    properties["Typo"] = json!(1);
    let now = std::time::SystemTime::UNIX_EPOCH;
    let checked = check_properties(&properties, ExpiredCertificates::Refuse, now);
    let paths: Vec<_> = checked.errors.iter().map(PropertyError::path).collect();
    assert_eq!(paths, ["Typo", "ProviderDetails.MetadataFile"]);
    assert_eq!(checked.warnings, [""; 0]);
    properties["ProviderDetails"] = json!({"MetadataFile": "<!DOCTYPE a><a/>"});
    let checked = check_properties(&properties, ExpiredCertificates::Refuse, now);
    assert_eq!(checked.warnings.len(), 1);
}

#[test]
fn the_properties_themselves_have_no_name_in_a_path() {
    assert_eq!(path_of("", "ProviderName"), "ProviderName");
    assert_eq!(path_of("AcrMapping", "Level1"), "AcrMapping.Level1");
}
