//! From a construction document to an accounting document, by tables that a controller edits.
//!
//! A mapping is a directory of text files; each may be missing, then its defaults hold:
//!
//! | file | columns or sections |
//! |---|---|
//! | `projects.csv` | `project_number,customer,job` |
//! | `coding.csv` | `project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account` |
//! | `vendors.csv` | `procore_vendor,quickbooks_vendor` |
//! | `terms.csv` | `procore_terms,quickbooks_terms` |
//! | `accounts.csv` | `role,account` |
//! | `sync.toml` | `[policy]`: [`Policies`] |
//! | `rules.toml` | `[templates]` for numbers, names and memos; `[owners]` of fields |
//!
//! [`Mapping::load`] reads and checks everything and reports all faults at once. A name in a table is a full name
//! (`Parent:Child`) or `id:NUMBER`.

mod apply;
mod coding;
mod crosswalk;
mod fault;
mod names;
mod settings;
mod table;
mod template;

use std::path::Path;

use sha2::{Digest, Sha256};

pub(crate) use apply::first_open_day;
pub use apply::{Mapped, Situation, TargetIndex};
pub use coding::CodingRow;
pub use crosswalk::AccountRole;
pub use fault::{Fault, Faults};
pub use names::{List, Names};
pub use settings::{ClosedPeriod, Deletion, Policies, RetainageLines, VendorScope};

use coding::CodingTable;
use crosswalk::Crosswalk;
use fault::Collector;
use settings::Rules;

use crate::model::Owner;

/// A checked mapping, ready to apply.
#[derive(Debug)]
pub struct Mapping {
    coding: CodingTable,
    crosswalk: Crosswalk,
    policies: Policies,
    rules: Rules,
    version: String,
}

impl Mapping {
    /// Reads a mapping directory. A file that is missing has its defaults; a directory that is missing is all
    /// defaults.
    ///
    /// # Errors
    /// [`Faults`]: every fault of every file.
    pub fn load(dir: &Path) -> Result<Self, Faults> {
        let mut reader = Reader { dir, faults: Vec::new(), hasher: Sha256::new() };
        let mut crosswalk = Crosswalk::default();
        reader.bytes("projects.csv", |bytes, out| crosswalk.read_projects(bytes, out));
        reader.bytes("vendors.csv", |bytes, out| crosswalk.read_vendors(bytes, out));
        reader.bytes("terms.csv", |bytes, out| crosswalk.read_terms(bytes, out));
        reader.bytes("accounts.csv", |bytes, out| crosswalk.read_accounts(bytes, out));
        let mut coding = CodingTable::default();
        reader.bytes(coding::FILE, |bytes, out| coding = CodingTable::read(bytes, out));
        let mut policies = Policies::default();
        reader.text("sync.toml", |text, out| policies = Policies::read(text, out));
        let mut rules = Rules::default();
        reader.text("rules.toml", |text, out| rules = Rules::read(text, out));
        if !reader.faults.is_empty() {
            reader.faults.sort();
            return Err(Faults(reader.faults));
        }
        let version = crate::engine::hex(&reader.hasher.finalize()).chars().take(16).collect();
        Ok(Self { coding, crosswalk, policies, rules, version })
    }

    /// The version of the mapping: a digest of its files. Every posting records it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The policies.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// All rows of the coding table.
    pub fn coding_rows(&self) -> impl Iterator<Item = &CodingRow> {
        self.coding.rows()
    }

    /// Who owns a field, given by its path, e.g. `memo` or `line/sov:9/amount`.
    pub fn owner(&self, path: &str) -> Owner {
        let name = match path.strip_prefix("line/").and_then(|rest| rest.rsplit('/').next()) {
            Some("amount") => "line.amount",
            Some("description") => "line.description",
            Some("link") => "line.link",
            Some(_) => "line.coding",
            None => path,
        };
        self.rules.owners.get(name).copied().unwrap_or(Owner::Procore)
    }
}

struct Reader<'a> {
    dir: &'a Path,
    faults: Vec<Fault>,
    hasher: Sha256,
}

impl Reader<'_> {
    fn bytes(&mut self, file: &'static str, read: impl FnOnce(&[u8], &mut Collector<'_>)) {
        let mut out = Collector { file, faults: &mut self.faults };
        match std::fs::read(self.dir.join(file)) {
            Ok(bytes) => {
                self.hasher.update(file.as_bytes());
                self.hasher.update((bytes.len() as u64).to_be_bytes());
                self.hasher.update(&bytes);
                read(&bytes, &mut out);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => out.add(0, 0, format!("the file cannot be read: {error}"), "check its permissions"),
        }
    }

    fn text(&mut self, file: &'static str, read: impl FnOnce(&str, &mut Collector<'_>)) {
        self.bytes(file, |bytes, out| match std::str::from_utf8(bytes) {
            Ok(text) => read(text.strip_prefix('\u{feff}').unwrap_or(text), out),
            Err(_) => out.add(0, 0, "the file is not UTF-8", "save it as UTF-8"),
        });
    }
}
