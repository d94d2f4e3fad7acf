//! What QuickBooks says when it could not work a message set at all, or could not be reached.

/// What an error of the connection to QuickBooks means for what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HresultAdvice {
    /// The message set was refused as it stands: nothing of it was worked. The same text fails again.
    Refused,
    /// Nothing was worked; it may go at a later visit.
    Later,
    /// Nothing was worked, and a person must act first.
    Person,
    /// QuickBooks went away while working: ask what became of it before anything is sent again.
    Unknown,
}

/// The code of such an error, such as `0x80040400`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hresult(pub u32);

impl Hresult {
    /// Reads the text that the Web Connector passes on.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.trim();
        let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
        u32::from_str_radix(digits, 16).ok().map(Self)
    }

    /// What it means, and what a person can do about it.
    ///
    /// A code that is not documented counts as unknown: something may have been worked.
    pub fn meaning(self) -> (HresultAdvice, &'static str) {
        use HresultAdvice::{Later, Person, Refused, Unknown};
        match self.0 {
            0x8004_0400 => (Refused, "QuickBooks could not read the request; please report this"),
            0x8004_0423 => {
                (Refused, "this version of QuickBooks does not know the request's qbXML version; update QuickBooks")
            }
            0x8004_0403 => (Person, "the company file cannot be opened; open it in QuickBooks and look for a message"),
            0x8004_0409 => (Person, "the company file needs another version of QuickBooks"),
            0x8004_0418 | 0x8004_041A | 0x8004_0420 => {
                (Person, "the QuickBooks administrator must allow this program in Preferences, Integrated Applications")
            }
            0x8004_041D => (
                Person,
                "allow the automatic login in Preferences, Integrated Applications, or keep the company file open",
            ),
            0x8004_041E | 0x8004_042C => (Person, "the certificate of the program has expired or was revoked"),
            0x8004_041F => (Person, "this edition of QuickBooks cannot be used by other programs"),
            0x8004_0427 | 0x8004_0154 => (Person, "QuickBooks is not installed or registered on this machine"),
            0x8004_042A => (Person, "remote access is not allowed; run the Web Connector beside QuickBooks"),
            0x8004_0408 => (
                Later,
                "QuickBooks could not be started; another company file may be open, or another Windows user owns it",
            ),
            0x8004_040A => (Later, "another company file is open in QuickBooks; open the right one"),
            0x8004_0410 => (Later, "the company file is open in the other user mode"),
            0x8004_0414 => (Later, "a window of QuickBooks waits for an answer; close it"),
            0x8004_0416 => (Later, "QuickBooks is not running; open it with the company file"),
            0x8004_041B | 0x8004_0422 => {
                (Later, "QuickBooks needs single-user mode, or somebody has the company file locked")
            }
            0x8004_0424 => (Later, "QuickBooks is still starting"),
            0x8004_040D => (Later, "the session with QuickBooks has ended"),
            _ => (Unknown, "QuickBooks went away while it worked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_codes_promise_that_nothing_was_worked() {
        let advice = |text: &str| Hresult::read(text).map(|code| code.meaning().0);
        assert_eq!(advice("0x80040400"), Some(HresultAdvice::Refused));
        assert_eq!(advice("80040414"), Some(HresultAdvice::Later));
        assert_eq!(advice("0x80040402"), Some(HresultAdvice::Unknown));
        assert_eq!(advice("0x80010105"), Some(HresultAdvice::Unknown));
        assert_eq!(advice("no code"), None);
    }
}
