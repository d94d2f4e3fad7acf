//! What a run tells: events in words, violations, counts.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// What a run has in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// Vendors, commitments and pay apps.
    Subcontractors,
    /// Prime contracts and owner invoices, too.
    Both,
    /// And what was paid goes back to Procore, and vendors are merged.
    #[default]
    Everything,
    /// As `Both`, with QuickBooks Desktop: a company file that a Web Connector visits.
    Desktop,
}

impl Sides {
    pub(crate) fn has_owners(self) -> bool {
        self != Self::Subcontractors
    }

    pub(crate) fn is_desktop(self) -> bool {
        self == Self::Desktop
    }

    pub(crate) fn has_payments(self) -> bool {
        self == Self::Everything
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, by the true time.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub who: String,
    /// The document or transaction concerned.
    pub about: Option<String>,
    /// What.
    pub text: String,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<12} ", self.at.to_rfc3339_opts(SecondsFormat::Millis, true), self.who)?;
        if let Some(about) = &self.about {
            write!(f, "[{about}] ")?;
        }
        f.write_str(&self.text)
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: &'static str,
    /// The document concerned.
    pub about: Option<String>,
    /// What is wrong.
    pub text: String,
}

pub(crate) const ONE: &str = "1 one transaction per document and operation";
pub(crate) const KEPT: &str = "2 nothing that a person wrote is overwritten";
pub(crate) const MONEY: &str = "3 money is conserved";
pub(crate) const IN: &str = "4 changes in = done + pending";
pub(crate) const ALLOWED: &str = "5 only allowed requests";
pub(crate) const MARKS: &str = "6 links = markers";
pub(crate) const PACE: &str = "7 no 429 by our own pace";
pub(crate) const TOKEN: &str = "8 the newest refresh token is stored";
pub(crate) const AGREE: &str = "9 both sides agree after one reconciliation";

/// The invariants, in the order in which they are reported; after them, an error that no fault explains, and a run that
/// does not end.
pub const INVARIANTS: [&str; 11] = [ONE, KEPT, MONEY, IN, ALLOWED, MARKS, PACE, TOKEN, AGREE, "faults", "hang"];

/// What one seed came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// What went wrong on purpose, by kind.
    pub injected: BTreeMap<&'static str, u64>,
    /// Documents in Procore at the end.
    pub documents: u64,
    /// Requests on the wire.
    pub requests: u64,
    /// Runs of the engine.
    pub runs: u64,
    /// A digest of the whole trace.
    pub digest: u64,
    /// The events; all of them, or the last.
    pub events: Vec<Event>,
}

impl Outcome {
    /// The last events of the document of a violation, in words.
    #[must_use]
    pub fn story(&self, violation: &Violation, most: usize) -> Vec<String> {
        let concerns = |event: &&Event| match &violation.about {
            None => true,
            Some(key) => {
                event.about.is_none() && !matches!(event.who.as_str(), "network" | "procore" | "quickbooks" | "vault")
                    || event.about.as_deref().is_some_and(|about| about.split(' ').any(|word| word == key))
            }
        };
        let tell = |event: &Event| match &event.about {
            Some(about) if about.len() > 60 => Event { about: violation.about.clone(), ..event.clone() }.to_string(),
            _ => event.to_string(),
        };
        let mut told: Vec<String> = self.events.iter().rev().filter(concerns).take(most).map(tell).collect();
        told.reverse();
        told
    }
}
