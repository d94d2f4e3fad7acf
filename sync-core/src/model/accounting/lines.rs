//! What lines are made of.

use serde::{Deserialize, Serialize};

use crate::model::{AccountId, ClassId, CustomerId, ItemId, LineKey, Money, TargetId, TargetLineId};

/// What lines of every kind of document have in common, to change.
#[derive(Debug)]
pub struct LineMut<'a> {
    /// What the line stands for.
    pub key: &'a mut LineKey,
    /// Its id in the accounting system.
    pub id: &'a mut Option<TargetLineId>,
    /// Text.
    pub description: &'a mut String,
}

/// What lines of every kind of document have in common, to compare.
#[derive(Clone, Debug)]
pub struct LineRef<'a> {
    /// What the line stands for.
    pub key: &'a LineKey,
    /// Its id in the accounting system.
    pub id: Option<&'a TargetLineId>,
    /// Amount.
    pub amount: Money,
    /// Where it posts.
    pub post_to: PostTo,
}

/// Where a line posts: an item or an account, never both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostTo {
    /// An item, which carries its account.
    Item(ItemId),
    /// An account.
    Account(AccountId),
}

impl std::fmt::Display for PostTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Item(id) => write!(f, "item:{id}"),
            Self::Account(id) => write!(f, "account:{id}"),
        }
    }
}

/// Class, item or account, and customer of a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coding {
    /// Item or account.
    pub post_to: PostTo,
    /// Class.
    pub class: Option<ClassId>,
    /// Customer or job.
    pub customer: Option<CustomerId>,
}

/// The purchase order line that a bill line bills.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineLink {
    /// The purchase order.
    pub purchase_order: TargetId,
    /// Its line.
    pub line: TargetLineId,
}
