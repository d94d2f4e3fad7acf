//! From a row of a table to an element of qbXML.

use rust_decimal::Decimal;

use crate::qbxml::{Amount, Element};

/// Puts a value at its path, in the form that qbXML writes it. Nothing and empty values are left out, as QuickBooks does.
///
/// # Errors
/// What is wrong with the value.
pub(super) fn put(element: &mut Element<'static>, path: &str, value: &str) -> Result<(), String> {
    let value = value.trim_end();
    if value.is_empty() {
        return Ok(());
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = lexical(name, value).ok_or_else(|| format!("{path} is `{value}`, which is no {}", what(name)))?;
    let mut at = element;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            at.children.push(Element::leaf(part.to_owned(), text));
            return Ok(());
        }
        let place = match at.children.iter().position(|child| child.name == part) {
            Some(place) => place,
            None => {
                at.children.push(Element::parent(part.to_owned(), Vec::new()));
                at.children.len() - 1
            }
        };
        let Some(child) = at.children.get_mut(place) else { return Ok(()) };
        at = child;
    }
    Ok(())
}

/// What kind of value an element holds; its name says so throughout qbXML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Amount,
    Date,
    Moment,
    Flag,
}

fn kind_of(name: &str) -> Kind {
    match name {
        "Amount" | "AmountDue" | "CreditAmount" | "OpenAmount" | "TotalAmount" | "Subtotal" | "Balance"
        | "TotalBalance" | "BalanceRemaining" | "CreditRemaining" | "UnusedPayment" => Kind::Amount,
        "TimeCreated" | "TimeModified" => Kind::Moment,
        _ if name.ends_with("Date") => Kind::Date,
        _ if name.starts_with("Is") => Kind::Flag,
        _ => Kind::Text,
    }
}

fn what(name: &str) -> &'static str {
    match kind_of(name) {
        Kind::Amount => "amount with at most two decimals",
        Kind::Date | Kind::Moment => "date",
        Kind::Flag => "yes or no",
        Kind::Text => "text",
    }
}

fn lexical(name: &str, value: &str) -> Option<String> {
    match kind_of(name) {
        Kind::Text => Some(value.to_owned()),
        Kind::Amount => {
            let decimal: Decimal = value.trim().parse().ok()?;
            Some(Amount::try_from(decimal).ok()?.to_string())
        }
        Kind::Date => value.trim().get(..10).map(str::to_owned),
        // `2026-10-31 09:01:02.000`, as ODBC writes a timestamp.
        Kind::Moment => Some(value.trim().replacen(' ', "T", 1).split('.').next()?.to_owned()),
        Kind::Flag => match value.trim().to_ascii_lowercase().as_str() {
            "1" | "-1" | "true" | "t" | "yes" | "y" => Some("true".to_owned()),
            "0" | "false" | "f" | "no" | "n" => Some("false".to_owned()),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, value: &str) -> Result<Element<'static>, String> {
        let mut element = Element::parent("BillRet", Vec::new());
        put(&mut element, path, value).map(|()| element)
    }

    #[test]
    fn values_take_the_form_of_qbxml() {
        for (path, value, form) in [
            ("AmountDue", "81000", "81000.00"),
            ("AmountDue", "12.5000", "12.50"),
            ("Balance", "-0.1", "-0.10"),
            ("TxnDate", "2026-10-31 00:00:00.000", "2026-10-31"),
            ("TimeModified", "2026-10-31 09:01:02.000", "2026-10-31T09:01:02"),
            ("IsActive", "1", "true"),
            ("IsActive", "False", "false"),
            ("RefNumber", "0042", "0042"),
        ] {
            assert_eq!(one(path, value).unwrap().child_text(path), Some(form), "{path} {value}");
        }
    }

    #[test]
    fn a_value_of_another_form_is_named() {
        assert_eq!(
            one("AmountDue", "12.345").unwrap_err(),
            "AmountDue is `12.345`, which is no amount with at most two decimals"
        );
        assert!(one("IsActive", "perhaps").is_err());
        assert!(one("TxnDate", "soon").is_err());
    }

    #[test]
    fn parts_of_one_parent_stand_together() {
        let mut element = Element::parent("BillRet", Vec::new());
        put(&mut element, "VendorRef/ListID", "80000001-1").unwrap();
        put(&mut element, "VendorRef/FullName", "Acme").unwrap();
        put(&mut element, "TermsRef/ListID", "  ").unwrap();
        assert_eq!(element.children.len(), 1, "an empty value makes no element");
        let vendor = element.child("VendorRef").unwrap();
        assert_eq!((vendor.child_text("ListID"), vendor.child_text("FullName")), (Some("80000001-1"), Some("Acme")));
    }
}
