//! What an operator reads in the CloudFormation console: `docs/failures.md`, made from what the
//! function says.

use std::{fmt::Write as _, path::Path, time::Duration};

use cfn_cognito_idp_support::{cloudformation, cognito::Fault, events, responses};
use serde_json::{Value, json};

use crate::sources;
use crate::world::{ID, POOL, World, error, oidc, uncounted, with, with_detail};

const PAGE: &str = "docs/failures.md";
const HEAD: &str = "\
# What failures look like

The `Reason` of a resource, as the CloudFormation console shows it, and the lines of the function's
log at the levels WARN and ERROR, for a provider named Corp. Each line of a request also names the
stack, the logical id, the request id, the pool and the provider.

Made by `make failures` from what the function says in `tests/function/operator.rs`; the tests fail
if it is out of date.
";

/// What an operator sees of a failure.
struct Seen {
    reason: Option<String>,
    log: Vec<String>,
}

/// The failure that this world has seen last.
fn seen(world: &World, body: &Value) -> Seen {
    assert_eq!(body["Status"], "FAILED");
    let reason = body["Reason"].as_str().unwrap();
    Seen {
        log: log(world, Some(reason)),
        reason: Some(reason.to_owned()),
    }
}

/// The lines of the log at WARN and ERROR, each kind once. Every request but the last ends in a
/// line with its status, and only the last is told.
fn log(world: &World, reason: Option<&str>) -> Vec<String> {
    let lines = world.log();
    let ends = lines
        .iter()
        .rposition(|line| line["message"] == json!(reason));
    let before = &lines[..ends.unwrap_or_default()];
    let begins = before.iter().rposition(|line| line.get("status").is_some());
    let mut seen: Vec<String> = Vec::new();
    for line in lines.iter().skip(begins.map_or(0, |at| at + 1)) {
        let text = |key| line.get(key).and_then(Value::as_str).unwrap_or_default();
        let level = text("level");
        let said = match text("message") {
            _ if !["WARN", "ERROR"].contains(&level) => continue,
            message if Some(message) == reason => format!("{level} the Reason"),
            "retrying" => format!("{level} `retrying`, error `{}`", text("error")),
            message => format!("{level} `{message}`, error `{}`", text("error")),
        };
        if !seen.contains(&said) {
            seen.push(said);
        }
    }
    seen
}

async fn create(world: &World, properties: &Value) -> Seen {
    seen(world, &world.create(properties).await)
}

/// A Create to which Cognito says no.
async fn refused(code: &'static str, message: &'static str) -> Seen {
    let world = World::new().await;
    world
        .cognito
        .script_always("Create", Fault::Error(400, code, message));
    create(&world, &oidc(POOL, "Corp")).await
}

/// A Create whose secret may not be read.
async fn unreadable() -> Seen {
    let (world, stores) = sources::world().await;
    let denied = Fault::Error(
        400,
        "AccessDeniedException",
        "User is not authorized to perform: secretsmanager:GetSecretValue",
    );
    stores.script_always("GetSecretValue", denied);
    create(&world, &sources::corp(sources::secret())).await
}

/// A Create that fails in this way for as long as there is time.
async fn hopeless(fault: Fault) -> Seen {
    let mut world = World::new().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always("Create", fault);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let mut seen = seen(&world, &body);
    seen.reason = uncounted(body)["Reason"].as_str().map(ToOwned::to_owned);
    seen
}

/// An event that cannot be answered.
async fn unanswered(event: impl FnOnce(&World) -> Value) -> Seen {
    let world = World::new().await;
    world.responses.script([responses::Fault::Status(403)]);
    error(world.invoke(event(&world)).await);
    Seen {
        reason: None,
        log: log(&world, None),
    }
}

/// What happened, what is seen of it, and what to do.
type Row = (&'static str, Seen, &'static str);

/// A SAML provider with the metadata of a service provider.
fn service_provider() -> Value {
    let metadata = include_str!("../metadata/okta.xml");
    json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {
            "MetadataFile": metadata.replace("IDPSSODescriptor", "SPSSODescriptor"),
        },
    })
}

/// The template asks for what cannot be.
async fn mistakes() -> Vec<Row> {
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
            "CloudFormation does not resolve such references here; the function can.",
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
            seen(&theirs, &theirs.update(ID, &saml, &corp).await),
            "Choose another name.",
        ),
        (
            "Metadata of the wrong party",
            create(&world, &service_provider()).await,
            "Get the metadata of the identity provider, not those of an application of it.",
        ),
        (
            "The pool does not exist",
            create(&world, &oidc("eu-west-1_Gone", "Corp")).await,
            "Check `UserPoolId`, and the account.",
        ),
    ]
}

/// Cognito does not do it.
async fn refusals() -> Vec<Row> {
    vec![
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
            "A value cannot be read",
            unreadable().await,
            "Check the name; add it to `SecretArns`, `ParameterArns` or `ObjectArns` of the \
             function's stack, and its key to `KeyArns`.",
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
        (
            "An Update was cancelled and rolled back while it waited",
            overtaken("UPDATE_COMPLETE").await,
            "Nothing: the rollback stands.",
        ),
        (
            "The same, and CloudFormation cannot be asked",
            overtaken("").await,
            "Allow the function `cloudformation:DescribeStackResource`. Continue the rollback, or \
             deploy again.",
        ),
    ]
}

/// An Update whose provider somebody changes while it waits, with that status of its resource.
async fn overtaken(status: &str) -> Seen {
    let old = oidc(POOL, "Corp");
    let new = with_detail(&old, "authorize_scopes", "openid");
    let world = World::new().await;
    world.cognito.put(&old, 3_600);
    world.cognito.script("Update", [Fault::THROTTLED]);
    if status.is_empty() {
        let denied = "User is not authorized to perform: cloudformation:DescribeStackResource";
        let denied = cloudformation::Fault::Error(403, "AccessDenied", denied);
        world.cloudformation.script_always(denied);
    } else {
        world.cloudformation.set(events::LOGICAL_ID, status, ID);
    }
    let (body, ()) = tokio::join!(world.update(ID, &new, &old), async {
        world.cognito.until_called(1).await;
        world.cognito.touch(POOL, "Corp");
    });
    seen(&world, &body)
}

/// Nobody can be told.
async fn silence() -> Vec<Row> {
    vec![
        (
            "The answer is refused",
            unanswered(|world| events::create(&world.url(), &oidc(POOL, "Corp"))).await,
            "Lambda delivers the event again. The response URL is good for two hours.",
        ),
        (
            "An emulator's response URL",
            unanswered(|_| events::create("http://emulator:4566/", &oidc(POOL, "Corp"))).await,
            "Set `RESPONSE_URL_HOSTS`; nothing was done.",
        ),
        (
            "An event of something else",
            unanswered(|_| json!({"detail-type": "Scheduled Event"})).await,
            "Invoke the function from CloudFormation only.",
        ),
    ]
}

#[tokio::test]
async fn the_page_of_failures_is_what_the_function_says() {
    let mut page = format!(
        "{HEAD}\n| what happened | Reason | log | what to do |\n| --- | --- | --- | --- |\n"
    );
    let rows = [mistakes().await, refusals().await, silence().await];
    for (what, seen, advice) in rows.into_iter().flatten() {
        let reason = seen.reason.map_or_else(
            || "none: CloudFormation waits".to_owned(),
            |reason| format!("`{}`", reason.replace('|', "\\|")),
        );
        writeln!(
            page,
            "| {what} | {reason} | {} | {advice} |",
            seen.log.join("; ")
        )
        .unwrap();
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
