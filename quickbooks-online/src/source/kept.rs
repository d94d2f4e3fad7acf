//! Transactions as they were read, kept until the next reading, which then asks only for what changed.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Books;
use crate::client::QuickBooks;
use crate::entity::Entity;
use crate::error::Error;
use crate::query::Query;
use crate::raw::id_of;

/// Changes are asked for from a little before the last reading: instants of two computers differ.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Objects in a line of a file.
const LINE: usize = 500;

/// Transactions of a company, byte for byte as QuickBooks sent them.
#[derive(Debug)]
pub struct KeptTransactions {
    head: Head,
    objects: HashMap<Entity, Vec<Box<RawValue>>>,
}

/// The first line of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    realm: String,
    /// When everything was read last.
    whole: DateTime<Utc>,
    /// What changed since may be missing.
    time: DateTime<Utc>,
    /// Were there more than one answer holds?
    paged: bool,
}

/// A further line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<O> {
    Objects(String, Vec<O>),
    /// The last one, and how many objects stand before it.
    End(usize),
}

impl KeptTransactions {
    /// When everything was read last; since then changes alone.
    #[must_use]
    pub fn whole_at(&self) -> DateTime<Utc> {
        self.head.whole
    }

    /// Does asking for changes save requests? What fits into one answer is cheaper to read whole.
    #[must_use]
    pub fn saves_requests(&self) -> bool {
        self.head.paged
    }

    pub(super) fn of(&self, entity: Entity) -> &[Box<RawValue>] {
        self.objects.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// Writes them, a JSON value a line; see [`read_from`](Self::read_from).
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = |text: serde_json::Result<String>| writeln!(out, "{}", text?);
        line(serde_json::to_string(&self.head))?;
        let mut count = 0;
        for (entity, objects) in &self.objects {
            count += objects.len();
            for some in objects.chunks(LINE) {
                line(serde_json::to_string(&Line::Objects(entity.as_str().to_owned(), some.iter().collect())))?;
            }
        }
        line(serde_json::to_string(&Line::<()>::End(count)))
    }

    /// What was written; none if it was cut or cannot be read, for then everything is read again.
    pub fn read_from(text: impl BufRead) -> Option<Self> {
        let mut lines = text.lines();
        let head = serde_json::from_str(&lines.next()?.ok()?).ok()?;
        let mut kept = Self { head, objects: HashMap::new() };
        for line in lines {
            match serde_json::from_str(&line.ok()?).ok()? {
                Line::Objects(entity, objects) => {
                    kept.objects.entry(Entity::from_name(&entity)?).or_default().extend::<Vec<Box<RawValue>>>(objects);
                }
                Line::End(count) => {
                    return (kept.objects.values().map(Vec::len).sum::<usize>() == count).then_some(kept);
                }
            }
        }
        None
    }
}

impl Books {
    /// The objects of `lists` as they are now, and those of `transactions`: by what changed since `earlier`, where that
    /// is of this company and not too long ago, else whole.
    pub(super) async fn read(
        &self,
        lists: &[Entity],
        transactions: &[Entity],
        earlier: Option<KeptTransactions>,
    ) -> Result<(HashMap<Entity, Vec<Box<RawValue>>>, KeptTransactions), Error> {
        let (now, realm) = (self.client.clock().now(), self.client.realm().to_owned());
        // An hour less than the reach, so that the request does not arrive too late for it.
        let reach = QuickBooks::CHANGES_REACH - TimeDelta::hours(1);
        let fits = |kept: &KeptTransactions| kept.head.realm == realm && now - kept.head.time + OVERLAP < reach;
        if let Some(kept) = earlier.filter(fits) {
            // Lists whole: the balance of an account moves without a change of the account.
            let (read, _) = self.whole(lists).await?;
            if let Some(kept) = self.renewed(transactions, kept).await? {
                return Ok((read, kept));
            }
            tracing::info!("more changed in QuickBooks than one answer holds; its transactions are read whole");
            let (objects, how) = self.whole(transactions).await?;
            let head = Head { realm, whole: now, time: how.time.unwrap_or(now), paged: true };
            return Ok((read, KeptTransactions { head, objects }));
        }
        let (mut read, how) = self.whole(&[lists, transactions].concat()).await?;
        let objects = transactions.iter().filter_map(|entity| read.remove_entry(entity)).collect();
        let head = Head { realm, whole: now, time: how.time.unwrap_or(now), paged: how.paged };
        Ok((read, KeptTransactions { head, objects }))
    }

    async fn whole(&self, entities: &[Entity]) -> Result<(HashMap<Entity, Vec<Box<RawValue>>>, How), Error> {
        let queries: Vec<Query> = entities.iter().map(|entity| Query::new(*entity)).collect();
        let loaded = self.client.load(&queries).await?;
        let how = How { time: loaded.time.map(|time| time.to_utc()), paged: loaded.paged };
        Ok((entities.iter().copied().zip(loaded.lists).collect(), how))
    }

    /// With what changed; none if too much did.
    async fn renewed(
        &self,
        transactions: &[Entity],
        mut kept: KeptTransactions,
    ) -> Result<Option<KeptTransactions>, Error> {
        let answer = self.client.cdc(transactions, kept.head.time - OVERLAP).await?;
        if answer.value.is_capped() {
            return Ok(None);
        }
        for group in answer.value.groups {
            let objects = kept.objects.entry(group.entity).or_default();
            let places: HashMap<String, usize> =
                objects.iter().enumerate().map(|(place, raw)| (id_of(raw), place)).collect();
            for raw in group.live {
                match places.get(&id_of(&raw)).and_then(|place| objects.get_mut(*place)) {
                    Some(known) => *known = raw,
                    None => objects.push(raw),
                }
            }
            if !group.deleted.is_empty() {
                objects.retain(|raw| !group.deleted.contains(&id_of(raw)));
            }
        }
        kept.head.time = answer.time.map_or(kept.head.time, |time| time.to_utc());
        Ok(Some(kept))
    }
}

/// How a reading went.
struct How {
    time: Option<DateTime<Utc>>,
    paged: bool,
}
