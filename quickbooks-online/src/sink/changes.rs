//! What changed in the company, for an engine that wants to know: the same as webhooks tell, and nothing of it is missed.

use chrono::{DateTime, TimeDelta, Utc};
use sync_core::connector::{Cursor, Notice, SinkChanges};
use sync_core::model::TargetRef;
use sync_core::{Error as CoreError, ErrorKind};

use crate::entity::Entity;
use crate::raw::id_of;
use crate::{QuickBooks, QuickBooksSink};

/// What the sync writes or reads payments from.
const TOLD: &[Entity] = &[
    Entity::Customer,
    Entity::Vendor,
    Entity::PurchaseOrder,
    Entity::Bill,
    Entity::VendorCredit,
    Entity::Estimate,
    Entity::Invoice,
    Entity::CreditMemo,
    Entity::JournalEntry,
    Entity::BillPayment,
    Entity::Payment,
    Entity::Deposit,
    Entity::Purchase,
];

impl QuickBooksSink {
    pub(super) async fn changes_since(&self, since: Option<&Cursor>) -> Result<SinkChanges, CoreError> {
        let now = self.client.clock().now();
        let Some(since) = since else {
            return Ok(SinkChanges { notices: Vec::new(), complete: true, next: cursor(now) });
        };
        let since: DateTime<Utc> = since.0.parse().map_err(|error| {
            let text = format!("the stored position in QuickBooks' changes cannot be read ({error}); reconcile once");
            CoreError::new(ErrorKind::Configuration, text)
        })?;
        // An hour less than the reach, so that the request does not arrive too late for it.
        if now - since >= QuickBooks::CHANGES_REACH - TimeDelta::hours(1) {
            return Ok(SinkChanges { notices: Vec::new(), complete: false, next: cursor(now) });
        }
        let answer = self.client.cdc(TOLD, since - self.options.overlap).await?;
        let mut notices = Vec::new();
        for group in &answer.value.groups {
            let ids = group.live.iter().map(|raw| id_of(raw)).chain(group.deleted.iter().cloned());
            notices.extend(ids.map(|id| notice(group.entity, id)));
        }
        let next = answer.time.map_or(now, |time| time.to_utc());
        Ok(SinkChanges { notices, complete: !answer.value.is_capped(), next: cursor(next) })
    }
}

fn cursor(at: DateTime<Utc>) -> Cursor {
    Cursor(at.to_rfc3339())
}

fn notice(entity: Entity, id: String) -> Notice {
    match entity.kind() {
        Some(kind) => Notice::of(&TargetRef { kind, id: id.into() }, None),
        None => Notice { word: entity.path().to_owned(), id: id.into(), event: None },
    }
}
