//! A bill that bills a purchase order must be unlinked before it can be deleted
//! (<https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/bill>).

use std::collections::HashMap;

use serde_json::value::RawValue;
use sync_core::connector::{Outcome, Write};
use sync_core::model::TargetRef;

use super::QuickBooksSink;
use super::outcome::{failed, hash, judged};
use crate::client::{BatchItem, BatchResult};
use crate::convert::{self, Body};
use crate::entity::Entity;
use crate::mirror::Held;

/// What became of the unlinking of each target: the bill as it is now, or why it is not to be deleted.
pub(super) type Unlinked = HashMap<TargetRef, Result<Box<RawValue>, Outcome>>;

impl QuickBooksSink {
    /// Unlinks the bills among `targets` (with their last text), in one request of its own.
    pub(super) async fn unlink(&self, targets: Vec<(&Write, &TargetRef, Box<RawValue>)>) -> Unlinked {
        let mut bodies: Vec<(&Write, &TargetRef, Body)> = Vec::new();
        for (write, target, raw) in targets {
            if let Ok(Some(body)) = convert::unlinked(Entity::of_kind(target.kind), &raw) {
                bodies.push((write, target, body));
            }
        }
        if bodies.is_empty() {
            return Unlinked::new();
        }
        let mut keys: Vec<&str> = bodies.iter().map(|(write, ..)| write.key.as_str()).collect();
        keys.sort_unstable();
        keys.push("unlink");
        let items: Vec<BatchItem<'_>> =
            bodies.iter().map(|(_, _, body)| BatchItem::Update(body.entity, &body.json)).collect();
        let results = match self.client.batch(&items, Some(&hash(&keys))).await {
            Ok(answer) => answer.value,
            Err(error) => {
                return bodies.iter().map(|(_, target, _)| ((*target).clone(), Err(failed(&error)))).collect();
            }
        };
        let taken = bodies.iter().zip(results).map(|((_, target, body), result)| {
            let outcome = match result {
                BatchResult::Entity(raw) => match Held::read(body.entity, raw) {
                    Ok(held) => Ok(self.mirror_mut().put(body.entity, held).raw.clone()),
                    Err(error) => Err(Outcome::Uncertain(format!("it was unlinked, and {error}"))),
                },
                BatchResult::Refused(fault) => {
                    Err(judged(&fault, &format!("QuickBooks refused to unlink it from its purchase order: {fault}")))
                }
                BatchResult::Found(_) => Err(Outcome::Uncertain("QuickBooks answered with a list".to_owned())),
                BatchResult::Unknown(problem) => Err(Outcome::Uncertain(problem)),
            };
            ((*target).clone(), outcome)
        });
        taken.collect()
    }
}
