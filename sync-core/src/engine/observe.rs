//! What the engine tells while it works: steps, for those who want to stop it at one, and progress, for people.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::model::DocumentKind;

/// The points between which a crash can fall. What was durable before the step is durable after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// A part of a snapshot was read and taken in.
    PartTakenIn,
    /// Jobs were leased.
    Claimed,
    /// The documents of the jobs were read.
    Fetched,
    /// Jobs that need no write were ended.
    Settled,
    /// Writes were stored, not yet sent.
    IntentStored,
    /// Writes were sent, their outcome is not yet stored.
    Sent,
    /// The outcomes of writes were stored.
    OutcomeStored,
    /// Writes of unknown outcome were looked for.
    ReadBack,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 8] = [
        Self::PartTakenIn,
        Self::Claimed,
        Self::Fetched,
        Self::Settled,
        Self::IntentStored,
        Self::Sent,
        Self::OutcomeStored,
        Self::ReadBack,
    ];

    /// The name of the step, e.g. `intent_stored`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PartTakenIn => "part_taken_in",
            Self::Claimed => "claimed",
            Self::Fetched => "fetched",
            Self::Settled => "settled",
            Self::IntentStored => "intent_stored",
            Self::Sent => "sent",
            Self::OutcomeStored => "outcome_stored",
            Self::ReadBack => "read_back",
        }
    }
}

/// The text is no step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a step of the engine")]
pub struct UnknownStep(String);

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|step| step.as_str() == text).ok_or_else(|| UnknownStep(text.to_owned()))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Hears what the engine does.
#[async_trait]
pub trait Observer: Send + Sync + fmt::Debug {
    /// A step was reached.
    async fn step(&self, _step: Step) {}

    /// Documents of a kind were worked to an end.
    fn finished(&self, _kind: DocumentKind, _count: usize) {}

    /// Documents of a kind were taken in.
    fn taken_in(&self, _kind: DocumentKind, _count: usize) {}
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
