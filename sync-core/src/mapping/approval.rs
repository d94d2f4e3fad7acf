//! `[approval]` in `sync.toml`: what is held until a person says yes, by kind and amount.

use rust_decimal::Decimal;

use crate::model::TargetKind;
use crate::model::accounting::AccountingDocument;

/// Kinds of documents that can be held.
pub(super) const KINDS: [TargetKind; 8] = [
    TargetKind::Customer,
    TargetKind::Vendor,
    TargetKind::PurchaseOrder,
    TargetKind::Estimate,
    TargetKind::Bill,
    TargetKind::VendorCredit,
    TargetKind::Invoice,
    TargetKind::CreditMemo,
];

/// What is held of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    #[default]
    None,
    /// Documents of this amount or more, whatever their sign.
    From(Decimal),
    /// Everything.
    All,
}

/// What is held until a person approves it. Nothing, unless `sync.toml` says otherwise:
///
/// ```toml
/// [approval]
/// bill = "10000.00"     # this amount and more
/// vendor = "all"
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Approval([Hold; KINDS.len()]);

impl Approval {
    /// What is held of a kind.
    pub fn of(&self, kind: TargetKind) -> Hold {
        let place = KINDS.iter().position(|known| *known == kind);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or_default()
    }

    /// Sets what is held of a kind; a kind that cannot be held stays as it is.
    pub fn set(&mut self, kind: TargetKind, hold: Hold) {
        let place = KINDS.iter().position(|known| *known == kind);
        if let Some(slot) = place.and_then(|place| self.0.get_mut(place)) {
            *slot = hold;
        }
    }

    /// Must a person approve the document before it is written? One whose amount is not known counts as large.
    pub fn holds(&self, document: &AccountingDocument) -> bool {
        match self.of(document.kind()) {
            Hold::None => false,
            Hold::All => true,
            Hold::From(limit) => match document.total() {
                Ok(Some(total)) => total.absolute().amount() >= limit,
                Ok(None) | Err(_) => true,
            },
        }
    }
}

/// Reads a value: `none`, `all`, or an amount.
pub(super) fn hold(text: &str) -> Option<Hold> {
    match text {
        "none" => Some(Hold::None),
        "all" => Some(Hold::All),
        amount => amount.parse().ok().filter(|limit: &Decimal| !limit.is_sign_negative()).map(Hold::From),
    }
}
