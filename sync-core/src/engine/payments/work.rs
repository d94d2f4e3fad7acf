//! Jobs of payments: read, planned, written.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::index::journal_error;
use super::super::run::{RunReport, settlement};
use super::super::{Engine, Parts, Step};
use super::send::Planned;
use super::{Back, is_billed, is_news};
use crate::actuals::{Due, Paid, PartStep, PaymentFact, PaymentKey, PaymentMade, plan_part};
use crate::connector::{Change, Fetched, PaymentRead, PaymentWrite};
use crate::dead_letter::{Cause, DeadLetter};
use crate::error::{Error, ErrorKind};
use crate::journal::{Base, Job, JobEnd, Link, LinkChange, Settlement};
use crate::model::construction::{Document, Payment};
use crate::model::{AtBank, ContractId, DocumentKey, Fields, Money, ProjectId, TargetRef, Timestamp};
use crate::retainage;

/// In what was seen of a recorded payment: until when an earlier request for it may still arrive, which would record it
/// once more if it had been taken back by then.
pub(super) const DOUBT: &str = "in_doubt_until";

/// A job, and what it is about.
pub(super) struct PartJob {
    pub(super) job: Job,
    pub(super) key: PaymentKey,
}

/// What a payment is recorded as, before its contract is known.
struct Wanted {
    made: PaymentMade,
    cash: Money,
    paid: DocumentKey,
}

impl Wanted {
    /// What the accounting system decides about the part. Equal fields mean that nothing is to be done.
    fn fields(&self) -> Fields {
        let mut fields = Fields::default();
        fields.set("paid", self.paid.to_string());
        fields.set("amount", self.cash.to_string());
        fields.set("date", self.made.date.to_string());
        fields.set("check_number", self.made.number.clone().unwrap_or_default());
        fields
    }
}

/// Payments on contracts, each contract read once in a wave.
type Recorded = HashMap<(ProjectId, ContractId), Vec<Payment>>;

impl Engine {
    /// Works leased jobs of payments.
    /// `until`: when the lease ends.
    pub(in super::super) async fn work_payments(
        &self,
        jobs: Vec<Job>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        if jobs.is_empty() {
            return Ok(());
        }
        let Some(back) = &self.back else {
            return self.let_rest(&jobs).await;
        };
        let jobs = self.recover_payments(back, jobs, until, report).await?;
        let mut parts = Vec::new();
        let mut wholes = Vec::new();
        for job in jobs {
            match PaymentKey::parse(&job.document) {
                Some(key) if key.paid.is_some() => parts.push(PartJob { job, key }),
                Some(key) => wholes.push(PartJob { job, key }),
                None => {
                    tracing::warn!(document = %job.document, "no payment is called so");
                    self.settle(&[settlement(&job, JobEnd::Done, "no payment is called so")]).await?;
                }
            }
        }
        let payments = self.read_payments(back, parts.iter().chain(&wholes)).await?;
        self.parts.observer.step(Step::Fetched).await;
        self.expand(&wholes, &payments, report).await?;
        let (planned, settlements) = self.plan_parts(back, parts, &payments, report).await?;
        if !settlements.is_empty() {
            self.settle_payments(&settlements).await?;
            self.parts.observer.step(Step::Settled).await;
        }
        self.write_payments(back, planned, until, report).await
    }

    /// Where a payment is recorded no longer, the document that it paid has room again: what was too much for it is tried
    /// anew.
    pub(super) async fn settle_payments(&self, settlements: &[Settlement]) -> Result<(), Error> {
        self.settle(settlements).await?;
        let paid = |document: &DocumentKey| PaymentKey::parse(document).and_then(|key| key.settled());
        let ended = settlements.iter().filter(|settled| matches!(settled.link, LinkChange::Remove));
        let freed: HashSet<TargetRef> = ended.filter_map(|settled| paid(&settled.document)).collect();
        if freed.is_empty() {
            return Ok(());
        }
        let Parts { connection, journal, .. } = &self.parts;
        let letters = journal.dead_letters(connection).await.map_err(journal_error)?;
        let again: Vec<Change> = letters
            .into_iter()
            .filter(|letter| letter.cause == Cause::PaidMoreThanBilled)
            .filter(|letter| paid(&letter.document).is_some_and(|paid| freed.contains(&paid)))
            .map(|letter| Change::found(letter.document))
            .collect();
        if !again.is_empty() {
            self.take_in(&again).await?;
        }
        Ok(())
    }

    async fn read_payments(
        &self,
        back: &Back,
        jobs: impl Iterator<Item = &PartJob>,
    ) -> Result<HashMap<TargetRef, PaymentRead>, Error> {
        let mut read = HashMap::new();
        let mut missing = BTreeSet::new();
        for PartJob { key, .. } in jobs {
            match back.take(&key.payment) {
                Some(fresh) => drop(read.insert(key.payment.clone(), fresh)),
                None => drop(missing.insert(key.payment.clone())),
            }
        }
        if !missing.is_empty() {
            let missing: Vec<TargetRef> = missing.into_iter().collect();
            let found = back.source.read_payments(&missing).await?;
            if found.len() != missing.len() {
                return Err(Error::new(crate::ErrorKind::Internal, "the books did not answer for every payment"));
            }
            read.extend(missing.into_iter().zip(found));
        }
        Ok(read)
    }

    /// A payment as a whole: its parts are taken in, those that are recorded included.
    async fn expand(
        &self,
        wholes: &[PartJob],
        payments: &HashMap<TargetRef, PaymentRead>,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        if wholes.is_empty() {
            return Ok(());
        }
        let Parts { connection, journal, .. } = &self.parts;
        let targets: Vec<TargetRef> = wholes.iter().map(|whole| whole.key.payment.clone()).collect();
        let links = journal.links_to(connection, &targets).await.map_err(journal_error)?;
        let mut found = Vec::new();
        let mut settlements = Vec::new();
        for PartJob { job, key } in wholes {
            let recorded = links.iter().filter(|link| link.target == key.payment && link.document != job.document);
            found.extend(recorded.map(|link| Change::found(link.document.clone())));
            let unreadable = match payments.get(&key.payment) {
                Some(PaymentRead::Found(made)) => match made.settled() {
                    Ok(settled) => {
                        let keys = settled.iter().filter(|settled| !settled.cash.is_zero());
                        found.extend(keys.map(|s| Change::found(PaymentKey::part(&key.payment, &s.to.id).document())));
                        None
                    }
                    Err(error) => Some(error.to_string()),
                },
                Some(PaymentRead::Unreadable(_, text)) => Some(text.clone()),
                Some(PaymentRead::Gone(_)) | None => None,
            };
            match unreadable {
                Some(text) => {
                    let letter =
                        self.payment_letter(&job.document, key.payment.to_string(), Cause::Unreadable, text, None);
                    settlements.push(self.dead_payment(job, letter, report));
                }
                None => settlements.push(settlement(job, JobEnd::Done, "")),
            }
        }
        if !found.is_empty() {
            self.take_in(&found).await?;
        }
        self.settle(&settlements).await
    }

    async fn plan_parts(
        &self,
        back: &Back,
        parts: Vec<PartJob>,
        payments: &HashMap<TargetRef, PaymentRead>,
        report: &mut RunReport,
    ) -> Result<(Vec<Planned>, Vec<Settlement>), Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let (mut planned, mut settlements) = (Vec::new(), Vec::new());
        if parts.is_empty() {
            return Ok((planned, settlements));
        }
        let paid = parts.iter().filter_map(|PartJob { key, .. }| key.settled());
        let paid = journal.links_to(connection, &paid.collect::<Vec<_>>()).await.map_err(journal_error)?;
        let by_target: HashMap<&TargetRef, &DocumentKey> =
            paid.iter().filter(|l| is_billed(&l.document)).map(|link| (&link.target, &link.document)).collect();
        let documents: Vec<DocumentKey> = parts.iter().map(|part| part.job.document.clone()).collect();
        let links = journal.links_of(connection, &documents).await.map_err(journal_error)?;
        let by_document: HashMap<&DocumentKey, &Link> = links.iter().map(|link| (&link.document, link)).collect();
        let mut open = Vec::new();
        for PartJob { job, key } in parts {
            let link = by_document.get(&job.document).copied();
            let wanted = match payments.get(&key.payment) {
                Some(PaymentRead::Found(made)) => wanted(made, &key, &by_target),
                Some(PaymentRead::Unreadable(_, text)) => Err(text.clone()),
                Some(PaymentRead::Gone(_)) | None => Ok(None),
            };
            let wanted = match wanted {
                Ok(wanted) => wanted,
                Err(text) => {
                    let letter =
                        self.payment_letter(&job.document, key.payment.to_string(), Cause::Unreadable, text, None);
                    settlements.push(self.dead_payment(&job, letter, report));
                    continue;
                }
            };
            let same = link.is_some_and(|link| wanted.as_ref().is_some_and(|w| w.fields() == link.base.wanted));
            let news = back.state(&key.payment).filter(|state| link.is_some_and(|link| is_news(*state, link)));
            match (&wanted, link) {
                // Nothing of ours was paid, or by credits alone.
                (None, None) => {
                    report.skipped += 1;
                    settlements.push(settlement(&job, JobEnd::Done, ""));
                }
                (Some(_), Some(_)) if same && news.is_none() => {
                    report.unchanged += 1;
                    settlements.push(settlement(&job, JobEnd::Done, ""));
                }
                _ => open.push((job, key, wanted, link, news.filter(|_| same))),
            }
        }
        let asked = open.iter().filter_map(|(.., wanted, _, _)| Some(wanted.as_ref()?.paid.clone()));
        let documents = self.read_paid(asked.collect()).await?;
        let mut recorded = Recorded::new();
        let company = back.source.company();
        for (job, key, wanted, link, news) in open {
            let origin = key.origin(&company);
            let number = wanted.as_ref().and_then(|wanted| wanted.made.number.clone());
            let named = match &number {
                Some(number) => format!("payment {number}"),
                None => key.payment.to_string(),
            };
            let resolved = match &wanted {
                None => Ok(None),
                Some(wanted) => resolve(&origin, wanted, documents.get(&wanted.paid)).map(Some),
            };
            let (fact, due) = match resolved {
                Ok(Some((fact, due))) => (Some(fact), Some(due)),
                Ok(None) => (None, None),
                Err((cause, text)) => {
                    let amount = wanted.as_ref().map(|wanted| wanted.cash);
                    let letter = self.payment_letter(&job.document, named, cause, text, amount);
                    settlements.push(self.dead_payment(&job, letter, report));
                    continue;
                }
            };
            let label = match &due {
                Some(due) => format!("{named} on {}", due.label),
                None => link.map_or(named, |link| link.base.seen.get("label").to_owned()),
            };
            // What stands on another contract is taken back there first.
            let before = link.and_then(place);
            let now = fact.as_ref().map(|fact| (fact.project.clone(), fact.contract.clone()));
            let moved = before.as_ref().is_some_and(|before| now.as_ref().is_some_and(|now| now != before));
            let Some(place) = before.or(now) else {
                settlements.push(settlement(&job, JobEnd::Done, ""));
                continue;
            };
            let there = match recorded.entry(place) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(free) => match back.sink.recorded(&free.key().0, &free.key().1).await {
                    Ok(read) => free.insert(read),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        let text = format!(
                            "the payments of its contract cannot be read: it was deleted in Procore, or this account may \
                             not see it any more ({error})"
                        );
                        let amount = wanted.as_ref().map(|wanted| wanted.cash);
                        let letter = self.payment_letter(&job.document, label, Cause::DeletedInProcore, text, amount);
                        settlements.push(self.dead_payment(&job, letter, report));
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            // A request of an earlier taking back may have arrived late and have taken its origin id off again.
            let known = link.map(|link| link.base.seen.get("id"));
            let ours = |payment: &&mut Payment| payment.origin.is_none() && known == Some(payment.id.as_str());
            there.iter_mut().filter(ours).for_each(|payment| payment.origin = Some(origin.clone()));
            let fact = fact.filter(|_| !moved);
            let step = plan_part(&origin, fact.as_ref(), due.as_ref(), there)
                .map_err(|error| Error::new(crate::ErrorKind::Internal, error.to_string()))?;
            let step = match step {
                PartStep::Remove(payment) => match changed_by_hand(link, &payment) {
                    Some(text) => PartStep::Dead(Cause::Conflict, text),
                    None => PartStep::Remove(payment),
                },
                step => step,
            };
            let in_doubt = link.and_then(in_doubt).filter(|until| *until > self.parts.clock.now());
            if let (PartStep::Remove(_), Some(not_before)) = (&step, in_doubt) {
                settlements.push(settlement(&job, JobEnd::Again { not_before }, ""));
                continue;
            }
            let fields = wanted.as_ref().map(Wanted::fields).unwrap_or_default();
            let write = match step {
                PartStep::Same(payment) => {
                    match news.filter(|state| payment.bank.map(|told| told.state) != Some(*state)) {
                        Some(state) => PaymentWrite::Bank { payment, state, seen: self.parts.clock.now().date_naive() },
                        None => {
                            report.adopted += 1;
                            let link = link_of(&key, &job.document, fields, &payment, &label, payment.bank);
                            let mut end = settlement(&job, JobEnd::Done, &format!("{label}: recorded already"));
                            end.link = LinkChange::Put(Box::new(link));
                            settlements.push(end);
                            continue;
                        }
                    }
                }
                PartStep::Nothing => {
                    let end = if moved { JobEnd::Again { not_before: self.parts.clock.now() } } else { JobEnd::Done };
                    let mut end = settlement(&job, end, &format!("{label}: nothing is recorded any more"));
                    end.link = LinkChange::Remove;
                    settlements.push(end);
                    continue;
                }
                PartStep::Dead(cause, text) => {
                    let amount = wanted.as_ref().map(|wanted| wanted.cash);
                    let letter = self.payment_letter(&job.document, label, cause, text, amount);
                    settlements.push(self.dead_payment(&job, letter, report));
                    continue;
                }
                PartStep::Record(fact) => {
                    // The next part of the wave counts it as paid.
                    there.push(as_recorded(&fact));
                    PaymentWrite::Record(fact)
                }
                PartStep::Remove(payment) => {
                    there.retain(|other| other.id != payment.id);
                    PaymentWrite::Remove(payment)
                }
            };
            planned.push(Planned { job, key, label, fields, write });
        }
        // What is taken back goes first, so that nothing is ever shown as paid twice.
        planned.sort_by_key(|planned| matches!(planned.write, PaymentWrite::Record(_)));
        Ok((planned, settlements))
    }

    /// The documents that were paid, read afresh.
    async fn read_paid(&self, keys: HashSet<DocumentKey>) -> Result<HashMap<DocumentKey, Fetched>, Error> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut keys: Vec<DocumentKey> = keys.into_iter().collect();
        keys.sort_unstable();
        let fetched = self.parts.source.fetch_many(&keys).await?;
        Ok(keys.into_iter().zip(fetched).collect())
    }

    pub(super) fn payment_letter(
        &self,
        document: &DocumentKey,
        label: String,
        cause: Cause,
        text: String,
        amount: Option<Money>,
    ) -> DeadLetter {
        let target = PaymentKey::parse(document).map(|key| key.payment);
        let since = self.parts.clock.now();
        DeadLetter { document: document.clone(), label, cause, text, amount, target, candidates: Vec::new(), since }
    }

    fn dead_payment(&self, job: &Job, letter: DeadLetter, report: &mut RunReport) -> Settlement {
        report.dead += 1;
        self.parts.observer.finished(job.document.kind, 1);
        let audit = format!("dead letter, {}: {}", letter.cause, letter.text);
        settlement(job, JobEnd::Dead(Box::new(letter)), &audit)
    }
}

/// What of a payment should be recorded; none where it paid nothing that is ours.
fn wanted(
    made: &PaymentMade,
    key: &PaymentKey,
    documents: &HashMap<&TargetRef, &DocumentKey>,
) -> Result<Option<Wanted>, String> {
    let Some(target) = key.settled() else { return Ok(None) };
    let Some(document) = documents.get(&target) else { return Ok(None) };
    let cash = made.cash_on(&target.id).map_err(|error| error.to_string())?;
    Ok(cash.map(|cash| Wanted { made: made.clone(), cash, paid: (*document).clone() }))
}

/// The payment to be recorded, and what its document asks for.
fn resolve(origin: &str, wanted: &Wanted, fetched: Option<&Fetched>) -> Result<(PaymentFact, Due), (Cause, String)> {
    let gone = || (Cause::DeletedInProcore, format!("what was paid, {}, is no longer in Procore", wanted.paid));
    let document = match fetched {
        Some(Fetched::Found(document)) => document,
        Some(Fetched::Unreadable(unreadable)) => return Err((Cause::Unreadable, unreadable.text.clone())),
        Some(Fetched::Gone(_)) | None => return Err(gone()),
    };
    let net = |posting: Result<retainage::PayAppPosting, retainage::Disagreement>, due: Option<Money>| {
        posting.ok().map(|posting| posting.net).or(due)
    };
    let label = document.label();
    let (project, contract, paid, invoice_number, amount) = match document.as_ref() {
        Document::PayApp(app) => (
            app.project.clone(),
            ContractId::from(app.commitment.as_str()),
            Paid::PayApp(app.id.clone()),
            app.invoice_number.clone(),
            net(retainage::posting(app), app.summary.current_payment_due),
        ),
        Document::OwnerInvoice(app) => (
            app.project.clone(),
            ContractId::from(app.contract.as_str()),
            Paid::OwnerInvoice { id: app.id.clone(), number: app.number },
            app.invoice_number.clone(),
            net(retainage::posting_of(&app.lines, &app.summary, app.currency), app.summary.current_payment_due),
        ),
        _ => return Err(gone()),
    };
    let Wanted { made, cash, .. } = wanted;
    let fact = PaymentFact {
        origin: origin.to_owned(),
        project,
        contract,
        paid,
        invoice_number,
        amount: *cash,
        date: made.date,
        number: made.number.clone(),
        method: made.method,
    };
    Ok((fact, Due { label, amount }))
}

/// The link of a part that is recorded.
pub(super) fn link_of(
    key: &PaymentKey,
    document: &DocumentKey,
    wanted: Fields,
    payment: &Payment,
    label: &str,
    bank: Option<AtBank>,
) -> Link {
    let mut seen = Fields::default();
    seen.set("id", payment.id.as_str());
    seen.set("project", payment.project.as_str());
    seen.set("contract", payment.contract.as_str());
    seen.set("label", label);
    if let Some(bank) = bank {
        seen.set("bank", bank.state.as_str());
        seen.set("bank_seen", bank.seen.to_string());
    }
    Link {
        document: document.clone(),
        target: key.payment.clone(),
        version: String::new(),
        base: Base { wanted, seen, ..Base::default() },
        mapping: String::new(),
        generation: 0,
    }
}

/// Where a recorded part stands.
fn place(link: &Link) -> Option<(ProjectId, ContractId)> {
    let (project, contract) = (link.base.seen.get("project"), link.base.seen.get("contract"));
    (!project.is_empty() && !contract.is_empty()).then(|| (project.into(), contract.into()))
}

fn in_doubt(link: &Link) -> Option<Timestamp> {
    link.base.seen.get(DOUBT).parse().ok()
}

/// What a payment says that nobody but a person can have made it say, since it was recorded otherwise; none where it
/// stands as it was recorded, and where that is not known.
fn changed_by_hand(link: Option<&Link>, payment: &Payment) -> Option<String> {
    #[cfg(feature = "planted-bugs")]
    if crate::planted::is_planted(crate::planted::Bug::TakeBackChangedPayment) {
        return None;
    }
    // Of a link that was rebuilt from the origin ids nobody knows what was agreed on.
    let link = link.filter(|link| !link.base.wanted.get("amount").is_empty())?;
    let was = |member| link.base.wanted.get(member);
    let is = [
        ("amount", payment.amount.to_string()),
        ("date", payment.date.map(|date| date.to_string()).unwrap_or_default()),
        ("check_number", payment.number.as_deref().unwrap_or_default().trim().to_owned()),
    ];
    let differ: Vec<String> = is
        .into_iter()
        .filter(|(member, is)| was(member).trim() != is)
        .map(|(member, is)| format!("{} `{}`, recorded as `{}`", member.replace('_', " "), is, was(member)))
        .collect();
    (!differ.is_empty()).then(|| {
        let differ = differ.join("; ");
        format!(
            "payment {} was changed in Procore since it was recorded: {differ}; correct or delete it in Procore, or \
             correct the payment in QuickBooks",
            payment.id
        )
    })
}

/// As it will stand in the source, but for the id.
fn as_recorded(fact: &PaymentFact) -> Payment {
    let (pay_app, application) = match &fact.paid {
        Paid::PayApp(id) => (Some(id.clone()), None),
        Paid::OwnerInvoice { number, .. } => (None, Some(*number)),
    };
    Payment {
        id: fact.origin.as_str().into(),
        project: fact.project.clone(),
        contract: fact.contract.clone(),
        pay_app,
        application,
        amount: fact.amount,
        date: Some(fact.date),
        number: fact.number.clone(),
        origin: Some(fact.origin.clone()),
        bank: None,
    }
}
