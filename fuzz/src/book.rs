//! Books, and the doubles that open with them.

use std::path::Path;

use bytes::Bytes;
use http::Request;
use sync_sandboxes::book::Book;
use sync_sandboxes::json::Json;
use sync_sandboxes::procore::{Procore, ProcoreConfig};
use sync_sandboxes::quickbooks::{QuickBooks, QuickBooksConfig};
use tempfile::TempDir;

use crate::tables::scratch;
use crate::world::noon;

/// The files of a book, in the order of the first byte of an input: `0` is the first.
pub const FILES: [&str; 12] = [
    "book.toml",
    "procore/projects.json",
    "procore/vendors.json",
    "procore/work_order_contracts.json",
    "procore/requisitions.json",
    "procore/commitment_change_orders.json",
    "procore/change_order_packages.json",
    "quickbooks/Vendor.json",
    "quickbooks/PurchaseOrder.json",
    "quickbooks/Bill.json",
    "quickbooks/Preferences.json",
    "quickbooks/Account.json",
];

thread_local! {
    static DIR: TempDir = {
        let dir = scratch();
        for side in ["procore", "quickbooks"] {
            std::fs::create_dir(dir.path().join(side)).expect("a directory");
        }
        dir
    };
}

/// One file of a book. Input: a byte from `0` on that names the file (see [`FILES`]), its content.
pub fn book(data: &[u8]) {
    let Some((digit, content)) = data.split_first() else { return };
    let Some(name) = FILES.get(usize::from(digit.wrapping_sub(b'0'))) else { return };
    if let Ok(json) = Json::parse(content) {
        let written = json.to_string();
        assert_eq!(Json::parse(written.as_bytes()).ok(), Some(json), "a value changed on its way");
    }
    DIR.with(|dir| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).expect("a file");
        match Book::load(dir.path()) {
            Ok(book) => open(&book, name),
            Err(error) => assert!(error.to_string().contains(file_name(name)), "an error without its file: {error}"),
        }
        std::fs::remove_file(&path).expect("the file goes");
    });
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}

/// Both doubles open with the book, and show the records of the file.
fn open(book: &Book, name: &str) {
    let mut procore = Procore::from_book(book, ProcoreConfig::default());
    let mut quickbooks = QuickBooks::from_book(book, QuickBooksConfig::default());
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let (company, realm) = (&book.facts.procore_company_id, &book.facts.realm_id);
    let (access, _) = procore.grant(noon());
    let path = format!("/rest/v1.0/{stem}?company_id={company}&project_id=1");
    let request = Request::get(path)
        .header("Authorization", format!("Bearer {access}"))
        .header("Procore-Company-Id", company)
        .body(Bytes::new());
    let _ = request.map(|request| procore.answer(noon(), request));
    let (access, _) = quickbooks.grant(noon());
    let request = Request::get(format!("/v3/company/{realm}/query?query=select%20*%20from%20{stem}"))
        .header("Authorization", format!("Bearer {access}"))
        .header("Accept", "application/json")
        .body(Bytes::new());
    let _ = request.map(|request| quickbooks.answer(noon(), request));
    // Records are asked for by the names of their files, which no sync would do.
    procore.conduct_mut().forgive();
    quickbooks.conduct_mut().forgive();
}
