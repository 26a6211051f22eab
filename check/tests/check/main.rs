//! The executable on templates, and the whole of what it says.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{
    ffi::OsStr,
    io::Write as _,
    process::{Command, Stdio},
};

mod reading;
mod rules;
mod whole;

const README: &str = include_str!("../../../README.md");

/// Exit status, standard output and standard error.
fn check(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cfn-cognito-idp-check"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The same, for files of any name.
fn check_files(files: &[&OsStr]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cfn-cognito-idp-check"))
        .args(files)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn owned(status: i32, out: &str, error: &str) -> (i32, String, String) {
    (status, out.to_owned(), error.to_owned())
}

const GOOGLE: &str = "\
google.yaml:7:7: Google: ProviderName must be Google: Cognito accepts no other name for this type
google.yaml:9:7: Google: ProviderDetails.client_id is required
google.yaml:12:7: Google: AttributeMappings is not a property of this resource type: did you mean AttributeMapping?
";

#[test]
fn the_readme_shows_the_output_of_the_check() {
    let summary = "1 identity provider checked, 3 errors\n";
    assert_eq!(check(&["google.yaml"], ""), owned(1, GOOGLE, summary));
    let shown = GOOGLE.replace("google.yaml", "check/tests/templates/google.yaml");
    assert!(README.contains(&format!("google.yaml\n{shown}{summary}")));
}

#[test]
fn every_problem_is_shown_where_it_is() {
    let (status, out, error) = check(&["problems.yaml"], "");
    assert_eq!(out, include_str!("../templates/problems.txt"));
    assert_eq!(
        (status, error.as_str()),
        (1, "5 identity providers checked, 29 errors, 2 warnings\n")
    );
}

#[test]
fn values_known_only_at_deployment_are_not_checked() {
    assert_eq!(
        check(&["unknown.yaml"], ""),
        owned(0, "", "9 identity providers checked, 0 errors\n")
    );
}

#[test]
fn metadata_in_a_template_are_checked_as_far_as_they_are_known() {
    let (status, out, error) = check(&["metadata.yaml"], "");
    let at = "ProviderDetails.MetadataFile";
    let no_metadata =
        "is not SAML metadata: its root is neither EntityDescriptor nor EntitiesDescriptor";
    let no_redirect = "has no SingleSignOnService with the HTTP-Redirect binding: add one, or set \
                       ProviderDetails.SSORedirectBindingURI";
    let no_certificate = "has no signing certificate: its IDPSSODescriptor needs a KeyDescriptor \
                          with use=\"signing\", or without use, that holds an X509Certificate";
    let both = "MetadataURL and MetadataFile are both given (in ProviderDetails or \
                ProviderDetailsFrom), and Cognito accepts only one: remove one";
    let expired = "has only expired signing certificates; the last one expired on \
                   2020-01-01T00:00:00Z";
    let said = [
        format!("11:9: Page: {at} {no_metadata}"),
        "12:7: Page: Attributes is not a property of this resource type".to_owned(),
        format!("21:9: Expired: {at} {expired}"),
        format!("38:9: Choice: {at} {no_certificate}"),
        format!("38:9: Choice: {at} {no_redirect} (where HasBinding is false)"),
        format!("50:7: Doubtful: {both}"),
        format!("51:9: Doubtful: warning: {at} has no entityID"),
        format!("51:9: Doubtful: warning: {at} {no_certificate}"),
        format!("92:7: Branch: {both} (where HasUrl is true)"),
        format!("93:9: Branch: warning: {at} {no_metadata}"),
        format!("93:9: Branch: {at} {no_metadata} (where HasUrl is false)"),
        format!("103:9: Adopted: warning: {at} {expired}"),
    ];
    let said = said.map(|line| format!("metadata.yaml:{line}\n"));
    assert_eq!(out, said.concat());
    assert_eq!(
        (status, error.as_str()),
        (1, "9 identity providers checked, 8 errors, 4 warnings\n")
    );

    let (status, out, _) = check(&["--format", "sarif", "metadata.yaml"], "");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    let results = out["runs"][0]["results"].as_array().unwrap();
    let errors = results.iter().filter(|result| result["level"] == "error");
    let warnings = results.iter().filter(|result| result["level"] == "warning");
    assert_eq!((status, errors.count(), warnings.count()), (1, 8, 4));
}

#[test]
fn warnings_alone_are_no_problem() {
    let template = "\
Resources:
  Corp:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: arn
      UserPoolId: eu-west-1_AbC
      ProviderName: Corp
      ProviderType: SAML
      ProviderDetails: {MetadataURL: https://idp, Wrong: key}
";
    let text = "-:9:51: Corp: warning: ProviderDetails.Wrong is not a \
                documented key for SAML providers. The function passes it on unchanged\n";
    let summary = "1 identity provider checked, 0 errors, 1 warning\n";
    assert_eq!(check(&["-"], template), owned(0, text, summary));
}

#[test]
fn the_examples_have_no_problem() {
    assert_eq!(
        check(
            &[
                "../../../examples/six-providers.yaml",
                "../../../examples/saml.yaml",
                "../../../examples/tenants.yaml",
                "../../../template.yaml"
            ],
            ""
        ),
        owned(0, "", "8 identity providers checked, 0 errors\n")
    );
}

#[test]
fn json_is_a_template_too_and_any_number_of_files_are_checked() {
    let json = include_str!("../templates/tabs.json");
    assert_eq!(
        check(&["tabs.json", "-"], json),
        owned(
            1,
            "tabs.json:10:5: Corp: ProviderDetails.MetadataURL or ProviderDetails.MetadataFile is \
             required\n\
             tabs.json:11:5: Corp: AdoptExisting must be true or false, not a string of 3 characters\n\
             -:10:5: Corp: ProviderDetails.MetadataURL or ProviderDetails.MetadataFile is required\n\
             -:11:5: Corp: AdoptExisting must be true or false, not a string of 3 characters\n",
            "2 identity providers checked, 4 errors\n"
        )
    );
}

#[test]
fn files_that_are_not_templates_are_named_and_others_checked() {
    let (status, out, error) = check(
        &["broken.yaml", "workflow.yaml", "gone.yaml", "google.yaml"],
        "",
    );
    assert_eq!((status, out.as_str()), (2, GOOGLE));
    assert_eq!(
        error,
        "broken.yaml:4:15: while parsing a flow sequence: did not find expected ',' or ']'\n\
         workflow.yaml: not a CloudFormation template: it has no Resources map\n\
         gone.yaml: No such file or directory (os error 2)\n\
         1 identity provider checked, 3 errors, 3 files not checked\n"
    );
}

#[test]
fn programs_read_json() {
    let (status, out, _) = check(&["--format", "json", "google.yaml"], "");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 1);
    assert_eq!(out.as_array().unwrap().len(), 3);
    assert_eq!(
        out[1],
        serde_json::json!({
            "file": "google.yaml",
            "line": 9,
            "column": 7,
            "resource": "Google",
            "level": "error",
            "path": "ProviderDetails.client_id",
            "message": "ProviderDetails.client_id is required",
        })
    );
    assert_eq!(check(&["--format=json", "unknown.yaml"], "").1, "[]\n");
}

#[test]
fn programs_read_sarif() {
    let (status, out, _) = check(&["--format", "sarif", "google.yaml"], "");
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &out["version"]), (1, &"2.1.0".into()));
    assert_eq!(
        out["runs"][0]["results"][1],
        serde_json::json!({
            "ruleId": "identity-provider",
            "level": "error",
            "message": {"text": "Google: ProviderDetails.client_id is required"},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "google.yaml"},
                "region": {"startLine": 9, "startColumn": 7},
            }}],
        })
    );
}

#[test]
fn a_file_of_any_name_is_a_uri_in_sarif() {
    let folder = std::env::temp_dir().join(format!("check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("é #1.yaml");
    std::fs::write(
        &file,
        "Resources: {A: {Type: Custom::CognitoIdentityProvider}}",
    )
    .unwrap();
    let (_, out, _) = check(&["--format", "sarif", file.to_str().unwrap()], "");
    std::fs::remove_dir_all(&folder).unwrap();
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    let location = &out["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let uri = location["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.ends_with("/%C3%A9%20%231.yaml"), "{uri}");
}

#[test]
fn a_wrong_call_shows_the_usage() {
    let (status, usage, _) = check(&["--help"], "");
    assert_eq!(status, 0);
    assert!(usage.contains("\nUsage: cfn-cognito-idp-check "));
    let version = concat!("cfn-cognito-idp-check ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(check(&["--version"], ""), owned(0, version, ""));
    let wrong: [(&[&str], &str); 3] = [
        (&[], "no TEMPLATE given"),
        (&["--fix", "google.yaml"], "invalid option '--fix'"),
        (
            &["--format", "xml", "google.yaml"],
            "cannot parse argument \"xml\": it must be text, json or sarif",
        ),
    ];
    for (arguments, said) in wrong {
        let said = format!("{said}\n\n{usage}");
        assert_eq!(check(arguments, ""), owned(2, "", &said));
    }
}
