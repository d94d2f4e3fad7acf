//! Statuses. Procore adds words without notice and is not consistent about case, so each list is open: an unknown word
//! survives a round trip as it came.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word that this version does not know, kept as it came.
            Other(Box<str>),
        }

        impl $name {
            /// The status in the vendor's words.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                let word = text.trim();
                $(if word.eq_ignore_ascii_case($text) { return Self::$variant; })+
                Self::Other(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

status! {
    /// Status of a commitment, of either kind (work order contracts and purchase order contracts).
    CommitmentStatus {
        /// Being written.
        Draft = "Draft",
        /// Subcontract: out for bid.
        OutForBid = "Out For Bid",
        /// Subcontract: out for signature.
        OutForSignature = "Out For Signature",
        /// Committed.
        Approved = "Approved",
        /// Subcontract: committed and complete.
        Complete = "Complete",
        /// Subcontract: ended early.
        Terminated = "Terminated",
        /// Subcontract: void.
        Void = "Void",
        /// Purchase order: being processed.
        Processing = "Processing",
        /// Purchase order: submitted for approval.
        Submitted = "Submitted",
        /// Purchase order: some goods arrived.
        PartiallyReceived = "Partially Received",
        /// Purchase order: all goods arrived.
        Received = "Received",
        /// Purchase order: committed and closed.
        Closed = "Closed",
    }
}

impl CommitmentStatus {
    /// Is the sum committed, so that it belongs in QuickBooks?
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Approved | Self::Complete | Self::Closed)
    }

    /// Was the commitment taken back?
    pub fn is_void(&self) -> bool {
        matches!(self, Self::Void)
    }
}

status! {
    /// Status of a change order. Only `approved` changes the contract sum.
    ChangeOrderStatus {
        /// Being written.
        Draft = "draft",
        /// Waiting for a decision.
        Pending = "pending",
        /// Work goes on before the price is agreed.
        Proceeding = "proceeding",
        /// Changes the contract sum.
        Approved = "approved",
        /// Turned down.
        Rejected = "rejected",
        /// Taken back.
        Void = "void",
    }
}

status! {
    /// Status of a pay app (subcontractor invoice, requisition).
    PayAppStatus {
        /// Being written.
        Draft = "draft",
        /// With the reviewer.
        UnderReview = "under_review",
        /// Sent back.
        ReviseAndResubmit = "revise_and_resubmit",
        /// Payable.
        Approved = "approved",
        /// Payable, with remarks.
        ApprovedAsNoted = "approved_as_noted",
        /// Waits for the owner.
        PendingOwnerApproval = "pending_owner_approval",
    }
}

impl PayAppStatus {
    /// May it be billed?
    pub fn is_approved(&self) -> bool {
        matches!(self, Self::Approved | Self::ApprovedAsNoted)
    }
}

status! {
    /// Status of an owner invoice (payment application).
    OwnerInvoiceStatus {
        /// Being written.
        Draft = "draft",
        /// With the reviewer.
        UnderReview = "under_review",
        /// Sent back.
        ReviseAndResubmit = "revise_and_resubmit",
        /// Billable to the owner.
        Approved = "approved",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_status_survives_a_round_trip_and_commits_nothing() {
        let status: CommitmentStatus = serde_json::from_str("\"On Hold Legal\"").unwrap();
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"On Hold Legal\"");
        assert!(!status.is_committed());
    }

    #[test]
    fn case_does_not_matter() {
        assert!(PayAppStatus::from("APPROVED").is_approved());
        assert!(CommitmentStatus::from("approved").is_committed());
    }
}
