//! `rules.toml`: templates for numbers, names and memos; owners of fields; and rules that feed any field of a document
//! from any field of its source.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expr::{Expr, Template};
use super::fault::Collector;
use super::settings::{Place, choose, position, unknown, walk};
use super::source::{Aliases, Compiling, Source};
use crate::model::{DocumentKind, Owner, TargetKind};

/// The rules, compiled.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) templates: HashMap<&'static str, Compiled>,
    pub(super) owners: HashMap<String, Owner>,
    pub(super) rules: Vec<Rule>,
}

/// A template with the fields that it names.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) source: Source,
    pub(super) template: Template,
    /// Line in `rules.toml`; 0 for one that ships.
    pub(super) line: usize,
}

/// One `[[rule]]`, for one kind of document.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) kind: TargetKind,
    pub(super) set: Target,
    pub(super) source: Source,
    pub(super) to: Template,
    pub(super) when: Option<Expr>,
    pub(super) default: Option<String>,
    /// Line in `rules.toml`.
    pub(super) line: usize,
    /// Where its `set` and its `to` stand, for faults that only the lists can show.
    pub(super) set_at: (usize, usize),
    pub(super) to_at: (usize, usize),
}

/// A field that a rule feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Number,
    Memo,
    Date,
    Terms,
    /// One that the connector declares.
    Extra(String),
    LineDescription,
    LineClass,
    LineCustomer,
    LineItem,
    LineAccount,
}

const TARGETS: [(&str, Target); 9] = [
    ("number", Target::Number),
    ("memo", Target::Memo),
    ("date", Target::Date),
    ("terms", Target::Terms),
    ("line.description", Target::LineDescription),
    ("line.class", Target::LineClass),
    ("line.customer", Target::LineCustomer),
    ("line.item", Target::LineItem),
    ("line.account", Target::LineAccount),
];

impl Target {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Extra(name) => name,
            other => TARGETS.iter().find(|(_, target)| target == other).map_or("", |(name, _)| name),
        }
    }

    pub(super) fn is_of_line(&self) -> bool {
        self.name().starts_with("line.")
    }

    fn fits(&self, kind: TargetKind) -> bool {
        let sales = matches!(kind, TargetKind::Estimate | TargetKind::Invoice | TargetKind::CreditMemo);
        !(sales && matches!(self, Self::LineCustomer | Self::LineAccount))
    }
}

/// Templates that ship, with the document that each is filled from.
const TEMPLATES: [(&str, &str, DocumentKind); 10] = [
    ("job_name", "{project_number} {project_name}", DocumentKind::Project),
    ("purchase_order_number", "{commitment_number}", DocumentKind::Commitment),
    ("purchase_order_memo", "Procore commitment {commitment_number}: {title}", DocumentKind::Commitment),
    ("bill_number", "{commitment_number}-{pay_app_number}", DocumentKind::PayApp),
    (
        "bill_memo",
        "Procore pay app {pay_app_number} of {commitment_number}, project {project_number}",
        DocumentKind::PayApp,
    ),
    ("vendor_name", "{vendor_name}", DocumentKind::Vendor),
    ("estimate_number", "{contract_number}", DocumentKind::PrimeContract),
    ("estimate_memo", "Procore prime contract {contract_number}: {title}", DocumentKind::PrimeContract),
    ("invoice_number", "{contract_number}-{application_number}", DocumentKind::OwnerInvoice),
    ("invoice_memo", "Procore owner invoice {application_number} of {contract_number}", DocumentKind::OwnerInvoice),
];

/// Documents that rules may be for, with the document that each is made from.
const KINDS: [(TargetKind, DocumentKind); 6] = [
    (TargetKind::PurchaseOrder, DocumentKind::Commitment),
    (TargetKind::Bill, DocumentKind::PayApp),
    (TargetKind::VendorCredit, DocumentKind::PayApp),
    (TargetKind::Estimate, DocumentKind::PrimeContract),
    (TargetKind::Invoice, DocumentKind::OwnerInvoice),
    (TargetKind::CreditMemo, DocumentKind::OwnerInvoice),
];

/// Fields whose owner can be chosen, with the owner that ships.
const OWNERS: [(&str, Owner); 16] = [
    ("name", Owner::Procore),
    ("parent", Owner::Procore),
    ("active", Owner::Quickbooks),
    ("phone", Owner::Quickbooks),
    ("email", Owner::Quickbooks),
    ("payee", Owner::Procore),
    ("customer", Owner::Procore),
    ("number", Owner::Procore),
    ("date", Owner::Procore),
    ("payable", Owner::Procore),
    ("currency", Owner::Procore),
    ("memo", Owner::Quickbooks),
    ("line.amount", Owner::Procore),
    ("line.coding", Owner::Procore),
    ("line.description", Owner::Quickbooks),
    ("line.link", Owner::Procore),
];

impl Default for Rules {
    fn default() -> Self {
        let aliases = Aliases::new();
        let compiled = |(name, text, kind): (&'static str, &str, DocumentKind)| {
            let mut source = Source::new(kind, false);
            let scope = &mut Compiling { source: &mut source, aliases: &aliases };
            let template = Template::compile(text, scope).ok()?;
            Some((name, Compiled { source, template, line: 0 }))
        };
        Self {
            templates: TEMPLATES.into_iter().filter_map(compiled).collect(),
            owners: OWNERS.into_iter().map(|(name, owner)| (name.to_owned(), owner)).collect(),
            rules: Vec::new(),
        }
    }
}

impl Rules {
    pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Self {
        let mut rules = Self::default();
        let (table, _) = DeTable::parse_recoverable(text);
        let aliases = aliases(&table, text, out);
        if let Some((_, list)) = table.get_ref().iter().find(|(name, _)| name.get_ref() == "rule") {
            rules.read_rules(list, text, &aliases, out);
        }
        walk(text, out, |section, key, value, out| match section {
            "templates" => rules.read_template(key, value, &aliases, out),
            "owners" => rules.read_owner(key, value, out),
            "custom" => {}
            "" if key == "rule" => {}
            _ => unknown(section, &["templates", "owners", "custom", "rule"], "section", out),
        });
        rules
    }

    /// Does a rule set this field of the connector's?
    pub(super) fn sets(&self, extra: &str) -> bool {
        self.rules.iter().any(|rule| matches!(&rule.set, Target::Extra(name) if name == extra))
    }

    fn read_template(&mut self, key: &str, value: &DeValue<'_>, aliases: &Aliases, out: &mut Place<'_, '_>) {
        let Some((name, _, kind)) = TEMPLATES.into_iter().find(|(name, _, _)| *name == key) else {
            return unknown(key, &TEMPLATES.map(|(name, _, _)| name), "template", out);
        };
        let Some(text) = value.as_str() else { return out.fault("the template is not a text", "quote it") };
        let mut source = Source::new(kind, false);
        let compiled = Template::compile(text, &mut Compiling { source: &mut source, aliases });
        match compiled {
            Ok(template) => {
                self.templates.insert(name, Compiled { source, template, line: out.line });
            }
            Err((_, problem)) => {
                out.fault(problem, format!("the fields are {}", source.names().join(", ")));
            }
        }
    }

    fn read_owner(&mut self, key: &str, value: &DeValue<'_>, out: &mut Place<'_, '_>) {
        let default = OWNERS.iter().find(|(name, _)| *name == key).map(|(_, owner)| *owner);
        let Some(default) = default.or(self.sets(key).then_some(Owner::Procore)) else {
            return unknown(key, &OWNERS.map(|(name, _)| name), "field", out);
        };
        let mut owner = default;
        choose(value, &[("procore", Owner::Procore), ("quickbooks", Owner::Quickbooks)], &mut owner, out);
        self.owners.insert(key.to_owned(), owner);
    }

    fn read_rules(&mut self, list: &Spanned<DeValue<'_>>, text: &str, aliases: &Aliases, out: &mut Collector<'_>) {
        let Some(list) = list.get_ref().as_array() else {
            let (line, column) = position(text, list.span().start);
            return out.add(line, column, "rules are a list", "write [[rule]] above each, with two brackets");
        };
        for one in list.iter() {
            let at = position(text, one.span().start);
            match one.get_ref() {
                DeValue::Table(table) => {
                    let reading = &mut Reading { text, aliases, out, at, wrong: false };
                    self.rules.extend(reading.rule(table));
                }
                _ => out.add(at.0, at.1, "a rule has entries", "write for, set and to under [[rule]]"),
            }
        }
    }
}

/// `[custom]`: what the customer calls an own field, and what the source calls it.
fn aliases(table: &Spanned<DeTable<'_>>, text: &str, out: &mut Collector<'_>) -> Aliases {
    let mut aliases = Aliases::new();
    let Some((_, own)) = table.get_ref().iter().find(|(name, _)| name.get_ref() == "custom") else { return aliases };
    let Some(own) = own.get_ref().as_table() else { return aliases };
    for (name, value) in own.iter() {
        match value.get_ref().as_str() {
            Some(key) => drop(aliases.insert(name.get_ref().to_string(), key.to_owned())),
            None => {
                let (line, column) = position(text, value.span().start);
                let fix = "write \"Our name\" = \"custom_field_598134\"";
                out.add(line, column, "an own field is named by a text", fix);
            }
        }
    }
    aliases
}

/// One `[[rule]]` while it is read.
struct Reading<'a, 'b> {
    text: &'a str,
    aliases: &'a Aliases,
    out: &'a mut Collector<'b>,
    at: (usize, usize),
    wrong: bool,
}

/// An entry of a rule: its text and where it stands.
struct Entry {
    text: String,
    span: Range<usize>,
}

impl Reading<'_, '_> {
    fn fault(&mut self, offset: usize, problem: impl Into<String>, fix: impl Into<String>) {
        let (line, column) = position(self.text, offset);
        self.out.add(line, column, problem, fix);
        self.wrong = true;
    }

    fn rule(&mut self, table: &DeTable<'_>) -> Vec<Rule> {
        const ENTRIES: [&str; 5] = ["for", "set", "to", "when", "default"];
        for (name, _) in table.iter() {
            if !ENTRIES.contains(&name.get_ref().as_ref()) {
                let near = super::fault::nearest(name.get_ref(), ENTRIES);
                let fix = format!("a rule has {}{}", ENTRIES.join(", "), super::fault::did_you_mean(&near));
                self.fault(name.span().start, format!("a rule has no `{}`", name.get_ref()), fix);
            }
        }
        let kinds = self.kinds(table);
        let (set, to) = (self.entry(table, "set", true), self.entry(table, "to", true));
        let (when, default) = (self.entry(table, "when", false), self.entry(table, "default", false));
        let target = set.as_ref().and_then(|set| self.target(set));
        let (Some(set), Some(target), Some(to)) = (set, target, to) else { return Vec::new() };
        let mut rules = Vec::with_capacity(kinds.len());
        for (kind, made_from) in kinds {
            if !target.fits(kind) {
                let text = format!("the lines of {} have no {}", kind.as_str().replace('_', " "), target.name());
                self.fault(set.span.start, text, "set line.item instead: sales post through items");
                continue;
            }
            let mut source = Source::new(made_from, target.is_of_line());
            let template = self.compile(&to, &mut source, Template::compile);
            let when = when.as_ref().map(|when| self.compile(when, &mut source, Template::expression));
            if let (Some(to_template), false) = (template, matches!(when, Some(None))) {
                rules.push(Rule {
                    kind,
                    set: target.clone(),
                    source,
                    to: to_template,
                    when: when.flatten(),
                    default: default.as_ref().map(|default| default.text.clone()),
                    line: self.at.0,
                    set_at: position(self.text, set.span.start),
                    to_at: position(self.text, to.span.start),
                });
            }
            if self.wrong {
                // Further kinds would only repeat it.
                break;
            }
        }
        if self.wrong { Vec::new() } else { rules }
    }

    fn compile<T>(
        &mut self,
        entry: &Entry,
        source: &mut Source,
        compile: impl FnOnce(&str, &mut dyn super::expr::Scope) -> Result<T, (usize, String)>,
    ) -> Option<T> {
        match compile(&entry.text, &mut Compiling { source: &mut *source, aliases: self.aliases }) {
            Ok(compiled) => Some(compiled),
            Err((place, problem)) => {
                let bytes: usize = entry.text.chars().take(place).map(char::len_utf8).sum();
                let fix = format!("the fields are {}", source.names().join(", "));
                // The text begins behind its quote.
                self.fault((entry.span.start + 1 + bytes).min(entry.span.end), problem, fix);
                None
            }
        }
    }

    fn entry(&mut self, table: &DeTable<'_>, name: &str, required: bool) -> Option<Entry> {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else {
            if required {
                let fix = "write for, set and to under [[rule]]";
                self.out.add(self.at.0, self.at.1, format!("the rule has no `{name}`"), fix);
                self.wrong = true;
            }
            return None;
        };
        match value.get_ref().as_str() {
            Some(text) => Some(Entry { text: text.to_owned(), span: value.span() }),
            None => {
                self.fault(key.span().start, format!("`{name}` is not a text"), "quote it");
                None
            }
        }
    }

    fn target(&mut self, set: &Entry) -> Option<Target> {
        let name = set.text.as_str();
        if let Some((_, target)) = TARGETS.into_iter().find(|(known, _)| *known == name) {
            return Some(target);
        }
        let near = super::fault::nearest(name, TARGETS.iter().map(|(known, _)| *known));
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.');
        if plain && near.is_empty() && !name.starts_with("line.") {
            return Some(Target::Extra(name.to_owned()));
        }
        let names: Vec<&str> = TARGETS.iter().map(|(known, _)| *known).collect();
        let hint = super::fault::did_you_mean(&near);
        let fix = format!("set one of {}, or a field that the connector declares{hint}", names.join(", "));
        self.fault(set.span.start, format!("there is no field `{name}` to set"), fix);
        None
    }

    fn kinds(&mut self, table: &DeTable<'_>) -> Vec<(TargetKind, DocumentKind)> {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == "for") else {
            let fix = "write for, set and to under [[rule]]";
            self.out.add(self.at.0, self.at.1, "the rule has no `for`", fix);
            self.wrong = true;
            return Vec::new();
        };
        let names: Vec<(String, usize)> = match value.get_ref() {
            DeValue::String(one) => vec![(one.to_string(), value.span().start)],
            DeValue::Array(list) => {
                let texts = list.iter().filter_map(|one| Some((one.get_ref().as_str()?.to_owned(), one.span().start)));
                texts.collect()
            }
            _ => Vec::new(),
        };
        let known = || KINDS.iter().map(|(kind, _)| kind.as_str());
        if names.is_empty() {
            let known: Vec<&str> = known().collect();
            self.fault(
                key.span().start,
                "`for` names no document",
                format!("write one or several of {}", known.join(", ")),
            );
        }
        let mut kinds = Vec::with_capacity(names.len());
        for (name, offset) in names {
            match KINDS.into_iter().find(|(kind, _)| kind.as_str() == name) {
                Some(kind) => kinds.push(kind),
                None => {
                    let near = super::fault::nearest(&name, known());
                    let all: Vec<&str> = known().collect();
                    let fix = format!("the documents are {}{}", all.join(", "), super::fault::did_you_mean(&near));
                    self.fault(offset, format!("there are no rules for `{name}`"), fix);
                }
            }
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Rules, Vec<(usize, usize, String)>) {
        let mut faults = Vec::new();
        let rules = Rules::read(text, &mut Collector { file: "rules.toml", faults: &mut faults });
        faults.sort();
        (rules, faults.into_iter().map(|fault| (fault.line, fault.column, fault.problem)).collect())
    }

    #[test]
    fn a_rule_may_feed_several_documents() {
        let (rules, faults) = read(
            "[[rule]]\nfor = [\"bill\", \"vendor_credit\"]\nset = \"department\"\nto = \"{custom['Region']}\"\n\
             when = \"project_number.startsWith('2026')\"\ndefault = \"1\"\n[custom]\nRegion = \"custom_field_7\"\n\
             [owners]\ndepartment = \"quickbooks\"\n",
        );
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(rules.rules.len(), 2);
        assert!(rules.sets("department") && rules.owners.get("department") == Some(&Owner::Quickbooks));
    }

    #[test]
    fn every_mistake_of_a_rule_is_named_where_it_stands() {
        let (_, faults) = read(
            "[templates]\nbill_number = \"{comitment_number}\"\n[owners]\n\"line.amount\" = \"nobody\"\n\
             [[rule]]\nfor = \"bil\"\nset = \"memo\"\nto = \"x\"\n[[rule]]\nfor = \"bill\"\nset = \"line.clas\"\n\
             to = \"{vendor_nam}\"\n[[rule]]\nfor = \"invoice\"\nset = \"line.account\"\nto = \"x\"\n\
             [[rule]]\nfor = \"bill\"\nset = \"memo\"\nto = \"a {vendor_nam}\"\nwhen = \"1 +\"\nthen = 3\n",
        );
        let places: Vec<(usize, usize)> = faults.iter().map(|(line, column, _)| (*line, *column)).collect();
        assert_eq!(places, [(2, 1), (4, 1), (6, 7), (11, 7), (15, 7), (20, 10), (21, 12), (22, 1)], "{faults:#?}");
        assert!(faults[5].2.contains("did you mean vendor_name"), "{faults:#?}");
    }
}
