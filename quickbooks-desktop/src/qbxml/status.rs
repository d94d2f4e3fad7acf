//! What an answer says about its request, and what to do now.
//!
//! Codes and their meaning: Intuit's "Status codes in response messages"
//! (<https://developer.intuit.com/app/developer/qbdesktop/docs/develop/exploring-the-quickbooks-desktop-sdk/status-codes-in-response-messages>).
//! The transport succeeds even when every request in it failed, and the severity alone is not enough: only the code of
//! each response counts.

use std::fmt;

/// How serious QuickBooks calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// `Info`.
    Info,
    /// `Warn`.
    Warn,
    /// `Error`.
    Error,
    /// Another word.
    Other,
}

impl Severity {
    pub(crate) fn from_text(text: &str) -> Self {
        match text {
            "Info" => Self::Info,
            "Warn" => Self::Warn,
            "Error" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// `statusCode`, `statusSeverity` and `statusMessage` of one response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The code; 0 is success.
    pub code: u32,
    /// How serious QuickBooks calls it.
    pub severity: Severity,
    /// The text for people. It decides in two cases, see [`Status::advice`].
    pub message: String,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Done, nothing to add.
    Done,
    /// Done, but something was left out or is deprecated: show the message.
    DoneWithWarning,
    /// A query that matched nothing, or named objects that do not exist: those are absent. Not an error.
    NotFound,
    /// Read the object again, decide again, send with the new `EditSequence`.
    ReadAgain,
    /// Somebody has the object or the list open: the same request again, later.
    Retry,
    /// Not processed because an earlier request of the set failed: settle that one, then send this one again.
    RetryAfterEarlier,
    /// A right, a subscription, a feature or a setting is missing in QuickBooks, or the period is closed.
    NeedsPerson,
    /// The same request fails again, whatever the time: correct the mapping or the document first.
    NeverRetry,
    /// The fate of an earlier message set is unknown: follow the recovery handshake before anything else.
    Recover,
}

impl Status {
    /// What to do now. A code that is not documented is for a person, never for a blind retry.
    pub fn advice(&self) -> Advice {
        match self.code {
            0 => Advice::Done,
            1 | 500 => Advice::NotFound,
            600 => Advice::Recover,
            501..=599 => Advice::DoneWithWarning,
            1000 | 1010 | 3175 | 3176 => Advice::Retry,
            3231 => Advice::RetryAfterEarlier,
            3200 => Advice::ReadAgain,
            // Two collections of causes: whether it was a lock stands in the message only.
            3170 | 3180 if self.speaks_of_a_lock() => Advice::Retry,
            3161 | 3171 => Advice::NeedsPerson,
            3220 | 3250 | 3260..=3264 | 3270 | 3500 => Advice::NeedsPerson,
            1030 | 1060 | 3000..=3199 | 3210 | 3351 | 9100..=9199 => Advice::NeverRetry,
            9001..=9005 => Advice::Recover,
            _ => Advice::NeedsPerson,
        }
    }

    /// Did the request take effect, or the query give its full answer?
    pub fn is_success(&self) -> bool {
        matches!(self.advice(), Advice::Done | Advice::DoneWithWarning | Advice::NotFound)
            && self.severity != Severity::Error
    }

    fn speaks_of_a_lock(&self) -> bool {
        let message = self.message.to_ascii_lowercase();
        ["modified by another user", "could not be locked", "failed to acquire the lock", "is in use", "in use by"]
            .iter()
            .any(|words| message.contains(words))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {}", self.code, self.message)
    }
}

/// The head of one response: `BillQueryRs`, `BillAddRs` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The name of the element, such as `BillQueryRs`.
    pub name: String,
    /// `requestID`, echoed from the request.
    pub request_id: Option<String>,
    /// What QuickBooks says about the request.
    pub status: Status,
    /// How many objects the query matched.
    pub ret_count: Option<u64>,
    /// How many objects the iterator has left.
    pub iterator_remaining: Option<u64>,
    /// The iterator, valid in this session of QuickBooks only.
    pub iterator_id: Option<String>,
}

/// The attributes of the message set that was answered, used by error recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSetHead {
    /// `newMessageSetID`, echoed from the request.
    pub new_message_set_id: Option<String>,
    /// `messageSetStatusCode`, given for recovery operations.
    pub recovery: Option<RecoveryStatus>,
}

/// `messageSetStatusCode`: what QuickBooks knows about a message set that was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecoveryStatus {
    /// 0: fine.
    Fine,
    /// 600: nothing is stored under the old ID. Often another company file is open than the one that was asked.
    UnknownId,
    /// 9001: the ID is known, but with other content. Send the stored bytes, unchanged.
    ContentChanged,
    /// 9002: the answer was not stored. This does not prove that nothing happened: look the records up by their keys.
    NoStoredAnswer,
    /// 9004: the ID is longer than 24 characters.
    IdTooLong,
    /// 9005: QuickBooks could not store the answer.
    CouldNotStore,
    /// Another code.
    Other(u32),
}

impl RecoveryStatus {
    /// From the code.
    pub fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Fine,
            600 => Self::UnknownId,
            9001 => Self::ContentChanged,
            9002 => Self::NoStoredAnswer,
            9004 => Self::IdTooLong,
            9005 => Self::CouldNotStore,
            other => Self::Other(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u32, severity: Severity, message: &str) -> Status {
        Status { code, severity, message: message.to_owned() }
    }

    #[test]
    fn given_documented_codes_when_asked_then_the_advice_is_the_documented_one() {
        for (code, advice) in [
            (0, Advice::Done),
            (1, Advice::NotFound),
            (500, Advice::NotFound),
            (530, Advice::DoneWithWarning),
            (570, Advice::DoneWithWarning),
            (600, Advice::Recover),
            (1000, Advice::Retry),
            (3000, Advice::NeverRetry),
            (3100, Advice::NeverRetry),
            (3120, Advice::NeverRetry),
            (3140, Advice::NeverRetry),
            (3161, Advice::NeedsPerson),
            (3170, Advice::NeverRetry),
            (3171, Advice::NeedsPerson),
            (3175, Advice::Retry),
            (3176, Advice::Retry),
            (3200, Advice::ReadAgain),
            (3210, Advice::NeverRetry),
            (3231, Advice::RetryAfterEarlier),
            (3261, Advice::NeedsPerson),
            (9002, Advice::Recover),
            (4711, Advice::NeedsPerson),
        ] {
            assert_eq!(status(code, Severity::Error, "").advice(), advice, "{code}");
        }
    }

    #[test]
    fn given_a_collective_code_when_the_message_names_a_lock_then_it_is_retried() {
        let locked =
            status(3180, Severity::Error, "There was an error when saving a Bill. The list could not be locked.");
        let closed = status(3180, Severity::Error, "There was an error when saving a Bill. The transaction is empty.");
        assert_eq!((locked.advice(), closed.advice()), (Advice::Retry, Advice::NeverRetry));
    }

    #[test]
    fn given_an_error_code_with_severity_info_when_asked_then_it_is_no_success() {
        assert!(!status(3210, Severity::Info, "").is_success());
        assert!(!status(0, Severity::Error, "").is_success());
        assert!(status(1, Severity::Info, "").is_success());
    }
}
