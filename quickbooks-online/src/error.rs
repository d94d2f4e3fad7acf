//! What can go wrong, and what each of QuickBooks' codes means for a sync.

use std::fmt;

use sync_core::dead_letter::Cause;
use sync_core::http::{ErrorClass, HttpError};
use sync_core::{Advice, ErrorKind};

use crate::fault::{Fault, FaultError};

/// Why there is no usable answer. Texts carry what QuickBooks said, its code, and `intuit_tid`, the id of the request
/// that its support asks for; never a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No answer, or an answer that says nothing about the content: see [`HttpError::class`].
    #[error("{0}")]
    Http(#[from] HttpError),

    /// QuickBooks refused.
    #[error("QuickBooks refused {what}: {fault}{}", tid_text(.request_id))]
    Refused {
        /// What was asked for, e.g. `create bill`.
        what: String,
        /// HTTP status; 200 can carry a fault too.
        status: u16,
        /// Its reasons.
        fault: Fault,
        /// `intuit_tid`.
        request_id: Option<String>,
    },

    /// An answer came, and it is not what is documented. A write may have happened.
    #[error("the answer to {what} cannot be read: {problem}{}", tid_text(.request_id))]
    Unreadable {
        /// What was asked for.
        what: String,
        /// What is wrong, and where.
        problem: String,
        /// `intuit_tid`.
        request_id: Option<String>,
    },

    /// The request cannot be made; nothing was sent.
    #[error("{0}")]
    Invalid(String),
}

fn tid_text(request_id: &Option<String>) -> String {
    request_id.as_ref().map(|id| format!(" (intuit_tid {id})")).unwrap_or_default()
}

impl Error {
    pub(crate) fn unreadable(what: &str, problem: &dyn fmt::Display) -> Self {
        Self::Unreadable { what: what.to_owned(), problem: problem.to_string(), request_id: None }
    }

    /// QuickBooks' reasons, if it gave any.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// The id of the request, to quote to Intuit's support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Http(error) => error.request_id(),
            Self::Refused { request_id, .. } | Self::Unreadable { request_id, .. } => request_id.as_deref(),
            Self::Invalid(_) => None,
        }
    }

    /// What a failed write means.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Http(error) => match error.class() {
                ErrorClass::Uncertain => Verdict::Uncertain,
                // Sent again as it is, it cannot succeed; there is no document to blame.
                ErrorClass::Never => Verdict::Person(Cause::Refused),
                ErrorClass::NeedsPerson => Verdict::Reconnect,
                _ => Verdict::NotNow,
            },
            Self::Refused { fault, .. } => Verdict::of(fault),
            Self::Unreadable { .. } => Verdict::Uncertain,
            Self::Invalid(_) => Verdict::Person(Cause::Refused),
        }
    }
}

/// What a fault means for the write that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The version is no longer the current one: read, decide again.
    Stale,
    /// Nothing happened, and later it may go through.
    NotNow,
    /// Nothing happened, and the company must be connected or subscribed again first.
    Reconnect,
    /// Nothing happened; a person must decide.
    Person(Cause),
    /// It may have happened: look.
    Uncertain,
    /// What was referred to does not exist or is inactive: the document itself, or something that it names.
    Missing,
    /// Nothing happened: the request is malformed, which is a fault of this program.
    Bug,
}

impl Verdict {
    /// The verdict on a fault: that of its gravest error.
    #[must_use]
    pub fn of(fault: &Fault) -> Self {
        let verdicts = || fault.errors.iter().map(Self::on);
        // Whatever else is said: if one error leaves it open whether it happened, it is open.
        verdicts().find(|verdict| *verdict == Self::Uncertain).or_else(|| verdicts().next()).unwrap_or(
            match fault.kind.as_str() {
                "SystemFault" => Self::Uncertain,
                "AUTHENTICATION" | "AuthenticationFault" => Self::Reconnect,
                _ => Self::Person(Cause::Refused),
            },
        )
    }

    fn on(error: &FaultError) -> Self {
        match error.number() {
            // 120: the user who connected lost access; 3100: the app may not; 3200: the token ended.
            120 | 3100 | 3200 | 6190 => Self::Reconnect,
            // Locked, under maintenance, throttled.
            140 | 150 | 3001 => Self::NotNow,
            500 | 1040 | 2010 | 2020 | 2030 | 4000..=4002 => Self::Bug,
            // Duplicate request id; application error.
            600 | 10000 => Self::Uncertain,
            610 | 2500 => Self::Missing,
            5010 => Self::Stale,
            6140 => Self::Person(Cause::DuplicateNumber),
            6200 | 6210 => Self::Person(Cause::ClosedPeriod),
            6240 => Self::Person(Cause::NameTaken),
            6430 => Self::Person(Cause::MissingAccount),
            _ => Self::Person(Cause::Refused),
        }
    }

    /// The cause of a refusal for something missing that a document names: told by the words of QuickBooks only.
    #[must_use]
    pub fn cause_of_missing(fault: &Fault) -> Cause {
        let names_account = |error: &FaultError| {
            let text = error.detail.to_ascii_lowercase();
            // The general text lists every kind of entry and so says nothing about which.
            text.contains("account") && !text.contains("accounts, customers")
        };
        if fault.errors.iter().any(names_account) { Cause::MissingAccount } else { Cause::Refused }
    }
}

impl From<Error> for sync_core::Error {
    fn from(error: Error) -> Self {
        let (kind, advice) = match &error {
            Error::Http(HttpError::RetriesUsedUp { last, .. }) => (of_http(last), Some(Advice::RetriesUsedUp)),
            Error::Http(http) => (of_http(http), None),
            Error::Refused { fault, .. } => match Verdict::of(fault) {
                Verdict::NotNow if fault.has(3001) => (ErrorKind::Throttled, None),
                Verdict::NotNow | Verdict::Uncertain | Verdict::Stale => (ErrorKind::Unavailable, None),
                Verdict::Reconnect => (ErrorKind::NotAuthorised, None),
                Verdict::Missing => (ErrorKind::NotFound, None),
                Verdict::Bug => (ErrorKind::Internal, None),
                Verdict::Person(_) => (ErrorKind::Refused, Some(Advice::NeedsPerson)),
            },
            Error::Unreadable { .. } => (ErrorKind::Unreadable, None),
            Error::Invalid(_) => (ErrorKind::Internal, None),
        };
        let mut result = Self::new(kind, error.to_string());
        if let Some(advice) = advice {
            result = result.with_advice(advice);
        }
        result.with_source(error)
    }
}

fn of_http(error: &HttpError) -> ErrorKind {
    match error {
        HttpError::TokenStore(error) if error.is_transient() => ErrorKind::Unavailable,
        HttpError::TokenStore(_) | HttpError::InvalidRequest { .. } => ErrorKind::Configuration,
        HttpError::Decode { .. } | HttpError::BodyTooLarge | HttpError::TokenAnswer { .. } => ErrorKind::Unreadable,
        _ => match error.class() {
            ErrorClass::Throttled { .. } => ErrorKind::Throttled,
            ErrorClass::NeedsPerson | ErrorClass::TokenExpired => ErrorKind::NotAuthorised,
            ErrorClass::Never => ErrorKind::Refused,
            _ => ErrorKind::Unavailable,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: &str, detail: &str) -> Fault {
        let error = FaultError { code: code.into(), detail: detail.into(), ..FaultError::default() };
        Fault { errors: vec![error], kind: "ValidationFault".into() }
    }

    #[test]
    fn each_code_has_its_verdict() {
        for (code, verdict) in [
            ("120", Verdict::Reconnect),
            ("150", Verdict::NotNow),
            ("003001", Verdict::NotNow),
            ("003200", Verdict::Reconnect),
            ("600", Verdict::Uncertain),
            ("610", Verdict::Missing),
            ("2010", Verdict::Bug),
            ("2500", Verdict::Missing),
            ("5010", Verdict::Stale),
            ("5030", Verdict::Person(Cause::Refused)),
            ("6000", Verdict::Person(Cause::Refused)),
            ("6140", Verdict::Person(Cause::DuplicateNumber)),
            ("6200", Verdict::Person(Cause::ClosedPeriod)),
            ("6210", Verdict::Person(Cause::ClosedPeriod)),
            ("6240", Verdict::Person(Cause::NameTaken)),
            ("10000", Verdict::Uncertain),
            ("987654", Verdict::Person(Cause::Refused)),
            ("", Verdict::Person(Cause::Refused)),
        ] {
            assert_eq!(Verdict::of(&fault(code, "")), verdict, "code {code}");
        }
        let system = Fault { errors: vec![], kind: "SystemFault".into() };
        assert_eq!(Verdict::of(&system), Verdict::Uncertain);
    }

    #[test]
    fn an_open_question_among_several_errors_wins() {
        let mut both = fault("6000", "");
        both.errors.extend(fault("10000", "").errors);
        assert_eq!(Verdict::of(&both), Verdict::Uncertain);
    }

    #[test]
    fn only_a_text_about_accounts_means_an_account() {
        let cause = |detail| Verdict::cause_of_missing(&fault("2500", detail));
        assert_eq!(cause("Invalid Reference Id : Accounts element id 999 not found"), Cause::MissingAccount);
        assert_eq!(cause("Invalid Reference Id : Names element id 999 not found"), Cause::Refused);
        let general = "Something you're trying to use has been made inactive. Check the fields with accounts, customers, items, vendors or employees.";
        assert_eq!(cause(general), Cause::Refused);
    }

    #[test]
    fn texts_say_what_to_quote() {
        let error = Error::Refused {
            what: "create bill".into(),
            status: 400,
            fault: fault("6140", "Duplicate Document Number Error"),
            request_id: Some("1-abc".into()),
        };
        let text = "QuickBooks refused create bill: Duplicate Document Number Error (code 6140) (intuit_tid 1-abc)";
        assert_eq!(error.to_string(), text);
        let core = sync_core::Error::from(error);
        assert_eq!((core.kind(), core.advice()), (ErrorKind::Refused, Advice::NeedsPerson));
    }
}
