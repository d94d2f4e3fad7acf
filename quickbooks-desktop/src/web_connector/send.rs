//! `sendRequestXML`: the right file first, then what became of what was sent before, then what waits.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::company::{Opened, Verdict};
use super::desk::{Desk, Job, Undelivered, prefix_of, set_id};
use super::service::{NO_OP, Outstanding, Reply, Service, Session};
use super::soap::Answer;
use super::store::{Fate, StoredSet};
use crate::qbxml::objects::Request;
use crate::qbxml::{Element, Envelope, MessageSetId, OnError, QbXmlVersion, RequestWriter};

impl Service {
    pub(super) fn send_request(
        &mut self,
        ticket: &str,
        hcp: &str,
        open_path: &str,
        now: DateTime<Utc>,
        may_wait: bool,
    ) -> Reply {
        let nothing = || Reply::Now(Answer::text(""));
        let Some(session) = self.sessions.get_mut(ticket) else { return nothing() };
        let Some((file, desk)) = self.companies.get(session.company).map(|(file, desk)| (file.clone(), desk.clone()))
        else {
            return nothing();
        };
        session.last_call = now;
        session.last_error.clear();
        if session.ended {
            return nothing();
        }
        if session.outstanding.take() == Some(Outstanding::Job) {
            // It asks for work without having brought the answer: the answer is lost.
            give_back(&desk);
        }
        if !hcp.is_empty() {
            desk.lock().opened = Opened::read(hcp);
        }
        let version = match session.version {
            Some(version) => version,
            None => {
                let verdict = desk.lock().opened.judge(&file, open_path);
                match verdict {
                    Verdict::Right(version) => {
                        session.version = Some(version);
                        version
                    }
                    Verdict::Ask if !session.asked_for_file => {
                        session.asked_for_file = true;
                        session.outstanding = Some(Outstanding::File);
                        return Reply::Now(Answer::text(ask_for_file(file.owner_id.as_str())));
                    }
                    Verdict::Ask => {
                        return end_with(
                            session,
                            "The company file that is open does not carry this connection's FileID. Add the .qwc file \
                             to the Web Connector with the right company open; nothing was sent."
                                .to_owned(),
                        );
                    }
                    Verdict::Wrong(text) => return end_with(session, text),
                }
            }
        };
        let unsettled = {
            let inner = desk.lock();
            let mut sent: Vec<&StoredSet> = inner.sets.values().filter(|set| set.fate == Fate::Sent).collect();
            sent.sort_by_key(|set| (set.sent_at, set.id.clone()));
            sent.first().map(|set| set.id.clone())
        };
        if let Some(id) = unsettled {
            session.outstanding = Some(Outstanding::Fate(id.clone()));
            return Reply::Now(Answer::text(ask_for_fate(&id, version)));
        }
        loop {
            let job = {
                let mut inner = desk.lock();
                inner.queue.pop_front()
            };
            let Some(job) = job else { break };
            if job.visit.is_some_and(|visit| visit != session.visit) {
                let _ = job.reply.send(Err(Undelivered::VisitEnded));
                continue;
            }
            if let Some(text) = dispatch(&desk, job, version, now) {
                session.outstanding = Some(Outstanding::Job);
                return Reply::Now(Answer::text(text));
            }
        }
        if desk.lock().runs == 0 {
            return nothing();
        }
        if may_wait {
            return Reply::Wait(desk);
        }
        session.last_error = NO_OP.to_owned();
        nothing()
    }

    /// A session is over: what it had sent and not brought back is unknown, and iterators are gone.
    pub(super) fn end(&mut self, session: &Session) {
        let Some((_, desk)) = self.companies.get(session.company) else { return };
        if session.outstanding == Some(Outstanding::Job) {
            give_back(desk);
        }
        let mut inner = desk.lock();
        // The next visit has another number, so what belongs to this one cannot go any more.
        inner.visit += 1;
        let (gone, kept): (Vec<Job>, Vec<Job>) = inner.queue.drain(..).partition(|job| job.visit.is_some());
        inner.queue.extend(kept);
        drop(inner);
        for job in gone {
            let _ = job.reply.send(Err(Undelivered::VisitEnded));
        }
    }
}

fn end_with(session: &mut Session, text: String) -> Reply {
    tracing::warn!(%text, "the session ends without work");
    session.last_error = text;
    session.ended = true;
    Reply::Now(Answer::text(""))
}

/// The answer of the current job did not come. What only reads goes again; what writes stays, and is asked for.
pub(super) fn give_back(desk: &Arc<Desk>) {
    let mut inner = desk.lock();
    let Some((id, job)) = inner.current.take() else { return };
    if job.write.is_none() {
        if job.visit.is_some() {
            drop(inner);
            let _ = job.reply.send(Err(Undelivered::VisitEnded));
        } else {
            inner.queue.push_front(job);
        }
    } else {
        inner.current = Some((id, job));
    }
}

/// Composes, stores and hands out a message set; none if it could not be.
fn dispatch(desk: &Arc<Desk>, job: Job, version: QbXmlVersion, now: DateTime<Utc>) -> Option<String> {
    let mut envelope = Envelope::new(version, OnError::Continue);
    let id = match &job.write {
        Some((base, attempt)) => set_id(base, *attempt),
        None => {
            let mut inner = desk.lock();
            inner.reads += 1;
            format!("r{}", inner.reads)
        }
    };
    let acknowledged = desk.lock().acknowledged.clone();
    if job.write.is_some() {
        envelope.new_message_set_id = MessageSetId::new(id.clone()).ok();
        envelope.old_message_set_id = acknowledged.clone().and_then(|old| MessageSetId::new(old).ok());
    }
    let request = match compose(&envelope, &prefix_of(&id), &job.requests) {
        Ok(request) => request,
        Err(problem) => {
            let _ = job.reply.send(Err(Undelivered::Refused(problem)));
            return None;
        }
    };
    if let Some((base, attempt)) = &job.write {
        let set = StoredSet {
            id: id.clone(),
            base: base.clone(),
            attempt: *attempt,
            request: request.clone(),
            fate: Fate::Sent,
            sent_at: now,
        };
        if let Err(error) = desk.store().put(desk.company(), &set) {
            let _ = job.reply.send(Err(Undelivered::NotStored(error.to_string())));
            return None;
        }
        let mut inner = desk.lock();
        inner.sets.insert(id.clone(), set);
        inner.acknowledged = None;
        // Outcomes that were stored in the journal long ago are not asked for any more.
        let old: Vec<String> = inner
            .sets
            .values()
            .filter(|set| {
                !matches!(set.fate, Fate::Sent | Fate::Lost) && now - set.sent_at > chrono::TimeDelta::days(30)
            })
            .map(|set| set.id.clone())
            .collect();
        for old in old {
            if desk.store().remove(desk.company(), &old).is_ok() {
                inner.sets.remove(&old);
            }
        }
    }
    desk.lock().current = Some((id, job));
    Some(request)
}

fn compose(envelope: &Envelope, prefix: &str, requests: &[Element<'static>]) -> Result<String, String> {
    let mut writer = RequestWriter::new(envelope);
    for (number, request) in requests.iter().enumerate() {
        writer.raw(&format!("{prefix}.{number}"), request).map_err(|error| error.to_string())?;
    }
    // References stand for everything above ASCII, so this is always text.
    String::from_utf8(writer.finish()).map_err(|error| error.to_string())
}

fn ask_for_file(owner: &str) -> String {
    let envelope = Envelope::new(QbXmlVersion::V13_0, OnError::Continue);
    let requests = [Request::Host, Request::Company(vec![owner.to_owned()]), Request::Preferences];
    let elements: Vec<_> = requests.iter().filter_map(|request| request.element().ok()).collect();
    compose(&envelope, "file", &elements).unwrap_or_default()
}

/// The empty set that asks for the kept outcome of another: both IDs are that one's.
fn ask_for_fate(id: &str, version: QbXmlVersion) -> String {
    let mut envelope = Envelope::new(version, OnError::Continue);
    envelope.new_message_set_id = MessageSetId::new(id.to_owned()).ok();
    envelope.old_message_set_id.clone_from(&envelope.new_message_set_id);
    compose(&envelope, "fate", &[]).unwrap_or_default()
}
