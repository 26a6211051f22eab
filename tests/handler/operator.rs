//! What an operator reads in the CloudFormation console: `docs/failures.md`, made from what the
//! handler says.

use std::{fmt::Write as _, path::Path, time::Duration};

use cfn_cognito_idp_support::cognito::Fault;
use serde_json::{Value, json};

use crate::world::{POOL, World, oidc, with, with_detail};

const PAGE: &str = "docs/failures.md";
const HEAD: &str = "\
# What failures look like

The `Reason` of a resource, as the CloudFormation console shows it, for a provider named Corp. The
function's log has the same text at level ERROR, with the stack, the logical id, the request id, the
pool and the provider as fields, and one line at level WARN for each attempt that was retried.

Made by `make failures` from what the handler answers in `tests/handler/operator.rs`; the tests fail
if it is out of date.
";

const ID: &str = "eu-west-1_Pool|Corp";

fn reason(body: &Value) -> String {
    assert_eq!(body["Status"], "FAILED");
    body["Reason"].as_str().unwrap().to_owned()
}

async fn create(world: &World, properties: &Value) -> String {
    reason(&world.create(properties).await)
}

/// A Create to which Cognito says no.
async fn refused(code: &'static str, message: &'static str) -> String {
    let world = World::new().await;
    world
        .cognito
        .script("Create", [Fault::Error(400, code, message)]);
    create(&world, &oidc(POOL, "Corp")).await
}

/// A Create that fails in this way for as long as there is time.
async fn hopeless(fault: Fault) -> String {
    let mut world = World::with_delay(Duration::from_millis(1_800)).await;
    world.time = Duration::from_secs(6);
    world.cognito.script_always("Create", fault);
    create(&world, &oidc(POOL, "Corp")).await
}

async fn rows() -> Vec<(&'static str, String, &'static str)> {
    let world = World::new().await;
    let corp = oidc(POOL, "Corp");
    let mut several = with(&corp, "AttributeMappings", json!({"email": "mail"}));
    several["ProviderDetails"] = json!({"client_id": "client-1", "authorize_scopes": ["openid"]});
    world.cognito.put(
        &with(
            &oidc(POOL, "Other"),
            "IdpIdentifiers",
            json!(["corp.example"]),
        ),
        60,
    );
    let theirs = World::new().await;
    theirs
        .cognito
        .put(&with_detail(&corp, "client_id", "another"), 60);
    let saml = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    });
    vec![
        (
            "The template has mistakes",
            create(&world, &several).await,
            "Correct all of them; nothing was changed.",
        ),
        (
            "A secret was not resolved",
            create(
                &world,
                &with_detail(&corp, "client_secret", "{{resolve:ssm-secure:idp}}"),
            )
            .await,
            "CloudFormation does not resolve such references here.",
        ),
        (
            "The name is taken",
            create(&theirs, &corp).await,
            "Choose another name, or adopt the provider.",
        ),
        (
            "An identifier is taken",
            create(
                &world,
                &with(&corp, "IdpIdentifiers", json!(["corp.example"])),
            )
            .await,
            "Take it off the other provider first.",
        ),
        (
            "Another type under the same name",
            reason(&theirs.update(ID, &saml, &corp).await),
            "Choose another name.",
        ),
        (
            "The pool does not exist",
            create(&world, &oidc("eu-west-1_Gone", "Corp")).await,
            "Check `UserPoolId`, and the account.",
        ),
        (
            "Cognito refuses a value",
            refused(
                "InvalidParameterException",
                "Error while fetching metadata.",
            )
            .await,
            "What follows the name of the error is Cognito's own text.",
        ),
        (
            "The function may not do it",
            refused(
                "AccessDeniedException",
                "User is not authorized to perform: cognito-idp:CreateIdentityProvider",
            )
            .await,
            "Add the pool to `UserPoolArns` of the function's stack.",
        ),
        (
            "A quota is used up",
            refused("LimitExceededException", "Too many identity providers.").await,
            "Have the quota raised.",
        ),
        (
            "Throttled until the end",
            hopeless(Fault::THROTTLED).await,
            "Something else uses up the quota of the account.",
        ),
        (
            "No answer until the end",
            hopeless(Fault::HangBefore).await,
            "Check how the function reaches Cognito, if it is in a VPC.",
        ),
    ]
}

#[tokio::test]
async fn the_page_of_failures_is_what_the_handler_says() {
    let mut page =
        format!("{HEAD}\n| what happened | Reason | what to do |\n| --- | --- | --- |\n");
    for (what, reason, advice) in rows().await {
        let reason = reason.replace('|', "\\|");
        writeln!(page, "| {what} | `{reason}` | {advice} |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("WRITE_PAGES").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, page,
        "{PAGE} is out of date: run `make failures`"
    );
}
