//! What was spent on jobs without a commitment: purchases, and bills that no sync made.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::value::RawValue;
use sync_core::ErrorKind;
use sync_core::connector::{CostChanges, CostRead, CostSource, Cursor, Marker, PaymentSource};
use sync_core::direct_costs::{CostLine, CostMade};
use sync_core::model::accounting::Coding;
use sync_core::model::{Currency, Date, TargetKind, TargetRef};

use super::back::IDS;
use super::{DirectPurchase, Head, HeadMembers, OVERLAP, PaymentsBook, made_from_order, text, typed};
use crate::client::QuickBooks;
use crate::convert;
use crate::entity::Entity;
use crate::error::Error;
use crate::query::Query;
use crate::raw::id_of;
use crate::wire;

const READ: [(Entity, TargetKind); 2] = [(Entity::Purchase, TargetKind::Purchase), (Entity::Bill, TargetKind::Bill)];

fn read(entity: Entity, kind: TargetKind, raw: &RawValue, home: Currency) -> CostRead {
    let target = TargetRef { kind, id: id_of(raw).into() };
    let made = match entity {
        Entity::Purchase => purchase(target.clone(), raw, home),
        _ => bill(target.clone(), raw, home),
    };
    match made {
        Ok(made) => CostRead::Found(Box::new(made)),
        Err(error) => CostRead::Unreadable(target, error.to_string()),
    }
}

fn purchase(target: TargetRef, raw: &RawValue, home: Currency) -> Result<CostMade, Error> {
    let read = DirectPurchase::read(raw, home)?;
    let (marker, memo) = Marker::take_from(&read.note);
    let lines = read.lines.into_iter().map(|line| CostLine {
        amount: line.amount,
        coding: Coding { post_to: line.post_to, class: line.class, customer: line.customer },
        is_committed: line.is_committed,
        description: line.description,
    });
    Ok(CostMade {
        target,
        number: read.number,
        date: read.date,
        payee: read.vendor,
        memo,
        currency: read.total.currency(),
        lines: lines.collect(),
        voided: read.voided,
        is_ours: marker.is_some(),
    })
}

fn bill(target: TargetRef, raw: &RawValue, home: Currency) -> Result<CostMade, Error> {
    let read: wire::Bill = typed(raw)?;
    let note = read.private_note.as_deref().unwrap_or_default();
    let members = HeadMembers {
        date: read.txn_date,
        currency: read.currency_ref.as_ref(),
        total: read.total_amt,
        note: read.private_note.as_deref(),
        meta: read.meta_data.as_ref(),
    };
    let head = Head::of(&read, &members, home)?;
    let (marker, memo) = Marker::take_from(note);
    let wire_lines = read.line.as_deref().unwrap_or_default();
    let is_committed = made_from_order(wire_lines, &read.linked_txn);
    let mut lines = Vec::with_capacity(wire_lines.len());
    for line in wire_lines {
        let expense = convert::expense_line(line, head.currency)
            .map_err(|error| Error::unreadable(&format!("Bill {}", head.id), &error))?;
        lines.extend(expense.map(|expense| CostLine {
            amount: expense.amount,
            coding: expense.coding,
            is_committed: is_committed(line),
            description: expense.description,
        }));
    }
    Ok(CostMade {
        target,
        number: text(read.doc_number.as_deref()),
        date: head.date,
        payee: read.vendor_ref.as_ref().map(|vendor| vendor.value.as_str().into()),
        memo,
        currency: head.currency,
        lines,
        voided: head.voided,
        is_ours: marker.is_some(),
    })
}

impl PaymentsBook {
    async fn all_costs(&self, from: Date) -> Result<CostChanges, Error> {
        let home = self.home().await?;
        let asked = self.client.clock().now();
        let queries = READ.map(|(entity, _)| Query::new(entity).from_day("TxnDate", from));
        let loaded = self.client.load(&queries).await?;
        let lists = READ.into_iter().zip(&loaded.lists);
        let changed =
            lists.flat_map(|((entity, kind), raws)| raws.iter().map(move |raw| read(entity, kind, raw, home)));
        let next = loaded.time.map_or(asked, |time| time.to_utc());
        Ok(CostChanges { changed: changed.collect(), is_whole: true, next: cursor(next) })
    }

    async fn changed_costs(&self, since: DateTime<chrono::Utc>, from: Date) -> Result<CostChanges, Error> {
        let asked = self.client.clock().now();
        let since = since - OVERLAP;
        // An hour less than the reach, so that the request does not arrive too late for it.
        if asked - since >= QuickBooks::CHANGES_REACH - TimeDelta::hours(1) {
            return self.all_costs(from).await;
        }
        let home = self.home().await?;
        let answer = self.client.cdc(&READ.map(|(entity, _)| entity), since).await?;
        if answer.value.is_capped() {
            tracing::info!("more purchases and bills changed than one answer holds; they are read whole");
            return self.all_costs(from).await;
        }
        let mut changed = Vec::new();
        for group in answer.value.groups {
            let Some((entity, kind)) = READ.into_iter().find(|(entity, _)| *entity == group.entity) else { continue };
            changed.extend(group.live.iter().map(|raw| read(entity, kind, raw, home)));
            let gone = group.deleted.into_iter().map(|id| TargetRef { kind, id: id.into() });
            changed.extend(gone.map(CostRead::Gone));
        }
        let next = answer.time.map_or(asked, |time| time.to_utc());
        Ok(CostChanges { changed, is_whole: false, next: cursor(next) })
    }
}

fn cursor(next: DateTime<chrono::Utc>) -> Cursor {
    Cursor(next.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[async_trait]
impl CostSource for PaymentsBook {
    fn company(&self) -> String {
        PaymentSource::company(self)
    }

    async fn costs(&self, since: Option<&Cursor>, from: Date) -> Result<CostChanges, sync_core::Error> {
        let Some(Cursor(text)) = since else { return Ok(self.all_costs(from).await?) };
        let since = DateTime::parse_from_rfc3339(text).map_err(|error| {
            let text = format!("`{text}` is no place in the changes of QuickBooks: {error}");
            sync_core::Error::new(ErrorKind::Internal, text)
        })?;
        Ok(self.changed_costs(since.to_utc(), from).await?)
    }

    async fn read_costs(&self, spent: &[TargetRef]) -> Result<Vec<CostRead>, sync_core::Error> {
        let home = self.home().await?;
        let mut queries = Vec::new();
        for (entity, kind) in READ {
            let ids: BTreeSet<&str> =
                spent.iter().filter(|spent| spent.kind == kind).map(|spent| spent.id.as_str()).collect();
            let ids: Vec<&str> = ids.into_iter().collect();
            queries.extend(ids.chunks(IDS).map(|ids| Query::new(entity).one_of("Id", ids.iter().copied())));
        }
        let mut found: HashMap<TargetRef, CostRead> = HashMap::with_capacity(spent.len());
        if !queries.is_empty() {
            let loaded = self.client.load(&queries).await?;
            for (query, raws) in queries.iter().zip(loaded.lists) {
                let Some((entity, kind)) = READ.into_iter().find(|(entity, _)| *entity == query.entity()) else {
                    continue;
                };
                found.extend(
                    raws.iter().map(|raw| read(entity, kind, raw, home)).map(|read| (read.target().clone(), read)),
                );
            }
        }
        Ok(spent.iter().map(|spent| found.remove(spent).unwrap_or_else(|| CostRead::Gone(spent.clone()))).collect())
    }
}
