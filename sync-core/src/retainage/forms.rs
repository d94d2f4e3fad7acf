//! Fills in the forms of a certificate.

use super::bucket::Movement;
use super::certificate::{Certificate, Difference, G702, G703Row};
use super::compute::{Certifier, State, Sums};
use super::posting::LinePosting;
use super::rules::Scope;
use super::settle::Settled;
use crate::exact::money;
use crate::model::MoneyError;

impl Certifier<'_> {
    pub(super) fn certificate(
        &self,
        number: u32,
        state: &State,
        movements: &[Movement],
        scheduled: &[i128],
        sums: Sums,
        settled: &Settled,
    ) -> Result<Certificate, MoneyError> {
        let currency = self.schedule.currency;
        let amount = |cents: i128| money(cents, currency);
        let posting = |gross: i128, (withheld, released): (i128, i128)| {
            Ok(LinePosting { gross: amount(gross)?, withheld: amount(withheld)?, released: amount(released)? })
        };
        let per_line = self.terms.scope == Scope::PerLine;
        let mut rows = Vec::with_capacity(self.lines.len());
        let amounts = self.lines.iter().zip(&state.billed).zip(movements.iter().zip(scheduled));
        for (at, ((line, (work, stored)), (movement, scheduled))) in amounts.enumerate() {
            if line.from > number {
                continue;
            }
            let of_line = |list: &[(i128, i128)]| list.get(at).copied().filter(|_| per_line).unwrap_or_default();
            let held = state.buckets.get(at).filter(|_| per_line).map_or(0, |bucket| bucket.held);
            rows.push(G703Row {
                line: line.id.clone(),
                description: line.description.to_owned(),
                scheduled: amount(*scheduled)?,
                previous_work: amount(work - movement.work)?,
                this_period: amount(movement.work)?,
                stored: amount(*stored)?,
                completed: amount(work + stored)?,
                balance: amount(scheduled - work - stored)?,
                held: amount(held)?,
                posting: posting(movement.gross(), of_line(&settled.postings))?,
            });
        }
        let completed: i128 = state.billed.iter().map(|(work, stored)| work + stored).sum();
        let held: i128 = state.buckets.iter().map(|bucket| bucket.held).sum();
        let on_stored: i128 = settled.on_stored.iter().sum();
        let earned = completed - held;
        let summary = G702 {
            original_sum: amount(sums.original)?,
            net_changes: amount(sums.to_date - sums.original)?,
            sum_to_date: amount(sums.to_date)?,
            completed: amount(completed)?,
            retainage_work: amount(held - on_stored)?,
            retainage_stored: amount(on_stored)?,
            retainage: amount(held)?,
            earned_less_retainage: amount(earned)?,
            previous_certificates: amount(sums.earned_before)?,
            current_due: amount(earned - sums.earned_before)?,
            balance_to_finish: amount(sums.to_date - earned)?,
        };
        let whole = settled.postings.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let header = if per_line { None } else { Some(posting(0, whole)?) };
        let total = posting(movements.iter().map(Movement::gross).sum(), whole)?;
        let mut differences = Vec::with_capacity(settled.differences.len());
        for differs in &settled.differences {
            let line = differs.bucket.filter(|_| per_line).and_then(|at| self.lines.get(at));
            differences.push(Difference {
                line: line.map(|line| line.id.clone()),
                kind: differs.kind,
                stated: amount(differs.stated)?,
                recomputed: amount(differs.recomputed)?,
                difference: amount(differs.stated - differs.recomputed)?,
            });
        }
        let net = total.net()?;
        Ok(Certificate {
            application: number,
            side: self.side,
            currency,
            rows,
            header,
            summary,
            total,
            net,
            differences,
        })
    }
}
