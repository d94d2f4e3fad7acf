//! Which direct costs are recorded in Procore, and under which budget code: `[direct_costs]` in `sync.toml`,
//! `direct_costs.csv`, and the coding table read backwards.

use toml::de::DeValue;

use super::coding::CodingKey;
use super::crosswalk::{Named, fold};
use super::fault::Collector;
use super::names::{List, Names};
use super::settings::{Place, choose, unknown};
use super::{AccountRole, Mapping, table};
use crate::connector::BudgetCode;
use crate::model::accounting::{Coding, PostTo};
use crate::model::{Date, TargetKind};

pub(super) const FILE: &str = "direct_costs.csv";
const COLUMNS: [&str; 5] = ["project_number", "item", "account", "class", "budget_code"];
const KEYS: usize = 4;
const CODE: usize = 4;

/// Which direct costs are recorded in Procore. None, unless `sync.toml` says otherwise:
///
/// ```toml
/// [direct_costs]
/// record = "purchases"     # checks, card charges and expenses of a job; "all": bills without a commitment too
/// from = "2026-01-01"      # those dated earlier stay in QuickBooks alone
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectCosts {
    /// `record = "none" | "purchases" | "all"`
    pub record: CostScope,
    /// `from`: the first day; there must be one.
    pub from: Option<Date>,
}

/// Which transactions are recorded as direct costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostScope {
    /// None.
    #[default]
    None,
    /// What was paid at once: checks, card charges, expenses.
    Purchases,
    /// Bills without a commitment too.
    All,
}

impl DirectCosts {
    /// The first day, where any are recorded.
    pub fn since(&self) -> Option<Date> {
        self.from.filter(|_| self.record != CostScope::None)
    }

    /// Are transactions of that kind recorded?
    pub fn takes(&self, kind: TargetKind) -> bool {
        match self.record {
            CostScope::None => false,
            CostScope::Purchases => kind == TargetKind::Purchase,
            CostScope::All => matches!(kind, TargetKind::Purchase | TargetKind::Bill),
        }
    }

    pub(super) fn check(&self, out: &mut Collector<'_>) {
        if self.record != CostScope::None && self.from.is_none() {
            let fix = "give the first day that is recorded, such as from = \"2026-01-01\"";
            out.add(0, 0, "[direct_costs] records, and names no day to begin with", fix);
        }
    }
}

pub(super) fn entry(key: &str, value: &DeValue<'_>, slot: &mut DirectCosts, place: &mut Place<'_, '_>) {
    match key {
        "record" => {
            let words = [("none", CostScope::None), ("purchases", CostScope::Purchases), ("all", CostScope::All)];
            choose(value, &words, &mut slot.record, place);
        }
        "from" => match value.as_str().and_then(|text| text.parse().ok()) {
            Some(day) => slot.from = Some(day),
            None => place.fault("the value is no day", "write it in quotes, such as \"2026-01-01\""),
        },
        _ => unknown(key, &["record", "from"], "setting", place),
    }
}

/// Where a line of QuickBooks is recorded. The row with the most filled key cells wins; where the number is equal, the row
/// whose filled keys stand further left.
#[derive(Debug, Default)]
pub(super) struct CostTable {
    rows: Vec<CostRow>,
}

#[derive(Debug)]
struct CostRow {
    line: usize,
    /// Project number, item, account and class; empty ones match anything.
    keys: [String; KEYS],
    columns: [usize; KEYS],
    budget_code: String,
}

impl CostRow {
    fn mask(&self) -> (usize, [bool; KEYS]) {
        let mask: [bool; KEYS] = std::array::from_fn(|at| self.keys.get(at).is_some_and(|key| !key.is_empty()));
        (mask.iter().filter(|filled| **filled).count(), mask)
    }

    fn is_of(&self, project: &str, posted: &Coding, names: &Names<'_>) -> bool {
        let [of_project, item, account, class] = &self.keys;
        let is = |list, name: &str, id: Option<&str>| {
            name.is_empty() || (id.is_some() && names.resolve(list, name).ok().as_deref() == id)
        };
        let (of_item, of_account) = match &posted.post_to {
            PostTo::Item(id) => (Some(id.as_str()), None),
            PostTo::Account(id) => (None, Some(id.as_str())),
        };
        (of_project.is_empty() || fold(of_project) == fold(project))
            && is(List::Item, item, of_item)
            && is(List::Account, account, of_account)
            && is(List::Class, class, posted.class.as_ref().map(|class| class.as_str()))
    }
}

impl CostTable {
    pub(super) fn read(bytes: &[u8], out: &mut Collector<'_>) -> Self {
        let table = table::read(bytes, &COLUMNS, &["budget_code"], out);
        let mut rows: Vec<CostRow> = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            if row.cell(CODE).is_empty() {
                let fix = "give the budget code that such lines are recorded under, as in Procore";
                out.add(row.line, row.column(CODE), "budget_code is empty", fix);
                continue;
            }
            for at in [0, CODE] {
                if let Some(what) = table::spoilt_by_excel(row.cell(at)) {
                    let name = COLUMNS.get(at).copied().unwrap_or_default();
                    let problem = format!("Excel has made {what} of a {name}: `{}`", row.cell(at));
                    out.add(row.line, row.column(at), problem, "format the column as text in Excel and type it again");
                }
            }
            if !row.cell(1).is_empty() && !row.cell(2).is_empty() {
                let fix = "clear one of them: a line posts to one place";
                out.add(row.line, row.column(2), "item and account are both given", fix);
                continue;
            }
            let read = CostRow {
                line: row.line,
                keys: std::array::from_fn(|at| row.cell(at).to_owned()),
                columns: std::array::from_fn(|at| row.column(at)),
                budget_code: row.cell(CODE).to_owned(),
            };
            let same =
                |other: &&CostRow| other.keys.iter().map(|key| fold(key)).eq(read.keys.iter().map(|key| fold(key)));
            if let Some(first) = rows.iter().find(same) {
                let problem = format!("the row has the same keys as line {}", first.line);
                out.add(row.line, 0, problem, "remove one of them, or fill another key cell");
                continue;
            }
            rows.push(read);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.mask()));
        Self { rows }
    }

    /// Every name of the table: its list, and where it stands.
    pub(super) fn names(&self) -> impl Iterator<Item = (List, Named)> {
        const LISTS: [List; KEYS - 1] = [List::Item, List::Account, List::Class];
        self.rows.iter().flat_map(|row| {
            let cells = row.keys.iter().zip(row.columns).skip(1).zip(LISTS);
            cells
                .filter(|((name, _), _)| !name.is_empty())
                .map(|((name, column), list)| (list, Named { name: name.clone(), line: row.line, column }))
        })
    }
}

impl Mapping {
    /// The budget code that a line of a purchase or bill is recorded under: as `direct_costs.csv` says, else the only one
    /// of the project whose lines `coding.csv` would send where the line stands. Never a guess between several.
    ///
    /// # Errors
    /// Why there is none, and what to do, for people.
    pub fn budget_code<'c>(
        &self,
        project: &str,
        vendor: &str,
        posted: &Coding,
        names: &Names<'_>,
        codes: &'c [BudgetCode],
    ) -> Result<&'c BudgetCode, String> {
        if let Some(row) = self.direct_costs.rows.iter().find(|row| row.is_of(project, posted, names)) {
            let wanted = fold(&row.budget_code);
            let found = codes.iter().find(|code| code.codes.budget_code.as_deref().map(fold).as_ref() == Some(&wanted));
            return found.ok_or_else(|| {
                format!("{FILE}:{}: project {project} has no budget code `{}`", row.line, row.budget_code)
            });
        }
        let mut fits = codes.iter().filter(|code| self.posts_to(project, vendor, code, posted, names));
        match (fits.next(), fits.next()) {
            (Some(only), None) => Ok(only),
            (first, second) => {
                let place = match &posted.post_to {
                    PostTo::Item(id) => format!("the item {}", names.name_of(List::Item, id.as_str())),
                    PostTo::Account(id) => format!("the account {}", names.name_of(List::Account, id.as_str())),
                };
                let text = |code: Option<&BudgetCode>| code.and_then(|code| code.codes.budget_code.clone());
                Err(match (text(first), text(second)) {
                    (Some(first), Some(second)) => format!(
                        "several budget codes of project {project} lead to {place}, such as {first} and {second}; say \
                         which in {FILE}"
                    ),
                    _ => format!("no budget code of project {project} leads to {place}; add a row to {FILE}"),
                })
            }
        }
    }

    /// Would a commitment's line under this code stand where that line does? A class that only one side names decides
    /// nothing.
    fn posts_to(&self, project: &str, vendor: &str, code: &BudgetCode, posted: &Coding, names: &Names<'_>) -> bool {
        let Some(row) = self.coding.find(CodingKey { project, vendor, codes: &code.codes }) else { return false };
        let is_place = match (&row.item, &row.account, &posted.post_to) {
            (Some(item), _, PostTo::Item(id)) => names.resolve(List::Item, item).ok().as_deref() == Some(id.as_str()),
            (None, Some(account), PostTo::Account(id)) => {
                names.resolve(List::Account, account).ok().as_deref() == Some(id.as_str())
            }
            (None, None, PostTo::Account(id)) => self.account(AccountRole::JobCost, names).ok().as_ref() == Some(id),
            _ => false,
        };
        let is_class = match (&row.class, &posted.class) {
            (Some(class), Some(id)) => names.resolve(List::Class, class).ok().as_deref() == Some(id.as_str()),
            _ => true,
        };
        is_place && is_class
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Directory;
    use crate::mapping::{MappingFiles, Policies};
    use crate::model::construction::Codes;

    fn mapping(coding: &str, table: &str) -> Mapping {
        let mut files = MappingFiles::default();
        files.set("coding.csv", coding);
        files.set(FILE, table);
        Mapping::compile(files).unwrap()
    }

    fn code(id: &str, cost_code: &str, cost_type: &str) -> BudgetCode {
        let text = |text: &str| Some(text.to_owned());
        let codes = Codes {
            budget_code: Some(format!("{cost_code}.{cost_type}")),
            cost_code: text(cost_code),
            cost_type: text(cost_type),
            cost_type_name: None,
        };
        BudgetCode { id: id.to_owned(), codes }
    }

    fn on(account: &str, class: Option<&str>) -> Coding {
        Coding { post_to: PostTo::Account(account.into()), class: class.map(Into::into), customer: None }
    }

    fn found(mapping: &Mapping, posted: &Coding) -> Result<String, String> {
        let codes = [code("1", "03-300", "M"), code("2", "05-100", "M"), code("3", "01-500", "L")];
        let names = Names::new(&Directory::Open);
        mapping.budget_code("24-001", "", posted, &names, &codes).map(|code| code.id.clone())
    }

    #[test]
    fn the_only_code_that_leads_there_is_it() {
        let mapping =
            mapping("cost_code,cost_type,account,class\n03-300,,Concrete,\n,L,Labor,\n05-100,,Steel,East\n", "");
        assert_eq!(found(&mapping, &on("Concrete", None)), Ok("1".to_owned()));
        assert_eq!(found(&mapping, &on("Labor", Some("West"))), Ok("3".to_owned()));
        assert_eq!(found(&mapping, &on("Steel", Some("East"))), Ok("2".to_owned()));
        assert!(found(&mapping, &on("Steel", Some("West"))).is_err(), "another class is another place");
    }

    #[test]
    fn between_several_nobody_guesses_and_a_row_decides() {
        let coding = "cost_code,cost_type,account\n,M,Materials\n";
        let text = found(&mapping(coding, ""), &on("Materials", None)).unwrap_err();
        assert!(text.contains("03-300.M and 05-100.M") && text.contains(FILE), "{text}");
        let rows = "project_number,account,budget_code\n,Materials,03-300.M\n24-001,Materials,05-100.m\n";
        assert_eq!(found(&mapping(coding, rows), &on("Materials", None)), Ok("2".to_owned()));
        let text = found(&mapping(coding, "account,budget_code\nMaterials,99-000.M\n"), &on("Materials", None));
        assert_eq!(text.unwrap_err(), "direct_costs.csv:2: project 24-001 has no budget code `99-000.M`");
        let text = found(&mapping(coding, ""), &on("Fuel", None)).unwrap_err();
        assert!(text.contains("no budget code of project 24-001 leads to the account Fuel"), "{text}");
    }

    #[test]
    fn faults_are_told_with_their_place() {
        let mut faults = Vec::new();
        let mut out = Collector { file: FILE, faults: &mut faults };
        CostTable::read(b"item,account,budget_code\nPipe,,\nPipe,5000,1.M\nPipe,,1.M\npipe,,2.M\n", &mut out);
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 5], "{faults:?}");
    }

    #[test]
    fn nothing_is_recorded_without_a_first_day() {
        let read = |text: &str| {
            let mut faults = Vec::new();
            let policies = Policies::read(text, &mut Collector { file: "sync.toml", faults: &mut faults });
            (policies.direct_costs, faults.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read("").0.since(), None);
        let (costs, faults) = read("[direct_costs]\nrecord = \"purchases\"\nfrom = \"2026-01-01\"\n");
        assert_eq!((costs.since(), faults), (Some("2026-01-01".parse().unwrap()), Vec::new()));
        assert!(costs.takes(TargetKind::Purchase) && !costs.takes(TargetKind::Bill));
        for text in
            ["[direct_costs]\nrecord = \"all\"\n", "[direct_costs]\nfrom = \"1.1.26\"\n", "[direct_costs]\nfrm = 1\n"]
        {
            assert_eq!(read(text).1.len(), 1, "{text}");
        }
    }
}
