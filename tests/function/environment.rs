//! Variables that are set and empty, as SAM and others export those that are not set, and others that
//! say where services are.

use std::{path::Path, time::Duration};

use cfn_cognito_idp_support::{events, lambda::Function, region::Region};
use serde_json::json;

use crate::{
    sources,
    world::{
        BINARY, ID, LOUD, POOL, World, answer, deleted, not_created, oidc, oidc_data, success,
    },
};

const SERVICES: [&str; 5] = [
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
];

#[tokio::test]
async fn an_empty_variable_means_unset() {
    let others = [
        "AWS_CA_BUNDLE",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_MAX_ATTEMPTS",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_RETRY_MODE",
        "AWS_SESSION_TOKEN",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "HTTPS_PROXY",
        "RUST_LOG",
    ];
    let corp = oidc(POOL, "Corp");
    for empty in [&SERVICES[..], &others[..]] {
        let environment: Vec<_> = empty.iter().map(|name| (*name, "")).collect();
        let world = World::with(&environment).await;
        assert_eq!(
            world.create(&corp).await,
            success(ID, oidc_data(POOL, "Corp"))
        );
        assert_eq!(world.update(ID, &corp, &corp).await["Status"], "SUCCESS");
        assert_eq!(world.delete(ID, &corp).await, deleted(ID));
    }
}

#[tokio::test]
async fn an_empty_variable_for_all_services_leaves_those_of_each() {
    let (world, _stores) = sources::world().await;
    let url = world.cognito.url();
    let stores = world.environment("AWS_ENDPOINT_URL_SSM").to_owned();
    let world = World::with(&[
        ("AWS_ENDPOINT_URL", ""),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &stores),
    ])
    .await;
    let body = world.create(&sources::corp(sources::secret())).await;
    assert_eq!(body, success(ID, oidc_data(POOL, "Corp")));
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_said_in_the_answer() {
    for url in ["localhost:4566", "nonsense", "http://"] {
        let mut world = World::with(&[LOUD[0], LOUD[1], (SERVICES[0], url)]).await;
        world.time = Duration::from_secs(12);
        let body = world.create(&oidc(POOL, "Corp")).await;
        assert_eq!(body["Status"], "FAILED");
        assert_eq!(body["PhysicalResourceId"], not_created());
        let reason = body["Reason"].as_str().unwrap();
        assert!(!reason.contains("panicked"), "{url}: {reason}");
        let id = world.delete(ID, &oidc(POOL, "Corp")).await["PhysicalResourceId"].clone();
        assert_eq!(id, ID);
    }
}

#[tokio::test]
async fn configured_endpoints_are_ignored_if_the_environment_says_so() {
    let region = Region::start(&[POOL]).await;
    region
        .stores
        .put_parameter("/idp/corp", "planted-client-secret");
    let mut environment = region.environment();
    let nowhere = "http://127.0.0.1:9".to_owned();
    environment.extend(SERVICES.map(|name| (name, nowhere.clone())));
    environment.push(("AWS_ENDPOINT_URL", nowhere));
    environment.push(("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true".to_owned()));
    let function = Function::start(Path::new(BINARY), &environment).await;
    let source = json!({"SsmParameter": {"Name": "/idp/corp"}});
    let event = events::create(&region.url(), &sources::corp(source));
    let body = answer(function.invoke(&event, Duration::from_mins(1)).await);
    assert_eq!(body["Status"], "SUCCESS", "{body}");
    assert_eq!(region.cognito.take_operations(), ["Create"]);
}
