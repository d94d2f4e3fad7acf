//! The links of payments, when the journal was lost: from the origin ids in the source.

use super::super::adopt::row;
use super::super::index::journal_error;
use super::super::{Engine, Parts};
use super::work::link_of;
use crate::actuals::PaymentKey;
use crate::error::Error;
use crate::journal::{Link, LinkChange};
use crate::model::{ContractId, DocumentKey, DocumentKind, Fields};

impl Engine {
    /// Links every payment that carries an origin id of this company to where it came from. What was agreed on is not
    /// known, so that the next reading of payments compares it; one that was deleted meanwhile is taken back then.
    pub(in super::super) async fn link_recorded_payments(&self, contracts: &[DocumentKey]) -> Result<usize, Error> {
        let Some(back) = &self.back else { return Ok(0) };
        let Parts { connection, journal, clock, .. } = &self.parts;
        let company = back.source.company();
        let mut linked = 0;
        for document in contracts {
            if !matches!(document.kind, DocumentKind::Commitment | DocumentKind::PrimeContract) {
                continue;
            }
            let Some((project, contract)) = document.project_and_id() else { continue };
            let recorded = back.sink.recorded(&project, &ContractId::from(contract)).await?;
            let mut rows = Vec::new();
            for payment in recorded {
                let origin = payment.origin.as_deref().unwrap_or_default();
                let Some(key) = PaymentKey::of_origin(&company, origin) else { continue };
                let document = key.document();
                if journal.link(connection, &document).await.map_err(journal_error)?.is_some() {
                    continue;
                }
                let label = payment.number.as_ref().map_or_else(|| key.payment.to_string(), |n| format!("payment {n}"));
                let link: Link = link_of(&key, &document, Fields::default(), &payment, &label, payment.bank);
                let mut row = row(&document, format!("linked to {} (rebuilt)", key.payment));
                row.link = LinkChange::Put(Box::new(link));
                rows.push(row);
            }
            linked += rows.len();
            if !rows.is_empty() {
                journal.settle(connection, &rows, clock.now()).await.map_err(journal_error)?;
            }
        }
        Ok(linked)
    }
}
