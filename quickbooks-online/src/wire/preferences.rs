//! The company's settings.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Reference;

entity! {
    /// The company's settings, as far as a sync needs them.
    Preferences {
        /// Accounting.
        accounting: AccountingPreferences = "AccountingInfoPrefs",
        /// Sales forms.
        sales_forms: SalesFormsPreferences = "SalesFormsPrefs",
        /// Currency.
        currency: CurrencyPreferences = "CurrencyPrefs",
        /// What has no place of its own.
        other: OtherPreferences = "OtherPrefs",
    }
}

/// Settings of accounting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountingPreferences {
    /// The last day of the closed period.
    #[serde(
        rename = "BookCloseDate",
        default,
        deserialize_with = "super::lenient_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub book_close_date: Option<NaiveDate>,
    /// The accounts payable account that the company prefers.
    #[serde(rename = "DefaultAPAccount", skip_serializing_if = "Option::is_none")]
    pub default_ap_account: Option<Reference>,
    /// Are classes given line by line? The documentation calls it `ClassTrackingPerLine`; this is the name on the wire.
    #[serde(rename = "ClassTrackingPerTxnLine", skip_serializing_if = "Option::is_none")]
    pub class_tracking_per_line: Option<bool>,
}

wire! {
    /// Settings of sales forms.
    SalesFormsPreferences {
        /// Do people number sales documents? If not, QuickBooks does.
        custom_txn_numbers: bool = "CustomTxnNumbers",
    }
}

wire! {
    /// Settings of currency.
    CurrencyPreferences {
        /// Can documents be in other currencies?
        multi_currency_enabled: bool = "MultiCurrencyEnabled",
        /// The company's currency.
        home_currency: Reference = "HomeCurrency",
    }
}

wire! {
    /// Settings that have no place of their own; all values are texts.
    OtherPreferences {
        /// Names and values.
        name_value: Vec<NameValue> = "NameValue",
    }
}

wire! {
    /// A name and its value.
    NameValue {
        /// Name.
        name: String = "Name",
        /// Value.
        value: String = "Value",
    }
}
