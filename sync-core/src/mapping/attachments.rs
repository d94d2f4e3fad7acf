//! `[attachments]` in `sync.toml`: which files are copied from Procore to QuickBooks.

use toml::de::DeValue;

use super::settings::{Place, choose, unknown};

/// A whole request to QuickBooks may have 100 MB
/// (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/attachable>).
const MOST_MB: u32 = 90;

/// Which files are copied. None, unless `sync.toml` says otherwise:
///
/// ```toml
/// [attachments]
/// pay_app = "pdf"     # the PDF files of a pay app are attached to its bill
/// max_mb = 20         # a larger one becomes a dead letter
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachments {
    /// `pay_app = "none" | "pdf"`: are the PDF files of a pay app attached to its bill?
    pub pay_app: bool,
    /// `max_mb`: the largest file, in megabytes (1024 × 1024 bytes).
    pub max_mb: u32,
}

impl Default for Attachments {
    fn default() -> Self {
        Self { pay_app: false, max_mb: 20 }
    }
}

impl Attachments {
    /// The largest file in bytes.
    pub fn max_bytes(&self) -> usize {
        usize::try_from(self.max_mb).unwrap_or(usize::MAX).saturating_mul(1024 * 1024)
    }
}

pub(super) fn entry(key: &str, value: &DeValue<'_>, slot: &mut Attachments, place: &mut Place<'_, '_>) {
    match key {
        "pay_app" => choose(value, &[("none", false), ("pdf", true)], &mut slot.pay_app, place),
        "max_mb" => {
            let number =
                value.as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
            match number.filter(|number| (1..=MOST_MB).contains(number)) {
                Some(number) => slot.max_mb = number,
                None => place.fault("the value is no size", format!("write a whole number from 1 to {MOST_MB}")),
            }
        }
        _ => unknown(key, &["pay_app", "max_mb"], "setting", place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Policies;
    use crate::mapping::fault::Collector;

    fn read(text: &str) -> (Attachments, Vec<String>) {
        let mut faults = Vec::new();
        let policies = Policies::read(text, &mut Collector { file: "sync.toml", faults: &mut faults });
        (policies.attachments, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn nothing_is_copied_unless_it_is_said() {
        assert_eq!(read("[policy]\n"), (Attachments { pay_app: false, max_mb: 20 }, Vec::new()));
        let (set, faults) = read("[attachments]\npay_app = \"pdf\"\nmax_mb = 5\n");
        assert_eq!((set.pay_app, set.max_bytes(), faults), (true, 5 * 1024 * 1024, Vec::new()));
    }

    #[test]
    fn what_cannot_be_is_a_fault_with_its_line() {
        let (set, faults) = read("[attachments]\npay_app = \"all\"\nmax_mb = 200\nmax_mbs = 1\n");
        assert_eq!(set, Attachments::default());
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.contains("did you mean max_mb")), "{faults:?}");
    }
}
