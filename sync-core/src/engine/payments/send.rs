//! Writes of payments: stored, sent, their outcome stored, in that order; after a crash, looked for first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::index::journal_error;
use super::super::recover::SETTLED_AFTER;
use super::super::run::RunReport;
use super::super::write::write_key;
use super::super::{Engine, Parts, Step};
use super::Back;
use super::work::{DOUBT, link_of};
use crate::actuals::PaymentKey;
use crate::connector::{Marker, Operation, PaymentOutcome, PaymentWrite, Refusal, RefusalReason, Write};
use crate::dead_letter::Cause;
use crate::error::{Error, ErrorKind};
use crate::journal::{Intent, Job, JobEnd, LinkChange, Settlement};
use crate::model::construction::Payment;
use crate::model::{AtBank, ContractId, DocumentKey, Fields, Money, ProjectId, Timestamp};

/// Writes that are stored together. Each is a request of its own, for Procore has no batches of them.
const GROUP: usize = 30;

/// A write that was decided on.
pub(super) struct Planned {
    pub(super) job: Job,
    pub(super) key: PaymentKey,
    pub(super) label: String,
    pub(super) fields: Fields,
    pub(super) write: PaymentWrite,
}

/// A write that is stored, with the job under which its outcome will be stored.
struct Sending {
    job: Job,
    key: PaymentKey,
    label: String,
    intent: Intent,
}

/// What limits the sending of writes.
#[derive(Clone, Copy)]
struct Times {
    /// When the lease ends: nothing is sent from then on.
    until: Timestamp,
    /// Until when an earlier request for the same may still arrive; none where this is the first.
    doubt: Option<Timestamp>,
}

impl Sending {
    fn write(&self) -> Option<&PaymentWrite> {
        match &self.intent.write.operation {
            Operation::Payment(write) => Some(write),
            _ => None,
        }
    }
}

impl Engine {
    pub(super) async fn write_payments(
        &self,
        back: &Back,
        planned: Vec<Planned>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let mut planned = planned.into_iter().peekable();
        while planned.peek().is_some() {
            let sending = self.store_payments(planned.by_ref().take(GROUP).collect()).await?;
            self.send_payments(back, &sending, Times { until, doubt: None }, report).await?;
        }
        Ok(())
    }

    async fn store_payments(&self, planned: Vec<Planned>) -> Result<Vec<Sending>, Error> {
        let Parts { connection, journal, clock, mapping, .. } = &self.parts;
        let now = clock.now();
        let group =
            planned.first().map(|first| format!("{}-{}", first.job.document, first.job.token)).unwrap_or_default();
        let sending: Vec<Sending> = planned
            .into_iter()
            .map(|Planned { job, key, label, mut fields, write }| {
                let document = job.document.clone();
                let marker = Marker { connection: connection.clone(), document, generation: 0 };
                let operation = Operation::Payment(write);
                // What people call it is needed when the journal is all that knows of it.
                fields.set("label", label.as_str());
                let intent = Intent {
                    token: job.token,
                    group: group.clone(),
                    write: Write { key: write_key(&marker, &operation, job.token), marker, operation },
                    mapping: mapping.version().to_owned(),
                    fields,
                    stored_at: now,
                };
                Sending { job, key, label, intent }
            })
            .collect();
        let intents: Vec<Intent> = sending.iter().map(|sending| sending.intent.clone()).collect();
        journal.intend(connection, &intents, now).await.map_err(journal_error)?;
        self.parts.observer.step(Step::IntentStored).await;
        Ok(sending)
    }

    /// Sends writes that are stored, and stores what became of them. What is uncertain is looked for at once; what is
    /// not found then keeps its intent, and the next lease begins with looking.
    async fn send_payments(
        &self,
        back: &Back,
        sending: &[Sending],
        Times { until, doubt }: Times,
        report: &mut RunReport,
    ) -> Result<(), Error> {
        let mut settlements = Vec::with_capacity(sending.len());
        let mut uncertain = Vec::new();
        for sent in sending {
            let Some(write) = sent.write() else { continue };
            // Another worker has it from then on, and may have sent it and taken it back already.
            if self.parts.clock.now() >= until {
                tracing::warn!(document = %sent.job.document, "the lease is over; it was not sent");
                continue;
            }
            match back.sink.write(write).await {
                PaymentOutcome::Done(payment) => {
                    settlements.push(self.paid(sent, write, payment.as_ref(), doubt, report));
                }
                PaymentOutcome::Refused(refusal) => {
                    settlements.push(self.payment_refused(sent, write, refusal, doubt.is_some(), report))
                }
                PaymentOutcome::Uncertain(text) => {
                    tracing::warn!(document = %sent.job.document, %text, "outcome uncertain; it will be looked for");
                    uncertain.push(sent);
                }
            }
        }
        self.parts.observer.step(Step::Sent).await;
        if !settlements.is_empty() {
            self.settle_payments(&settlements).await?;
            self.parts.observer.step(Step::OutcomeStored).await;
        }
        if uncertain.is_empty() {
            return Ok(());
        }
        report.uncertain += uncertain.len();
        let doubt = Some(self.parts.clock.now() + SETTLED_AFTER);
        let found = self.look_for_payments(back, &uncertain).await?;
        let again = self.parts.clock.now() + chrono::Duration::from_std(self.config.retry_pause).unwrap_or_default();
        let mut settlements = Vec::with_capacity(uncertain.len());
        for (sent, found) in uncertain.into_iter().zip(found) {
            let Some(write) = sent.write() else { continue };
            settlements.push(match found {
                Looked::Done(payment) => self.paid(sent, write, payment.as_ref(), doubt, report),
                Looked::Otherwise(payment) => {
                    let link = otherwise(sent, payment.as_ref());
                    closing(sent, JobEnd::Again { not_before: again }, link, String::new())
                }
                Looked::Missing => {
                    let mut end = closing(sent, JobEnd::Again { not_before: again }, LinkChange::Keep, String::new());
                    end.closes = None;
                    end
                }
            });
        }
        self.settle_payments(&settlements).await?;
        self.parts.observer.step(Step::OutcomeStored).await;
        Ok(())
    }

    /// Settles writes of unknown outcome of the leased jobs; gives back the jobs that are still to be worked.
    pub(super) async fn recover_payments(
        &self,
        back: &Back,
        jobs: Vec<Job>,
        until: Timestamp,
        report: &mut RunReport,
    ) -> Result<Vec<Job>, Error> {
        let Parts { connection, journal, .. } = &self.parts;
        let mut by_document: HashMap<DocumentKey, Job> =
            jobs.into_iter().map(|job| (job.document.clone(), job)).collect();
        let mut sending = Vec::new();
        for intent in journal.open_intents(connection).await.map_err(journal_error)? {
            let document = &intent.write.marker.document;
            let Some(key) = PaymentKey::parse(document) else { continue };
            if let Some(job) = by_document.remove(document) {
                let label = intent.fields.get("label").to_owned();
                sending.push(Sending { job, key, label, intent });
            }
        }
        if !sending.is_empty() {
            report.uncertain += sending.len();
            let found = self.look_for_payments(back, &sending.iter().collect::<Vec<_>>()).await?;
            let now = self.parts.clock.now();
            let doubt = Some(now + SETTLED_AFTER);
            let mut settlements = Vec::new();
            let mut missing = Vec::new();
            for (sent, found) in sending.into_iter().zip(found) {
                let Some(write) = sent.write() else { continue };
                match found {
                    Looked::Done(payment) => {
                        settlements.push(self.paid(&sent, write, payment.as_ref(), doubt, report));
                    }
                    // Whatever it was, it is decided afresh.
                    Looked::Otherwise(payment) => {
                        let end = JobEnd::Again { not_before: now };
                        settlements.push(closing(&sent, end, otherwise(&sent, payment.as_ref()), String::new()));
                    }
                    Looked::Missing => missing.push(sent),
                }
            }
            if !settlements.is_empty() {
                self.settle_payments(&settlements).await?;
                self.parts.observer.step(Step::OutcomeStored).await;
            }
            // Sent again exactly as it was: its origin id lets the source tell the repetition.
            if !missing.is_empty() {
                self.send_payments(back, &missing, Times { until, doubt }, report).await?;
            }
        }
        let mut jobs: Vec<Job> = by_document.into_values().collect();
        jobs.sort_by(|a, b| a.token.cmp(&b.token).then_with(|| a.document.cmp(&b.document)));
        Ok(jobs)
    }

    async fn look_for_payments(&self, back: &Back, sending: &[&Sending]) -> Result<Vec<Looked>, Error> {
        let mut contracts: HashMap<(&ProjectId, &ContractId), Vec<Payment>> = HashMap::new();
        let mut found = Vec::with_capacity(sending.len());
        for sent in sending {
            let Some(write) = sent.write() else {
                found.push(Looked::Otherwise(None));
                continue;
            };
            let (project, contract) = write.contract();
            let recorded = match contracts.entry((project, contract)) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(free) => free.insert(match back.sink.recorded(project, contract).await {
                    // Where the contract is gone, so are its payments; what is sent again is refused then.
                    Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                    read => read?,
                }),
            };
            found.push(look(write, recorded));
        }
        self.parts.observer.step(Step::ReadBack).await;
        Ok(found)
    }

    /// The outcome of a write that happened.
    fn paid(
        &self,
        sent: &Sending,
        write: &PaymentWrite,
        payment: Option<&Payment>,
        doubt: Option<Timestamp>,
        report: &mut RunReport,
    ) -> Settlement {
        let label = &sent.label;
        let mut fields = sent.intent.fields.clone();
        fields.set("label", "");
        let link = |payment: &Payment, bank| {
            let mut link = link_of(&sent.key, &sent.job.document, fields.clone(), payment, label, bank);
            if let Some(until) = doubt {
                link.base.seen.set(DOUBT, until.to_rfc3339());
            }
            LinkChange::Put(Box::new(link))
        };
        match write {
            PaymentWrite::Record(fact) => {
                report.payments_recorded += 1;
                self.parts.observer.finished(sent.job.document.kind, 1);
                let Some(payment) = payment else {
                    return closing(
                        sent,
                        JobEnd::Again { not_before: self.parts.clock.now() },
                        LinkChange::Keep,
                        String::new(),
                    );
                };
                let audit = format!("{label}: {} recorded in Procore as {}", fact.amount, payment.id);
                match fact.differences(payment).as_slice() {
                    [] => closing(sent, JobEnd::Done, link(payment, None), audit),
                    differ => {
                        report.dead += 1;
                        let text = format!(
                            "Procore kept payment {} otherwise than it was sent, in {}; correct or delete it there",
                            payment.id,
                            differ.join(", ")
                        );
                        let amount = Some(fact.amount);
                        let letter = self.payment_letter(
                            &sent.job.document,
                            label.clone(),
                            Cause::AmountsDisagree,
                            text,
                            amount,
                        );
                        closing(sent, JobEnd::Dead(Box::new(letter)), link(payment, None), audit)
                    }
                }
            }
            PaymentWrite::Remove(old) => {
                report.payments_taken_back += 1;
                self.parts.observer.finished(sent.job.document.kind, 1);
                let audit = format!("{label}: {} of {} taken back in Procore", old.amount, old.id);
                // Where the part still counts, it is recorded anew.
                closing(sent, JobEnd::Again { not_before: self.parts.clock.now() }, LinkChange::Remove, audit)
            }
            PaymentWrite::Bank { payment: before, state, seen } => {
                let audit = format!("{label}: {} since {seen} at the latest", state.as_str());
                closing(
                    sent,
                    JobEnd::Done,
                    link(payment.unwrap_or(before), Some(AtBank { state: *state, seen: *seen })),
                    audit,
                )
            }
        }
    }

    fn payment_refused(
        &self,
        sent: &Sending,
        write: &PaymentWrite,
        refusal: Refusal,
        sent_before: bool,
        report: &mut RunReport,
    ) -> Settlement {
        let attempts = sent.job.attempts;
        let cause = match refusal.reason {
            RefusalReason::Person(cause) => cause,
            RefusalReason::Stale | RefusalReason::NotNow if attempts < self.config.max_attempts => {
                let mut end = closing(sent, self.again(&sent.job), LinkChange::Keep, String::new());
                if sent_before {
                    // This says nothing of the first request: a half of it may have been done.
                    end.closes = None;
                }
                return end;
            }
            RefusalReason::Stale | RefusalReason::NotNow => Cause::Refused,
        };
        report.dead += 1;
        let audit = format!("refused: {}", refusal.text);
        let letter =
            self.payment_letter(&sent.job.document, sent.label.clone(), cause, refusal.text, Some(amount(write)));
        closing(sent, JobEnd::Dead(Box::new(letter)), LinkChange::Keep, audit)
    }
}

/// What a look at the source says of a write.
enum Looked {
    /// It happened.
    Done(Option<Payment>),
    /// It did not happen, as far as can be seen.
    Missing,
    /// Something else is there: for a payment that was to be recorded, the one that has its origin id.
    Otherwise(Option<Payment>),
}

/// What was recorded and has changed since is linked as it was recorded, so that the change is seen to be a person's.
fn otherwise(sent: &Sending, payment: Option<&Payment>) -> LinkChange {
    let Some(payment) = payment else { return LinkChange::Keep };
    let mut fields = sent.intent.fields.clone();
    fields.set("label", "");
    LinkChange::Put(Box::new(link_of(&sent.key, &sent.job.document, fields, payment, &sent.label, None)))
}

fn look(write: &PaymentWrite, recorded: &[Payment]) -> Looked {
    match write {
        PaymentWrite::Record(fact) => {
            match recorded.iter().find(|payment| payment.origin.as_deref() == Some(fact.origin.as_str())) {
                Some(payment) if fact.differences(payment).is_empty() => Looked::Done(Some(payment.clone())),
                Some(payment) => Looked::Otherwise(Some(payment.clone())),
                None => Looked::Missing,
            }
        }
        PaymentWrite::Remove(old) => match recorded.iter().any(|payment| payment.id == old.id) {
            true => Looked::Missing,
            false => Looked::Done(None),
        },
        // Not told yet, or told nowhere that is read; saying it twice changes nothing.
        PaymentWrite::Bank { payment, state, seen } => {
            let told = AtBank { state: *state, seen: *seen };
            match recorded.iter().find(|there| there.id == payment.id && there.bank == Some(told)) {
                Some(there) => Looked::Done(Some(there.clone())),
                None => Looked::Missing,
            }
        }
    }
}

fn amount(write: &PaymentWrite) -> Money {
    match write {
        PaymentWrite::Record(fact) => fact.amount,
        PaymentWrite::Remove(payment) | PaymentWrite::Bank { payment, .. } => payment.amount,
    }
}

fn closing(sent: &Sending, end: JobEnd, link: LinkChange, audit: String) -> Settlement {
    Settlement {
        document: sent.job.document.clone(),
        token: Some(sent.job.token),
        end,
        closes: Some(sent.intent.write.key.clone()),
        link,
        audit,
    }
}
