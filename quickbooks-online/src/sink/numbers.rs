//! Companies that let QuickBooks number their documents: then no number is sent, since one that is sent and one that
//! QuickBooks gives later may be the same. The marker says which document a transaction stands for, not its number.
//!
//! Source: `SalesFormsPrefs.CustomTxnNumbers` and `VendorAndPurchasesPrefs.UseCustomTxnNumbers` of
//! <https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/preferences>. Bills have the number
//! of their vendor and are never numbered by QuickBooks.

use sync_core::model::accounting::AccountingDocument;

use crate::wire::Preferences;

/// What QuickBooks numbers by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnNumbers {
    /// Estimates, invoices and credit memos.
    sales: bool,
    /// Purchase orders and vendor credits.
    purchases: bool,
}

impl OwnNumbers {
    /// As the company has set it; what is not said is off.
    pub(crate) fn of(preferences: &Preferences) -> Self {
        let sales = preferences.sales_forms.as_ref().and_then(|forms| forms.custom_txn_numbers) == Some(false);
        let named = preferences.other.iter().flat_map(|other| other.name_value.iter().flatten());
        let is_off = |name: &Option<String>, value: &Option<String>| {
            name.as_deref() == Some("VendorAndPurchasesPrefs.UseCustomTxnNumbers") && value.as_deref() == Some("false")
        };
        let purchases = named.into_iter().any(|pair| is_off(&pair.name, &pair.value));
        Self { sales, purchases }
    }

    /// Takes the number off a document that QuickBooks will number.
    pub(super) fn fit(self, document: &mut AccountingDocument) {
        match document {
            AccountingDocument::Estimate(d) | AccountingDocument::Invoice(d) | AccountingDocument::CreditMemo(d)
                if self.sales =>
            {
                d.number = None
            }
            AccountingDocument::PurchaseOrder(d) | AccountingDocument::VendorCredit(d) if self.purchases => {
                d.number = None
            }
            _ => {}
        }
    }
}
