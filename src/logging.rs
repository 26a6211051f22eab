//! JSON lines on standard output, one per decision, without what must not be in a log.

use std::{io, panic::PanicHookInfo};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer as _,
    filter::{FilterExt as _, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::text::printable;

/// This crate's own lines, whose fields are known to hold no secret.
const OWN: &str = env!("CARGO_CRATE_NAME");

/// Installs the subscriber and the panic hook.
///
/// The level is `RUST_LOG`'s, in the syntax of [`Targets`], or else `AWS_LAMBDA_LOG_LEVEL`'s, or
/// else `info`. Whatever it says, dependencies log warnings and errors at most: below those,
/// the SDK and the runtime print requests and events as they are.
pub fn init() {
    let requested = std::env::var("RUST_LOG")
        .ok()
        // Set and empty would mean errors only.
        .filter(|directives| !directives.is_empty())
        .and_then(|directives| directives.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(lambda_level()));
    let ceiling = Targets::new()
        .with_default(Level::WARN)
        .with_target(OWN, Level::TRACE)
        // It repeats the handler's errors, by `Debug`.
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

/// Standard output, without what JSON does not escape and a console cannot show.
struct Lines;

impl io::Write for Lines {
    /// Writes a line, which comes whole.
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

fn lambda_level() -> LevelFilter {
    match std::env::var("AWS_LAMBDA_LOG_LEVEL").as_deref() {
        Ok("TRACE") => LevelFilter::TRACE,
        Ok("DEBUG") => LevelFilter::DEBUG,
        Ok("WARN") => LevelFilter::WARN,
        // Lambda's FATAL is above everything that is logged here.
        Ok("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// Says where it happened. The message may quote the data that it failed on and is left out.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    tracing::error!(location, "panic");
}
