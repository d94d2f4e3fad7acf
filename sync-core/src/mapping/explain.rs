//! Why a document posts as it does: for each value of each line, the field of the source, and the rule or row that made
//! it.

use serde::Serialize;

use super::apply::{evaluate, line_of};
use super::coding::{CodingKey, CodingRow};
use super::names::List;
use super::rules::{Rule, Target};
use super::source::LineSource;
use super::{AccountRole, Mapped, Situation};
use crate::model::accounting::{AccountingDocument, PostTo};
use crate::model::construction::Document;
use crate::model::{DocumentKey, LineKey, Money};

/// A document, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The document.
    pub document: DocumentKey,
    /// What a person calls it.
    pub label: String,
    /// The version of the mapping that explains it.
    pub mapping: String,
    /// What it becomes, e.g. `bill`.
    pub becomes: String,
    /// Number, date and memo.
    pub header: Vec<Origin>,
    /// Its lines.
    pub lines: Vec<ExplainedLine>,
}

/// A line, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedLine {
    /// What it stands for, e.g. `pa:9:work`.
    pub line: String,
    /// Where each of its values comes from.
    pub values: Vec<Origin>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The field.
    pub field: String,
    /// Its value, as a person reads it.
    pub value: String,
    /// The field or fields of the source.
    pub from: String,
    /// The rule or row, with file and line.
    pub by: String,
}

fn origin(field: &str, value: impl Into<String>, from: impl Into<String>, by: impl Into<String>) -> Origin {
    Origin { field: field.to_owned(), value: value.into(), from: from.into(), by: by.into() }
}

/// What a line is looked up by.
struct Keys<'a> {
    project: &'a str,
    party: &'a str,
    template: &'static str,
    own_number: Option<&'a str>,
    date: &'static str,
}

impl Situation<'_> {
    /// Explains what [`apply`](Self::apply) makes of a document.
    ///
    /// # Errors
    /// What it comes to instead, if it is nothing that posts lines.
    pub fn explain(&self, document: &Document) -> Result<Explanation, Box<Mapped>> {
        let wanted = match self.apply(document) {
            Mapped::Post(wanted) => wanted,
            other => return Err(Box::new(other)),
        };
        let Some(keys) = keys(document) else { return Err(Box::new(Mapped::Nothing("it has no lines"))) };
        let rules: Vec<&Rule> = self.mapping.rules.rules.iter().filter(|rule| rule.kind == wanted.kind()).collect();
        let lines = match (wanted.expense(), wanted.sales()) {
            (Some(d), _) => {
                let each = d.lines.iter().map(|line| {
                    let class = line.coding.class.as_ref().map(AsRef::as_ref);
                    let customer = line.coding.customer.as_ref().map(AsRef::as_ref);
                    let shown = Shown { post_to: &line.coding.post_to, class, customer, text: &line.description };
                    self.explain_line(document, &keys, &rules, (&line.key, line.amount), &shown)
                });
                each.collect()
            }
            (None, Some(d)) => {
                let each = d.lines.iter().map(|line| {
                    let post_to = PostTo::Item(line.item.clone());
                    let class = line.class.as_ref().map(AsRef::as_ref);
                    let shown = Shown { post_to: &post_to, class, customer: None, text: &line.description };
                    self.explain_line(document, &keys, &rules, (&line.key, line.amount), &shown)
                });
                each.collect()
            }
            _ => Vec::new(),
        };
        Ok(Explanation {
            document: document.key(),
            label: document.label(),
            mapping: self.mapping.version().to_owned(),
            becomes: wanted.kind().as_str().to_owned(),
            header: self.header(document, &wanted, &keys, &rules),
            lines,
        })
    }

    fn header(
        &self,
        document: &Document,
        wanted: &AccountingDocument,
        keys: &Keys<'_>,
        rules: &[&Rule],
    ) -> Vec<Origin> {
        let fields = wanted.fields();
        let template = |name: String| {
            let line = self.mapping.rules.templates.get(name.as_str()).map_or(0, |compiled| compiled.line);
            if line == 0 { format!("template {name}, as it ships") } else { format!("rules.toml:{line}: {name}") }
        };
        let by_rule = |target: &Target| self.rule_for(rules, target, document, None);
        let number = match keys.own_number.filter(|own| !own.is_empty()) {
            Some(_) => origin("number", fields.get("number"), "invoice_number", "the invoice's own number"),
            None => origin("number", fields.get("number"), "", template(format!("{}_number", keys.template))),
        };
        let memo = origin("memo", fields.get("memo"), "", template(format!("{}_memo", keys.template)));
        let date = origin("date", fields.get("date"), keys.date, "as it is");
        let mut header = Vec::new();
        for (target, plain) in [(Target::Number, number), (Target::Date, date), (Target::Memo, memo)] {
            let by = by_rule(&target);
            header.push(Origin { by: by.clone().unwrap_or(plain.by), ..plain });
        }
        for (path, value) in fields.iter().filter_map(|(path, value)| Some((path.strip_prefix("extra/")?, value))) {
            let by = by_rule(&Target::Extra(path.to_owned())).unwrap_or_default();
            header.push(origin(path, value, "", by));
        }
        header
    }

    /// The rule that made a value, if one did.
    fn rule_for(
        &self,
        rules: &[&Rule],
        target: &Target,
        document: &Document,
        line: Option<LineSource<'_>>,
    ) -> Option<String> {
        let holds = |rule: &&&Rule| rule.set == *target && matches!(evaluate(rule, document, line), Ok(Some(_)));
        rules.iter().find(holds).map(|rule| format!("rules.toml:{}", rule.line))
    }

    fn explain_line(
        &self,
        document: &Document,
        keys: &Keys<'_>,
        rules: &[&Rule],
        (key, amount): (&LineKey, Money),
        shown: &Shown<'_>,
    ) -> ExplainedLine {
        let source = line_of(document, key).map(|line| LineSource { amount: Some(amount), ..line });
        let row = source.and_then(|line| {
            let (project, vendor) = (keys.project, keys.party);
            self.mapping.coding.find(CodingKey { project, vendor, codes: line.codes })
        });
        let retainage = key.as_str().ends_with(":withheld") || key.as_str().ends_with(":released");
        let codes = source.map(|line| {
            let code = line.codes.budget_code.as_deref().or(line.codes.cost_code.as_deref());
            format!("code {}", code.unwrap_or("(none)"))
        });
        let codes = codes.unwrap_or_default();
        let by_row = |row: Option<&CodingRow>| {
            row.map(|row| format!("coding.csv:{} ({})", row.line, row.matches())).unwrap_or_default()
        };
        let by_rule = |target: Target| self.rule_for(rules, &target, document, source);
        let mut values = vec![origin("amount", amount.to_string(), amount_from(source, key), "as Procore states it")];
        let (list, id, field) = match shown.post_to {
            PostTo::Item(id) => (List::Item, id.as_str(), "item"),
            PostTo::Account(id) => (List::Account, id.as_str(), "account"),
        };
        let posted = self.names.name_of(list, id);
        let sales = document_is_of_owner(document);
        values.push(match by_rule(Target::LineItem).or_else(|| by_rule(Target::LineAccount)) {
            Some(rule) => origin(field, posted, "", rule),
            None if retainage => origin(field, posted, "retainage of the row", self.by_role(row, sales)),
            None => match row.filter(|row| row.item.is_none() && row.account.is_none()) {
                Some(_) => origin(field, posted, codes.clone(), self.role_place(AccountRole::JobCost)),
                None => origin(field, posted, codes.clone(), by_row(row)),
            },
        });
        if let Some(class) = shown.class {
            let by = by_rule(Target::LineClass).unwrap_or_else(|| by_row(row));
            values.push(origin("class", self.names.name_of(List::Class, class), codes, by));
        }
        if let Some(customer) = shown.customer {
            let from_row = row.filter(|row| row.customer.is_some());
            let job = || "the job of the project".to_owned();
            let by = by_rule(Target::LineCustomer).unwrap_or_else(|| match from_row {
                Some(row) => by_row(Some(row)),
                None => job(),
            });
            let project = format!("project {}", keys.project);
            values.push(origin("customer", self.names.name_of(List::Customer, customer), project, by));
        }
        let by = by_rule(Target::LineDescription).unwrap_or_else(|| "as it is".to_owned());
        values.push(origin("description", shown.text, "description", by));
        ExplainedLine { line: key.as_str().to_owned(), values }
    }

    fn by_role(&self, row: Option<&CodingRow>, sales: bool) -> String {
        let role = if sales { AccountRole::RetainageReceivable } else { AccountRole::RetainagePayable };
        match (row.filter(|row| row.retainage_item.is_some()), self.mapping.crosswalk.items.get(&role)) {
            (Some(row), _) => format!("coding.csv:{} (retainage_item)", row.line),
            (None, Some(named)) => format!("accounts.csv:{} ({})", named.line, role.name()),
            (None, None) => self.role_place(role),
        }
    }

    fn role_place(&self, role: AccountRole) -> String {
        match self.mapping.crosswalk.accounts.get(&role) {
            Some(named) => format!("accounts.csv:{} ({})", named.line, role.name()),
            None => format!("the only account that fits {}", role.name()),
        }
    }
}

/// What a line shows.
struct Shown<'a> {
    post_to: &'a PostTo,
    class: Option<&'a str>,
    customer: Option<&'a str>,
    text: &'a str,
}

fn document_is_of_owner(document: &Document) -> bool {
    matches!(document, Document::PrimeContract(_) | Document::OwnerInvoice(_))
}

fn keys(document: &Document) -> Option<Keys<'_>> {
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    Some(match document {
        Document::Commitment(d) => Keys {
            project: text(&d.project_number),
            party: text(&d.vendor_name),
            template: "purchase_order",
            own_number: None,
            date: "date",
        },
        Document::PayApp(d) => Keys {
            project: text(&d.project_number),
            party: text(&d.vendor_name),
            template: "bill",
            own_number: d.invoice_number.as_deref(),
            date: "billing_date",
        },
        Document::PrimeContract(d) => Keys {
            project: text(&d.project_number),
            party: d.owner.as_ref().map(|owner| owner.name.as_str()).unwrap_or_default(),
            template: "estimate",
            own_number: None,
            date: "date",
        },
        Document::OwnerInvoice(d) => Keys {
            project: text(&d.project_number),
            party: "",
            template: "invoice",
            own_number: d.invoice_number.as_deref(),
            date: "billing_date",
        },
        _ => return None,
    })
}

fn amount_from(source: Option<LineSource<'_>>, key: &LineKey) -> String {
    match source {
        Some(LineSource { row: Some(row), part: "work", .. }) => format!(
            "work_this_period {} + stored {} - stored before {}",
            row.work_this_period, row.stored, row.stored_previous
        ),
        Some(LineSource { row: Some(row), part: "withheld", .. }) => {
            format!("work retained {}, held on stored {}", row.retainage.work_retained, row.retainage.stored_held)
        }
        Some(LineSource { row: Some(row), .. }) => {
            let (work, stored) = (row.retainage.work_released, row.retainage.stored_released);
            format!("work released {work}, stored released {stored}")
        }
        Some(LineSource { change_order: Some(change), .. }) => format!("line of change order {change}"),
        Some(_) => "line of the schedule of values".to_owned(),
        None => format!("all rows ({key})"),
    }
}
