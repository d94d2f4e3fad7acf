//! Pay apps become bills, negative ones vendor credits; retainage is a line of its own.

use std::collections::BTreeMap;

use super::{Situation, Stop, no_date, shorten};
use crate::dead_letter::Cause;
use crate::mapping::{RetainageLines, RetainagePolicy};
use crate::model::accounting::{AccountingDocument, Coding, ExpenseDocument, ExpenseLine, LineLink};
use crate::model::construction::{Document, PayApp, PayAppLine};
use crate::model::{CustomerId, DocumentKey, DocumentKind, LineKey, Money, TargetKind};
use crate::retainage::{self, PayAppPosting};

impl Situation<'_> {
    pub(super) fn pay_app(&self, app: &PayApp, source: &Document) -> Result<AccountingDocument, Stop> {
        if !app.status.is_approved() {
            return Err(Stop::Nothing("not approved"));
        }
        self.check_currency(app.currency)?;
        let posting = retainage::posting(app).map_err(|e| Stop::Dead(Cause::AmountsDisagree, e.to_string()))?;
        if posting.is_nothing() {
            return Err(Stop::Nothing("nothing billed, withheld or released"));
        }
        let commitment = DocumentKey::within(DocumentKind::Commitment, &app.project, &app.commitment);
        if self.index.target(&commitment).is_none() {
            return Err(Stop::Needs(commitment));
        }
        let payee = self.payee(app.vendor.as_ref().map(AsRef::as_ref))?;
        let job = self.job(&app.project)?;
        let date = app.billing_date.or(app.period_end).ok_or_else(|| no_date("billing date"))?;
        let credit = posting.net.is_negative();
        let lines = self.pay_app_lines(app, &posting, &job, &commitment, credit)?;
        let project_number = app.project_number.as_deref().unwrap_or_default();
        let kind = if credit { TargetKind::VendorCredit } else { TargetKind::Bill };
        let number = match &app.invoice_number {
            Some(own) => shorten(own.trim(), self.capabilities.max_number_of(kind)),
            None => {
                let key = DocumentKey::within(DocumentKind::PayApp, &app.project, &app.id);
                self.number(kind, payee.as_str(), &self.template("bill_number", source)?, project_number, &key)
            }
        };
        let document = ExpenseDocument {
            number: Some(number),
            date,
            terms: None,
            payable: Some(self.payable()?),
            memo: self.template("bill_memo", source)?,
            lines,
            currency: app.currency,
            payee,
            extra: BTreeMap::new(),
        };
        Ok(if credit { AccountingDocument::VendorCredit(document) } else { AccountingDocument::Bill(document) })
    }

    fn pay_app_lines(
        &self,
        app: &PayApp,
        posting: &PayAppPosting,
        job: &CustomerId,
        commitment: &DocumentKey,
        credit: bool,
    ) -> Result<Vec<ExpenseLine>, Stop> {
        let project = app.project_number.as_deref().unwrap_or_default();
        let vendor = app.vendor_name.as_deref().unwrap_or_default();
        let sign = |amount: Money| if credit { amount.negated() } else { amount };
        let policies = &self.mapping.policies;
        let untracked = policies.retainage == RetainagePolicy::ProcoreOnly;
        let per_line = policies.retainage_lines == RetainageLines::PerLine;
        let mut lines = Vec::with_capacity(app.lines.len() * 2);
        for (row, amounts) in app.lines.iter().zip(&posting.lines) {
            let coding = self.coding(project, vendor, &row.codes, job);
            let posted = if untracked { amounts.net()? } else { amounts.gross };
            if !posted.is_zero() {
                let key = LineKey::source(format!("pa:{}:work", row.id));
                let coding = match &coding {
                    Ok(coding) => coding.clone(),
                    Err(stop) => return Err(stop.clone()),
                };
                let mut line = self.line(key, &row.description, sign(posted), coding);
                // A purchase order line cannot be billed by less than nothing, and a vendor credit has no links.
                if !credit && !posted.is_negative() {
                    line.link = self.link(row, commitment);
                }
                lines.push(line);
            }
            if per_line && !untracked {
                let coding = coding.as_ref().ok();
                for (part, verb, amount) in
                    [("withheld", "withheld", amounts.withheld.negated()), ("released", "released", amounts.released)]
                {
                    if !amount.is_zero() {
                        let key = LineKey::source(format!("pa:{}:{part}", row.id));
                        let text = format!("Retainage {verb}: {}", row.description);
                        lines.push(self.line(
                            key,
                            &text,
                            sign(amount),
                            self.retainage_coding(coding, job, (project, vendor, Some(&row.codes)))?,
                        ));
                    }
                }
            }
        }
        if !per_line && !untracked {
            for (part, amount) in [("withheld", posting.total.withheld.negated()), ("released", posting.total.released)]
            {
                if !amount.is_zero() {
                    let key = LineKey::source(format!("pa:{part}"));
                    let text = format!("Retainage {part}");
                    lines.push(self.line(
                        key,
                        &text,
                        sign(amount),
                        self.retainage_coding(None, job, (project, vendor, None))?,
                    ));
                }
            }
        }
        if lines.is_empty() {
            return Err(Stop::Nothing("nothing is due, and retainage is kept in Procore only"));
        }
        Ok(lines)
    }

    pub(super) fn line(&self, key: LineKey, description: &str, amount: Money, coding: Coding) -> ExpenseLine {
        ExpenseLine { key, id: None, description: self.text(description), amount, coding, link: None }
    }

    fn link(&self, row: &PayAppLine, commitment: &DocumentKey) -> Option<LineLink> {
        if !self.capabilities.purchase_order_links {
            return None;
        }
        let line = row.sov_line.as_ref()?;
        let key = match &row.change_order_package {
            Some(package) => LineKey::source(format!("co:{package}:{line}")),
            None => LineKey::source(format!("sov:{line}")),
        };
        let id = self.index.line(commitment, &key)?;
        Some(LineLink { purchase_order: self.index.target(commitment)?.clone(), line: id.clone() })
    }
}
