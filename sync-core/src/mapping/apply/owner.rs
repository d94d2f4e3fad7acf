//! The owner's side: prime contracts become estimates, owner invoices become invoices, negative ones credit memos.

use std::collections::BTreeMap;

use super::commitment::{Stated, check_sums};
use super::{Situation, Stop, line_key, no_date, package_of, shorten};
use crate::dead_letter::Cause;
use crate::mapping::{RetainageLines, RetainagePolicy};
use crate::model::accounting::{AccountingDocument, SalesDocument, SalesLine};
use crate::model::construction::{Document, OwnerInvoice, PrimeContract};
use crate::model::{ClassId, DocumentKey, DocumentKind, ItemId, LineKey, Money, OwnerInvoiceStatus, TargetKind};
use crate::retainage::{self, PayAppPosting};

impl Situation<'_> {
    pub(super) fn prime_contract(
        &self,
        contract: &PrimeContract,
        source: &Document,
    ) -> Result<AccountingDocument, Stop> {
        if contract.deleted {
            return Err(Stop::Nothing("deleted"));
        }
        if !contract.status.is_committed() {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(contract.currency)?;
        let stated = Stated { original: contract.original_sum, changes: contract.approved_changes };
        check_sums(&stated, &contract.lines, &contract.change_orders, contract.currency)?;
        let customer = self.job(&contract.project)?;
        let date = contract.date.ok_or_else(|| no_date("contract date"))?;
        let project_number = contract.project_number.as_deref().unwrap_or_default();
        let owner = contract.owner.as_ref().map(|owner| owner.name.as_str()).unwrap_or_default();
        let mut lines = Vec::new();
        for (line, change) in contract.contract_lines() {
            let (item, class) = self.sales_coding(project_number, owner, &line.codes)?;
            let description = match change {
                None => line.description.clone(),
                Some(co) => format!("CO {}: {}", co.number, line.description),
            };
            let key = line_key(line, change.map(package_of));
            lines.push(self.sales_line(key, &description, line.amount, item, class));
        }
        if lines.is_empty() {
            return Err(Stop::Nothing("without lines"));
        }
        let key = DocumentKey::within(DocumentKind::PrimeContract, &contract.project, &contract.id);
        let plain = self.template("estimate_number", source)?;
        let number = self.number(TargetKind::Estimate, customer.as_str(), &plain, project_number, &key);
        Ok(AccountingDocument::Estimate(SalesDocument {
            customer,
            number: Some(number),
            date,
            terms: None,
            memo: self.template("estimate_memo", source)?,
            lines,
            currency: contract.currency,
            extra: BTreeMap::new(),
        }))
    }

    pub(super) fn owner_invoice(&self, invoice: &OwnerInvoice, source: &Document) -> Result<AccountingDocument, Stop> {
        if invoice.status != OwnerInvoiceStatus::Approved {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(invoice.currency)?;
        let posting = retainage::posting_of(&invoice.lines, &invoice.summary, invoice.currency)
            .map_err(|e| Stop::Dead(Cause::AmountsDisagree, e.to_string()))?;
        if posting.is_nothing() {
            return Err(Stop::Nothing("nothing billed, withheld or released"));
        }
        let customer = self.job(&invoice.project)?;
        let date = invoice.billing_date.or(invoice.period_end).ok_or_else(|| no_date("billing date"))?;
        let credit = posting.net.is_negative();
        let lines = self.owner_lines(invoice, &posting, credit)?;
        let project_number = invoice.project_number.as_deref().unwrap_or_default();
        let kind = if credit { TargetKind::CreditMemo } else { TargetKind::Invoice };
        let number = match &invoice.invoice_number {
            Some(own) => shorten(own.trim(), self.capabilities.max_number_of(kind)),
            None => {
                let key = DocumentKey::within(DocumentKind::OwnerInvoice, &invoice.project, &invoice.id);
                let plain = self.template("invoice_number", source)?;
                self.number(kind, customer.as_str(), &plain, project_number, &key)
            }
        };
        let document = SalesDocument {
            customer,
            number: Some(number),
            date,
            terms: None,
            memo: self.template("invoice_memo", source)?,
            lines,
            currency: invoice.currency,
            extra: BTreeMap::new(),
        };
        Ok(if credit { AccountingDocument::CreditMemo(document) } else { AccountingDocument::Invoice(document) })
    }

    fn owner_lines(
        &self,
        invoice: &OwnerInvoice,
        posting: &PayAppPosting,
        credit: bool,
    ) -> Result<Vec<SalesLine>, Stop> {
        let project = invoice.project_number.as_deref().unwrap_or_default();
        let sign = |amount: Money| if credit { amount.negated() } else { amount };
        let policies = &self.mapping.policies;
        let untracked = policies.retainage == RetainagePolicy::ProcoreOnly;
        let per_line = policies.retainage_lines == RetainageLines::PerLine;
        let mut lines = Vec::with_capacity(invoice.lines.len() * 2);
        for (row, amounts) in invoice.lines.iter().zip(&posting.lines) {
            let coding = self.sales_coding(project, "", &row.codes);
            let posted = if untracked { amounts.net()? } else { amounts.gross };
            if !posted.is_zero() {
                let (item, class) = match &coding {
                    Ok((item, class)) => (item.clone(), class.clone()),
                    Err(stop) => return Err(stop.clone()),
                };
                let key = LineKey::source(format!("oi:{}:work", row.id));
                lines.push(self.sales_line(key, &row.description, sign(posted), item, class));
            }
            if !per_line || untracked {
                continue;
            }
            let class = coding.ok().and_then(|(_, class)| class);
            for (part, amount) in [("withheld", amounts.withheld.negated()), ("released", amounts.released)] {
                if !amount.is_zero() {
                    let key = LineKey::source(format!("oi:{}:{part}", row.id));
                    let text = format!("Retainage {part}: {}", row.description);
                    lines.push(self.sales_line(
                        key,
                        &text,
                        sign(amount),
                        self.retainage_item(project, Some(&row.codes))?,
                        class.clone(),
                    ));
                }
            }
        }
        if !per_line && !untracked {
            let total = &posting.total;
            for (part, amount) in [("withheld", total.withheld.negated()), ("released", total.released)] {
                if !amount.is_zero() {
                    let key = LineKey::source(format!("oi:{part}"));
                    let text = format!("Retainage {part}");
                    lines.push(self.sales_line(key, &text, sign(amount), self.retainage_item(project, None)?, None));
                }
            }
        }
        if lines.is_empty() {
            return Err(Stop::Nothing("nothing is due, and retainage is kept in Procore only"));
        }
        Ok(lines)
    }

    fn sales_line(
        &self,
        key: LineKey,
        description: &str,
        amount: Money,
        item: ItemId,
        class: Option<ClassId>,
    ) -> SalesLine {
        SalesLine { key, id: None, description: self.text(description), amount, item, class }
    }
}
