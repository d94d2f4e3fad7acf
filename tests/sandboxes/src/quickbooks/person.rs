//! What a person does in the QuickBooks screen while an integration runs.

use chrono::{DateTime, Utc};

use super::QuickBooks;
use super::entities::{Family, Type};
use super::fault::Fault;
use super::lines;
use super::shape::Actor;
use super::store::{IdKey, stamp, whole_seconds};
use super::{ledger, refs};
use crate::json::Json;

fn kind(entity: &str) -> Result<Type, Fault> {
    Type::by_name(entity).ok_or_else(|| Fault::new("2000", "Invalid or unsupported object name", entity))
}

impl QuickBooks {
    /// A person changes an entity: `change` gets all of it. Everything is checked as for a client, but read-only
    /// members (`IsProject`, say) may be set too.
    ///
    /// # Errors
    /// The fault that QuickBooks would show, if the result breaks a rule. Then nothing has changed.
    pub fn person_edits(
        &mut self,
        now: DateTime<Utc>,
        entity: &str,
        id: &str,
        change: impl FnOnce(&mut Json),
    ) -> Result<(), Fault> {
        let kind = kind(entity)?;
        let mut body = self.current(kind, id)?.clone();
        change(&mut body);
        if kind.entity().family == Family::Single {
            // Settings are not checked; nothing hangs on them but the rules that read them.
            stamp(&mut body, now);
            self.company.put(kind, id, body, whole_seconds(now));
            self.emit(now, kind, id, "updated");
            return Ok(());
        }
        let known = kind.entity().shape;
        if let Some(members) = body.as_object_mut() {
            // A book may carry members that the table does not know.
            members.retain(|key, _| known.field(key).is_some());
        }
        self.save(now, kind, &body, Actor::Person, true).map(|_| ())
    }

    /// A person enters a new entity. Returns its id.
    ///
    /// # Errors
    /// The fault that QuickBooks would show.
    pub fn person_creates(&mut self, now: DateTime<Utc>, entity: &str, body: Json) -> Result<String, Fault> {
        self.save(now, kind(entity)?, &body, Actor::Person, true)
    }

    /// A person deletes a transaction. The screen unlinks payments by itself: a payment of a deleted bill stays, with
    /// nothing applied.
    ///
    /// # Errors
    /// The fault that QuickBooks would show: closed books, deposited, matched, not found.
    pub fn person_deletes(&mut self, now: DateTime<Utc>, entity: &str, id: &str) -> Result<(), Fault> {
        let kind = kind(entity)?;
        if !kind.is_transaction() {
            return Err(Fault::unsupported(&format!("delete {}", kind.name())));
        }
        self.current(kind, id)?;
        self.unlink(now, kind, id);
        let old = self.current(kind, id)?.clone();
        self.delete_found(now, kind, id, &old)
    }

    /// A person voids a transaction, also of a kind that the API cannot void.
    ///
    /// # Errors
    /// As for [`person_deletes`](Self::person_deletes).
    pub fn person_voids(&mut self, now: DateTime<Utc>, entity: &str, id: &str) -> Result<(), Fault> {
        let kind = kind(entity)?;
        self.current(kind, id)?;
        self.unlink(now, kind, id);
        let old = self.current(kind, id)?.clone();
        self.void_found(now, kind, id, &old)
    }

    /// A person merges an entry of a list into another of it: whatever refers to `from` refers to `into` afterwards, its
    /// balance goes there too, and `from` is out of use. Transactions show no new version for it.
    ///
    /// # Errors
    /// The fault that QuickBooks would show: not found, or the same entry twice.
    pub fn person_merges(&mut self, now: DateTime<Utc>, entity: &str, from: &str, into: &str) -> Result<(), Fault> {
        let kind = kind(entity)?;
        if kind.is_transaction() || from == into {
            return Err(Fault::unsupported(&format!("merge {} {from} into {into}", kind.name())));
        }
        let name = refs::label(kind, self.current(kind, into)?).unwrap_or_default().to_owned();
        let balance = self.current(kind, from)?.get("Balance").and_then(Json::as_decimal).unwrap_or_default();
        refs::redirect(&mut self.company, kind, from, into, &name);
        if !balance.is_zero() {
            ledger::add(&mut self.company, kind, from, "Balance", -balance);
            ledger::add(&mut self.company, kind, into, "Balance", balance);
        }
        self.company.touch(kind, into, now);
        self.emit(now, kind, into, "merged");
        self.person_edits(now, entity, from, |json| json.set("Active", false))
    }

    /// A person closes the books up to a day (`YYYY-MM-DD`), or opens them.
    pub fn person_sets_closing_date(&mut self, now: DateTime<Utc>, date: Option<&str>) {
        self.company.set_closing_date(date);
        let id = self.company.all(Type::Preferences).next().map(|(key, _)| key.as_str().to_owned());
        if let Some(id) = id {
            self.company.touch(Type::Preferences, &id, now);
            self.emit(now, Type::Preferences, &id, "updated");
        }
    }

    /// A person matches a transaction to a line of the bank feed: it can no longer be deleted (6480).
    ///
    /// # Errors
    /// If there is no such transaction.
    pub fn person_matches(&mut self, entity: &str, id: &str) -> Result<(), Fault> {
        let kind = kind(entity)?;
        self.current(kind, id)?;
        self.company.matched.insert((kind, IdKey::new(id)));
        Ok(())
    }

    // Takes every link to this transaction out of those that hold one.
    fn unlink(&mut self, now: DateTime<Utc>, kind: Type, id: &str) {
        let links = self.company.get(kind, id).and_then(|json| json.get("LinkedTxn")).and_then(Json::as_array);
        let holders: Vec<(Type, String)> = links.unwrap_or(&[]).iter().filter_map(holder).collect();
        for (holder_kind, holder_id) in holders {
            // These links stand in the transaction itself and go with it.
            if matches!((kind, holder_kind), (Type::Bill, Type::PurchaseOrder) | (Type::Invoice, Type::Estimate)) {
                continue;
            }
            let Some(old) = self.company.get(holder_kind, &holder_id).cloned() else { continue };
            let is_link = |line: &Json| {
                lines::link(line).is_some_and(|(target, linked)| linked == id && Type::by_name(target) == Some(kind))
            };
            let mut new = old.clone();
            if let Some(Json::Array(new_lines)) = new.as_object_mut().and_then(|members| members.get_mut("Line")) {
                if holder_kind == Type::Bill {
                    for line in new_lines.iter_mut().filter(|line| is_link(line)) {
                        if let Some(members) = line.as_object_mut() {
                            members.shift_remove("LinkedTxn");
                        }
                    }
                } else {
                    new_lines.retain(|line| !is_link(line));
                }
            }
            if let Some(Json::Array(header)) = new.as_object_mut().and_then(|members| members.get_mut("LinkedTxn")) {
                header.retain(|link| holder(link) != Some((kind, id.to_owned())));
            }
            if holder_kind == Type::Deposit {
                let total = lines::total(holder_kind, &new);
                new.set("TotalAmt", super::shape::money(total));
            }
            // Only amounts go down: a payment cannot be over-applied by this.
            let _ = super::write::unapplied(holder_kind, &mut new);
            if new != old {
                self.replace(now, holder_kind, &holder_id, &old, new, "updated");
            }
        }
    }
}

fn holder(link: &Json) -> Option<(Type, String)> {
    let id = link.get("TxnId")?.as_id()?.to_owned();
    let kind = match link.get("TxnType")?.as_str()? {
        "BillPaymentCheck" | "BillPaymentCreditCard" => Type::BillPayment,
        other => Type::by_name(other)?,
    };
    Some((kind, id))
}
