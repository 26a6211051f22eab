//! The share of a CPU that Lambda gives a function of some memory size, by a cgroup.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// The memory at which Lambda gives a whole CPU, in MB.
const WHOLE_CPU_MB: u64 = 1_769;
/// Lambda's scheduling period, in microseconds.
const PERIOD_US: u64 = 20_000;

/// A cgroup whose processes get the share of a memory size.
///
/// It is for one process: the next one in it would begin with what this one has left of the
/// period. It is removed when this is dropped, by which time the process has ended.
#[derive(Debug)]
pub(crate) struct Quota {
    group: PathBuf,
}

impl Quota {
    /// Makes one.
    ///
    /// # Errors
    /// Where cgroups cannot be made: without the right to, or without the controller.
    pub(crate) fn new(memory_mb: u64) -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let quota = PERIOD_US * memory_mb / WHOLE_CPU_MB;
        let name = format!("cfn-cognito-idp-bench-{}-{number}", std::process::id());
        let first = Path::new("/sys/fs/cgroup/cpu");
        if first.join("cpu.cfs_quota_us").exists() {
            let quota_group = Self::make(first.join(name))?;
            quota_group.set("cpu.cfs_period_us", PERIOD_US.to_string())?;
            quota_group.set("cpu.cfs_quota_us", quota.to_string())?;
            return Ok(quota_group);
        }
        let quota_group = Self::make(Path::new("/sys/fs/cgroup").join(name))?;
        quota_group.set("cpu.max", format!("{quota} {PERIOD_US}"))?;
        Ok(quota_group)
    }

    /// Holds a process to it from now on.
    ///
    /// # Errors
    /// When the process has ended.
    pub(crate) fn hold(&self, process: u32) -> io::Result<()> {
        self.set("cgroup.procs", process.to_string())
    }

    fn make(group: PathBuf) -> io::Result<Self> {
        fs::create_dir(&group)?;
        Ok(Self { group })
    }

    fn set(&self, file: &str, value: String) -> io::Result<()> {
        fs::write(self.group.join(file), value)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group that is left behind is empty and does nothing.
        let _ = fs::remove_dir(&self.group);
    }
}
