//! Amounts and markers.

use sync_core::connector::Marker;
use sync_core::model::{Amount, Currency, Money};

/// Amounts: what is read is exact, and reads the same after it was written.
pub fn amount(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = serde_json::from_str::<Amount>(text);
    let Ok(amount) = Amount::parse(text) else { return };
    let written = serde_json::to_string(&amount).expect("an amount can be written");
    let again: Amount = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(amount, again, "an amount changed on its way");
    if let Ok(money) = Money::new(amount.0, Currency::USD) {
        let again = Amount::parse(&money.to_string()).map(|amount| Money::new(amount.0, Currency::USD));
        assert_eq!(again, Ok(Ok(money)), "money changed on its way");
        let _ = (money.plus(money), money.minus(money), money.negated(), money.absolute());
    }
}

/// Markers in notes that people edited: what is found is found again where it is written.
pub fn marker(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let found = Marker::find(text);
    let (taken, rest) = Marker::take_from(text);
    assert_eq!(found, taken, "two ways to the same marker");
    assert!(rest.len() <= text.len(), "a note grew");
    if let Some(marker) = found {
        let written = format!("a note [{marker}], ok");
        assert_eq!(Marker::find(&written), Some(marker), "a marker is lost: {written}");
    }
}
