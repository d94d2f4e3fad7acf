//! What a payment is called: in keys, and in the origin ids of the source.

use std::borrow::Cow;

use crate::model::{DocumentKey, DocumentKind, TargetId, TargetKind, TargetRef};

/// A payment of the accounting system, or the part of it that settled one document.
///
/// As a key `payment/billpayment:702` and `payment/billpayment:702:640`; as an origin id of the source
/// `qbo:9341:billpayment:702:640`, where `qbo:9341` names the company. It is unique in the source, since a payment
/// settles a document once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaymentKey {
    /// The payment: a bill payment, or a payment of a customer.
    pub payment: TargetRef,
    /// The document that the part settled; none for the payment as a whole.
    pub paid: Option<TargetId>,
}

const WORDS: [(TargetKind, &str); 2] = [(TargetKind::BillPayment, "billpayment"), (TargetKind::Payment, "payment")];

impl PaymentKey {
    /// Is it a payment that settles documents?
    pub fn is_payment(target: &TargetRef) -> bool {
        WORDS.iter().any(|(kind, _)| *kind == target.kind)
    }

    /// A payment as a whole: something about it may have changed.
    pub fn whole(payment: &TargetRef) -> Self {
        Self { payment: payment.clone(), paid: None }
    }

    /// The part of a payment that settled a document.
    pub fn part(payment: &TargetRef, paid: &TargetId) -> Self {
        Self { payment: payment.clone(), paid: Some(paid.clone()) }
    }

    /// The key of the document in the journal.
    pub fn document(&self) -> DocumentKey {
        DocumentKey::new(DocumentKind::Payment, self.text())
    }

    /// Reads a key; none for one that [`document`](Self::document) did not make.
    pub fn parse(document: &DocumentKey) -> Option<Self> {
        (document.kind == DocumentKind::Payment).then(|| Self::read(&document.id)).flatten()
    }

    /// The origin id of a part in the source.
    pub fn origin(&self, company: &str) -> String {
        format!("{company}:{}", self.text())
    }

    /// Reads an origin id of a company; none for one that [`origin`](Self::origin) did not make for it.
    pub fn of_origin(company: &str, origin: &str) -> Option<Self> {
        Self::read(origin.strip_prefix(company)?.strip_prefix(':')?).filter(|key| key.paid.is_some())
    }

    /// The document that the part settled: a bill, or an invoice.
    pub fn settled(&self) -> Option<TargetRef> {
        let kind = if self.payment.kind == TargetKind::Payment { TargetKind::Invoice } else { TargetKind::Bill };
        Some(TargetRef { kind, id: self.paid.clone()? })
    }

    fn text(&self) -> String {
        let word = WORDS.iter().find(|(kind, _)| *kind == self.payment.kind).map_or("", |(_, word)| word);
        let mut text = format!("{word}:{}", escaped(self.payment.id.as_str()));
        if let Some(paid) = &self.paid {
            text.push(':');
            text.push_str(&escaped(paid.as_str()));
        }
        text
    }

    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(':');
        let word = words.next()?;
        let (kind, _) = WORDS.iter().find(|(_, known)| *known == word)?;
        let id = unescaped(words.next()?)?;
        let paid = words.next().map(unescaped);
        let key = Self {
            payment: TargetRef { kind: *kind, id: id.into() },
            paid: match paid {
                Some(paid) => Some(paid?.into()),
                None => None,
            },
        };
        (words.next().is_none() && key.text() == text).then_some(key)
    }
}

/// Does an origin id have the form that this sync gives to payments, of whatever company?
pub fn is_payment_origin(origin: &str) -> bool {
    WORDS.iter().any(|(_, word)| {
        origin.find(&format!(":{word}:")).is_some_and(|at| {
            let (company, rest) = origin.split_at(at);
            !company.is_empty() && PaymentKey::read(rest.trim_start_matches(':')).is_some_and(|key| key.paid.is_some())
        })
    })
}

/// Ids are plain everywhere so far; one with a colon must not look like two.
fn escaped(id: &str) -> Cow<'_, str> {
    if id.contains([':', '%']) { Cow::Owned(id.replace('%', "%25").replace(':', "%3A")) } else { Cow::Borrowed(id) }
}

fn unescaped(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.replace("%3A", ":").replace("%25", "%"))
}
