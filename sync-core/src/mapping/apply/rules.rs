//! Rules of the mapping on a document that is made: each feeds one field from any field of the source.

use super::{Situation, Stop, shorten};
use crate::dead_letter::Cause;
use crate::mapping::expr::Wrong;
use crate::mapping::names::List;
use crate::mapping::rules::{Rule, Target};
use crate::mapping::source::{DocumentRecord, LineSource};
use crate::model::accounting::{AccountingDocument, PostTo};
use crate::model::construction::{ChangeOrder, Document, PayAppLine, SovLine};
use crate::model::{AccountId, ClassId, CustomerId, Date, ItemId, LineKey, Money, TermId};

impl Situation<'_> {
    /// Applies the rules for the document's kind, in the order of the file: the first whose condition holds sets a
    /// field. A rule that comes to nothing, without default, leaves the field as it is.
    pub(super) fn follow_rules(
        &self,
        source: &Document,
        mut wanted: AccountingDocument,
    ) -> Result<AccountingDocument, Stop> {
        let kind = wanted.kind();
        let mut rules = self.mapping.rules.rules.iter().filter(|rule| rule.kind == kind).peekable();
        if rules.peek().is_none() {
            return Ok(wanted);
        }
        let (of_lines, of_header): (Vec<&Rule>, Vec<&Rule>) = rules.partition(|rule| rule.set.is_of_line());
        self.set_header(source, &mut wanted, &of_header)?;
        if !of_lines.is_empty() {
            self.set_lines(source, &mut wanted, &of_lines)?;
        }
        Ok(wanted)
    }

    fn set_header(&self, source: &Document, wanted: &mut AccountingDocument, rules: &[&Rule]) -> Result<(), Stop> {
        let mut set: Vec<&Target> = Vec::new();
        for rule in rules {
            if set.contains(&&rule.set) {
                continue;
            }
            let Some(value) = value(rule, source, None)? else { continue };
            set.push(&rule.set);
            match &rule.set {
                Target::Number => {
                    let number = Some(shorten(&value, self.capabilities.max_number));
                    match (wanted.expense_mut().is_some(), &number) {
                        (true, _) => drop(wanted.expense_mut().map(|d| d.number = number)),
                        _ => drop(wanted.sales_mut().map(|d| d.number = number)),
                    }
                }
                Target::Memo => {
                    if let Some(memo) = wanted.memo_mut() {
                        *memo = value;
                    }
                }
                Target::Date => {
                    let date: Date = value.parse().map_err(|_| dead(rule, format!("`{value}` is not a date")))?;
                    wanted.set_date(date);
                }
                Target::Terms => {
                    let id = Some(TermId::from(self.listed(rule, List::Term, &value)?));
                    match wanted {
                        AccountingDocument::PurchaseOrder(d)
                        | AccountingDocument::Bill(d)
                        | AccountingDocument::VendorCredit(d) => d.terms = id,
                        AccountingDocument::Estimate(d)
                        | AccountingDocument::Invoice(d)
                        | AccountingDocument::CreditMemo(d) => d.terms = id,
                        _ => {}
                    }
                }
                Target::Extra(name) => {
                    let declared =
                        self.capabilities.fields.iter().find(|f| f.name == name && f.kinds.contains(&rule.kind));
                    let Some(declared) = declared else {
                        let text = format!("{} takes no {name} on a {}", self.capabilities.name, rule.kind);
                        return Err(dead(rule, text));
                    };
                    let value: String = match declared.list {
                        Some(list) => self.listed(rule, list, &value)?,
                        None => value.chars().take(declared.max).collect(),
                    };
                    if let Some(extra) = wanted.extra_mut() {
                        extra.insert(name.clone(), value);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn set_lines(&self, source: &Document, wanted: &mut AccountingDocument, rules: &[&Rule]) -> Result<(), Stop> {
        if let Some(document) = wanted.expense_mut() {
            for line in &mut document.lines {
                let mut set: Vec<&Target> = Vec::new();
                for rule in rules {
                    let Some(value) = self.line_value(rule, source, &line.key, line.amount, &mut set)? else {
                        continue;
                    };
                    match rule.set {
                        Target::LineDescription => line.description = self.text(&value),
                        Target::LineClass => {
                            line.coding.class = Some(ClassId::from(self.listed(rule, List::Class, &value)?));
                        }
                        Target::LineCustomer => {
                            line.coding.customer = Some(CustomerId::from(self.listed(rule, List::Customer, &value)?));
                        }
                        Target::LineItem => {
                            line.coding.post_to = PostTo::Item(ItemId::from(self.listed(rule, List::Item, &value)?));
                        }
                        Target::LineAccount => {
                            let id = self.listed(rule, List::Account, &value)?;
                            line.coding.post_to = PostTo::Account(AccountId::from(id));
                        }
                        _ => {}
                    }
                }
            }
        } else if let Some(document) = wanted.sales_mut() {
            for line in &mut document.lines {
                let mut set: Vec<&Target> = Vec::new();
                for rule in rules {
                    let Some(value) = self.line_value(rule, source, &line.key, line.amount, &mut set)? else {
                        continue;
                    };
                    match rule.set {
                        Target::LineDescription => line.description = self.text(&value),
                        Target::LineClass => {
                            line.class = Some(ClassId::from(self.listed(rule, List::Class, &value)?))
                        }
                        Target::LineItem => line.item = ItemId::from(self.listed(rule, List::Item, &value)?),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    fn line_value<'r>(
        &self,
        rule: &'r Rule,
        source: &Document,
        key: &LineKey,
        amount: Money,
        set: &mut Vec<&'r Target>,
    ) -> Result<Option<String>, Stop> {
        if set.contains(&&rule.set) {
            return Ok(None);
        }
        let line = line_of(source, key).map(|line| LineSource { amount: Some(amount), ..line });
        let value = value(rule, source, line)?;
        if value.is_some() {
            set.push(&rule.set);
        }
        Ok(value)
    }

    fn listed(&self, rule: &Rule, list: List, name: &str) -> Result<String, Stop> {
        self.names.resolve(list, name).map_err(|problem| dead(rule, problem))
    }
}

fn dead(rule: &Rule, problem: impl std::fmt::Display) -> Stop {
    Stop::Dead(Cause::MissingCoding, format!("rules.toml:{}: {}: {problem}", rule.line, rule.set.name()))
}

/// What a rule comes to, if its condition holds and it comes to something.
pub(in crate::mapping) fn evaluate(
    rule: &Rule,
    source: &Document,
    line: Option<LineSource<'_>>,
) -> Result<Option<String>, Wrong> {
    let record = DocumentRecord { source: &rule.source, document: source, line };
    if let Some(when) = &rule.when
        && !when.holds(&record)?
    {
        return Ok(None);
    }
    let text = rule.to.fill(&record)?;
    Ok(if text.is_empty() { rule.default.clone().filter(|default| !default.is_empty()) } else { Some(text) })
}

fn value(rule: &Rule, source: &Document, line: Option<LineSource<'_>>) -> Result<Option<String>, Stop> {
    evaluate(rule, source, line).map_err(|wrong| dead(rule, wrong))
}

/// The line of the source that a line of the document stands for.
pub(in crate::mapping) fn line_of<'a>(source: &'a Document, key: &LineKey) -> Option<LineSource<'a>> {
    let mut parts = key.as_str().split(':');
    let (kind, first) = (parts.next()?, parts.next()?);
    let second = parts.next();
    match (source, kind) {
        (Document::PayApp(app), "pa") => row(&app.lines, first, second?),
        (Document::OwnerInvoice(invoice), "oi") => row(&invoice.lines, first, second?),
        (Document::Commitment(d), _) => of_contract(&d.lines, &d.change_orders, kind, first, second),
        (Document::PrimeContract(d), _) => of_contract(&d.lines, &d.change_orders, kind, first, second),
        _ => None,
    }
}

fn row<'a>(rows: &'a [PayAppLine], id: &str, part: &str) -> Option<LineSource<'a>> {
    let row = rows.iter().find(|row| row.id.as_str() == id)?;
    let part = ["work", "withheld", "released"].into_iter().find(|known| *known == part)?;
    let (id, description, codes) = (row.id.as_str(), row.description.as_str(), &row.codes);
    Some(LineSource { id, description, codes, part, change_order: None, row: Some(row), amount: None })
}

fn of_contract<'a>(
    lines: &'a [SovLine],
    changes: &'a [ChangeOrder],
    kind: &str,
    first: &str,
    second: Option<&str>,
) -> Option<LineSource<'a>> {
    let (line, change) = match (kind, second) {
        ("sov", None) => (lines.iter().find(|line| line.id.as_str() == first)?, None),
        ("co", Some(id)) => {
            let change = changes.iter().find(|change| super::package_of(change) == first)?;
            (change.lines.iter().find(|line| line.id.as_str() == id)?, Some(change.number.as_str()))
        }
        _ => return None,
    };
    Some(LineSource {
        id: line.id.as_str(),
        description: &line.description,
        codes: &line.codes,
        part: "value",
        change_order: change,
        row: None,
        amount: Some(line.amount),
    })
}
