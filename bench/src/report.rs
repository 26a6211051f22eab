//! What the samples come to: medians, ratios to the empty function, and the goals.

use std::{collections::BTreeMap, fmt, fs, io, path::Path, time::Duration};

use flate2::{Compression, write::DeflateEncoder};
use serde_json::{Value, json};

use crate::{
    case::{Case, Speed, Wire},
    run::{Sample, median},
};

/// Bytes of the executable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub executable: usize,
    pub zipped: usize,
}

impl Sizes {
    pub(crate) fn of(executable: &Path) -> io::Result<Self> {
        let bytes = fs::read(executable)?;
        // As in a zip, but for a hundred bytes of names.
        let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
        io::Write::write_all(&mut zip, &bytes)?;
        Ok(Self {
            executable: bytes.len(),
            zipped: zip.finish()?.len(),
        })
    }
}

/// A number that there is a limit for.
#[derive(Debug)]
pub(crate) struct Goal {
    what: &'static str,
    value: f64,
    most: f64,
    unit: &'static str,
}

impl Goal {
    pub(crate) fn is_met(&self) -> bool {
        self.value <= self.most
    }
}

/// All samples.
#[derive(Debug)]
pub(crate) struct Report {
    sizes: Sizes,
    samples: BTreeMap<Case, Vec<Sample>>,
}

impl Report {
    pub(crate) const fn new(sizes: Sizes) -> Self {
        Self {
            sizes,
            samples: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, case: Case, sample: Sample) {
        self.samples.entry(case).or_default().push(sample);
    }

    /// The medians of a case, if it was measured.
    pub(crate) fn medians(&self, wire: Wire, speed: Speed) -> Option<Sample> {
        let samples = self.samples.get(&Case { wire, speed })?;
        let of = |value: fn(&Sample) -> Duration| median(samples.iter().map(value).collect());
        Some(Sample {
            first_poll: of(|sample| sample.first_poll),
            first_response: of(|sample| sample.first_response),
            cpu: of(|sample| sample.cpu),
            warm: of(|sample| sample.warm),
            peak_kib: median(samples.iter().map(|sample| sample.peak_kib).collect()),
        })
    }

    /// The speeds that were measured.
    pub(crate) fn speeds(&self) -> Vec<Speed> {
        let cases = self.samples.keys().filter(|case| case.wire == Wire::Tls);
        cases.map(|case| case.speed).collect()
    }

    pub(crate) fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        let mut add = |what, value, most, unit| {
            goals.push(Goal {
                what,
                value,
                most,
                unit,
            });
        };
        let full = |wire| self.medians(wire, Speed::Full);
        if let (Some(ours), Some(empty)) = (full(Wire::Plain), full(Wire::Empty)) {
            let times = |ours: Duration, empty: Duration| ours.as_secs_f64() / empty.as_secs_f64();
            add(
                "first poll",
                times(ours.first_poll, empty.first_poll),
                1.75,
                "×",
            );
            add(
                "first response",
                times(ours.first_response, empty.first_response),
                2.5,
                "×",
            );
            add("warm event", milliseconds(ours.warm), 2.0, "ms");
            add(
                "peak memory",
                ratio(ours.peak_kib, empty.peak_kib),
                3.5,
                "×",
            );
        }
        add("zip", megabytes(self.sizes.zipped), 4.0, "MB");
        if let Some(ours) = self.medians(Wire::Tls, Speed::Share(128)) {
            let answer = milliseconds(ours.first_response);
            add("first response over TLS, 128 MB", answer, 80.0, "ms");
        }
        goals
    }

    pub(crate) fn json(&self) -> Value {
        let cases = self.samples.iter().filter_map(|(case, samples)| {
            let medians = self.medians(case.wire, case.speed)?;
            Some(json!({
                "wire": case.wire.name(),
                "speed": case.speed.to_string(),
                "runs": samples.len(),
                "first_poll_ms": milliseconds(medians.first_poll),
                "first_response_ms": milliseconds(medians.first_response),
                "cpu_ms": milliseconds(medians.cpu),
                "warm_ms": milliseconds(medians.warm),
                "peak_kib": medians.peak_kib,
            }))
        });
        let goals = self.goals();
        let goals = goals.iter().map(|goal| {
            json!({
                "what": goal.what, "value": goal.value, "most": goal.most, "unit": goal.unit,
                "met": goal.is_met(),
            })
        });
        json!({
            "executable_bytes": self.sizes.executable,
            "zip_bytes": self.sizes.zipped,
            "medians": cases.collect::<Value>(),
            "goals": goals.collect::<Value>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Medians, in ms; in brackets the ratio to the empty function at that speed."
        )?;
        writeln!(
            f,
            "{:15} {:8} {:>5} {:>15} {:>17} {:>14} {:>6} {:>15}",
            "", "CPU", "runs", "first poll", "first response", "CPU time", "warm", "peak, MiB"
        )?;
        for (case, samples) in &self.samples {
            let empty = self.medians(Wire::Empty, case.speed);
            let (Some(of), Some(empty)) = (self.medians(case.wire, case.speed), empty) else {
                continue;
            };
            let time = |ours: Duration, empty: Duration| {
                let ratio = ours.as_secs_f64() / empty.as_secs_f64();
                format!("{:.2} ({ratio:.2})", milliseconds(ours))
            };
            writeln!(
                f,
                "{:15} {:8} {:>5} {:>15} {:>17} {:>14} {:>6.2} {:>15}",
                case.wire.name(),
                case.speed,
                samples.len(),
                time(of.first_poll, empty.first_poll),
                time(of.first_response, empty.first_response),
                time(of.cpu, empty.cpu),
                milliseconds(of.warm),
                format!(
                    "{:.1} ({:.2})",
                    ratio(of.peak_kib, 1_024),
                    ratio(of.peak_kib, empty.peak_kib)
                ),
            )?;
        }
        writeln!(
            f,
            "executable {:.2} MB, zipped {:.2} MB",
            megabytes(self.sizes.executable),
            megabytes(self.sizes.zipped)
        )?;
        writeln!(
            f,
            "Goals, over plain HTTP at full speed where they do not say otherwise:"
        )?;
        for goal in self.goals() {
            let Goal {
                what,
                value,
                most,
                unit,
            } = &goal;
            let met = if goal.is_met() { "met" } else { "MISSED" };
            writeln!(f, "{what} at most {most} {unit}: {value:.2} {unit}, {met}")?;
        }
        Ok(())
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "sizes fit into 52 bits")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

#[expect(clippy::cast_precision_loss, reason = "sizes fit into 52 bits")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
