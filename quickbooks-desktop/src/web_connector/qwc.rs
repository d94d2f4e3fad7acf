//! The `.qwc` file by which a person adds the service to the Web Connector.

use crate::qbxml::Guid;

/// What the file says. The password is never in it: the user types it into the Web Connector.
#[derive(Clone, Debug)]
pub struct Qwc {
    /// Shown in the Web Connector; unique on the machine, so a second company file needs another one.
    pub app_name: String,
    /// What it does, under 80 characters.
    pub description: String,
    /// Where the service is: `https://` and a host name; plain http for localhost only.
    pub app_url: String,
    /// A page of the same host that answers a browser.
    pub support_url: String,
    /// The user name that the Web Connector logs in with.
    pub user: String,
    /// One GUID for the program.
    pub owner_id: Guid<'static>,
    /// One GUID for the company file; the Web Connector stores it in the file.
    pub file_id: Guid<'static>,
    /// Minutes between two visits.
    pub every_minutes: u32,
}

/// What the Web Connector would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QwcError {
    /// Not https with a host name (QBWC1010, 1001).
    #[error("{0}: the Web Connector takes https with a host name, or http for localhost; an IP address is refused")]
    Url(String),
    /// The support page is on another host (QBWC1004).
    #[error("the support page must be on the same host as the service")]
    Support,
    /// A field is empty, or too long.
    #[error("{0} is empty or too long")]
    Field(&'static str),
}

/// The text of the file.
///
/// # Errors
/// [`QwcError`] names what the Web Connector would refuse.
pub fn qwc(of: &Qwc) -> Result<String, QwcError> {
    let host = host_of(&of.app_url)?;
    if host_of(&of.support_url)? != host {
        return Err(QwcError::Support);
    }
    for (name, text, max) in
        [("app_name", &of.app_name, 80), ("description", &of.description, 79), ("user", &of.user, 80)]
    {
        if text.trim().is_empty() || text.chars().count() > max {
            return Err(QwcError::Field(name));
        }
    }
    let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
    Ok(format!(
        "<?xml version=\"1.0\"?>\n<QBWCXML>\n  <AppName>{}</AppName>\n  <AppID></AppID>\n  <AppURL>{}</AppURL>\n  \
         <AppDescription>{}</AppDescription>\n  <AppSupport>{}</AppSupport>\n  <UserName>{}</UserName>\n  \
         <OwnerID>{}</OwnerID>\n  <FileID>{}</FileID>\n  <QBType>QBFS</QBType>\n  <Style>Document</Style>\n  \
         <AuthFlags>0xF</AuthFlags>\n  <UnattendedModePref>umpOptional</UnattendedModePref>\n  \
         <PersonalDataPref>pdpNotNeeded</PersonalDataPref>\n  <Notify>false</Notify>\n  <Scheduler>\n    \
         <RunEveryNMinutes>{}</RunEveryNMinutes>\n  </Scheduler>\n</QBWCXML>\n",
        escape(&of.app_name),
        escape(&of.app_url),
        escape(&of.description),
        escape(&of.support_url),
        escape(&of.user),
        of.owner_id.as_str(),
        of.file_id.as_str(),
        of.every_minutes.max(1),
    ))
}

fn host_of(url: &str) -> Result<&str, QwcError> {
    let bad = || QwcError::Url(url.to_owned());
    let (rest, is_plain) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        _ => return Err(bad()),
    };
    let host = rest.split(['/', '?', ':']).next().unwrap_or_default();
    let is_address = host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[');
    let is_named = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')) && !host.is_empty();
    if !is_named || is_address || (is_plain && host != "localhost") { Err(bad()) } else { Ok(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Qwc {
        Qwc {
            app_name: "Procore & QuickBooks".to_owned(),
            description: "Pay apps become bills".to_owned(),
            app_url: "https://sync.example.com/qbwc".to_owned(),
            support_url: "https://sync.example.com/support".to_owned(),
            user: "northgate".to_owned(),
            owner_id: Guid::new("{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}").unwrap(),
            file_id: Guid::new("{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}").unwrap(),
            every_minutes: 15,
        }
    }

    #[test]
    fn the_file_names_service_user_and_company_and_no_password() {
        let text = qwc(&file()).unwrap();
        assert!(text.contains("<AppName>Procore &amp; QuickBooks</AppName>"));
        assert!(text.contains("<FileID>{3B7F5C92-8C1D-4B7A-A0C9-5D2E7F8A6B22}</FileID>"));
        assert!(!text.to_lowercase().contains("password"));
    }

    #[test]
    fn what_the_web_connector_refuses_is_refused_here() {
        for url in ["http://sync.example.com/qbwc", "https://10.0.0.7/qbwc", "ftp://x", "https:///x", "https://[::1]/x"]
        {
            assert!(matches!(qwc(&Qwc { app_url: url.to_owned(), ..file() }), Err(QwcError::Url(_))), "{url}");
        }
        let local = Qwc {
            app_url: "http://localhost:8080/q".to_owned(),
            support_url: "http://localhost/s".to_owned(),
            ..file()
        };
        assert!(qwc(&local).is_ok());
        assert_eq!(
            qwc(&Qwc { support_url: "https://other.example.com/".to_owned(), ..file() }),
            Err(QwcError::Support)
        );
        assert_eq!(qwc(&Qwc { user: " ".to_owned(), ..file() }), Err(QwcError::Field("user")));
    }
}
