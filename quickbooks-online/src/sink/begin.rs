//! Bringing the mirror up to date: whole at first, then by what changed.

use crate::client::ChangeGroup;
use crate::entity::Entity;
use crate::error::Error;
use crate::mirror::Held;
use crate::query::Query;
use crate::{QuickBooks, QuickBooksSink};

/// What the mirror holds, lists before the documents that refer to them.
const MIRRORED: &[Entity] = &[
    Entity::Preferences,
    Entity::CompanyInfo,
    Entity::Account,
    Entity::Item,
    Entity::Class,
    Entity::Term,
    Entity::Department,
    Entity::Customer,
    Entity::Vendor,
    Entity::Employee,
    Entity::PurchaseOrder,
    Entity::Bill,
    Entity::VendorCredit,
    Entity::Estimate,
    Entity::Invoice,
    Entity::CreditMemo,
    Entity::JournalEntry,
];

impl QuickBooksSink {
    pub(super) async fn bring_up_to_date(&self) -> Result<(), Error> {
        let time = self.mirror().time;
        let now = self.client.clock().now();
        let since = time.map(|time| time.to_utc() - self.options.overlap);
        match since {
            // An hour less than the reach, so that the request does not arrive too late for it.
            Some(since) if now - since < QuickBooks::CHANGES_REACH - chrono::TimeDelta::hours(1) => {
                let answer = self.client.cdc(MIRRORED, since).await?;
                if answer.value.is_capped() {
                    tracing::info!("more changed than one answer holds; the company is read whole");
                    return self.read_whole().await;
                }
                self.take_changes(answer.value.groups)?;
                if let Some(time) = answer.time {
                    self.mirror_mut().time = Some(time);
                }
                Ok(())
            }
            _ => self.read_whole().await,
        }
    }

    async fn read_whole(&self) -> Result<(), Error> {
        let queries: Vec<Query> = MIRRORED.iter().map(|entity| Query::new(*entity)).collect();
        // The server's time of the first answer; without one, that of the clock before it.
        let before = self.client.clock().now();
        let loaded = self.client.load(&queries).await?;
        let mut lists = Vec::with_capacity(MIRRORED.len());
        for (entity, objects) in MIRRORED.iter().zip(loaded.lists) {
            let held = objects.into_iter().map(|raw| Held::read(*entity, raw)).collect::<Result<Vec<_>, _>>()?;
            lists.push((*entity, held));
        }
        let mut mirror = self.mirror_mut();
        for (entity, held) in lists {
            mirror.replace(entity, held);
        }
        mirror.time = loaded.time.or(Some(before.fixed_offset()));
        Ok(())
    }

    fn take_changes(&self, groups: Vec<ChangeGroup>) -> Result<(), Error> {
        let mut read = Vec::with_capacity(groups.len());
        for group in groups {
            let entity = group.entity;
            let held = group.live.into_iter().map(|raw| Held::read(entity, raw)).collect::<Result<Vec<_>, _>>()?;
            read.push((entity, held, group.deleted));
        }
        // Nothing is taken in unless everything can be read, so that the next time asks for it again.
        let mut mirror = self.mirror_mut();
        for (entity, held, deleted) in read {
            for held in held {
                mirror.put(entity, held);
            }
            for id in deleted {
                mirror.delete(entity, &id);
            }
        }
        Ok(())
    }
}
