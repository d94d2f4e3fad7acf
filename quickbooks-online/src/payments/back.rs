//! The way back: payments as the engine asks for them.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat};
use sync_core::ErrorKind;
use sync_core::connector::{BankState, Cursor, PaymentChanges, PaymentRead, PaymentSource};
use sync_core::model::{Date, TargetId, TargetKind, TargetRef};

use super::{ActualChanges, Actuals, PaymentsBook};
use crate::entity::Entity;
use crate::query::Query;
use crate::reports::Reports;

/// Ids in one query.
pub(super) const IDS: usize = 300;

fn target(entity: Entity, id: &TargetId) -> Option<TargetRef> {
    let kind = match entity {
        Entity::BillPayment => TargetKind::BillPayment,
        Entity::Payment => TargetKind::Payment,
        _ => return None,
    };
    Some(TargetRef { kind, id: id.clone() })
}

impl Actuals {
    /// The payments that settle documents, those that cannot be read included.
    fn payments(&self) -> impl Iterator<Item = PaymentRead> {
        let vendors = self.vendor_payments.iter().map(|payment| PaymentRead::Found(payment.made()));
        let customers = self.customer_payments.iter().map(|payment| PaymentRead::Found(payment.made()));
        let unreadable = self.unreadable.iter().filter_map(|unreadable| {
            Some(PaymentRead::Unreadable(target(unreadable.entity, &unreadable.id)?, unreadable.text.clone()))
        });
        vendors.chain(customers).chain(unreadable)
    }
}

impl PaymentsBook {
    /// The payments with these ids, as they are now; those that a whole answer lacks were deleted.
    async fn by_id(&self, payments: &[TargetRef]) -> Result<Actuals, crate::Error> {
        let home = self.home().await?;
        let mut queries = Vec::new();
        for (kind, entity) in [(TargetKind::BillPayment, Entity::BillPayment), (TargetKind::Payment, Entity::Payment)] {
            let ids: BTreeSet<&str> =
                payments.iter().filter(|payment| payment.kind == kind).map(|payment| payment.id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            queries.extend(ids.chunks(IDS).map(|ids| Query::new(entity).one_of("Id", ids.iter().copied())));
        }
        let mut read = Actuals::default();
        if queries.is_empty() {
            return Ok(read);
        }
        let loaded = self.client.load(&queries).await?;
        for (query, raws) in queries.iter().zip(loaded.lists) {
            read.take(query.entity(), &raws, home);
        }
        Ok(read)
    }

    async fn since(&self, cursor: Option<&Cursor>) -> Result<ActualChanges, sync_core::Error> {
        let Some(Cursor(text)) = cursor else { return Ok(self.load().await?) };
        let since = DateTime::parse_from_rfc3339(text).map_err(|error| {
            sync_core::Error::new(
                ErrorKind::Internal,
                format!("`{text}` is no place in the changes of QuickBooks: {error}"),
            )
        })?;
        Ok(self.changes(since.to_utc()).await?)
    }
}

#[async_trait]
impl PaymentSource for PaymentsBook {
    fn company(&self) -> String {
        format!("qbo:{}", self.client.config().realm)
    }

    async fn payments(&self, since: Option<&Cursor>) -> Result<PaymentChanges, sync_core::Error> {
        let asked = self.client.clock().now();
        let changes = self.since(since).await?;
        let mut changed: Vec<PaymentRead> = changes.changed.payments().collect();
        let deleted = changes.deleted.iter().filter_map(|gone| target(gone.entity, &gone.id));
        changed.extend(deleted.map(PaymentRead::Gone));
        let next = changes.time.map_or(asked, |time| time.to_utc());
        let next = Cursor(next.to_rfc3339_opts(SecondsFormat::Millis, true));
        Ok(PaymentChanges { changed, is_whole: changes.is_whole, next })
    }

    async fn read_payments(&self, payments: &[TargetRef]) -> Result<Vec<PaymentRead>, sync_core::Error> {
        let read = self.by_id(payments).await?;
        let mut found: HashMap<TargetRef, PaymentRead> =
            read.payments().map(|payment| (payment.target().clone(), payment)).collect();
        let answer = |payment: &TargetRef| found.remove(payment).unwrap_or_else(|| PaymentRead::Gone(payment.clone()));
        Ok(payments.iter().map(answer).collect())
    }

    /// A customer's payment is at the bank with the deposit that took it there.
    async fn at_bank(&self, payments: &[(TargetRef, Date)]) -> Result<HashMap<TargetRef, BankState>, sync_core::Error> {
        let today = self.client.clock().now().date_naive();
        let (Some(first), Some(last)) = (payments.iter().map(|p| p.1).min(), payments.iter().map(|p| p.1).max()) else {
            return Ok(HashMap::new());
        };
        let received: Vec<TargetRef> =
            payments.iter().map(|(payment, _)| payment).filter(|p| p.kind == TargetKind::Payment).cloned().collect();
        let read = self.by_id(&received).await?;
        let deposits: HashMap<&TargetId, &TargetId> = read
            .customer_payments
            .iter()
            .filter_map(|payment| Some((&payment.id, payment.deposit.as_ref()?)))
            .collect();
        // Deposits are younger than what they take to the bank.
        let last = if received.is_empty() { last } else { last.max(today) };
        let book = Reports::new(self.client.clone()).cleared(first, last).await?;
        let asked: HashSet<&TargetRef> = payments.iter().map(|(payment, _)| payment).collect();
        let states = asked.into_iter().filter_map(|payment| {
            let at = match payment.kind {
                TargetKind::Payment => deposits.get(&payment.id).copied().unwrap_or(&payment.id),
                _ => &payment.id,
            };
            Some((payment.clone(), book.state(at)?))
        });
        Ok(states.collect())
    }
}
