//! What only the whole template shows.

use crate::check;

/// The resource of a provider under that name, with these further lines.
fn provider(logical_id: &str, name: &str, further: &str) -> String {
    format!(
        "  {logical_id}:
    Type: Custom::CognitoIdentityProvider
    Properties:
      ServiceToken: arn
      UserPoolId: !Ref Pool
      ProviderName: {name}
      ProviderType: SAML
      ProviderDetails: {{MetadataURL: https://idp}}
{further}"
    )
}

/// What is said of these resources, without the places.
fn said_of(resources: &[String]) -> Vec<String> {
    let (status, out, error) = check(&["-"], &format!("Resources:\n{}", resources.concat()));
    assert_eq!(status, 0, "{out}{error}");
    let lines = out.lines().map(|line| line.splitn(4, ':').nth(3));
    lines.map(|line| line.unwrap().trim().to_owned()).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn two_resources_for_one_provider_are_seen() {
    let text = "warning: this resource manages the same provider as A at 2:3 (same UserPoolId and \
                ProviderName): deleting either one deletes the provider";
    let one = provider("A", "Corp", "");
    let twin = [format!("B: {text}")];
    assert_eq!(said_of(&[one.clone(), provider("B", "Corp", "")]), twin);
    assert_eq!(said_of(&[one.clone(), provider("B", "Other", "")]), NONE);
    for pool in ["!GetAtt Pool.UserPoolId", "!Sub '${Pool}'", "{Ref: Pool}"] {
        let other = provider("B", "Corp", "").replace("!Ref Pool", pool);
        assert_eq!(said_of(&[one.clone(), other]), twin, "{pool}");
    }
    for pool in ["!Ref Other", "eu-west-1_A", "!GetAtt Pool.Arn"] {
        let other = provider("B", "Corp", "").replace("!Ref Pool", pool);
        assert_eq!(said_of(&[one.clone(), other]), NONE, "{pool}");
    }
    let named = [
        provider("A", "!Ref Name", ""),
        provider("B", "!Ref Name", ""),
    ];
    assert_eq!(said_of(&named), twin);
    let native = provider("B", "Corp", "").replace(
        "Custom::CognitoIdentityProvider",
        "AWS::Cognito::UserPoolIdentityProvider",
    );
    assert_eq!(said_of(&[one, native]).len(), 1);
}

#[test]
fn two_resources_are_no_twins_if_conditions_exclude_one_or_one_adopts() {
    let one = provider("A", "Corp", "    Condition: IsProd\n");
    let other = |condition: &str| provider("B", "Corp", &format!("    Condition: {condition}\n"));
    assert_eq!(said_of(&[one.clone(), other("IsTest")]), NONE);
    assert_eq!(said_of(&[one.clone(), other("IsProd")]).len(), 1);
    assert_eq!(said_of(&[one, provider("B", "Corp", "")]).len(), 1);

    let retained = provider("A", "Corp", "    DeletionPolicy: Retain\n");
    let adopting = provider("B", "Corp", "      AdoptExisting: true\n");
    assert_eq!(said_of(&[retained.clone(), adopting]), NONE);
    assert_eq!(said_of(&[retained, provider("B", "Corp", "")]).len(), 1);
    let looped = "  Fn::ForEach::All: [Name, [A, B], {\"Idp${Name}\": {Type: \
                  Custom::CognitoIdentityProvider, Properties: {ServiceToken: arn, UserPoolId: \
                  !Ref Pool, ProviderName: \"Corp${Name}\", ProviderType: SAML, ProviderDetails: \
                  {MetadataURL: https://idp}}}}]\n";
    assert_eq!(
        said_of(&[looped.to_owned(), looped.replace("All", "Rest")]),
        NONE
    );
}

fn client(supported: &str, further: &str) -> String {
    format!(
        "  Client:
    Type: AWS::Cognito::UserPoolClient
{further}    Properties:
      UserPoolId: !Ref Pool
      SupportedIdentityProviders: {supported}
"
    )
}

#[test]
fn a_client_that_names_a_provider_waits_for_it() {
    let text = "Client: warning: SupportedIdentityProviders names Corp but this app client does \
                not depend on A: if the client is created first, Cognito fails with \"The \
                provider Corp does not exist for User Pool\". Use !GetAtt A.ProviderName instead \
                of the literal, or add DependsOn: A";
    let said = |supported: &str, further: &str| {
        said_of(&[provider("A", "Corp", ""), client(supported, further)])
    };
    assert_eq!(said("[COGNITO, Corp]", ""), [text]);
    assert_eq!(said("[!If [HasCorp, Corp, !Ref AWS::NoValue]]", ""), [text]);
    assert_eq!(said("!If [HasCorp, [Corp], [COGNITO]]", ""), [text]);
    assert_eq!(said("[COGNITO, corp]", ""), NONE);
    assert_eq!(said("[!GetAtt A.ProviderName]", ""), NONE);
    for waits in [
        "DependsOn: A",
        "DependsOn: [Pool, A]",
        "Metadata: {After: !Ref A}",
    ] {
        assert_eq!(said("[Corp]", &format!("    {waits}\n")), NONE, "{waits}");
    }
    for name in [
        "!Sub '${A.ProviderName}'",
        "{Fn::GetAtt: [A, ProviderName]}",
    ] {
        assert_eq!(said(&format!("[Corp, {name}]"), ""), NONE, "{name}");
    }
    // By way of another resource.
    let between = "  Between:\n    Type: AWS::SSM::Parameter\n    DependsOn: A\n".to_owned();
    let waiting = client("[Corp]", "    DependsOn: Between\n");
    assert_eq!(
        said_of(&[provider("A", "Corp", ""), between, waiting]),
        NONE
    );
    // Another pool.
    let elsewhere = client("[Corp]", "").replace("!Ref Pool", "!Ref Other");
    assert_eq!(said_of(&[provider("A", "Corp", ""), elsewhere]), NONE);
}

/// What is said of a provider with this mapping in a pool with these properties.
fn mapped(mapping: &str, pool: &str) -> Vec<String> {
    let pool = format!("  Pool:\n    Type: AWS::Cognito::UserPool\n    Properties:\n{pool}");
    let mapping = format!("      AttributeMapping: {mapping}\n");
    said_of(&[pool, provider("A", "Corp", &mapping)])
}

#[test]
fn custom_attributes_are_in_the_schema() {
    let schema = "      Schema: [{Name: team, Mutable: true}]\n";
    let text = "A: warning: AttributeMapping.custom:group maps to an attribute that is not in the \
                Schema of Pool at \
                2:3: unless it was added outside the template, Cognito fails with \
                \"AttributeMapping contains invalid mapping\"";
    let mapping = "{custom:team: team, custom:group: group, name: cn}";
    assert_eq!(mapped(mapping, schema), [text]);
    assert_eq!(
        mapped("{custom:group: group}", "      UserPoolName: a\n"),
        [text]
    );
    for unknown in ["!Ref Schema", "[!If [A, {Name: group}, !Ref AWS::NoValue]]"] {
        assert_eq!(mapped(mapping, &format!("      Schema: {unknown}\n")), NONE);
    }
}

#[test]
fn mapped_attributes_are_mutable() {
    let schema = "      Schema: [{Name: email, Mutable: false}, {Name: team, Mutable: \"false\"}, \
                  {Name: name, Mutable: true}, {Name: locale}]\n";
    let text = "maps to an attribute with Mutable: false in Pool at 2:3: Cognito writes it at \
                every sign-in, so each user's second sign-in fails with \"Attribute cannot be \
                updated\"";
    let mapping = "{email: mail, custom:team: team, name: cn, locale: locale}";
    let expected =
        ["custom:team", "email"].map(|key| format!("A: warning: AttributeMapping.{key} {text}"));
    let mut said = mapped(mapping, schema);
    said.sort_unstable();
    assert_eq!(said, expected);
    assert_eq!(mapped("{name: cn}", schema), NONE);
}

#[test]
fn required_attributes_are_mapped() {
    let schema = "      Schema: [{Name: email, Required: true}, {Name: name, Required: false}]\n";
    let text = "A: warning: AttributeMapping does not map email, which Pool at 2:3 requires: a \
                new user's first sign-in fails";
    assert_eq!(mapped("{name: cn}", schema), [text]);
    assert_eq!(mapped("!Ref AWS::NoValue", schema), [text]);
    for mapping in [
        "{email: mail}",
        "{email: !Ref Claim}",
        "!Ref Mapping",
        "{Fn::Transform: {Name: Mapping}}",
        "{name: cn, Fn::Transform: {Name: Mapping}}",
        "{name: cn}\n      Fn::Transform: {Name: Mapping}",
        "{email: !If [HasEmail, mail, !Ref AWS::NoValue]}",
        "!Ref AWS::NoValue\n      AdoptExisting: true",
    ] {
        assert_eq!(mapped(mapping, schema), NONE, "{mapping}");
    }
}

#[test]
fn a_mapped_address_that_the_pool_relies_on_is_verified() {
    for (property, without) in [
        ("AliasAttributes", "cannot sign in with it"),
        ("AutoVerifiedAttributes", "cannot reset a password with it"),
    ] {
        let pool = format!("      {property}: [email, phone_number]\n");
        let text = format!(
            "A: warning: AttributeMapping maps email but not email_verified: Cognito treats the \
             address as unverified, so a user {without}, although Pool at 2:3 lists email in \
             {property}. Map email_verified if the provider sends it"
        );
        assert_eq!(mapped("{email: mail}", &pool), [text]);
        assert_eq!(
            mapped("{email: mail, email_verified: checked}", &pool),
            NONE
        );
        assert_eq!(mapped("{name: cn}", &pool), NONE);
    }
    // They have nothing that could be mapped to it.
    for kind in ["Facebook", "LoginWithAmazon"] {
        let pool = "  Pool:\n    Type: AWS::Cognito::UserPool\n    Properties:\n      \
                    AutoVerifiedAttributes: [email]\n";
        let provider = provider("A", kind, "      AttributeMapping: {email: email}\n")
            .replace("ProviderType: SAML", &format!("ProviderType: {kind}"))
            .replace(
                "MetadataURL: https://idp",
                "client_id: a, client_secret: b, authorize_scopes: c",
            );
        assert_eq!(said_of(&[pool.to_owned(), provider]), NONE, "{kind}");
    }
    assert_eq!(
        mapped("{email: mail}", "      AliasAttributes: [phone_number]\n"),
        NONE
    );
}
