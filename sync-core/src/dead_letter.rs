//! Dead letters: documents that a person must decide about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{DocumentKey, Money, TargetRef, Timestamp};

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $advice:literal;)+) => {
        /// Why a document needs a person: one word list for files, screens and `--json`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Cause { $($(#[$doc])* $variant,)+ }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The words for people and files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)+ }
            }
        }

        impl FromStr for Cause {
            type Err = UnknownCause;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownCause(text.to_owned())) }
            }
        }
    };
}

causes! {
    /// A line's code finds no row in the mapping.
    MissingCoding = "missing coding", "add a row for the code to coding.csv";
    /// An account that is needed does not exist or is inactive.
    MissingAccount = "missing account", "create the account in QuickBooks, or name another in accounts.csv or coding.csv";
    /// Something like it exists, and it is not clear that it is the same.
    AmbiguousMatch = "ambiguous match", "say which transaction is the same document, or that none is";
    /// Both sides changed a field that Procore owns.
    Conflict = "conflict", "choose Procore's value or QuickBooks' value";
    /// The transaction was deleted by a person.
    DeletedInQuickbooks = "deleted in quickbooks", "post it again, or leave it deleted";
    /// The transaction was voided by a person.
    VoidedInQuickbooks = "voided in quickbooks", "post it again, or leave it void";
    /// The document is gone or void in Procore.
    DeletedInProcore = "deleted in procore", "void the transaction in QuickBooks, or keep it";
    /// The date lies on or before the closing date.
    ClosedPeriod = "closed period", "reopen the period, or post on the first open day";
    /// The change would leave less billed than was paid.
    PaidMoreThanBilled = "paid more than billed", "correct the payment first";
    /// A customer, vendor or employee of that name exists already.
    NameTaken = "name taken", "link it to the existing one, or give another name in the mapping";
    /// The number is used by another transaction of the same vendor.
    DuplicateNumber = "duplicate number", "check whether it is the same invoice; otherwise change the number";
    /// The same invoice seems to have been entered by hand or by another program.
    SameInvoice = "same invoice by another road", "compare both; link them, or confirm that both are right";
    /// QuickBooks did not keep the link to the purchase order.
    LinkDropped = "link dropped", "link the bill to its purchase order in QuickBooks, or accept it unlinked";
    /// The header differs from the lines.
    AmountsDisagree = "amounts disagree", "correct the document in Procore";
    /// Another currency than the company's.
    Currency = "currency", "documents in another currency are not synced";
    /// QuickBooks refused it.
    Refused = "refused", "read what QuickBooks said";
    /// A file of the document could not be copied; the document itself is not concerned.
    FileNotCopied = "file not copied", "put the file right in Procore and try again, or attach it in QuickBooks by hand";
    /// A person must approve it before it posts.
    AwaitingApproval = "awaiting approval", "approve it, or turn it down";
    /// Something that it refers to is not there yet.
    Waiting = "waiting for another document", "settle the document that it waits for";
    /// The source sent something that cannot be read.
    Unreadable = "unreadable", "correct the document in Procore; the text says which value";
}

/// The text is no known cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a cause of dead letters")]
pub struct UnknownCause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A document that a person must decide about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The document.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// Why.
    pub cause: Cause,
    /// What exactly, with names, values and what to do.
    pub text: String,
    /// What is at stake.
    pub amount: Option<Money>,
    /// The transaction concerned, if there is one.
    pub target: Option<TargetRef>,
    /// The other transactions that came into question.
    pub candidates: Vec<TargetRef>,
    /// Since when.
    pub since: Timestamp,
}
