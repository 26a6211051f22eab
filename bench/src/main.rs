//! `make bench`: the function beside an empty one, started in turn, over plain HTTP and over TLS,
//! at full speed and with the CPU shares of small functions.

#![expect(clippy::print_stdout, reason = "a report for a terminal")]

mod case;
mod plot;
mod quota;
mod report;
mod run;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use case::{Case, Speed, Wire};
use report::{Goal, Report, Sizes};
use run::{World, run};

/// The memory sizes whose CPU shares are tried, in MB.
const MEMORY_MB: [u64; 4] = [128, 256, 512, 1_024];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [function, empty, rounds, outputs @ ..] = arguments.as_slice() else {
        println!("usage: bench FUNCTION EMPTY ROUNDS [results.json] [plot.svg]");
        return ExitCode::from(2);
    };
    match bench(Path::new(function), Path::new(empty), rounds, outputs).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all goals were met.
async fn bench(
    function: &Path,
    empty: &Path,
    rounds: &str,
    outputs: &[String],
) -> Result<bool, Box<dyn Error>> {
    let rounds: usize = rounds.parse()?;
    let mut speeds = vec![Speed::Full];
    for speed in MEMORY_MB.map(Speed::Share) {
        match speed.quota() {
            Ok(_) => speeds.push(speed),
            Err(error) => println!("no CPU share of {speed} here: {error}"),
        }
    }
    let plain = World::plain().await;
    let tls = World::tls().await;
    let mut report = Report::new(Sizes::of(function)?);
    for round in 0..=rounds {
        for speed in speeds.iter().copied() {
            let samples = [
                (Wire::Plain, run(function, &plain, speed, true).await?),
                (Wire::Tls, run(function, &tls, speed, true).await?),
                (Wire::Empty, run(empty, &plain, speed, false).await?),
            ];
            // The first round reads the executables from the disk.
            for (wire, sample) in samples.into_iter().filter(|_| round > 0) {
                report.add(Case { wire, speed }, sample);
            }
        }
    }
    println!("{report}");
    for output in outputs.iter().map(PathBuf::from) {
        let text = match output.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => plot::draw(&report)?,
            _ => report.json().to_string(),
        };
        fs::write(&output, text)?;
        println!("written: {}", output.display());
    }
    Ok(report.goals().iter().all(Goal::is_met))
}
