//! What Cognito was seen to refuse, and what it or CloudFormation may refuse.

use crate::{check, owned};

/// What is said of an OIDC provider with these details and further properties.
fn said_of(details: &str, further: &str) -> Vec<String> {
    let template = format!(
        "\
Resources:
  Corp:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: arn
      UserPoolId: eu-west-1_AbC
      ProviderName: Corp
      ProviderType: OIDC
      ProviderDetails:
        client_id: id
        authorize_scopes: openid
        oidc_issuer: https://idp.example.com
        attributes_request_method: GET
{details}{further}"
    );
    let (_, out, _) = check(&["-"], &template);
    let said = out.lines().filter_map(|line| line.split_once("Corp: "));
    said.map(|(_, said)| said.to_owned()).collect()
}

#[test]
fn metadata_url_and_file_are_mutually_exclusive() {
    let text = "both-metadata.yaml:10:7: Idp: MetadataURL and MetadataFile are both given (in \
                ProviderDetails or ProviderDetailsFrom), and Cognito accepts only one: remove \
                one\n";
    let summary = "1 identity provider checked, 1 error\n";
    assert_eq!(check(&["both-metadata.yaml"], ""), owned(1, text, summary));
    // Which of them is there may be for the deployment to say.
    let either = include_str!("../templates/both-metadata.yaml")
        .replace(
            "https://idp.example.com/metadata",
            "!If [ByUrl, a, !Ref AWS::NoValue]",
        )
        .replace(
            "!Ref Metadata",
            "!If [ByUrl, !Ref AWS::NoValue, !Ref Metadata]",
        );
    let summary = "1 identity provider checked, 0 errors\n";
    assert_eq!(check(&["-"], &either), owned(0, "", summary));
}

#[test]
fn oidc_issuer_must_be_an_https_url() {
    let text = "http-issuer.yaml:12:9: Idp: ProviderDetails.oidc_issuer must be a URL that starts \
                with https://\n";
    let summary = "1 identity provider checked, 1 error\n";
    assert_eq!(check(&["http-issuer.yaml"], ""), owned(1, text, summary));
}

#[test]
fn a_name_that_new_providers_cannot_have_is_warned_of() {
    let (status, out, _) = check(&["provider-name.yaml"], "");
    let text = "warning: Cognito refuses this ProviderName for a new provider: it needs at least \
                3 characters, no spaces, and no underscore except as the second character. \
                Existing providers with such a name still work";
    let expected = ["8:7: Underscore", "11:71: Space", "12:71: Short"]
        .map(|place| format!("provider-name.yaml:{place}: {text}"));
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(status, 0);
    for (name, is_taken) in [
        ("Corp", true),
        ("a_b", true),
        ("Ünt", true),
        ("株式会社", true),
        ("!Sub '${Stage}_idp'", true),
        ("_ab", false),
        ("abc_", false),
        ("a b", false),
        ("\"a\\u00a0bc\"", false),
        ("ab", false),
    ] {
        let template = include_str!("../templates/both-metadata.yaml")
            .replace("        MetadataFile: !Ref Metadata\n", "")
            .replace("Corp", name);
        let (_, out, _) = check(&["-"], &template);
        assert_eq!(out.is_empty(), is_taken, "{name}");
    }
}

#[test]
fn keys_that_are_not_documented_are_warned_of_with_those_that_were_meant() {
    let text = "is not a documented key for OIDC providers";
    let unchanged = "The function passes it on unchanged";
    for (key, meant) in [
        ("authorization_endpoint", Some("authorize_url")),
        ("userinfo_endpoint", Some("attributes_url")),
        ("tokenEndpoint", Some("token_url")),
        ("jwks_url", Some("jwks_uri")),
        ("ClientSecret", Some("client_secret")),
        ("client_secert", Some("client_secret")),
        // That is there already.
        ("ClientId", None),
        ("scopes", None),
        ("api_version", None),
        ("MetadataUrl", None),
        ("key_of_2030", None),
    ] {
        let said = said_of(&format!("        {key}: value\n"), "");
        let end = meant.map_or_else(
            || ".".to_owned(),
            |meant| format!(": did you mean {meant}?"),
        );
        assert_eq!(
            said,
            [format!(
                "warning: ProviderDetails.{key} {text}{end} {unchanged}"
            )]
        );
    }
    let from = "      ProviderDetailsFrom: {ClientSecret: {SsmParameter: {Name: a}}}\n";
    let expected = format!(
        "warning: ProviderDetailsFrom.ClientSecret {text}: did you mean client_secret? \
                 {unchanged}"
    );
    assert_eq!(said_of("", from), [expected]);
    let wrong = include_str!("../templates/both-metadata.yaml")
        .replace("MetadataFile", "IdpInit")
        .replace("MetadataURL", "MetadataUrl");
    let (_, out, _) = check(&["-"], &wrong);
    assert!(out.contains("MetadataUrl is not a documented key"), "{out}");
    assert!(out.contains("did you mean MetadataURL?") && out.contains("did you mean IDPInit?"));
}

#[test]
fn references_to_secrets_are_warned_of_with_the_source_instead() {
    let text = "warning: ProviderDetails.client_secret contains a dynamic reference to Secrets \
                Manager. AWS does not support these in custom resources; if it arrives unresolved, the function refuses the request. Instead, write ProviderDetailsFrom: \
                {client_secret: {SecretsManager: ";
    for (value, source) in [
        ("'{{resolve:secretsmanager:idp}}'", "{SecretId: \"idp\"}"),
        (
            "'{{resolve:secretsmanager:prod/idp:SecretString:key:AWSCURRENT}}'",
            "{SecretId: \"prod/idp\", JsonKey: \"key\", VersionStage: \"AWSCURRENT\"}",
        ),
        (
            "!Sub '{{resolve:secretsmanager:arn:aws:secretsmanager:${AWS::Region}:1:secret:a:SecretString:key::v}}'",
            "{SecretId: !Sub \"arn:aws:secretsmanager:${AWS::Region}:1:secret:a\", JsonKey: \
             \"key\", \
             VersionId: \"v\"}",
        ),
        (
            "!Sub ['{{resolve:secretsmanager:${Name}:SecretString:key}}', {Name: idp}]",
            "{SecretId: !Sub \"${Name}\", JsonKey: \"key\"}",
        ),
        (
            "!Join ['', ['{{resolve:secretsmanager:', !Ref Secret, ':SecretString:key}}']]",
            "{SecretId: !Sub \"${Secret}\", JsonKey: \"key\"}",
        ),
    ] {
        let said = said_of(&format!("        client_secret: {value}\n"), "");
        assert_eq!(said, [format!("{text}{source}}}}}")]);
    }
    let said = said_of("", "      Revision: '{{resolve:secretsmanager:idp}}'\n");
    assert_eq!(said.len(), 1);
    assert!(said[0].ends_with("if it arrives unresolved, the function refuses the request"));
}

#[test]
fn references_to_secure_strings_are_seen_in_functions() {
    for value in [
        "'{{resolve:ssm-secure:/a}}'",
        "!Sub '{{resolve:ssm-secure:/${Stage}/a}}'",
        "!Sub ['{{resolve:ssm-secure:/${Name}}}', {Name: a}]",
        "!Join ['', ['{{resolve:ssm-secure:/', !Ref Stage, '/a}}']]",
        "!Join [':', ['{{resolve', ssm-secure, !Sub '/${Stage}/a}}']]",
    ] {
        let said = said_of(&format!("        client_secret: {value}\n"), "");
        let expected = "ProviderDetails.client_secret contains a dynamic reference \
                        ({{resolve:…}}) that CloudFormation did not resolve: declare it in \
                        ProviderDetailsFrom instead";
        assert_eq!(said, [expected], "{value}");
    }
    let said = said_of(
        "        client_secret: !Join ['', ['{{resolve:ssm:', a, '}}']]\n",
        "",
    );
    assert_eq!(said, [""; 0]);
}

#[test]
fn nulls_are_warned_of() {
    let (status, out, _) = check(&["nulls.yaml"], "");
    let text = "which CloudFormation refuses: \"'null' values are not allowed in templates\"";
    let expected = [
        "11:7: Idp: warning: AttributeMapping",
        "12:7: Idp: warning: IdpIdentifiers",
    ]
    .map(|place| format!("nulls.yaml:{place} is null, {text}"));
    assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    assert_eq!(status, 0);
}
