//! What people decide about dead letters: read, try again, settle, approve. No printing; commands and screens share it.
//!
//! A ruling counts for the very letter that was shown: cause, text and amount. If either side changes afterwards, the
//! letter reads otherwise, the ruling no longer counts, and the person is asked again. The engine applies a ruling when
//! it next works the document, which is at once put back for that.

use sha2::{Digest, Sha256};

use serde::{Deserialize, Serialize};

use crate::connector::Change;
use crate::dead_letter::{Cause, DeadLetter};
use crate::journal::{JobEnd, Journal, JournalError, LinkChange, Settlement};
use crate::model::{ConnectionId, DocumentKey, Money, TargetRef, Timestamp};

/// What a person chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// As Procore has it: see [`effect`].
    Procore,
    /// As QuickBooks has it: see [`effect`].
    Quickbooks {
        /// Which of several transactions that came into question.
        target: Option<TargetRef>,
    },
    /// Leave everything as it is until something changes.
    Ignore,
    /// What was held for approval may be posted.
    Approve,
    /// What was held for approval is not posted.
    Reject,
}

impl Choice {
    /// The word for commands, screens and the audit.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Procore => "procore",
            Self::Quickbooks { .. } => "quickbooks",
            Self::Ignore => "ignore",
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// A decision of a person, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// Of the letter that was shown; see [`digest`].
    pub digest: String,
    /// What was chosen.
    pub choice: Choice,
    /// Why, in the person's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Why a ruling was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulingError {
    /// There is no such dead letter.
    #[error("{0} is no dead letter; `dead-letters list` shows those that there are, with their keys")]
    NoSuchLetter(DocumentKey),
    /// The choice makes no sense for the cause.
    #[error("{document}: `{choice}` does not settle `{cause}`: {instead}")]
    NotForThisCause {
        /// The document.
        document: DocumentKey,
        /// The choice.
        choice: &'static str,
        /// The cause.
        cause: Cause,
        /// What to do instead.
        instead: &'static str,
    },
    /// Several transactions come into question and none was named, or another one was.
    #[error("{document}: name the transaction that is the same document, one of: {candidates}")]
    WhichTarget {
        /// The document.
        document: DocumentKey,
        /// Those that came into question.
        candidates: String,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The digest of what a letter shows.
pub fn digest(letter: &DeadLetter) -> String {
    let mut hasher = Sha256::new();
    let amount = letter.amount.map(|amount| format!("{amount} {}", amount.currency())).unwrap_or_default();
    for part in [letter.cause.as_str(), letter.text.as_str(), amount.as_str()] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    crate::engine::hex(&hasher.finalize()).chars().take(32).collect()
}

/// What a choice does about a cause, in words; none if it does not settle it.
pub fn effect(cause: Cause, choice: &Choice) -> Option<&'static str> {
    match (choice, cause) {
        (Choice::Approve, Cause::AwaitingApproval) => Some("it is posted as shown"),
        (Choice::Reject, Cause::AwaitingApproval) => Some("it is not posted unless it changes"),
        (Choice::Approve | Choice::Reject, _) => None,
        (_, Cause::AwaitingApproval) => None,
        (Choice::Ignore, _) => Some("nothing is written until something changes"),
        (Choice::Procore, Cause::Conflict) => Some("Procore's values are written over those in QuickBooks"),
        (Choice::Procore, Cause::LinkDropped) => Some("it is written again, with the link"),
        (Choice::Procore, Cause::DeletedInQuickbooks | Cause::VoidedInQuickbooks) => {
            Some("it is posted again, as new; QuickBooks may want another number for a void one")
        }
        (Choice::Procore, Cause::DeletedInProcore) => Some("the transaction in QuickBooks is voided"),
        (Choice::Procore, Cause::AmbiguousMatch) => {
            Some("a new transaction is posted; one that carries this document's mark is changed instead")
        }
        (Choice::Procore, Cause::SameInvoice | Cause::DuplicateNumber) => Some("both are right: it is posted"),
        (Choice::Procore, Cause::ClosedPeriod) => Some("a new document is posted on the first open day"),
        (Choice::Quickbooks { .. }, Cause::Conflict | Cause::LinkDropped | Cause::Refused) => {
            Some("QuickBooks stays as it is, and counts as agreed")
        }
        (Choice::Quickbooks { .. }, Cause::DeletedInQuickbooks | Cause::VoidedInQuickbooks) => {
            Some("it stays deleted or void")
        }
        (Choice::Quickbooks { .. }, Cause::DeletedInProcore) => Some("the transaction stays"),
        (Choice::Quickbooks { .. }, Cause::ClosedPeriod | Cause::PaidMoreThanBilled) => {
            Some("the transaction stays as it is")
        }
        (Choice::Quickbooks { .. }, Cause::AmbiguousMatch | Cause::SameInvoice | Cause::DuplicateNumber) => {
            Some("the transaction in QuickBooks is linked as the same document, and stays as it is")
        }
        _ => None,
    }
}

fn name(document: &DocumentKey) -> String {
    format!("ruling/{document}")
}

/// The ruling about a document, whether or not it still counts.
///
/// # Errors
/// If the journal cannot be read.
pub async fn ruling_of(
    journal: &dyn Journal,
    connection: &ConnectionId,
    document: &DocumentKey,
) -> Result<Option<Ruling>, JournalError> {
    let stored = journal.cursor(connection, &name(document)).await?.filter(|text| !text.is_empty());
    stored
        .map(|text| {
            serde_json::from_str(&text)
                .map_err(|error| JournalError::Corrupt { what: "ruling", problem: error.to_string() })
        })
        .transpose()
}

/// The choice that counts for this very letter.
///
/// # Errors
/// If the journal cannot be read.
pub async fn choice_about(
    journal: &dyn Journal,
    connection: &ConnectionId,
    letter: &DeadLetter,
) -> Result<Option<Choice>, JournalError> {
    let ruling = ruling_of(journal, connection, &letter.document).await?;
    Ok(ruling.filter(|ruling| ruling.digest == digest(letter)).map(|ruling| ruling.choice))
}

/// A person at the desk where dead letters are settled.
#[derive(Clone, Copy, Debug)]
pub struct Clerk<'a> {
    /// The journal.
    pub journal: &'a dyn Journal,
    /// Which connection.
    pub connection: &'a ConnectionId,
    /// The time.
    pub now: Timestamp,
}

impl Clerk<'_> {
    /// The open letters, oldest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn letters(&self) -> Result<Vec<DeadLetter>, RulingError> {
        Ok(self.journal.dead_letters(self.connection).await?)
    }

    /// The letter about a document.
    ///
    /// # Errors
    /// [`RulingError::NoSuchLetter`] if there is none.
    pub async fn letter(&self, document: &DocumentKey) -> Result<DeadLetter, RulingError> {
        let letters = self.letters().await?;
        letters
            .into_iter()
            .find(|letter| letter.document == *document)
            .ok_or_else(|| RulingError::NoSuchLetter(document.clone()))
    }

    /// What was held for approval, oldest first; with a limit, only what is below it.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn awaiting_approval(&self, under: Option<Money>) -> Result<Vec<DeadLetter>, RulingError> {
        let mut letters = self.letters().await?;
        letters.retain(|letter| letter.cause == Cause::AwaitingApproval);
        if let Some(limit) = under {
            let is_below =
                |amount: Money| amount.currency() == limit.currency() && amount.absolute().amount() < limit.amount();
            letters.retain(|letter| letter.amount.is_some_and(is_below));
        }
        Ok(letters)
    }

    /// Puts the document back to be worked, as it is now.
    ///
    /// # Errors
    /// [`RulingError::NoSuchLetter`], or if the journal fails.
    pub async fn retry(&self, document: &DocumentKey) -> Result<(), RulingError> {
        self.letter(document).await?;
        self.reopen(document, "a person had it tried again".to_owned()).await
    }

    /// Settles a letter. `reason` is kept in the audit.
    ///
    /// # Errors
    /// If there is no such letter, the choice does not settle its cause, or the journal fails.
    pub async fn resolve(
        &self,
        document: &DocumentKey,
        choice: Choice,
        reason: &str,
    ) -> Result<&'static str, RulingError> {
        let letter = self.letter(document).await?;
        let effect = effect(letter.cause, &choice).ok_or_else(|| RulingError::NotForThisCause {
            document: document.clone(),
            choice: choice.as_str(),
            cause: letter.cause,
            instead: letter.cause.advice(),
        })?;
        let links = matches!(letter.cause, Cause::AmbiguousMatch | Cause::SameInvoice | Cause::DuplicateNumber);
        if let (Choice::Quickbooks { target }, true) = (&choice, links) {
            let named = match target {
                Some(target) => letter.candidates.contains(target),
                None => letter.candidates.len() == 1,
            };
            if !named {
                let candidates: Vec<String> = letter.candidates.iter().map(ToString::to_string).collect();
                let candidates = candidates.join(", ");
                return Err(RulingError::WhichTarget { document: document.clone(), candidates });
            }
        }
        let ruling = Ruling { digest: digest(&letter), choice, reason: reason.to_owned(), at: self.now };
        let text = serde_json::to_string(&ruling)
            .map_err(|error| JournalError::Corrupt { what: "ruling", problem: error.to_string() })?;
        self.journal.set_cursor(self.connection, &name(document), &text).await?;
        let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let audit = format!("a person settled `{}` with `{}`{why}: {effect}", letter.cause, ruling.choice.as_str());
        self.reopen(document, audit).await?;
        Ok(effect)
    }

    async fn reopen(&self, document: &DocumentKey, audit: String) -> Result<(), RulingError> {
        let row = Settlement {
            document: document.clone(),
            token: None,
            end: JobEnd::Untouched,
            closes: None,
            link: LinkChange::Keep,
            audit,
        };
        self.journal.settle(self.connection, &[row], self.now).await?;
        self.journal.intake(self.connection, &[Change::found(document.clone())], self.now).await?;
        Ok(())
    }
}
