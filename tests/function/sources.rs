//! `ProviderDetailsFrom`: values that are read where they live, before anything is changed.

use std::{path::Path, time::Duration};

use cfn_cognito_idp_support::{
    cognito::Fault,
    events,
    lambda::{Function, epoch_ms},
    region::{ACCESS_POINT, BUCKET, COGNITO, FAR, FAR_HOME, META, Region, SSM},
    stores::Stores,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{
    BINARY, ID, LOUD, POOL, World, answer, deleted, failed, not_created, oidc, oidc_data, success,
    uncounted, with, with_detail,
};

const OKTA: &str = include_str!("../metadata/okta.xml");
/// What the secret `google` holds.
const GOOGLE: &str = r#"{"id": "client-1", "secret": "planted-client-secret", "n": 42, "flag": true,
    "long": 123456789012345678901234.50, "map": {}, "none": null, "list": [1], "half": "\ud83e"}"#;
const DENIED: Fault = Fault::Error(400, "AccessDeniedException", "not allowed");

/// A world in which the function can read from these stores.
pub(crate) async fn world() -> (World, Stores) {
    let stores = Stores::start().await;
    stores.put_secret("google", "", GOOGLE);
    stores.put_secret("plain", "", "planted-client-secret");
    stores.put_parameter("/idp/corp", "planted-client-secret");
    stores.put_object("meta/okta.xml", "", OKTA.as_bytes());
    let url = stores.url();
    let mut environment = LOUD.to_vec();
    for service in [
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ENDPOINT_URL_SSM",
        "AWS_ENDPOINT_URL_S3",
    ] {
        environment.push((service, &url));
    }
    (World::with(&environment).await, stores)
}

/// The OIDC provider of the other tests, with its secret from there.
pub(crate) fn corp(source: Value) -> Value {
    let mut properties = with(
        &oidc(POOL, "Corp"),
        "ProviderDetailsFrom",
        json!({"client_secret": source}),
    );
    let details = properties["ProviderDetails"].as_object_mut().unwrap();
    details.remove("client_secret");
    properties
}

/// A SAML provider, with its metadata from there and nothing else.
fn saml(source: Value) -> Value {
    json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetailsFrom": {"MetadataFile": source},
    })
}

pub(crate) fn secret() -> Value {
    json!({"SecretsManager": {"SecretId": "google", "JsonKey": "secret"}})
}

fn parameter() -> Value {
    json!({"SsmParameter": {"Name": "/idp/corp"}})
}

fn object() -> Value {
    json!({"S3": {"Bucket": "meta", "Key": "okta.xml"}})
}

fn stored(world: &World, key: &str) -> Value {
    world.cognito.provider(POOL, "Corp").unwrap()["ProviderDetails"][key].clone()
}

/// A Create that fails with this, before any call to Cognito.
async fn refused(world: &World, properties: &Value, reason: &str) {
    let body = world.create(properties).await;
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn a_secret_is_read_whole_or_by_its_json_key_and_in_any_version() {
    let (world, stores) = world().await;
    stores.put_secret("google", "v1-0000000000000000000000000000000", "planted-1");
    stores.put_secret("google", "AWSPREVIOUS", r#"{"secret": "planted-previous"}"#);
    let cases = [
        (json!({"SecretId": "plain"}), "planted-client-secret"),
        (json!({"SecretId": "google"}), GOOGLE),
        (
            json!({"SecretId": "google", "JsonKey": "secret"}),
            "planted-client-secret",
        ),
        (json!({"SecretId": "google", "JsonKey": "n"}), "42"),
        (json!({"SecretId": "google", "JsonKey": "flag"}), "true"),
        (
            json!({"SecretId": "google", "JsonKey": "long"}),
            "123456789012345678901234.50",
        ),
        (
            json!({"SecretId": "google", "VersionId": "v1-0000000000000000000000000000000"}),
            "planted-1",
        ),
        (
            json!({"SecretId": "google", "JsonKey": "secret", "VersionStage": "AWSPREVIOUS"}),
            "planted-previous",
        ),
    ];
    for (source, value) in cases {
        let body = world.create(&corp(json!({"SecretsManager": source}))).await;
        assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
        assert_eq!(stored(&world, "client_secret"), value);
        assert_eq!(world.operations(), ["Create"]);
        world.cognito.remove(POOL, "Corp");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_asked_for_again() {
    let (world, stores) = world().await;
    stores.script("GetParameter", [Fault::NotJson(200)]);
    let body = world.create(&corp(parameter())).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(stores.take_reads().len(), 2);
}

#[tokio::test]
async fn a_parameter_is_read_decrypted() {
    let (world, _stores) = world().await;
    let body = world.create(&corp(parameter())).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(stored(&world, "client_secret"), "planted-client-secret");
}

#[tokio::test]
async fn an_object_is_read_byte_for_byte_and_in_any_version() {
    let (world, stores) = world().await;
    let line = "<!-- planted a=\"q'&quot;\">Ünïcode 株式会社 🦀 \\ \t -->\r\n";
    let long = OKTA.to_owned() + &line.repeat(100_000 / line.len());
    stores.put_object("meta/okta.xml", "v.1", long.as_bytes());
    let versioned = json!({"S3": {"Bucket": "meta", "Key": "okta.xml", "VersionId": "v.1"}});
    for (source, value) in [(object(), OKTA), (versioned, &*long)] {
        let body = world.create(&saml(source)).await;
        assert_eq!(body["Status"], "SUCCESS", "{body}");
        assert_eq!(body["Data"].get("MetadataFile"), None);
        assert_eq!(stored(&world, "MetadataFile"), value);
        world.cognito.remove(POOL, "Corp");
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_not_part_of_an_object() {
    let (world, stores) = world().await;
    let marked = |text: &str| [b"\xef\xbb\xbf", text.as_bytes()].concat();
    stores.put_object("meta/okta.xml", "", &marked(OKTA));
    let body = world.create(&saml(object())).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(stored(&world, "MetadataFile"), OKTA);
    world.cognito.remove(POOL, "Corp");
    // Whatever it is.
    stores.put_object("meta/okta.xml", "", &marked("s3cret"));
    let body = world.create(&corp(object())).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(stored(&world, "client_secret"), "s3cret");
}

#[tokio::test]
async fn an_object_may_have_any_key() {
    let (world, stores) = world().await;
    let keys = [
        "/two//slashes/",
        "..up/.here/...",
        "a b+c&d=e?f#g%41%2f~-_.!*'()",
        "Ünïcode/株式会社/🦀",
    ];
    for key in keys {
        stores.put_object(&format!("meta/{key}"), "v/1+2=", OKTA.as_bytes());
        let source = json!({"S3": {"Bucket": "meta", "Key": key, "VersionId": "v/1+2="}});
        let body = world.create(&saml(source)).await;
        assert_eq!(body["Status"], "SUCCESS", "{key}: {body}");
        world.cognito.remove(POOL, "Corp");
    }
}

#[tokio::test]
async fn in_aws_values_are_read_from_the_hosts_of_the_region() {
    let region = Region::start(&[POOL]).await;
    let stores = &region.stores;
    stores.put_object("meta/okta.xml", "", OKTA.as_bytes());
    stores.put_object("meta//a b+c%2f/ü", "", OKTA.as_bytes());
    stores.put_object("far/okta.xml", "", OKTA.as_bytes());
    stores.put_object("corp-123456789012/okta.xml", "", OKTA.as_bytes());
    stores.put_parameter("/idp/corp", "planted");
    let function = Function::start(Path::new(BINARY), &region.environment()).await;
    let in_s3 = |bucket: &str, key: &str| saml(json!({"S3": {"Bucket": bucket, "Key": key}}));
    let access_point = "arn:aws:s3:ap-south-2:123456789012:accesspoint/corp";
    let cases = [
        (saml(object()), "eu-west-1"),
        (in_s3("meta", "/a b+c%2f/ü"), "eu-west-1"),
        (in_s3("far", "okta.xml"), "us-west-2"),
        (in_s3(access_point, "okta.xml"), "ap-south-2"),
        (corp(parameter()), "eu-west-1"),
    ];
    for (properties, signed_for) in cases {
        let event = events::create(&region.url(), &properties);
        let body = answer(function.invoke(&event, Duration::from_mins(1)).await);
        assert_eq!(body["Status"], "SUCCESS", "{body}");
        let read = stores.take_reads().pop().unwrap();
        assert_eq!(read.region, signed_for);
        region.cognito.remove(POOL, "Corp");
    }
    let mut asked = region.proxy.asked();
    asked.sort_unstable();
    asked.dedup();
    let mut hosts = [BUCKET, COGNITO, META, FAR, FAR_HOME, ACCESS_POINT, SSM];
    hosts.sort_unstable();
    assert_eq!(asked, hosts.map(|host| format!("{host}:443")));
}

#[tokio::test]
async fn an_emulator_gets_the_bucket_in_the_path() {
    let (_, stores) = world().await;
    // A name and no address: the SDK leaves no other choice for an address.
    let url = stores.url().replace("127.0.0.1", "localhost");
    let world = World::with(&[LOUD[0], LOUD[1], ("AWS_ENDPOINT_URL_S3", &url)]).await;
    let body = world.create(&saml(object())).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(stores.take_reads()[0].input, "meta/okta.xml?x-id=GetObject");
}

#[tokio::test]
async fn an_object_is_read_in_the_region_of_its_bucket() {
    let (world, stores) = world().await;
    stores.put_bucket("meta", "us-west-2");
    let body = world.create(&saml(object())).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    let regions: Vec<_> = stores
        .take_reads()
        .into_iter()
        .map(|read| read.region)
        .collect();
    assert_eq!(regions, ["eu-west-1", "us-west-2"]);
}

#[tokio::test]
async fn an_arn_that_cannot_be_read_is_said_in_the_reason() {
    let (world, stores) = world().await;
    let cases = [
        (
            "arn:aws:s3:eu-west-1:123456789012:bucket/meta",
            "Invalid ARN: Unrecognized format: arn:aws:s3:eu-west-1:123456789012:bucket/meta \
             (type: bucket)",
        ),
        (
            "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap",
            "Invalid configuration: Multi-Region Access Point ARNs are disabled.",
        ),
    ];
    for (bucket, why) in cases {
        let source = json!({"S3": {"Bucket": bucket, "Key": "okta.xml"}});
        let reason = format!(
            "reading ProviderDetails.MetadataFile from S3 ({bucket}/okta.xml): the request could not be sent: an unknown error occurred: {why}"
        );
        refused(&world, &saml(source), &reason).await;
    }
    assert_eq!(stores.take_reads(), []);
}

#[tokio::test]
async fn a_parameter_may_be_named_with_its_version_or_label() {
    let (world, stores) = world().await;
    let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/idp:2";
    for name in ["/idp/corp:3", "/idp/corp:live", arn] {
        stores.put_parameter(name, "planted");
        let body = world
            .create(&corp(json!({"SsmParameter": {"Name": name}})))
            .await;
        assert_eq!(body["Status"], "SUCCESS", "{name}: {body}");
        assert_eq!(stored(&world, "client_secret"), "planted");
        world.cognito.remove(POOL, "Corp");
    }
}

#[tokio::test]
async fn an_arn_is_read_in_its_region_and_all_else_in_the_functions_own() {
    let (world, stores) = world().await;
    let secret = "arn:aws:secretsmanager:ap-south-2:123456789012:secret:google-AbCdEf";
    let parameter = "arn:aws:ssm:us-west-1:123456789012:parameter/idp";
    let odd = "arn:aws:ssm:evil.example/:123456789012:parameter/idp";
    stores.put_secret(secret, "", "planted");
    stores.put_parameter(parameter, "planted");
    stores.put_parameter(odd, "planted");
    let sources = [
        (
            json!({"SecretsManager": {"SecretId": secret}}),
            "ap-south-2",
        ),
        (json!({"SsmParameter": {"Name": parameter}}), "us-west-1"),
        (json!({"SsmParameter": {"Name": odd}}), "eu-west-1"),
        (object(), "eu-west-1"),
        (self::secret(), "eu-west-1"),
    ];
    for (source, region) in sources {
        world.create(&corp(source)).await;
        world.cognito.remove(POOL, "Corp");
        assert_eq!(stores.take_reads()[0].region, region);
    }
}

#[tokio::test]
async fn values_of_one_secret_come_from_one_read() {
    let (world, stores) = world().await;
    let mut properties = corp(secret());
    properties["ProviderDetailsFrom"]["client_id"] =
        json!({"SecretsManager": {"SecretId": "google", "JsonKey": "id"}});
    let details = properties["ProviderDetails"].as_object_mut().unwrap();
    details.remove("client_id");
    let body = world.create(&properties).await;
    let mut data = oidc_data(POOL, "Corp");
    data.as_object_mut().unwrap().remove("client_id");
    assert_eq!(body, success(ID, data));
    assert_eq!(stores.take_reads().len(), 1);
}

#[tokio::test]
async fn unreadable_sources_are_named_and_nothing_is_changed() {
    let (world, stores) = world().await;
    stores.put_binary_secret("binary");
    stores.put_object("meta/latin.xml", "", b"planted \xfc");
    stores.put_object("meta/long.xml", "", &b"x".repeat(131_073));
    stores.put_object("meta/longer.xml", "", &b"x".repeat(1_000_000));
    stores.put_object("meta/crab.xml", "", "🦀".repeat(131_072).as_bytes());
    stores.put_object("meta/empty.xml", "", b"");
    let secret = |members: Value| corp(json!({"SecretsManager": members}));
    let object = |key: &str| saml(json!({"S3": {"Bucket": "meta", "Key": key}}));
    let cases = [
        (
            secret(json!({"SecretId": "gone"})),
            "client_secret from Secrets Manager (gone): ResourceNotFoundException: Secrets \
             Manager can't find the specified secret. (in region eu-west-1)",
        ),
        (
            secret(
                json!({"SecretId": "arn:aws:secretsmanager:eu-north-1:123456789012:secret:gone"}),
            ),
            "client_secret from Secrets Manager \
             (arn:aws:secretsmanager:eu-north-1:123456789012:secret:gone): \
             ResourceNotFoundException: Secrets Manager can't find the specified secret. (in \
             region eu-north-1)",
        ),
        (
            secret(json!({"SecretId": "binary"})),
            "client_secret from Secrets Manager (binary): the secret is binary, not text",
        ),
        (
            secret(json!({"SecretId": "google", "JsonKey": "gone"})),
            "client_secret from Secrets Manager (google): the secret has no key gone",
        ),
        (
            secret(json!({"SecretId": "google", "JsonKey": "map"})),
            "client_secret from Secrets Manager (google): the value of the secret's key map must \
             be a string, a number or a boolean",
        ),
        (
            secret(json!({"SecretId": "google", "JsonKey": "none"})),
            "client_secret from Secrets Manager (google): the value of the secret's key none must \
             be a string, a number or a boolean",
        ),
        (
            secret(json!({"SecretId": "google", "JsonKey": "list"})),
            "client_secret from Secrets Manager (google): the value of the secret's key list must \
             be a string, a number or a boolean",
        ),
        (
            secret(json!({"SecretId": "google", "JsonKey": "half"})),
            "client_secret from Secrets Manager (google): the value of the secret's key half is \
             not text",
        ),
        (
            secret(json!({"SecretId": "plain", "JsonKey": "secret"})),
            "client_secret from Secrets Manager (plain): the secret is not a JSON object, so it \
             has no key secret",
        ),
        (
            corp(json!({"SsmParameter": {"Name": "/gone"}})),
            "client_secret from SSM Parameter Store (/gone): ParameterNotFound (in region eu-west-1)",
        ),
        (
            object("gone.xml"),
            "MetadataFile from S3 (meta/gone.xml): NoSuchKey: The specified key does not exist.",
        ),
        (
            object("latin.xml"),
            "MetadataFile from S3 (meta/latin.xml): the object is not UTF-8 text",
        ),
        (
            object("long.xml"),
            "MetadataFile from S3 (meta/long.xml): ProviderDetails.MetadataFile must have at most \
             131072 characters but has 131073",
        ),
        (
            object("longer.xml"),
            "MetadataFile from S3 (meta/longer.xml): the object exceeds Cognito's limit of \
             524288 bytes",
        ),
    ];
    for (properties, reason) in cases {
        let reason = format!("reading ProviderDetails.{reason}");
        refused(&world, &properties, &reason).await;
    }
    // At the limit, in characters of four bytes each; and the least there can be.
    for key in ["crab.xml", "empty.xml"] {
        let source = json!({"S3": {"Bucket": "meta", "Key": key}});
        let body = world.create(&corp(source)).await;
        assert_eq!(body["Status"], "SUCCESS", "{body}");
        world.cognito.remove(POOL, "Corp");
        world.operations();
    }
    // Metadata are looked at wherever they come from.
    let body = world.create(&object("crab.xml")).await;
    let reason = body["Reason"].as_str().unwrap();
    let expected = "invalid properties: ProviderDetails.MetadataFile is not";
    assert!(reason.starts_with(expected), "{reason}");
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn a_whole_json_object_of_a_secret_is_warned_of() {
    let whole = json!({"SecretsManager": {"SecretId": "google"}});
    // A parameter has no JsonKey to use.
    for (source, told) in [(whole, 1), (secret(), 0), (parameter(), 0)] {
        let (world, stores) = world().await;
        stores.put_parameter("/idp/corp", GOOGLE);
        let body = world.create(&corp(source)).await;
        assert_eq!(body["Status"], "SUCCESS", "{body}");
        let log = world.log();
        let warnings: Vec<_> = log.iter().filter(|line| line["level"] == "WARN").collect();
        assert_eq!(warnings.len(), told, "{warnings:?}");
        for warning in warnings {
            assert_eq!(warning["key"], "client_secret");
            assert!(warning["message"].as_str().unwrap().contains("JsonKey"));
        }
    }
}

#[tokio::test]
async fn a_body_is_not_read_to_an_end_that_no_memory_holds() {
    let (world, stores) = world().await;
    stores.put_object("meta/whole", "", &b"x".repeat(200_000_000));
    let source = json!({"S3": {"Bucket": "meta", "Key": "whole"}});
    let reason = "reading ProviderDetails.MetadataFile from S3 (meta/whole): the object exceeds \
                  Cognito's limit of 524288 bytes";
    refused(&world, &saml(source), reason).await;
    let status = format!("/proc/{}/status", world.function.process_id());
    let status = std::fs::read_to_string(status).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 100_000, "{peak} kB");
}

#[tokio::test]
async fn a_value_that_was_read_may_look_like_a_reference() {
    let (world, stores) = world().await;
    stores.put_parameter("/idp/corp", "planted {{resolve:ssm:x}}");
    let body = world.create(&corp(parameter())).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(stored(&world, "client_secret"), "planted {{resolve:ssm:x}}");
}

#[tokio::test]
async fn a_value_that_was_read_is_checked_like_one_that_is_given() {
    let (world, stores) = world().await;
    stores.put_parameter("/method", "PUT");
    let mut properties = oidc(POOL, "Corp");
    let details = properties["ProviderDetails"].as_object_mut().unwrap();
    details.remove("attributes_request_method");
    properties["ProviderDetailsFrom"] =
        json!({"attributes_request_method": {"SsmParameter": {"Name": "/method"}}});
    let reason = "reading ProviderDetails.attributes_request_method from SSM Parameter Store \
                  (/method): ProviderDetails.attributes_request_method must be GET or POST";
    refused(&world, &properties, reason).await;
}

#[tokio::test]
async fn a_read_that_is_refused_for_half_a_minute_is_final() {
    const NOT_OURS: Fault = Fault::Error(403, "AccessDenied", "Access Denied");
    for (operation, source, fault, reason) in [
        (
            "GetSecretValue",
            secret(),
            DENIED,
            "Secrets Manager (google): AccessDeniedException: not allowed",
        ),
        (
            "GetParameter",
            parameter(),
            DENIED,
            "SSM Parameter Store (/idp/corp): AccessDeniedException: not allowed",
        ),
        (
            "GetObject",
            object(),
            NOT_OURS,
            "S3 (meta/okta.xml): AccessDenied: Access Denied (or the object does not exist: S3 \
             says so only to those with s3:ListBucket)",
        ),
    ] {
        let (world, stores) = world().await;
        stores.script_always(operation, fault);
        let reason = format!("reading ProviderDetails.client_secret from {reason}");
        refused(&world, &corp(source), &reason).await;
        assert!(stores.take_reads().len() > 1);
    }
}

#[tokio::test]
async fn a_permission_that_is_not_in_force_yet_is_waited_for() {
    let (world, stores) = world().await;
    stores.script("GetSecretValue", [DENIED, DENIED]);
    let body = world.create(&corp(secret())).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(stores.take_reads().len(), 3);
}

#[tokio::test]
async fn all_reads_that_fail_are_named_in_one_reason() {
    let (world, stores) = world().await;
    stores.script_always("GetSecretValue", DENIED);
    let mut properties = corp(secret());
    properties["ProviderDetailsFrom"]["one"] = json!({"SsmParameter": {"Name": "/gone"}});
    properties["ProviderDetailsFrom"]["two"] = object();
    let reason = "reading ProviderDetails.client_secret from Secrets Manager (google): \
                  AccessDeniedException: not allowed; reading ProviderDetails.one from SSM \
                  Parameter Store (/gone): ParameterNotFound (in region eu-west-1)";
    refused(&world, &properties, reason).await;
}

#[tokio::test]
async fn errors_of_the_stores_are_cleared_of_secrets() {
    let (world, stores) = world().await;
    let quoting = Fault::Error(
        400,
        "InvalidRequestException",
        "planted-given and planted-client-secret are no names",
    );
    stores.script("GetParameter", [quoting]);
    let mut properties = corp(secret());
    properties["ProviderDetails"]["private_key"] = "planted-given".into();
    properties["ProviderDetailsFrom"]["other"] = parameter();
    let reason = "reading ProviderDetails.other from SSM Parameter Store (/idp/corp): \
                  InvalidRequestException: *** and *** are no names";
    refused(&world, &properties, reason).await;
}

#[tokio::test]
async fn mistakes_in_sources_are_named_at_once_with_all_others_before_any_read() {
    let (world, stores) = world().await;
    let mut properties = with_detail(&oidc(POOL, "Corp"), "both", "planted");
    properties["AttributeMappings"] = json!({});
    properties["ProviderDetailsFrom"] = json!({
        "ActiveEncryptionCertificate": parameter(),
        "both": secret(),
        "empty": {},
        "host": {"S3": {"Bucket": "evil.example/", "Key": "planted"}},
        "kind": {"Vault": {"Path": "planted"}},
        "list": {"S3": ["planted"]},
        "members": {"SecretsManager": {"SecretID": "google", "JsonKey": ["planted"]}},
        "none": {"SsmParameter": {"Name": ""}},
        "object": {"S3": {}},
        "steps": {"S3": {"Bucket": "..", "Key": "planted/./idp.xml"}},
        "two": {"S3": {}, "SsmParameter": {}},
    });
    let one = "a map with exactly one of SecretsManager, SsmParameter, S3, not";
    let at = "ProviderDetailsFrom";
    let reason = [
        "invalid properties (17 errors): (1) AttributeMappings is not a property of this \
         resource type: did you mean AttributeMapping?"
            .to_owned(),
        "(2) ProviderDetails.ActiveEncryptionCertificate is set by Cognito and cannot be \
         declared: remove it"
            .to_owned(),
        "(3) both is in both ProviderDetails and ProviderDetailsFrom: remove it from one"
            .to_owned(),
        format!("(4) {at}.empty must be {one} an empty map"),
        format!(
            "(5) {at}.host.S3.Bucket may contain only letters, digits and . - _, and : / in the ARN \
             of an access point"
        ),
        format!("(6) the key of {at}.kind.Vault must be one of SecretsManager, SsmParameter, S3"),
        format!("(7) {at}.list.S3 must be a map of strings, not a list of 1 item"),
        format!(
            "(8) {at}.members.SecretsManager.SecretID is not a property of this resource \
                 type: did you mean SecretId?"
        ),
        format!("(9) {at}.members.SecretsManager.SecretId is required"),
        format!("(10) {at}.members.SecretsManager.JsonKey must be a string, not a list of 1 item"),
        format!("(11) {at}.none.SsmParameter.Name must have 1 to 2048 characters but has 0"),
        format!("(12) {at}.object.S3.Bucket is required"),
        format!("(13) {at}.object.S3.Key is required"),
        format!("(14) {at}.steps.S3.Bucket must not contain . or .. as a path segment"),
        format!("(15) {at}.steps.S3.Key must not contain . or .. as a path segment"),
        format!("(16) {at}.two must be {one} a map of 2 entries"),
    ];
    // One more of another kind, to see that both maps count for what is required.
    let details = properties["ProviderDetails"].as_object_mut().unwrap();
    details.remove("oidc_issuer");
    let reason = format!(
        "{}; (17) ProviderDetails.oidc_issuer is required",
        reason.join("; ")
    );
    refused(&world, &properties, &reason).await;

    let reason = "invalid properties: ProviderDetailsFrom must be a map of sources, not a string \
                  of 7 characters";
    let properties = with(&oidc(POOL, "Corp"), "ProviderDetailsFrom", json!("planted"));
    refused(&world, &properties, reason).await;
    assert_eq!(stores.take_reads(), []);
}

#[tokio::test]
async fn transient_errors_of_sources_are_retried() {
    let throttled = |code| Fault::Error(400, code, "Rate exceeded");
    let internal = Fault::ErrorAfter;
    for (operation, source, faults) in [
        (
            "GetSecretValue",
            secret(),
            [
                throttled("ThrottlingException"),
                internal,
                Fault::ResetBefore,
            ],
        ),
        (
            "GetParameter",
            parameter(),
            [
                throttled("ThrottlingException"),
                Fault::NotJson(503),
                internal,
            ],
        ),
        (
            "GetObject",
            object(),
            [
                Fault::Error(503, "SlowDown", "Please reduce your request rate."),
                throttled("RequestTimeout"),
                Fault::ResetBefore,
            ],
        ),
    ] {
        let (mut world, stores) = world().await;
        world.time = Duration::from_mins(15);
        stores.script(operation, faults);
        let body = world.create(&corp(source)).await;
        assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
        assert_eq!(stores.take_reads().len(), 4);
    }
}

#[tokio::test]
async fn a_source_that_hangs_is_answered_for_before_the_deadline() {
    let (mut world, stores) = world().await;
    world.time = Duration::from_secs(12);
    stores.script_always("GetObject", Fault::HangBefore);
    let body = uncounted(world.create(&corp(object())).await);
    let reason = "reading ProviderDetails.client_secret from S3 (meta/okta.xml): timed out after \
                  N failed attempts; last error: the attempt timed out: 127.0.0.1 did not respond";
    assert_eq!(body, failed(&not_created(), reason));
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn sources_are_read_at_the_same_time() {
    let (world, stores) = world().await;
    for operation in ["GetSecretValue", "GetParameter", "GetObject"] {
        stores.script(operation, [Fault::Slow(3)]);
    }
    let mut properties = corp(secret());
    properties["ProviderDetailsFrom"]["one"] = parameter();
    properties["ProviderDetailsFrom"]["two"] = object();
    let start = Instant::now();
    let body = world.create(&properties).await;
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    // One after another, they would take nine.
    assert!(start.elapsed() < Duration::from_secs(6));
    assert_eq!(stores.take_reads().len(), 3);
}

#[tokio::test]
async fn an_update_reads_rotated_values() {
    let (world, stores) = world().await;
    let before = corp(secret());
    world.create(&before).await;
    stores.put_secret("google", "", r#"{"secret": "planted-rotated"}"#);
    let body = world
        .update(ID, &with(&before, "Revision", json!("2")), &before)
        .await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(stored(&world, "client_secret"), "planted-rotated");
    assert_eq!(world.operations(), ["Create", "Update"]);

    stores.script_always("GetSecretValue", DENIED);
    let body = world
        .update(ID, &with(&before, "Revision", json!("3")), &before)
        .await;
    let reason = "reading ProviderDetails.client_secret from Secrets Manager (google): \
                  AccessDeniedException: not allowed";
    assert_eq!(body, failed(ID, reason));
    assert_eq!(world.operations(), [""; 0]);
}

#[tokio::test]
async fn a_create_with_sources_delivered_twice_gives_the_same_answer() {
    let (world, _stores) = world().await;
    let event = events::create(&world.url(), &corp(secret()));
    let first = world.send(event.clone()).await;
    assert_eq!(first, success(ID, oidc_data(POOL, "Corp")));
    assert_eq!(world.send(event).await, first);
    assert_eq!(world.operations(), ["Create", "Create", "Describe"]);
}

/// The id of a Create that was issued a minute ago.
fn unconfirmed() -> String {
    format!("unconfirmed/{}/{ID}", epoch_ms() / 1_000 - 60)
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_compares_the_values_of_sources() {
    let (world, stores) = world().await;
    for (there, left) in [("planted-client-secret", false), ("another", true)] {
        let provider = with_detail(&oidc(POOL, "Corp"), "client_secret", there);
        world.cognito.put(&provider, 30);
        let id = unconfirmed();
        let body = world.delete(&id, &corp(secret())).await;
        assert_eq!(body, deleted(&id));
        assert_eq!(world.cognito.names(POOL).len(), usize::from(left));
        assert_eq!(stores.take_reads().len(), 1);
    }
}

#[tokio::test]
async fn delete_of_an_unconfirmed_create_that_cannot_be_compared_leaves_it_and_says_why() {
    for fault in [DENIED, Fault::HangBefore] {
        let (mut world, stores) = world().await;
        world.time = Duration::from_secs(12);
        world.cognito.put(&oidc(POOL, "Corp"), 30);
        stores.script_always("GetSecretValue", fault);
        let id = unconfirmed();
        let body = world.delete(&id, &corp(secret())).await;
        assert_eq!(body, deleted(&id));
        assert_eq!(world.operations(), ["Describe"]);
        assert_eq!(world.cognito.names(POOL), ["Corp"]);
        let said = world
            .log()
            .into_iter()
            .find(|line| line["message"] == "cannot compare the provider; leaving it in place");
        let said = said.unwrap();
        assert_eq!(said["level"], "WARN");
        let why = said["error"].as_str().unwrap();
        let begins = "reading ProviderDetails.client_secret from Secrets Manager (google): ";
        assert!(why.starts_with(begins), "{why}");
    }
}

#[tokio::test]
async fn delete_of_a_provider_reads_nothing() {
    let (world, stores) = world().await;
    world.cognito.put(&oidc(POOL, "Corp"), 30);
    assert_eq!(world.delete(ID, &corp(secret())).await, deleted(ID));
    assert_eq!(world.operations(), ["Delete"]);
    assert_eq!(stores.take_reads(), []);
}

#[tokio::test]
async fn a_rename_is_undone_after_its_secret_was_rotated() {
    const NEW: &str = "eu-west-1_Pool|Renamed";
    let old = corp(secret());
    let new = with(&old, "ProviderName", json!("Renamed"));
    let (world, stores) = world().await;
    world.cognito.put(&oidc(POOL, "Corp"), 3_600);
    stores.put_secret("google", "", r#"{"secret": "planted-rotated"}"#);
    let renamed = world.update(ID, &new, &old).await;
    assert_eq!(renamed, success(NEW, oidc_data(POOL, "Renamed")));
    let undone = world.update(NEW, &old, &new).await;
    assert_eq!(undone, success(ID, oidc_data(POOL, "Corp")));
    let corp = world.cognito.provider(POOL, "Corp").unwrap();
    assert_eq!(corp["ProviderDetails"]["client_secret"], "planted-rotated");
    assert_eq!(world.delete(NEW, &new).await, deleted(NEW));
    assert_eq!(world.cognito.names(POOL), ["Corp"]);
}

#[tokio::test]
async fn a_rename_to_a_provider_that_is_younger_and_differs_in_its_secret_takes_nothing_over() {
    let old = corp(secret());
    let new = with(&old, "ProviderName", json!("Renamed"));
    let (world, _stores) = world().await;
    world.cognito.put(&oidc(POOL, "Corp"), 3_600);
    let theirs = with_detail(&oidc(POOL, "Renamed"), "client_secret", "planted-theirs");
    world.cognito.put(&theirs, 60);
    let before = world.cognito.provider(POOL, "Renamed");
    assert_eq!(world.update(ID, &new, &old).await["Status"], "FAILED");
    assert_eq!(world.cognito.provider(POOL, "Renamed"), before);
}

#[tokio::test]
async fn a_late_create_that_cannot_read_its_secret_is_unconfirmed() {
    let (world, stores) = world().await;
    world.cognito.put(&oidc(POOL, "Corp"), 50);
    let url = world.responses.url(Some(&events::amz_date(60)));
    stores.script_always("GetSecretValue", DENIED);
    let body = world.send(events::create(&url, &corp(secret()))).await;
    assert_eq!(body["Status"], "FAILED");
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    stores.script_always("GetSecretValue", Fault::None);
    assert_eq!(world.delete(id, &corp(secret())).await, deleted(id));
    assert!(world.cognito.names(POOL).is_empty());
}

/// The attributes of the last answer that hold that text.
fn showing<'a>(body: &'a Value, text: &str) -> Vec<&'a str> {
    let data = body["Data"].as_object().unwrap().iter();
    let showing = data.filter(|(_, value)| value.as_str().unwrap().contains(text));
    showing.map(|(key, _)| key.as_str()).collect()
}

#[tokio::test]
async fn a_value_from_a_source_of_secrets_is_no_attribute_whatever_its_key() {
    // Each world ends with a look for it in all that left the process.
    const PLANTED: &str = "planted-public";
    let secret = json!({"SecretsManager": {"SecretId": "any"}});
    let object = json!({"S3": {"Bucket": "meta", "Key": "any"}});
    let secure = json!({"SsmParameter": {"Name": "/any"}});
    for source in [secret, object, secure] {
        for key in ["client_id", "team_id", "authorize_scopes", "jwks_uri"] {
            let (world, stores) = world().await;
            stores.put_secret("any", "", PLANTED);
            stores.put_object("meta/any", "", PLANTED.as_bytes());
            stores.put_parameter("/any", PLANTED);
            let mut properties = oidc(POOL, "Corp");
            let details = properties["ProviderDetails"].as_object_mut().unwrap();
            details.remove(key);
            // Somewhere else, too.
            details.insert("key_id".to_owned(), json!("a-key-id"));
            properties["ProviderDetailsFrom"] = json!({});
            properties["ProviderDetailsFrom"][key] = source.clone();
            let body = world.create(&properties).await;
            assert_eq!(body["Status"], "SUCCESS");
            assert!(body["Data"].get(key).is_none(), "{body}");
            assert_eq!(body["Data"]["key_id"], "a-key-id");
            let body = world.update(ID, &properties, &properties).await;
            assert_eq!(showing(&body, "planted"), [""; 0]);
            // Cognito quotes what it refuses.
            properties["ProviderDetailsFrom"]["refused"] = source.clone();
            let refused = world.update(ID, &properties, &properties).await;
            assert_eq!(refused["Status"], "FAILED");
        }
    }
}

#[tokio::test]
async fn a_plain_parameter_may_be_an_attribute() {
    let (world, stores) = world().await;
    stores.put_plain_parameter("/client-id", "client-1");
    let mut properties = oidc(POOL, "Corp");
    let details = properties["ProviderDetails"].as_object_mut().unwrap();
    details.remove("client_id");
    properties["ProviderDetailsFrom"] =
        json!({"client_id": {"SsmParameter": {"Name": "/client-id"}}});
    let body = world.create(&properties).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
}
