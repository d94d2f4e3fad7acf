//! A payment that the source should have.

use serde::{Deserialize, Serialize};

use super::settle::PaymentMethod;
use crate::model::construction::Payment;
use crate::model::{ContractId, Date, DocumentKey, DocumentKind, Money, OwnerInvoiceId, PayAppId, ProjectId};

/// What was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paid {
    /// A pay app of a commitment: a payment issued.
    PayApp(PayAppId),
    /// An owner invoice of a prime contract: a payment received.
    OwnerInvoice {
        /// Its id.
        id: OwnerInvoiceId,
        /// Its number within the contract, by which the source ties the payment to it.
        number: i64,
    },
}

/// A payment that the source should have: cash on one pay app or owner invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFact {
    /// Names the part for ever: the same part has the same origin.
    pub origin: String,
    /// Its project.
    pub project: ProjectId,
    /// The contract that it is recorded on.
    pub contract: ContractId,
    /// What was paid.
    pub paid: Paid,
    /// Number of the invoice that was paid, as its sender numbers it.
    pub invoice_number: Option<String>,
    /// Cash, more than nothing; credits that were used up are not in it.
    pub amount: Money,
    /// Date of the payment.
    pub date: Date,
    /// Check number or reference.
    pub number: Option<String>,
    /// How it was made, where that is known.
    pub method: Option<PaymentMethod>,
}

impl PaymentFact {
    /// The document that was paid.
    pub fn document(&self) -> DocumentKey {
        match &self.paid {
            Paid::PayApp(id) => DocumentKey::within(DocumentKind::PayApp, &self.project, id),
            Paid::OwnerInvoice { id, .. } => DocumentKey::within(DocumentKind::OwnerInvoice, &self.project, id),
        }
    }

    /// The members in which a payment in the source is not this one; empty where it is. What was written is compared
    /// with this, since a source may keep a value otherwise without an error.
    pub fn differences(&self, payment: &Payment) -> Vec<&'static str> {
        let mut differ = Vec::new();
        let mut same = |member, is_same: bool| {
            if !is_same {
                differ.push(member);
            }
        };
        same("origin id", payment.origin.as_deref() == Some(self.origin.as_str()));
        same("contract", payment.contract == self.contract);
        same("amount", payment.amount == self.amount);
        same("date", payment.date == Some(self.date));
        same("check number", filled(payment.number.as_deref()) == filled(self.number.as_deref()));
        match &self.paid {
            Paid::PayApp(id) => same("pay app", payment.pay_app.as_ref() == Some(id)),
            Paid::OwnerInvoice { number, .. } => same("owner invoice", payment.application == Some(*number)),
        }
        differ
    }

    /// Does a payment in the source pay the same document?
    pub fn pays_same(&self, payment: &Payment) -> bool {
        payment.contract == self.contract
            && match &self.paid {
                Paid::PayApp(id) => payment.pay_app.as_ref() == Some(id),
                Paid::OwnerInvoice { number, .. } => payment.pay_app.is_none() && payment.application == Some(*number),
            }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
