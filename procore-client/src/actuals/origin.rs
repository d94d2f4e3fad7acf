//! The origin ids of payments: which bill of which bill payment of which company a payment in Procore is.

use std::borrow::Cow;

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::auth::QUERY;

const BEGIN: &str = "qbo:";
const KIND: &str = ":billpayment:";

/// The origin id of a payment: `qbo:{realm}:billpayment:{id}:{bill id}`. Unique in a Procore company, as Procore asks
/// for, since a bill payment pays a bill once.
pub fn payment_origin(realm: &str, bill_payment: &str, bill: &str) -> String {
    let part = |text| utf8_percent_encode(text, QUERY);
    format!("{BEGIN}{}{KIND}{}:{}", part(realm), part(bill_payment), part(bill))
}

/// What an origin id of ours says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentOrigin<'a> {
    /// The QuickBooks company.
    pub realm: Cow<'a, str>,
    /// The bill payment.
    pub bill_payment: Cow<'a, str>,
    /// The bill.
    pub bill: Cow<'a, str>,
}

impl<'a> PaymentOrigin<'a> {
    /// Reads an origin id; none for one that [`payment_origin`] did not make.
    pub fn parse(origin_id: &'a str) -> Option<Self> {
        let (realm, rest) = origin_id.strip_prefix(BEGIN)?.split_once(KIND)?;
        let (bill_payment, bill) = rest.split_once(':')?;
        let part = |text: &'a str| percent_decode_str(text).decode_utf8().ok().filter(|text| !text.is_empty());
        let parsed = Self { realm: part(realm)?, bill_payment: part(bill_payment)?, bill: part(bill)? };
        (payment_origin(&parsed.realm, &parsed.bill_payment, &parsed.bill) == origin_id).then_some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_id_is_read_as_it_was_made() {
        assert_eq!(payment_origin("9341", "7781", "145"), "qbo:9341:billpayment:7781:145");
        for parts in [["9341", "7781", "145"], ["a:b", "1%3A", "ü"], ["1:billpayment:2", "3", "4"]] {
            let made = payment_origin(parts[0], parts[1], parts[2]);
            let read = PaymentOrigin::parse(&made).unwrap();
            assert_eq!([&*read.realm, &*read.bill_payment, &*read.bill], parts, "{made}");
        }
    }

    #[test]
    fn what_others_made_is_not_ours() {
        for other in [
            "",
            "qbo:",
            "QBO:9341:billpayment:7781:145",
            "qbo:9341:billpayment:7781",
            "qbo:9341:billpayment::145",
            "qbo:9341:bill:7781:145",
            "qbo:9341:billpayment:7781:145:6",
            "8000A1-1770000000",
        ] {
            assert_eq!(PaymentOrigin::parse(other), None, "{other}");
        }
    }
}
