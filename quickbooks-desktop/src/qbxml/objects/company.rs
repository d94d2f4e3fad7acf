//! What is running, which company is open, and how it is set up.

use super::record;
use crate::qbxml::common::{DataExt, ObjectRef};
use crate::qbxml::envelope::QbXmlVersion;
use crate::qbxml::value::{Guid, QbDate};

record! {
    /// What is running: `HostRet`.
    Host {
        product_name: Option<String> = "ProductName" "R";
        major_version: Option<String> = "MajorVersion" "R";
        minor_version: Option<String> = "MinorVersion" "R";
        country: Option<String> = "Country" "R";
        supported_versions: Vec<String> = "SupportedQBXMLVersion" "R";
        is_automatic_login: Option<bool> = "IsAutomaticLogin" "R";
        file_mode: Option<String> = "QBFileMode" "R";
    }
}

impl Host {
    /// The version to declare: the newest that this library and the running QuickBooks both know.
    ///
    /// # Errors
    /// The newest that QuickBooks knows, if it is older than 13.0: a person must update QuickBooks.
    pub fn version(&self) -> Result<QbXmlVersion, QbXmlVersion> {
        negotiate(self.supported_versions.iter().filter_map(|text| text.parse().ok()))
    }
}

/// The newest version between 13.0 and 16.0 among those that QuickBooks knows.
///
/// # Errors
/// The newest of them, if all are older than 13.0.
pub fn negotiate(known: impl Iterator<Item = QbXmlVersion>) -> Result<QbXmlVersion, QbXmlVersion> {
    let newest = known.max().unwrap_or(QbXmlVersion::new(0, 0));
    if newest < QbXmlVersion::V13_0 { Err(newest) } else { Ok(newest.min(QbXmlVersion::V16_0)) }
}

record! {
    /// A part of [`Company`] that tells of an accountant's copy.
    AccountantCopy {
        exists: Option<bool> = "AccountantCopyExists" "R";
        dividing_date: Option<QbDate> = "DividingDate" "R";
    }
}

record! {
    /// The company file that is open: `CompanyRet`.
    Company {
        is_sample: Option<bool> = "IsSampleCompany" "R";
        name: Option<String> = "CompanyName" "R";
        legal_name: Option<String> = "LegalCompanyName" "R";
        accountant_copy: Option<Box<AccountantCopy>> = "AccountantCopy" "R";
    }
}

impl Company {
    /// The value of a custom field of the company, such as the `FileID` that the Web Connector stores in it.
    pub fn custom(&self, name: &str) -> Option<&str> {
        let fields = self.extra.iter().filter(|element| element.name == "DataExtRet");
        fields
            .filter(|field| field.child_text("DataExtName") == Some(name))
            .find_map(|field| field.child_text("DataExtValue"))
    }

    /// Its custom fields.
    pub fn custom_fields(&self) -> impl Iterator<Item = DataExt<'_>> {
        self.extra.iter().filter(|element| element.name == "DataExtRet").filter_map(|field| {
            Some(DataExt {
                owner_id: field.child_text("OwnerID").and_then(|id| Guid::new(id).ok()),
                name: field.child_text("DataExtName")?.into(),
                value_type: field.child_text("DataExtType").map(Into::into),
                value: field.child_text("DataExtValue")?.into(),
            })
        })
    }
}

record! {
    /// How the company keeps its books.
    AccountingPreferences {
        is_using_account_numbers: Option<bool> = "IsUsingAccountNumbers" "R";
        is_using_class_tracking: Option<bool> = "IsUsingClassTracking" "R";
        closing_date: Option<QbDate> = "ClosingDate" "R";
    }
}

record! {
    /// Which currencies it uses.
    CurrencyPreferences {
        is_multi_currency_on: Option<bool> = "IsMultiCurrencyOn" "R";
        home_currency: Option<ObjectRef<'static>> = "HomeCurrencyRef" "R";
    }
}

record! {
    /// How it estimates.
    EstimatePreferences {
        is_using_estimates: Option<bool> = "IsUsingEstimates" "R";
        is_using_progress_invoicing: Option<bool> = "IsUsingProgressInvoicing" "R";
    }
}

record! {
    /// What this program may do.
    AccessRights {
        is_automatic_login_allowed: Option<bool> = "IsAutomaticLoginAllowed" "R";
        automatic_login_user: Option<String> = "AutomaticLoginUserName" "R";
        is_personal_data_access_allowed: Option<bool> = "IsPersonalDataAccessAllowed" "R";
    }
}

record! {
    /// Preferences of the company: `PreferencesRet`. They can be read, never set.
    Preferences {
        accounting: Option<Box<AccountingPreferences>> = "AccountingPreferences" "R";
        estimates: Option<Box<EstimatePreferences>> = "JobsAndEstimatesPreferences" "R";
        currency: Option<Box<CurrencyPreferences>> = "MultiCurrencyPreferences" "R";
        access: Option<Box<AccessRights>> = "CurrentAppAccessRights" "R";
    }
}

impl Preferences {
    /// The last day of the closed period.
    pub fn closing_date(&self) -> Option<QbDate> {
        self.accounting.as_ref().and_then(|accounting| accounting.closing_date)
    }
}
