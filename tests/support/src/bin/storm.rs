//! `make storm`: how stacks with many providers come up under Cognito's published quotas.

#![expect(clippy::print_stdout, reason = "a report for a terminal")]

use std::{path::PathBuf, process::ExitCode};

use cfn_cognito_idp_support::storm::storm;

/// Callers, pools, and how much longer than the least possible the last may take.
const STORMS: [(usize, usize, f64); 4] =
    [(20, 1, 2.0), (60, 1, 1.4), (300, 30, 1.4), (300, 1, 1.25)];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(binary) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: storm EXECUTABLE");
        return ExitCode::from(2);
    };
    let mut met = true;
    println!("providers  pools  created  last      least     ratio  goal   calls each");
    for (callers, pools, goal) in STORMS {
        let report = storm(&binary, callers, pools).await;
        println!(
            "{callers:9}  {pools:5}  {:7}  {:6.1} s  {:6.1} s  {:5.2}  {goal:5.2}  {:10.1}",
            report.created,
            report.last.as_secs_f64(),
            report.least.as_secs_f64(),
            report.ratio(),
            report.calls,
        );
        met &= report.created == callers && report.succeeded == callers;
        met &= report.ratio() <= goal && report.calls <= 5.0;
    }
    if met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
