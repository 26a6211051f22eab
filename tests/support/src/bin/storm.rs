//! `make storm`: how stacks with many providers come up, change and roll back under Cognito's
//! published quotas.

#![expect(clippy::print_stdout, reason = "a report for a terminal")]

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cfn_cognito_idp_support::storm::{
    Kind,
    rollback::{AT_ONCE, Change, Mistake, rollback},
    storm,
};

/// What is asked for, callers, pools, how much longer than the least possible the last may take, and
/// how many calls each may make in the mean.
const STORMS: [(Kind, usize, usize, f64, f64); 5] = [
    (Kind::Create, 20, 1, 2.0, 5.0),
    (Kind::Create, 60, 1, 1.4, 5.0),
    (Kind::Create, 300, 30, 1.4, 5.0),
    (Kind::Create, 300, 1, 1.25, 5.0),
    (Kind::Update, 60, 1, 2.0, 5.0),
];

/// What an Update that is rolled back changes, who finds its mistake, and how many providers it has.
const ROLLBACKS: [(Change, Mistake, usize); 4] = [
    (Change::InPlace, Mistake::Property, 60),
    (Change::InPlace, Mistake::Detail, 60),
    (Change::Name, Mistake::Property, 20),
    (Change::Name, Mistake::Detail, 20),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(binary) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: storm EXECUTABLE");
        return ExitCode::from(2);
    };
    let storms = storms(&binary).await;
    println!();
    let rollbacks = rollbacks(&binary).await;
    if storms && rollbacks {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn storms(binary: &Path) -> bool {
    let mut met = true;
    println!("request  providers  pools  done  last      least     ratio  goal   calls each");
    for (kind, callers, pools, goal, calls) in STORMS {
        let report = storm(binary, kind, callers, pools).await;
        println!(
            "{kind:7?}  {callers:9}  {pools:5}  {:4}  {:6.1} s  {:6.1} s  {:5.2}  {goal:5.2}  {:10.1}",
            report.done,
            report.last.as_secs_f64(),
            report.least.as_secs_f64(),
            report.ratio(),
            report.calls,
            kind = kind,
        );
        met &= report.done == callers && report.succeeded == callers;
        met &= report.ratio() <= goal && report.calls <= calls;
    }
    met
}

async fn rollbacks(binary: &Path) -> bool {
    let mut met = true;
    println!(
        "change   one mistake  providers  applied  rolled back  restored  left behind  unanswered  last"
    );
    for (change, mistake, resources) in ROLLBACKS {
        let report = rollback(binary, change, mistake, resources).await;
        println!(
            "{:7}  {:11}  {resources:9}  {:7}  {:11}  {:8}  {:11}  {:10}  {:6.1} s",
            format!("{change:?}"),
            format!("{mistake:?}"),
            report.applied,
            report.rolled_back,
            report.restored,
            report.left_behind,
            report.unanswered,
            report.last.as_secs_f64(),
        );
        met &= report.rolled_back == resources && report.restored == resources;
        met &= report.left_behind <= AT_ONCE && report.unanswered == 0;
    }
    met
}
