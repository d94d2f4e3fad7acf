//! The mapping files, and what a mapping makes of a document.

use std::cell::RefCell;
use std::path::Path;

use sync_core::connector::{Capabilities, Directory};
use sync_core::mapping::{Mapped, Mapping, Names, Situation, TargetIndex};
use sync_core::model::construction::Document;
use sync_core::model::{DocumentKey, LineKey, TargetId, TargetKind, TargetLineId};
use tempfile::TempDir;

/// The files of a mapping, in the order of the first byte of an input: `0` is the first.
pub const FILES: [&str; 8] = [
    "projects.csv",
    "coding.csv",
    "vendors.csv",
    "terms.csv",
    "accounts.csv",
    "sync.toml",
    "rules.toml",
    "direct_costs.csv",
];

/// A directory in memory where there is one: a mapping is loaded from files.
pub fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).or_else(|_| TempDir::new()) } else { TempDir::new() }
        .expect("a temporary directory")
}

thread_local! {
    static DIR: TempDir = scratch();
    static PLAIN: RefCell<Option<Mapping>> = const { RefCell::new(None) };
}

/// One file of a mapping. Input: a digit that names the file (see [`FILES`]), its content.
pub fn mapping(data: &[u8]) {
    let Some((digit, content)) = data.split_first() else { return };
    let Some(name) = FILES.get(usize::from(digit.wrapping_sub(b'0'))) else { return };
    DIR.with(|dir| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).expect("a file");
        match Mapping::load(dir.path()) {
            Ok(mapping) => {
                assert_eq!(mapping.version().len(), 16, "a version without its length");
                for row in mapping.coding_rows() {
                    assert!(row.item.is_none() || row.account.is_none(), "a line that posts to two places");
                }
            }
            Err(faults) => {
                assert!(!faults.0.is_empty(), "no fault and no mapping");
                for fault in &faults.0 {
                    assert_eq!(fault.file, *name, "a fault of another file");
                    assert!(!fault.problem.is_empty() && !fault.fix.is_empty(), "a fault without a word");
                }
                let _ = faults.to_string();
            }
        }
        std::fs::remove_file(&path).expect("the file goes");
    });
}

/// Everything exists already.
#[derive(Debug)]
struct Everything {
    id: TargetId,
    line: TargetLineId,
}

impl TargetIndex for Everything {
    fn target(&self, _document: &DocumentKey) -> Option<&TargetId> {
        Some(&self.id)
    }

    fn line(&self, _document: &DocumentKey, _line: &LineKey) -> Option<&TargetLineId> {
        Some(&self.line)
    }

    fn number_taken(&self, _kind: TargetKind, _payee: &str, number: &str, _by_other_than: &DocumentKey) -> bool {
        number.len() % 2 == 1
    }
}

/// What the plainest mapping makes of a document, and that it holds together.
pub fn posted(document: &Document) {
    PLAIN.with(|plain| {
        let mut plain = plain.borrow_mut();
        let mapping = plain.get_or_insert_with(|| {
            let dir = scratch();
            std::fs::write(dir.path().join("coding.csv"), "cost_code,account\n,Job Costs\n").expect("a file");
            Mapping::load(dir.path()).expect("a mapping")
        });
        let directory = Directory::Open;
        let names = Names::new(&directory);
        let capabilities = Capabilities { max_number: 21, ..Capabilities::default() };
        let index = Everything { id: "1".into(), line: "1".into() };
        let situation = Situation { mapping, names: &names, capabilities: &capabilities, index: &index, awaited: true };
        match situation.apply(document) {
            Mapped::Post(wanted) => {
                assert!(wanted.number().is_none_or(|number| number.chars().count() <= 100), "a number too long");
                let _ = (wanted.total(), wanted.fields());
            }
            Mapped::Dead { text, .. } => assert!(!text.is_empty(), "a dead letter without a word"),
            Mapped::Nothing(_) | Mapped::Needs(_) => {}
        }
    });
}
