//! Writes logs as JSON lines to standard output, without secrets and control characters.

use std::{io, panic::PanicHookInfo, time::SystemTime};

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::{Map, Value, json};
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer as _,
    filter::{FilterExt as _, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::text::printable;

/// The target of this crate's own lines, whose fields contain no secrets.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// The namespace of the metrics.
const NAMESPACE: &str = "CfnCognitoIdp";

/// Installs the subscriber and the panic hook.
///
/// The level comes from `RUST_LOG` (in the syntax of [`Targets`]), else from
/// `AWS_LAMBDA_LOG_LEVEL`, else it is `info`. Dependencies never log below warnings, because the
/// SDK and the runtime would log complete requests and events.
pub fn init() {
    let requested = std::env::var("RUST_LOG")
        .ok()
        // An empty value would mean errors only.
        .filter(|directives| !directives.is_empty())
        .and_then(|directives| directives.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(lambda_level()));
    let ceiling = Targets::new()
        .with_default(Level::WARN)
        .with_target(OWN, Level::TRACE)
        // This target repeats the handler's errors in `Debug` format.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF);
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_writer(|| Lines)
        .with_filter(requested.and(ceiling));
    // A second call, as in tests, leaves the first subscriber in place.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    std::panic::set_hook(Box::new(log_panic));
}

/// A writer to standard output that replaces characters that consoles cannot show.
struct Lines;

impl io::Write for Lines {
    /// Writes one complete line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let (text, end) = match text.strip_suffix('\n') {
            Some(text) => (text, "\n"),
            None => (&*text, ""),
        };
        let shown = format!("{}{end}", printable(text));
        io::stdout().write_all(shown.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Writes a line in `CloudWatch`'s embedded metric format, at every log level: a count of 0 or 1 under
/// `metric`, without dimensions, and the fields beside it.
///
/// Lambda discards JSON lines below the function's log level, and takes those without a level for
/// INFO, so this line has the function's level.
pub(crate) fn metric(metric: &str, value: bool, now: SystemTime, mut fields: Map<String, Value>) {
    let now = DateTime::from(now);
    let stamp = now.fmt(Format::DateTime).unwrap_or_default();
    fields.insert("timestamp".to_owned(), stamp.into());
    fields.insert("level".to_owned(), lambda_level_name().into());
    fields.insert(metric.to_owned(), u8::from(value).into());
    fields.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.to_millis().unwrap_or_default(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[]],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        }),
    );
    let line = format!("{}\n", Value::Object(fields));
    // Without its log, the request is still answered.
    let _ = io::Write::write(&mut Lines, line.as_bytes());
}

fn lambda_level() -> LevelFilter {
    match lambda_level_name() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        // Lambda's FATAL is above every level used here.
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// Returns the lowest level of the lines that Lambda keeps.
fn lambda_level_name() -> &'static str {
    let named = std::env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default();
    let levels = ["TRACE", "DEBUG", "WARN", "ERROR", "FATAL"];
    levels
        .into_iter()
        .find(|level| *level == named)
        .unwrap_or("INFO")
}

/// Logs the location of a panic, without its message, which may quote data.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "panic");
}
