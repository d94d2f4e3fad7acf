//! From a construction document to an accounting document, by tables that a controller edits.
//!
//! A mapping is a directory of text files; each may be missing, then its defaults hold:
//!
//! | file | columns or sections |
//! |---|---|
//! | `projects.csv` | `project_number,customer,job` |
//! | `coding.csv` | `project_number,vendor,budget_code,cost_code,cost_type,customer,class,item,account,retainage_item` |
//! | `vendors.csv` | `procore_vendor,quickbooks_vendor` |
//! | `terms.csv` | `procore_terms,quickbooks_terms` |
//! | `accounts.csv` | `role,account,item` |
//! | `sync.toml` | `[policy]`: [`Policies`]; `[approval]`: [`Approval`]; `[attachments]`: [`Attachments`] |
//! | `rules.toml` | `[templates]` for numbers, names and memos; `[owners]` of fields; `[[rule]]` feeds any declared field from any source field |
//!
//! [`Mapping::load`] reads and checks everything and reports all faults at once; [`Mapping::verify`] holds the names in it
//! against the live lists. A name in a table is a full name (`Parent:Child`) or `id:NUMBER`.
//!
//! | what for | call |
//! |---|---|
//! | what a document should be | [`Situation::apply`] |
//! | why: source field, rule and row of each value | [`Situation::explain`] |
//! | what another mapping would change | [`impact()`] |
//! | codes in use without a row | [`Mapping::coverage`] |
//! | editing while the program runs | [`LiveMapping`], [`Engine::use_mapping`](crate::engine::Engine::use_mapping) |
//! | the versions that were in use | [`history`] |
//! | any JSON record to any other, without this crate's documents | [`json`] |
//!
//! ```
//! use sync_core::mapping::{Mapping, MappingFiles};
//!
//! let mut files = MappingFiles::default();
//! files.set("coding.csv", "cost_code;class;account\r\n05-100;05 Metals;Job Costs\r\n05-200;;\r\n");
//! files.set("sync.toml", "[policy]\nretainage = \"never\"\n");
//! let faults = Mapping::compile(files).unwrap_err().to_string();
//! assert!(faults.contains("coding.csv:3:3: the row codes to nothing; give an item or an account"));
//! assert!(faults.contains("sync.toml:2:1: the value is not one of the choices"));
//! ```

mod apply;
mod approval;
mod attachments;
mod coding;
mod coverage;
mod crosswalk;
mod direct_costs;
mod explain;
mod expr;
pub(crate) mod fault;
mod files;
pub mod history;
mod impact;
pub mod json;
mod known;
mod live;
mod names;
mod rules;
mod settings;
mod source;
pub(crate) mod table;
mod template;
mod verify;

use std::path::Path;

pub(crate) use apply::first_open_day;
pub use apply::{Mapped, Situation, TargetIndex};
pub use approval::{Approval, Hold};
pub use attachments::Attachments;
pub use coding::CodingRow;
pub use coverage::{Coverage, OpenCode};
pub use crosswalk::AccountRole;
pub use direct_costs::{CostScope, DirectCosts};
pub use explain::{ExplainedLine, Explanation, Origin};
pub use fault::{Fault, Faults};
pub use files::{FILES, MappingFiles};
pub use impact::{ChangedPosting, Ground, Impact, PostedAmount, impact};
pub use known::KnownTargets;
pub use live::LiveMapping;
pub use names::{List, NameProblem, Names};
pub use settings::{
    ClosedPeriod, Deletion, NewVendors, OwnerRetainage, Policies, RetainageLines, RetainagePolicy, VendorScope,
};

use coding::CodingTable;
use crosswalk::Crosswalk;
use direct_costs::CostTable;
use fault::Collector;
use rules::Rules;

use crate::model::Owner;

/// A checked mapping, ready to apply.
#[derive(Debug)]
pub struct Mapping {
    coding: CodingTable,
    crosswalk: Crosswalk,
    direct_costs: CostTable,
    policies: Policies,
    rules: Rules,
    version: String,
    files: MappingFiles,
}

impl Mapping {
    /// Reads a mapping directory. A file that is missing has its defaults; a directory that is missing is all
    /// defaults.
    ///
    /// # Errors
    /// [`Faults`]: every fault of every file.
    pub fn load(dir: &Path) -> Result<Self, Faults> {
        match MappingFiles::read(dir) {
            Ok(files) => Self::compile(files),
            Err(mut unread) => {
                // What can be read is checked too: one report for everything.
                let names = FILES.into_iter().filter(|name| unread.0.iter().all(|fault| fault.file != *name));
                let mut rest = MappingFiles::default();
                for name in names {
                    if let Ok(bytes) = std::fs::read(dir.join(name)) {
                        rest.set(name, bytes);
                    }
                }
                if let Err(more) = Self::compile(rest) {
                    unread.0.extend(more.0);
                }
                unread.0.sort();
                Err(unread)
            }
        }
    }

    /// Checks and compiles the files of a mapping.
    ///
    /// # Errors
    /// [`Faults`]: every fault of every file.
    pub fn compile(files: MappingFiles) -> Result<Self, Faults> {
        let mut reader = Reader { files: &files, faults: Vec::new() };
        let mut crosswalk = Crosswalk::default();
        reader.bytes("projects.csv", |bytes, out| crosswalk.read_projects(bytes, out));
        reader.bytes("vendors.csv", |bytes, out| crosswalk.read_vendors(bytes, out));
        reader.bytes("terms.csv", |bytes, out| crosswalk.read_terms(bytes, out));
        reader.bytes("accounts.csv", |bytes, out| crosswalk.read_accounts(bytes, out));
        let mut coding = CodingTable::default();
        reader.bytes(coding::FILE, |bytes, out| coding = CodingTable::read(bytes, out));
        let mut direct_costs = CostTable::default();
        reader.bytes(direct_costs::FILE, |bytes, out| direct_costs = CostTable::read(bytes, out));
        let mut policies = Policies::default();
        reader.text("sync.toml", |text, out| policies = Policies::read(text, out));
        let mut rules = Rules::default();
        reader.text("rules.toml", |text, out| rules = Rules::read(text, out));
        if !reader.faults.is_empty() {
            let mut faults = reader.faults;
            faults.sort();
            return Err(Faults(faults));
        }
        let version = files.version();
        Ok(Self { coding, crosswalk, direct_costs, policies, rules, version, files })
    }

    /// The files that it was made of.
    pub fn files(&self) -> &MappingFiles {
        &self.files
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
        if let Some(extra) = name.strip_prefix("extra/") {
            // What no rule sets is none of the sync's business.
            let set = self.rules.sets(extra);
            let default = if set { Owner::Procore } else { Owner::Quickbooks };
            return self.rules.owners.get(extra).copied().unwrap_or(default);
        }
        self.rules.owners.get(name).copied().unwrap_or(Owner::Procore)
    }
}

struct Reader<'a> {
    files: &'a MappingFiles,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn bytes(&mut self, file: &'static str, read: impl FnOnce(&[u8], &mut Collector<'_>)) {
        if let Some(bytes) = self.files.get(file) {
            read(bytes, &mut Collector { file, faults: &mut self.faults });
        }
    }

    fn text(&mut self, file: &'static str, read: impl FnOnce(&str, &mut Collector<'_>)) {
        self.bytes(file, |bytes, out| match std::str::from_utf8(bytes) {
            Ok(text) => read(text.strip_prefix('\u{feff}').unwrap_or(text), out),
            Err(_) => out.add(0, 0, "the file is not UTF-8", "save it as UTF-8"),
        });
    }
}
