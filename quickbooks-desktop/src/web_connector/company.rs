//! Which company file a session is for, and whether it is the one that is open.

use crate::qbxml::objects::{Company, Host, Preferences, Record};
use crate::qbxml::{Answer, Answers, Guid, QbXmlVersion};

use super::password::Password;

/// A company file that the service works with.
#[derive(Clone, Debug)]
pub struct CompanyFile {
    /// The user name by which the Web Connector names it.
    pub user: String,
    /// The password of that user.
    pub password: Password,
    /// The `OwnerID` of the `.qwc` file, under which the Web Connector stores the file's own GUID.
    pub owner_id: Guid<'static>,
    /// The `FileID` of the `.qwc` file: what makes a company file the right one.
    pub file_id: Guid<'static>,
    /// The path to be opened; empty for the file that is open.
    pub path: String,
}

/// What is open, as QuickBooks told it.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// What is running.
    pub host: Option<Host>,
    /// Which company.
    pub company: Option<Company>,
    /// How it is set up.
    pub preferences: Option<Preferences>,
}

/// Is it the right file?
pub(super) enum Verdict {
    Right(QbXmlVersion),
    /// The company does not say which file it is: ask for it.
    Ask,
    Wrong(String),
}

impl Opened {
    /// Reads the answers about host, company and preferences; what cannot be read is left out.
    pub fn read(text: &str) -> Self {
        let mut opened = Self::default();
        for part in Answers::from_text(text).untyped().filter_map(Result::ok) {
            let Answer::Record(record) = part else { continue };
            match &*record.name {
                "HostRet" => opened.host = Host::read(&record).ok(),
                "CompanyRet" => opened.company = Company::read(&record).ok(),
                "PreferencesRet" => opened.preferences = Preferences::read(&record).ok(),
                _ => {}
            }
        }
        opened
    }

    /// Takes what a later answer says.
    pub(super) fn add(&mut self, later: Self) {
        self.host = later.host.or(self.host.take());
        self.company = later.company.or(self.company.take());
        self.preferences = later.preferences.or(self.preferences.take());
    }

    pub(super) fn judge(&self, file: &CompanyFile, open_path: &str) -> Verdict {
        let Some(host) = &self.host else { return Verdict::Ask };
        let version = match host.version() {
            Ok(version) => version,
            Err(newest) => {
                return Verdict::Wrong(format!(
                    "This QuickBooks knows qbXML up to {newest}; 13.0 (QuickBooks 2014) is needed. Update QuickBooks."
                ));
            }
        };
        let Some(company) = &self.company else { return Verdict::Ask };
        let name = company.name.as_deref().unwrap_or("without a name");
        let is_path = file.path.is_empty() || open_path.is_empty() || open_path.eq_ignore_ascii_case(&file.path);
        if !is_path {
            return Verdict::Wrong(format!(
                "QuickBooks has \"{name}\" open ({open_path}), and this connection is for {}. Open that file and update again.",
                file.path
            ));
        }
        match company.custom("FileID") {
            Some(id) if id.eq_ignore_ascii_case(file.file_id.as_str()) => Verdict::Right(version),
            Some(_) => Verdict::Wrong(format!(
                "QuickBooks has \"{name}\" open, which belongs to another connection. Open the company file that this \
                 connection was set up with and update again; nothing was sent."
            )),
            None => Verdict::Ask,
        }
    }
}
