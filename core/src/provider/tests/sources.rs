//! What a source may be called, as its name becomes part of a URL.

use super::*;

fn object(bucket: &str, key: &str) -> Value {
    let source = json!({"S3": {"Bucket": bucket, "Key": key}});
    with("ProviderDetailsFrom", json!({"from": source}))
}

#[test]
fn a_bucket_has_only_characters_of_a_host_name_and_of_a_path() {
    parsed(&object("My-bucket_1.example", "any key"));
    parsed(&object("arn:aws:s3:eu-west-1:1:accesspoint/a", "any key"));
    for bucket in ["evil.example/", "a:b", "arn:a@b", "a b", "a@b", "ü"] {
        assert_eq!(
            errors(&object(bucket, "key")),
            "invalid properties: ProviderDetailsFrom.from.S3.Bucket may contain only letters, digits \
             and . - _, and : / in the ARN of an access point"
        );
    }
}

#[test]
fn neither_bucket_nor_key_steps_through_a_path() {
    parsed(&object("...", "a/.../b..c/.d"));
    for (bucket, key, member) in [
        ("..", "key", "Bucket"),
        (".", "key", "Bucket"),
        ("bucket", "a/../b", "Key"),
        ("bucket", "./a", "Key"),
    ] {
        assert_eq!(
            errors(&object(bucket, key)),
            format!(
                "invalid properties: ProviderDetailsFrom.from.S3.{member} must not contain . or .. \
                 as a path segment"
            )
        );
    }
}

#[test]
fn a_place_is_shown_by_its_service_and_name() {
    let secret = Location::Secret {
        secret_id: "google".to_owned(),
        version_id: Some("1".to_owned()),
        version_stage: None,
    };
    assert_eq!(secret.to_string(), "Secrets Manager (google)");
    let name = "/idp".to_owned();
    let parameter = Location::Parameter { name };
    assert_eq!(parameter.to_string(), "SSM Parameter Store (/idp)");
    let object = Location::Object {
        bucket: "meta".to_owned(),
        key: "idp.xml".to_owned(),
        version_id: None,
    };
    assert_eq!(object.to_string(), "S3 (meta/idp.xml)");
}
