//! The three shapes in which QuickBooks Online refuses.
//!
//! Codes and wording: <https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes>.

use chrono::{DateTime, Utc};

use super::clock;
use crate::json::{Json, object};

/// One entry of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError {
    /// The number of the error, as text: `"5010"`.
    pub code: &'static str,
    /// What kind of error it is.
    pub message: String,
    /// What exactly is wrong.
    pub detail: String,
    /// The field, where QuickBooks names it.
    pub element: String,
}

/// A refusal: what the vendor answers instead of the entity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("QuickBooks refuses with {}: {}", .error.code, .error.detail)]
pub struct Fault {
    /// HTTP status of an answer that consists of this fault.
    pub status: u16,
    /// `ValidationFault`, `SystemFault`, ...
    pub kind: &'static str,
    /// The entry.
    pub error: FaultError,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: &str, detail: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind: "ValidationFault",
            error: FaultError { code, message: message.to_owned(), detail: detail.into(), element: String::new() },
        }
    }

    pub(super) fn on(mut self, element: impl Into<String>) -> Self {
        self.error.element = element.into();
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// An unknown key, or an enumeration text that is none of the documented ones.
    pub(super) fn property(name: &str, why: &str) -> Self {
        Self::new(
            "2010",
            "Request has invalid or unsupported property",
            format!("Property Name:{why} : {name} is unsupported or invalid"),
        )
        .on(name)
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new(
            "2020",
            "Required param missing, need to supply the required value for the API",
            format!("Required parameter {name} is missing in the request"),
        )
        .on(name)
    }

    pub(super) fn bad_id(supplied: &str) -> Self {
        Self::new("2030", "Invalid ID", format!("Id should be a valid number. Supplied value:{supplied}"))
    }

    pub(super) fn characters(name: &str) -> Self {
        Self::new("2040", "Invalid String", format!("Element contains invalid characters: {name}")).on(name)
    }

    pub(super) fn length(name: &str, max: usize, supplied: usize) -> Self {
        let detail = format!(
            "String length is either shorter or longer than supported by specification. Min:0 Max:{max} supplied:{supplied}"
        );
        Self::new("2050", "String length is either shorter or longer than supported by specification", detail).on(name)
    }

    pub(super) fn not_found() -> Self {
        let detail = "Object Not Found : Something you're trying to use has been made inactive. \
                      Check the fields with accounts, customers, items, vendors or employees.";
        Self::new("610", "Object Not Found", detail)
    }

    pub(super) fn deleted() -> Self {
        Self::new("610", "Object Not Found", "Object Not Found : Another user has deleted this transaction.")
    }

    pub(super) fn reference(field: &str, id: &str) -> Self {
        let detail = format!("Invalid Reference Id : {field} element id {id} not found");
        Self::new("2500", "Invalid Reference Id", detail).on(field)
    }

    pub(super) fn inactive(field: &str) -> Self {
        let detail = "Invalid Reference Id : Something you're trying to use has been made inactive. \
                      Check the fields with accounts, customers, items, vendors or employees.";
        Self::new("2500", "Invalid Reference Id", detail).on(field)
    }

    pub(super) fn stale(entity: &str) -> Self {
        let detail = format!(
            "Stale Object Error : You and another user were working on this at the same time. \
             Another user finished before you did, so your work was not saved. Entity={entity}"
        );
        Self::new("5010", "Stale Object Error", detail)
    }

    pub(super) fn business(detail: impl std::fmt::Display) -> Self {
        let message = "A business validation error has occurred while processing your request";
        Self::new("6000", message, format!("Business Validation Error: {detail}"))
    }

    pub(super) fn account_type(field: &str, wanted: &str) -> Self {
        let detail = format!("Invalid account type : {field} must be an account of type {wanted}.");
        Self::new("6430", "Invalid account type used", detail).on(field)
    }

    pub(super) fn unsupported(operation: &str) -> Self {
        Self::new("500", "Unsupported Operation", format!("Operation {operation} is not supported."))
    }

    pub(super) fn unlinkable(id: &str, why: &str) -> Self {
        Self::new("620", "Txn ID Cannot Be Linked", format!("Transaction {id} can't be linked: {why}"))
    }

    pub(super) fn dependencies(detail: &str) -> Self {
        Self::new(
            "800",
            "Cannot delete object",
            format!("The object can't be deleted due to existing dependencies: {detail}"),
        )
    }

    /// `{"type":…,"Error":[…]}`, as it stands under `Fault`.
    pub(super) fn body(&self) -> Json {
        let error = object([
            ("Message", self.error.message.as_str().into()),
            ("Detail", self.error.detail.as_str().into()),
            ("code", self.error.code.into()),
            ("element", self.error.element.as_str().into()),
        ]);
        object([("Error", vec![error].into()), ("type", self.kind.into())])
    }

    /// The whole answer of the accounting service: capital `Fault`, `time` with an offset.
    pub(super) fn answer(&self, now: DateTime<Utc>) -> Json {
        object([("Fault", self.body()), ("time", clock::millis(now).into())])
    }
}

/// A refusal by the gateway in front of the accounting service: lower-case keys, `time` in epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gateway {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) detail: &'static str,
}

impl Gateway {
    pub(super) const UNAUTHENTICATED: Self = Self {
        status: 401,
        kind: "AUTHENTICATION",
        code: "3200",
        name: "AuthenticationFailed",
        detail: "Token expired, revoked or missing: AuthenticationFailed",
    };
    pub(super) const FORBIDDEN: Self = Self {
        status: 403,
        kind: "AUTHORIZATION",
        code: "3100",
        name: "ApplicationAuthorizationFailed",
        detail: "The application is not authorized for this company",
    };
    pub(super) const THROTTLED: Self = Self {
        status: 429,
        kind: "SERVICE",
        code: "3001",
        name: "ThrottleExceeded",
        detail: "The request limit was reached. Please try again later.",
    };

    fn message(self) -> String {
        format!("message={}; errorCode=00{}; statusCode={}", self.name, self.code, self.status)
    }

    pub(super) fn answer(self, now: DateTime<Utc>) -> Json {
        let error = object([
            ("message", self.message().into()),
            ("detail", self.detail.into()),
            ("code", self.code.into()),
            ("element", Json::Null),
        ]);
        object([
            ("warnings", Json::Null),
            ("intuitObject", Json::Null),
            ("fault", object([("error", vec![error].into()), ("type", self.kind.into())])),
            ("report", Json::Null),
            ("queryResponse", Json::Null),
            ("batchItemResponse", Vec::new().into()),
            ("attachableResponse", Vec::new().into()),
            ("syncErrorResponse", Json::Null),
            ("requestId", Json::Null),
            ("time", now.timestamp_millis().into()),
            ("status", Json::Null),
            ("cdcresponse", Vec::new().into()),
        ])
    }

    /// The same as the accounting service would say it; the shape of the answer to a caller that did not ask for JSON.
    pub(super) fn as_fault(self) -> Fault {
        let mut fault = Fault::new(self.code, &self.message(), self.detail).status(self.status);
        fault.kind = self.kind;
        fault
    }
}
