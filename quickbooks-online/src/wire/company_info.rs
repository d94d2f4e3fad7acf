//! The company.

use super::NameValue;

entity! {
    /// The company's name and edition. Its `Id` is not the realm.
    CompanyInfo {
        /// Name.
        company_name: String = "CompanyName",
        /// Name for legal papers.
        legal_name: String = "LegalName",
        /// Country, with two or three letters.
        country: String = "Country",
        /// More about the company, e.g. `OfferingSku` = `QuickBooks Online Plus`.
        name_value: Vec<NameValue> = "NameValue",
    }
}

impl CompanyInfo {
    /// The edition, e.g. `QuickBooks Online Plus`.
    #[must_use]
    pub fn edition(&self) -> Option<&str> {
        let pairs = self.name_value.as_deref().unwrap_or_default();
        pairs.iter().find(|pair| pair.name.as_deref() == Some("OfferingSku")).and_then(|pair| pair.value.as_deref())
    }
}
