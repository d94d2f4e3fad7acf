//! `sync.toml`: the policies. Defaults ship; a file overrides single entries. Every fault is reported, with line and
//! column.

use toml::de::{DeTable, DeValue};

use super::approval::{self, Approval};
use super::attachments::{self, Attachments};
use super::direct_costs::{self, DirectCosts};
use super::fault::{Collector, did_you_mean, nearest};

/// What to do with a document dated in a closed period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClosedPeriod {
    /// Hold it for the controller.
    #[default]
    Hold,
    /// Post it on the first open day.
    NextOpenDay,
}

/// How many retainage lines a document gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetainageLines {
    /// One per billed line.
    #[default]
    PerLine,
    /// One for the whole document.
    PerDocument,
}

/// What to do when a document is gone or void in Procore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletion {
    /// Ask the controller.
    #[default]
    Ask,
    /// Void the transaction.
    Void,
}

/// Which companies of the directory become vendors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VendorScope {
    /// Every active one that can be paid.
    #[default]
    Active,
    /// Only those that a commitment or pay app refers to.
    Referred,
}

/// What becomes of vendors that QuickBooks has first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewVendors {
    /// They stay in QuickBooks alone.
    #[default]
    Leave,
    /// They are entered in Procore's directory.
    Create,
}

/// How retainage is posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetainagePolicy {
    /// As lines of the bills and invoices, in accounts of its own.
    #[default]
    Transactions,
    /// Not at all: lines are posted for what is due, and retainage is kept in Procore and reported.
    ProcoreOnly,
}

/// What kind of account holds the retainage that owners keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerRetainage {
    /// An other current asset.
    #[default]
    Asset,
    /// An other current liability, where the accountant says so.
    Liability,
}

/// The policies of `sync.toml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// `closed_period = "hold" | "next_open_day"`
    pub closed_period: ClosedPeriod,
    /// `retainage_lines = "per_line" | "per_document"`
    pub retainage_lines: RetainageLines,
    /// `deletion = "ask" | "void"`
    pub deletion: Deletion,
    /// `vendors = "active" | "referred"`
    pub vendors: VendorScope,
    /// `new_vendors = "leave" | "create"`
    pub new_vendors: NewVendors,
    /// `retainage = "transactions" | "procore-only"`
    pub retainage: RetainagePolicy,
    /// `owner_retainage = "asset" | "liability"`
    pub owner_retainage: OwnerRetainage,
    /// `[approval]`: what is held until a person says yes.
    pub approval: Approval,
    /// `[attachments]`: which files are copied.
    pub attachments: Attachments,
    /// `[direct_costs]`: which are recorded in Procore.
    pub direct_costs: DirectCosts,
}

impl Policies {
    pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Self {
        let mut policies = Self::default();
        walk(text, out, |section, key, value, out| {
            if section == "approval" {
                return approval(key, value, &mut policies.approval, out);
            }
            if section == "attachments" {
                return attachments::entry(key, value, &mut policies.attachments, out);
            }
            if section == "direct_costs" {
                return direct_costs::entry(key, value, &mut policies.direct_costs, out);
            }
            if section != "policy" {
                return unknown(section, &["policy", "approval", "attachments", "direct_costs"], "section", out);
            }
            let known = [
                "closed_period",
                "retainage_lines",
                "deletion",
                "vendors",
                "new_vendors",
                "retainage",
                "owner_retainage",
            ];
            let p = &mut policies;
            match key {
                "closed_period" => choose(
                    value,
                    &[("hold", ClosedPeriod::Hold), ("next_open_day", ClosedPeriod::NextOpenDay)],
                    &mut p.closed_period,
                    out,
                ),
                "retainage_lines" => choose(
                    value,
                    &[("per_line", RetainageLines::PerLine), ("per_document", RetainageLines::PerDocument)],
                    &mut p.retainage_lines,
                    out,
                ),
                "deletion" => choose(value, &[("ask", Deletion::Ask), ("void", Deletion::Void)], &mut p.deletion, out),
                "vendors" => choose(
                    value,
                    &[("active", VendorScope::Active), ("referred", VendorScope::Referred)],
                    &mut p.vendors,
                    out,
                ),
                "new_vendors" => choose(
                    value,
                    &[("leave", NewVendors::Leave), ("create", NewVendors::Create)],
                    &mut p.new_vendors,
                    out,
                ),
                "retainage" => choose(
                    value,
                    &[("transactions", RetainagePolicy::Transactions), ("procore-only", RetainagePolicy::ProcoreOnly)],
                    &mut p.retainage,
                    out,
                ),
                "owner_retainage" => choose(
                    value,
                    &[("asset", OwnerRetainage::Asset), ("liability", OwnerRetainage::Liability)],
                    &mut p.owner_retainage,
                    out,
                ),
                _ => unknown(key, &known, "policy", out),
            }
        });
        policies.direct_costs.check(out);
        policies
    }
}

/// A place in a TOML file that faults are reported at.
pub(super) struct Place<'a, 'b> {
    pub(super) out: &'a mut Collector<'b>,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place<'_, '_> {
    pub(super) fn fault(&mut self, problem: impl Into<String>, fix: impl Into<String>) {
        self.out.add(self.line, self.column, problem, fix);
    }
}

pub(super) fn walk(
    text: &str,
    out: &mut Collector<'_>,
    mut entry: impl FnMut(&str, &str, &DeValue<'_>, &mut Place<'_, '_>),
) {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        out.add(line, column, error.message().to_owned(), "see toml.io for how values are written");
    }
    for (section, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(entries) => {
                for (key, value) in entries {
                    let (line, column) = position(text, key.span().start);
                    let mut place = Place { out, line, column };
                    entry(section.get_ref(), key.get_ref(), value.get_ref(), &mut place);
                }
            }
            other => {
                let (line, column) = position(text, section.span().start);
                entry("", section.get_ref(), other, &mut Place { out, line, column });
            }
        }
    }
}

pub(super) fn unknown(name: &str, known: &[&str], what: &str, place: &mut Place<'_, '_>) {
    let near = nearest(name, known.iter().copied());
    let problem = if name.is_empty() {
        "the entry stands outside any section".to_owned()
    } else {
        format!("there is no {what} `{name}`")
    };
    place.fault(problem, format!("known: {}{}", known.join(", "), did_you_mean(&near)));
}

pub(super) fn choose<T: Copy>(value: &DeValue<'_>, choices: &[(&str, T)], slot: &mut T, place: &mut Place<'_, '_>) {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    match value.as_str().and_then(|text| choices.iter().find(|(word, _)| *word == text)) {
        Some((_, choice)) => *slot = *choice,
        None => place.fault("the value is not one of the choices", format!("write \"{}\"", words.join("\" or \""))),
    }
}

fn approval(key: &str, value: &DeValue<'_>, slot: &mut Approval, place: &mut Place<'_, '_>) {
    let Some(kind) = approval::KINDS.iter().find(|kind| kind.as_str() == key) else {
        return unknown(key, &approval::KINDS.map(|kind| kind.as_str()), "kind of document", place);
    };
    match value.as_str().and_then(approval::hold) {
        Some(hold) => slot.set(*kind, hold),
        None => place.fault(
            "the value is not one of the choices",
            "write \"none\", \"all\", or an amount in quotes, such as \"10000.00\"",
        ),
    }
}

pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Hold;
    use crate::model::TargetKind;

    #[test]
    fn five_mistakes_are_five_faults_with_line_and_column() {
        let text = "surprise = 1\n[policy]\nclosed_period = \"maybe\"\nvendor = \"active\"\nretainage_lines = 3\n\
                    [polcy]\ndeletion = \"ask\"\n";
        let mut faults = Vec::new();
        Policies::read(text, &mut Collector { file: "sync.toml", faults: &mut faults });
        faults.sort();
        let lines: Vec<usize> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 7], "{faults:#?}");
        assert!(faults[2].fix.contains("did you mean vendors"), "{}", faults[2]);
    }

    #[test]
    fn what_is_held_for_approval() {
        let mut faults = Vec::new();
        let text = "[approval]\nbill = \"10000\"\nvendor = \"all\"\ninvoice = 5\nbil = \"all\"\n";
        let policies = Policies::read(text, &mut Collector { file: "sync.toml", faults: &mut faults });
        assert_eq!(policies.approval.of(TargetKind::Bill), Hold::From(10_000.into()));
        assert_eq!(policies.approval.of(TargetKind::Vendor), Hold::All);
        assert_eq!(policies.approval.of(TargetKind::Estimate), Hold::None);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults.iter().any(|fault| fault.fix.contains("did you mean bill")), "{faults:?}");
    }

    #[test]
    fn what_is_not_said_stays_as_it_ships() {
        let mut faults = Vec::new();
        let policies = Policies::read(
            "[policy]\nclosed_period = \"next_open_day\"\n",
            &mut Collector { file: "sync.toml", faults: &mut faults },
        );
        assert!(faults.is_empty());
        assert_eq!(policies, Policies { closed_period: ClosedPeriod::NextOpenDay, ..Policies::default() });
    }
}
