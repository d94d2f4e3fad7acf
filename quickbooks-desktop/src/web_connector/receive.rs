//! `receiveResponseXML`: stored before it is acknowledged.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::company::Opened;
use super::desk::{Answered, Delivered, Desk, Undelivered, place, prefix_of};
use super::hresult::{Hresult, HresultAdvice};
use super::send::give_back;
use super::service::{Outstanding, Service};
use super::soap::Answer;
use super::store::Fate;
use crate::qbxml::{self, Answers, RecoveryStatus};

/// Answers of the method below nothing: the Web Connector asks for the text of the error.
const NO_SESSION: i32 = -101;
const NOT_ASKED: i32 = -102;
const FOREIGN: i32 = -103;
const UNREADABLE: i32 = -104;
const QUICKBOOKS: i32 = -105;
const NOT_STORED: i32 = -106;

/// What a look at an answer says of it.
struct Look {
    recovery: Option<RecoveryStatus>,
    /// The ID of the message set that QuickBooks says it answers.
    of: Option<String>,
    /// Responses whose names are those of the set that was sent.
    own: usize,
    foreign: usize,
}

fn look(text: &str, prefix: &str) -> Result<Look, String> {
    let mut look = Look { recovery: None, of: None, own: 0, foreign: 0 };
    let mut is_answer = false;
    for part in Answers::from_text(text).untyped() {
        match part {
            Ok(qbxml::Answer::Set(head)) => {
                is_answer = true;
                look.recovery = head.recovery;
                look.of = head.new_message_set_id;
            }
            Ok(qbxml::Answer::Response(head)) => {
                let own = head.request_id.as_deref().is_some_and(|id| place(id, prefix).is_some());
                if own { look.own += 1 } else { look.foreign += 1 }
            }
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    if is_answer { Ok(look) } else { Err("it holds no message set".to_owned()) }
}

impl Service {
    pub(super) fn receive(
        &mut self,
        ticket: &str,
        response: &str,
        hresult: &str,
        message: &str,
        now: DateTime<Utc>,
    ) -> Answer {
        let Some(session) = self.sessions.get_mut(ticket) else { return Answer::Number(NO_SESSION) };
        let Some((_, desk)) = self.companies.get(session.company) else { return Answer::Number(NO_SESSION) };
        let desk = Arc::clone(desk);
        session.last_call = now;
        let Some(outstanding) = session.outstanding.take() else {
            session.last_error =
                "An answer came that nothing was asked for; it was not taken. Update again.".to_owned();
            return Answer::Number(NOT_ASKED);
        };
        if !hresult.trim().is_empty() || response.trim().is_empty() {
            let (advice, text) = failure(hresult, message);
            session.last_error = text.clone();
            session.ended = true;
            if outstanding == Outstanding::Job {
                not_worked(&desk, advice, &text);
            }
            return Answer::Number(QUICKBOOKS);
        }
        let taken = match &outstanding {
            Outstanding::File => {
                desk.lock().opened.add(Opened::read(response));
                Ok(())
            }
            Outstanding::Fate(id) => take_fate(&desk, id, response, session.visit),
            Outstanding::Job => take_answer(&desk, response, session.visit),
        };
        if let Err((code, text)) = taken {
            tracing::warn!(%text, "an answer was not taken");
            session.last_error = text;
            session.ended = true;
            return Answer::Number(code);
        }
        session.done += 1;
        let inner = desk.lock();
        let left = inner.queue.len() + usize::from(inner.sets.values().any(|set| set.fate == Fate::Sent));
        if left == 0 && inner.runs == 0 && outstanding != Outstanding::File {
            return Answer::Number(100);
        }
        let percent = session.done.saturating_mul(100) / (session.done + left + 1);
        Answer::Number(i32::try_from(percent.min(99)).unwrap_or(99))
    }
}

type Taken = Result<(), (i32, String)>;

fn failure(hresult: &str, message: &str) -> (HresultAdvice, String) {
    let (advice, meaning) = match Hresult::read(hresult) {
        Some(code) => code.meaning(),
        None => (HresultAdvice::Unknown, "QuickBooks gave no answer"),
    };
    (advice, format!("{meaning} ({hresult} {message}).").trim().to_owned())
}

/// QuickBooks could not work the set at all, or went away.
fn not_worked(desk: &Arc<Desk>, advice: HresultAdvice, text: &str) {
    let mut inner = desk.lock();
    let Some((id, job)) = inner.current.take() else { return };
    if advice == HresultAdvice::Unknown {
        inner.current = Some((id, job));
        drop(inner);
        return give_back(desk);
    }
    if job.write.is_some()
        && let Some(set) = inner.sets.get_mut(&id)
    {
        let refused = super::store::StoredSet { fate: Fate::Refused(text.to_owned()), ..set.clone() };
        if desk.store().put(desk.company(), &refused).is_err() {
            // What is not stored did not happen here: it stays to be asked for.
            inner.current = Some((id, job));
            return;
        }
        *set = refused;
    }
    if advice == HresultAdvice::Refused {
        drop(inner);
        let _ = job.reply.send(Err(Undelivered::Refused(text.to_owned())));
    } else {
        let mut job = job;
        if let Some((_, attempt)) = &mut job.write {
            *attempt = attempt.saturating_add(1);
        }
        inner.queue.push_front(job);
    }
}

fn take_answer(desk: &Arc<Desk>, response: &str, visit: u64) -> Taken {
    let (id, is_write) = {
        let inner = desk.lock();
        match &inner.current {
            Some((id, job)) => (id.clone(), job.write.is_some()),
            None => return Err((NOT_ASKED, "An answer came that nothing was asked for.".to_owned())),
        }
    };
    let prefix = prefix_of(&id);
    let look = match look(response, &prefix) {
        Ok(look) => look,
        Err(problem) => {
            let text = format!(
                "The answer of QuickBooks cannot be read ({problem}); what became of it is asked for at the next update."
            );
            if is_write {
                return Err((UNREADABLE, text));
            }
            return settle(desk, Err(Undelivered::Refused(format!("its answer cannot be read: {problem}"))))
                .and(Err((UNREADABLE, text)));
        }
    };
    let other = look.of.as_deref().is_some_and(|of| is_write && of != id);
    if other || (look.own == 0 && look.foreign > 0) {
        give_back(desk);
        let text = "The answer belongs to another request; it was not taken, and what became of ours is asked for.";
        return Err((FOREIGN, text.to_owned()));
    }
    if is_write && look.own == 0 {
        // 9001, 9004 and the like: QuickBooks did not take it as new, and says nothing of an older outcome.
        return lost(desk, &id, &format!("QuickBooks answered {:?} to the message set", look.recovery));
    }
    if is_write {
        store_answer(desk, &id, response)?;
    }
    settle(desk, Ok(Delivered { xml: response.to_owned(), visit, prefix }))
}

fn take_fate(desk: &Arc<Desk>, id: &str, response: &str, visit: u64) -> Taken {
    let prefix = prefix_of(id);
    let look = look(response, &prefix);
    match look {
        Ok(look)
            if look.own > 0
                && matches!(look.recovery, None | Some(RecoveryStatus::Fine | RecoveryStatus::CouldNotStore)) =>
        {
            store_answer(desk, id, response)?;
            settle_if(desk, id, || Ok(Delivered { xml: response.to_owned(), visit, prefix: prefix.clone() }))
        }
        Ok(look) => lost(desk, id, &format!("QuickBooks keeps no answer of it ({:?})", look.recovery)),
        Err(problem) => lost(desk, id, &format!("what QuickBooks keeps of it cannot be read: {problem}")),
    }
}

fn store_answer(desk: &Arc<Desk>, id: &str, response: &str) -> Taken {
    let mut inner = desk.lock();
    let Some(set) = inner.sets.get_mut(id) else { return Ok(()) };
    let answered = super::store::StoredSet { fate: Fate::Answered(response.to_owned()), ..set.clone() };
    let stored = desk.store().put(desk.company(), &answered);
    stored
        .map_err(|error| (NOT_STORED, format!("The answer could not be stored ({error}); it is asked for again.")))?;
    *set = answered;
    inner.acknowledged = Some(id.to_owned());
    Ok(())
}

/// Nobody knows what became of it: whoever waits must look for the records.
fn lost(desk: &Arc<Desk>, id: &str, why: &str) -> Taken {
    {
        let mut inner = desk.lock();
        if let Some(set) = inner.sets.get_mut(id) {
            let lost = super::store::StoredSet { fate: Fate::Lost, ..set.clone() };
            let stored = desk.store().put(desk.company(), &lost);
            stored.map_err(|error| (NOT_STORED, error.to_string()))?;
            *set = lost;
        }
    }
    tracing::warn!(id, why, "an outcome is lost; it is looked for by its markers");
    settle_if(desk, id, || Err(Undelivered::Unknown(why.to_owned())))
}

/// Answers whoever waits for the current job.
fn settle(desk: &Arc<Desk>, answered: Answered) -> Taken {
    let current = desk.lock().current.take();
    if let Some((_, job)) = current {
        let _ = job.reply.send(answered);
    }
    Ok(())
}

/// Answers whoever waits for that set, whether its job is the current one or waits to be sent again.
fn settle_if(desk: &Arc<Desk>, id: &str, answered: impl Fn() -> Answered) -> Taken {
    let mut inner = desk.lock();
    let mut jobs = Vec::new();
    if inner.current.as_ref().is_some_and(|(current, _)| current == id) {
        jobs.extend(inner.current.take().map(|(_, job)| job));
    }
    let queued: Vec<_> = inner.queue.drain(..).collect();
    for job in queued {
        let is_same = job.write.as_ref().is_some_and(|(base, attempt)| super::desk::set_id(base, *attempt) == id);
        if is_same { jobs.push(job) } else { inner.queue.push_back(job) }
    }
    drop(inner);
    for job in jobs {
        let _ = job.reply.send(answered());
    }
    Ok(())
}
