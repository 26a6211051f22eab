//! What is compared: which function, over which wire, at which speed.

use std::{fmt, io};

use crate::quota::Quota;

/// Between what and over what it was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wire {
    /// The function over plain HTTP.
    Plain,
    /// The function over TLS.
    Tls,
    /// The empty function, which talks to nobody.
    Empty,
}

impl Wire {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain HTTP",
            Self::Tls => "TLS",
            Self::Empty => "empty function",
        }
    }
}

/// How much of a CPU there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Speed {
    /// All of it.
    Full,
    /// From the first poll on, the share of so many MB.
    Share(u64),
}

impl Speed {
    /// What holds a process to it.
    pub(crate) fn quota(self) -> io::Result<Option<Quota>> {
        match self {
            Self::Full => Ok(None),
            Self::Share(memory_mb) => Quota::new(memory_mb).map(Some),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.pad("full"),
            Self::Share(memory) => f.pad(&format!("{memory} MB")),
        }
    }
}

/// One of the things that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub wire: Wire,
    pub speed: Speed,
}
