//! Every directory in `broken_mappings/` is a mapping with faults; `expected.txt` in it is the whole report. The same
//! directories go through the program's `check` in the tests of the service.
//!
//! `live` is right in itself, and wrong against the lists of [`lists`].

use std::path::{Path, PathBuf};

use sync_core::connector::{Capabilities, Directory, ListEntry, Lists, TargetField};
use sync_core::mapping::{List, Mapping, Names};
use sync_core::model::TargetKind;

fn directories() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_mappings");
    let mut all: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn lists() -> Directory {
    let entry = |id: &str, name: &str, kind: &str| ListEntry {
        id: id.into(),
        name: name.into(),
        number: None,
        kind: kind.into(),
        income_account: None,
        active: !name.starts_with("Old"),
    };
    Directory::Listed(Box::new(Lists {
        accounts: vec![
            entry("1", "Job Costs", "Cost of Goods Sold"),
            entry("2", "Old Costs", "Cost of Goods Sold"),
            entry("3", "Accounts Payable", "Accounts Payable"),
            entry("4", "Retainage Payable", "Accounts Payable"),
            entry("5", "Retainage Held", "Other Current Liability"),
        ],
        items: vec![entry("6", "Steel Erection", "Service")],
        classes: vec![entry("7", "05 Metals", "Class"), entry("8", "06 Wood", "Class")],
        terms: vec![entry("9", "Net 30", "")],
        customers: vec![entry("10", "Lakeview", "Customer"), entry("11", "Lakeview:Clinics", "Job")],
        vendors: vec![entry("12", "Delta Concrete", "Vendor"), entry("13", "Old Steel", "Vendor")],
        departments: vec![entry("14", "North", "Department"), entry("15", "Old South", "Department")],
        ..Lists::default()
    }))
}

const FIELDS: &[TargetField] = &[
    TargetField { name: "custom.1", kinds: &[TargetKind::PurchaseOrder], max: 31, list: None },
    TargetField { name: "location", kinds: &[TargetKind::Bill], max: 20, list: Some(List::Department) },
];

/// The report of a directory, or what it says when there is none.
fn report(dir: &Path) -> String {
    let mapping = match Mapping::load(dir) {
        Ok(mapping) => mapping,
        Err(faults) => return faults.to_string(),
    };
    let directory = lists();
    let capabilities = Capabilities { name: "QuickBooks", fields: FIELDS, ..Capabilities::default() };
    match mapping.verify(&Names::new(&directory), &capabilities) {
        Ok(()) => "the mapping is right".to_owned(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn each_broken_mapping_gives_its_whole_report() {
    let all = directories();
    assert!(all.len() >= 15, "{}", all.len());
    for dir in all {
        let found = report(&dir);
        let expected = std::fs::read_to_string(dir.join("expected.txt")).unwrap_or_default();
        assert_eq!(found.trim_end(), expected.trim_end(), "{}", dir.display());
    }
}

#[test]
fn every_fault_names_a_file_and_says_what_would_be_right() {
    for dir in directories().into_iter().filter(|dir| !dir.ends_with("live")) {
        let faults = Mapping::load(&dir).unwrap_err().0;
        for fault in &faults {
            assert!(!fault.file.is_empty() && !fault.problem.is_empty() && !fault.fix.is_empty(), "{fault:?}");
        }
        let mut sorted = faults.clone();
        sorted.sort();
        assert_eq!(faults, sorted, "{}: in the order of file, line and column", dir.display());
    }
}
