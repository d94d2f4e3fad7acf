//! Create, update, void and delete.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::QuickBooks;
use super::entities::{Family, Type};
use super::fault::Fault;
use super::lines::{self, amount};
use super::links::{self, Effects, link_type};
use super::shape::{self, Actor, clean, money};
use super::store::{IdKey, stamp, whole_seconds};
use super::{names, refs, rules};
use crate::json::{Json, Object, object};

impl QuickBooks {
    /// The entity as it is, if the caller may know it.
    pub(super) fn current(&self, kind: Type, id: &str) -> Result<&Json, Fault> {
        if !shape::is_id(id) {
            return Err(Fault::bad_id(id).on("Id"));
        }
        self.company
            .seen(kind, id)
            .ok_or_else(|| if self.company.was_deleted(kind, id) { Fault::deleted() } else { Fault::not_found() })
    }

    // The entity that Id and SyncToken of a body name.
    fn addressed(&self, kind: Type, body: &Object) -> Result<(String, Json), Fault> {
        let id = body.get("Id").and_then(Json::as_id).ok_or_else(|| Fault::missing("Id"))?;
        let old = self.current(kind, id)?;
        let token = body.get("SyncToken").and_then(Json::as_id).ok_or_else(|| Fault::missing("SyncToken"))?;
        if old.get("SyncToken").and_then(Json::as_id) != Some(token) {
            return Err(Fault::stale(kind.name()));
        }
        Ok((id.to_owned(), old.clone()))
    }

    /// Creates an entity or, where the body has an `Id`, updates one. Returns the id.
    pub(super) fn save(
        &mut self,
        now: DateTime<Utc>,
        kind: Type,
        body: &Json,
        actor: Actor,
        allow_duplicate: bool,
    ) -> Result<String, Fault> {
        let entity = kind.entity();
        if entity.family == Family::Single || (kind == Type::Employee && actor == Actor::Client) {
            return Err(Fault::unsupported(&format!("write {}", entity.name)));
        }
        let mut members = clean(entity.shape, body, actor)?;
        let sparse = members.shift_remove("sparse").and_then(|flag| flag.as_bool()) == Some(true);
        let (id, old) = match members.get("Id") {
            Some(_) => {
                let (id, old) = self.addressed(kind, &members)?;
                (Some(id), Some(old))
            }
            None => (None, None),
        };
        let mut new = match &old {
            Some(old) if sparse => sparse_over(kind, old, members)?,
            Some(old) => full_over(kind, old, members, actor),
            None => {
                members.shift_remove("SyncToken");
                Json::Object(members)
            }
        };
        new.set("domain", "QBO");
        new.set("sparse", false);
        self.check(now, kind, &mut new, old.as_ref())?;
        if let Some(old) = &old
            && *old == new
        {
            // Nothing changed: the vendor leaves the SyncToken alone.
            return Ok(id.unwrap_or_default());
        }
        let before = old.as_ref().map(|old| Effects::of(&self.company, kind, old)).unwrap_or_default();
        if kind.is_transaction() {
            let after = Effects::of(&self.company, kind, &new);
            links::check(&self.company, kind, &new, &before, &after)?;
            rules::number(&mut self.company, &self.config, kind, &mut new, old.as_ref(), allow_duplicate)?;
        }
        match (id, old) {
            (Some(id), Some(old)) => {
                let word = if is_active(&old) && !is_active(&new) { "deleted" } else { "updated" };
                self.replace(now, kind, &id, &old, new, word);
                Ok(id)
            }
            _ => Ok(self.insert(now, kind, new)),
        }
    }

    fn check(&self, now: DateTime<Utc>, kind: Type, new: &mut Json, old: Option<&Json>) -> Result<(), Fault> {
        let entity = kind.entity();
        for key in entity.required {
            if new.get(key).is_none() {
                return Err(match *key {
                    "TotalAmt" => Fault::business("You must set a transaction amount."),
                    key => Fault::missing(key),
                });
            }
        }
        if let Some(members) = new.as_object_mut() {
            refs::resolve(&self.company, entity.shape, members)?;
        }
        if !kind.is_transaction() {
            return names::prepare(&self.company, kind, new, old);
        }
        if kind == Type::Payment && old.is_some_and(links::is_deposited) {
            return Err(deposited());
        }
        lines::prepare(&self.company, kind, new, old)?;
        rules::prepare(&self.company, kind, new, old, now)?;
        links::prepare(&self.company, kind, new, old)?;
        unapplied(kind, new)
    }

    fn insert(&mut self, now: DateTime<Utc>, kind: Type, mut new: Json) -> String {
        let id = self.company.next_id(kind);
        new.set("Id", id.as_str());
        stamp(&mut new, now);
        new.set("SyncToken", "0");
        let after = Effects::of(&self.company, kind, &new);
        let own_type = link_type(kind, &new);
        self.company.put(kind, &id, new, whole_seconds(now));
        if self.in_batch {
            self.company.hidden.insert((kind, IdKey::new(&id)));
        }
        let changed = links::settle(&mut self.company, now, (&id, own_type), &Effects::default(), &after);
        self.emit(now, kind, &id, "created");
        self.emit_indirect(now, changed);
        id
    }

    /// Puts `new` in the place of `old`, with everything that this does to others.
    pub(super) fn replace(
        &mut self,
        now: DateTime<Utc>,
        kind: Type,
        id: &str,
        old: &Json,
        mut new: Json,
        word: &'static str,
    ) {
        let before = Effects::of(&self.company, kind, old);
        let after = Effects::of(&self.company, kind, &new);
        stamp(&mut new, now);
        let label = refs::label(kind, old).map(str::to_owned);
        let own_type = link_type(kind, &new);
        self.company.put(kind, id, new, whole_seconds(now));
        let changed = links::settle(&mut self.company, now, (id, own_type), &before, &after);
        if kind == Type::PurchaseOrder {
            links::order_status(&mut self.company, id);
        }
        if kind.is_list() {
            names::follow(&mut self.company, kind, id, label.as_deref());
        }
        self.emit(now, kind, id, word);
        self.emit_indirect(now, changed);
    }

    /// Voids a transaction: the record stays, its amounts do not.
    pub(super) fn void(&mut self, now: DateTime<Utc>, kind: Type, body: &Json) -> Result<String, Fault> {
        let members = clean(kind.entity().shape, body, Actor::Client)?;
        let (id, old) = self.addressed(kind, &members)?;
        self.void_found(now, kind, &id, &old)?;
        Ok(id)
    }

    pub(super) fn void_found(&mut self, now: DateTime<Utc>, kind: Type, id: &str, old: &Json) -> Result<(), Fault> {
        self.may_go(kind, id, old)?;
        if kind == Type::Invoice && is_paid(old) {
            return Err(Fault::dependencies("payments are applied to the invoice. Unlink them first."));
        }
        let mut new = old.clone();
        rules::zero_out(kind, &mut new);
        self.replace(now, kind, id, old, new, "void");
        Ok(())
    }

    /// Deletes a transaction.
    pub(super) fn delete(&mut self, now: DateTime<Utc>, kind: Type, body: &Json) -> Result<String, Fault> {
        if !kind.is_transaction() {
            return Err(Fault::unsupported(&format!("delete {}", kind.name())));
        }
        let members = clean(kind.entity().shape, body, Actor::Client)?;
        let (id, old) = self.addressed(kind, &members)?;
        let linked = old.get("LinkedTxn").and_then(Json::as_array).is_some_and(|links| !links.is_empty());
        if linked && (self.config.delete_needs_unlinked || is_paid(&old)) {
            return Err(Fault::dependencies("You must unlink any linked transactions before deleting it."));
        }
        self.delete_found(now, kind, &id, &old)?;
        Ok(id)
    }

    pub(super) fn delete_found(&mut self, now: DateTime<Utc>, kind: Type, id: &str, old: &Json) -> Result<(), Fault> {
        self.may_go(kind, id, old)?;
        let before = Effects::of(&self.company, kind, old);
        let own_type = link_type(kind, old);
        self.company.remove(kind, id, whole_seconds(now));
        let changed = links::settle(&mut self.company, now, (id, own_type), &before, &Effects::default());
        self.emit(now, kind, id, "deleted");
        self.emit_indirect(now, changed);
        Ok(())
    }

    fn may_go(&self, kind: Type, id: &str, old: &Json) -> Result<(), Fault> {
        if kind == Type::Payment && links::is_deposited(old) {
            return Err(deposited());
        }
        if self.company.matched.contains(&(kind, IdKey::new(id))) {
            let detail = "You can't delete this transaction. It's matched to another transaction that was categorized \
                          into a different financial account.";
            return Err(Fault::new("6480", "Matched Transaction Delete Error", detail));
        }
        rules::open_books(&self.company, kind, Some(old))
    }
}

fn deposited() -> Fault {
    let detail = "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it \
                  appears on and remove it first.";
    Fault::new("6540", "Deposited Transaction cannot be changed", detail)
}

fn is_active(json: &Json) -> bool {
    json.get("Active").and_then(Json::as_bool) != Some(false)
}

// Something was applied to it, or it was applied to something.
fn is_paid(json: &Json) -> bool {
    let open = json.get("RemainingCredit").or_else(|| json.get("Balance")).and_then(Json::as_decimal);
    open.is_some_and(|open| open != amount(json, "TotalAmt"))
}

fn sparse_over(kind: Type, old: &Json, members: Object) -> Result<Json, Fault> {
    if !kind.entity().sparse {
        return Err(Fault::property("sparse", &format!("sparse update is not documented for {}", kind.name())));
    }
    if kind == Type::Account && !members.contains_key("Name") {
        return Err(Fault::missing("Name"));
    }
    let mut new = old.clone();
    for (key, value) in members {
        new.set(&key, value);
    }
    Ok(new)
}

// What a client leaves out becomes null; what only the server writes stays.
fn full_over(kind: Type, old: &Json, members: Object, actor: Actor) -> Json {
    let mut new = members;
    for (key, value) in old.as_object().into_iter().flatten() {
        let servers = kind.entity().shape.field(key).is_none_or(|field| field.read_only);
        let kept = servers && (actor == Actor::Client || !new.contains_key(key));
        if (kept && !matches!(key.as_str(), "TotalAmt")) || (key == "Active" && !new.contains_key(key)) {
            new.insert(key.clone(), value.clone());
        }
    }
    Json::Object(new)
}

// What a payment leaves after what it pays, credits counted against it.
pub(super) fn unapplied(kind: Type, new: &mut Json) -> Result<(), Fault> {
    if !matches!(kind, Type::Payment | Type::BillPayment) {
        return Ok(());
    }
    let mut applied = Decimal::ZERO;
    for line in lines::of(new) {
        match lines::link(line) {
            Some(("VendorCredit" | "CreditMemo", _)) => applied -= amount(line, "Amount"),
            Some(_) => applied += amount(line, "Amount"),
            None => {}
        }
    }
    let rest = amount(new, "TotalAmt") - applied;
    if rest.is_sign_negative() && !rest.is_zero() {
        return Err(Fault::business(format_args!("the lines apply {applied}, more than the transaction amount.")));
    }
    if kind == Type::Payment {
        new.set("UnappliedAmt", money(rest));
    }
    Ok(())
}

/// As the vendor shows it: tax identifiers are masked.
pub(super) fn render(kind: Type, json: &Json) -> Json {
    let mut shown = json.clone();
    let (key, open) = match kind {
        Type::Vendor => ("TaxIdentifier", 4),
        Type::Customer => ("PrimaryTaxIdentifier", 5),
        _ => return shown,
    };
    if let Some(secret) = json.get(key).and_then(Json::as_str) {
        let hidden = secret.chars().count().saturating_sub(open);
        let masked: String = secret.chars().enumerate().map(|(i, c)| if i < hidden { 'X' } else { c }).collect();
        shown.set(key, masked);
    }
    shown
}

/// What a deletion is answered with.
pub(super) fn deleted(id: &str) -> Json {
    object([("domain", "QBO".into()), ("status", "Deleted".into()), ("Id", id.into())])
}
