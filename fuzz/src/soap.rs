//! What calls the Web Connector's service: anybody who reaches its address.

use std::sync::Arc;

use quickbooks_desktop::qbxml::Guid;
use quickbooks_desktop::web_connector::{
    Call, CompanyFile, Desk, MemorySetStore, Password, Reply, Service, ServiceConfig,
};

use crate::world::noon;

const GUID: &str = "{D7A4C0B5-2E4B-4E0A-9B2E-6A1F0C3D9E11}";

/// A call: whoever has no ticket learns nothing and is given no work.
pub fn visit(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let call = match Call::read(text) {
        Ok(call) => call,
        Err(error) => return drop(error.to_string()),
    };
    let file = CompanyFile {
        user: "sync".to_owned(),
        password: Password::with_rounds("a password that nobody guesses", b"salt for sixteen", 1),
        owner_id: Guid::new(GUID.to_owned()).expect("a GUID"),
        file_id: Guid::new(GUID.to_owned()).expect("a GUID"),
        path: String::new(),
    };
    let desk = Desk::open("sync", Arc::new(MemorySetStore::default())).expect("nothing is stored");
    let mut service = Service::new(ServiceConfig::default(), vec![(file, desk)]);
    let reply = service.handle(&call, "192.0.2.1", noon(), false);
    if let Reply::Now(answer) = reply {
        let written = answer.write(call.method());
        assert!(!written.contains("QBXMLMsgsRq"), "work was handed out without a ticket");
    }
}
