//! Templates are read as CloudFormation and cfn-lint read them.

use std::{ffi::OsStr, fmt::Write as _, os::unix::ffi::OsStrExt as _};

use crate::{check, owned};

#[test]
fn flow_collections_and_quoted_texts_may_go_on_at_the_depth_of_their_key() {
    for template in ["closing-bracket.yaml", "quoted-lines.yaml"] {
        let summary = "1 identity provider checked, 0 errors\n";
        assert_eq!(check(&[template], ""), owned(0, "", summary));
    }
}

#[test]
fn of_equal_keys_the_last_counts() {
    let (status, out, _) = check(&["duplicate-keys.yaml"], "");
    let out = out.replace("duplicate-keys.yaml:", "");
    let twin = "this resource manages the same provider as False1 at 6:3 (same UserPoolId and \
                ProviderName): deleting either one deletes the provider";
    let last = "CloudFormation uses the last one";
    let expected = [
        format!("3:3: False1: warning: this resource is given again at 6:3; {last}"),
        format!("14:3: Missed2: warning: {twin}"),
        format!("20:7: Missed2: warning: ProviderType is given again at 21:7; {last}"),
        "21:7: Missed2: ProviderType must be one of SAML, OIDC, Google, Facebook, \
         LoginWithAmazon, SignInWithApple, not \"Nonsense\""
            .to_owned(),
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(status, 1);

    let json = r#"{"Resources": {"A": {
        "Type": "Custom::CognitoIdentityProvider",
        "Properties": {"Bad": 1, "Bad": 2},
        "Properties": {"ServiceToken": "t", "UserPoolId": "eu-west-1_A", "ProviderName": "Corp",
            "ProviderType": "SAML",
            "ProviderDetails": {"MetadataURL": "{{resolve:ssm-secure:/a}}", "MetadataURL": \
             "https://a"}}
    }}}"#;
    let (status, out, _) = check(&["-"], json);
    let expected = [
        format!("-:3:9: A: warning: Properties is given again at 4:9; {last}"),
        format!("-:6:33: A: warning: ProviderDetails.MetadataURL is given again at 6:77; {last}"),
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(status, 0);
}

#[test]
fn a_block_scalar_is_where_its_indicator_is() {
    let (_, out, _) = check(&["block-scalar.yaml"], "");
    let places: Vec<&str> = out.split(": Idp").next().into_iter().collect();
    assert_eq!(places, ["block-scalar.yaml:14:13"]);
    assert!(out.contains("block-scalar.yaml:20:11: Idp: IdpIdentifiers[0]"));
}

#[test]
fn thousands_of_choices_are_checked() {
    let mut template = "\
Resources:
  Corp:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: arn
      UserPoolId: eu-west-1_AbC
      ProviderName: Corp
      ProviderType: SAML
      ProviderDetails: {MetadataURL: https://idp}
      AttributeMapping:
"
    .to_owned();
    for number in 0..4_000 {
        writeln!(
            template,
            "        custom:a{number}: !If [C{number}, !If [D{number}, one, two], three]"
        )
        .unwrap();
    }
    template.push_str("        custom:bad: !If [Bad, !If [Worse, [], two], three]\n");
    let text = "-:4011:43: Corp: AttributeMapping.custom:bad must be a string, not an empty list \
                (where Bad is true and Worse is true)\n";
    let summary = "1 identity provider checked, 1 error\n";
    assert_eq!(check(&["-"], &template), owned(1, text, summary));
}

#[test]
fn a_file_that_cannot_be_read_keeps_no_other_from_being_checked() {
    let folder = std::env::temp_dir().join(format!("check-names-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let odd = folder.join(OsStr::from_bytes(b"odd-\xff.yaml"));
    std::fs::write(&odd, include_str!("../templates/google.yaml")).unwrap();
    let binary = folder.join("binary.yaml");
    std::fs::write(&binary, b"a: \xff\xfe").unwrap();
    let (status, out, error) = crate::check_files(&[odd.as_os_str(), binary.as_os_str()]);
    let (other, _, _) = crate::check_files(&[odd.as_os_str()]);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(out.lines().count(), 3);
    assert!(out.contains("odd-\u{fffd}.yaml:7:7: Google: "), "{out}");
    assert!(error.contains("binary.yaml: not UTF-8 text\n"), "{error}");
    assert!(error.ends_with("3 errors, 1 file not checked\n"), "{error}");
    assert_eq!((status, other), (2, 1));
}

#[test]
fn files_that_are_not_templates_can_be_skipped() {
    let files = ["--skip-others", "workflow.yaml", "-", "google.yaml"];
    let (status, out, error) = check(&files, "{{ a }}: [");
    assert_eq!((status, out.lines().count()), (1, 3));
    let summary = "1 identity provider checked, 3 errors, 2 files skipped\n";
    assert_eq!(error, summary);

    // A mistake in what is a template is not skipped.
    let broken = "Resources:\n  A: [{Type: Custom::CognitoIdentityProvider}\n";
    let (status, _, error) = check(&["--skip-others", "-"], broken);
    assert_eq!(status, 2);
    assert!(
        error.starts_with("-:3:1: while parsing a flow sequence: "),
        "{error}"
    );
}

#[test]
fn resources_of_a_serverless_yml_are_checked_but_for_its_variables() {
    #[expect(
        clippy::literal_string_with_formatting_args,
        reason = "variables of Serverless"
    )]
    let resource = "\
Resources:
  Corp:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: ${param:token}
      UserPoolId: ${self:custom.pool}
      ProviderName: ${opt:stage}
      ProviderType: OIDC
      ProviderDetails: {client_id: a}
";
    let indented = resource.replace('\n', "\n  ");
    let listed = resource.replace('\n', "\n    ");
    for template in [
        format!("service: a\nresources:\n  {indented}"),
        format!("service: a\nresources:\n  - ${{file(other.yml)}}\n  - {listed}"),
    ] {
        let (status, out, _) = check(&["-"], &template);
        assert_eq!((status, out.lines().count()), (1, 3), "{out}");
        assert!(out.contains("ProviderDetails.oidc_issuer is required"));
    }
    let other = "resources: [a, b]\n";
    assert_eq!(check(&["-"], other).0, 2);
}
