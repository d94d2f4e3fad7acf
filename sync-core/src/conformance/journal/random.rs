//! Any sequence of calls gives the same answers and the same state as [`MemoryJournal`], the model.

use std::collections::BTreeMap;

use super::super::{Checked, Problem, equal};
use super::given::*;
use crate::connector::Change;
use crate::dead_letter::DeadLetter;
use crate::journal::{
    AuditRow, Counts, Intent, Job, JobEnd, Journal, JournalError, Link, LinkChange, MemoryJournal, Settlement, Waiting,
};
use crate::model::{ConnectionId, DocumentKey, Timestamp};

const SEEDS: u64 = 12;
const STEPS: usize = 150;

/// SplitMix64 (Steele, Lea and Flood 2014): small, and the same everywhere.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or_default())
    }
}

/// One call of the trait that changes something.
#[derive(Clone, Debug)]
enum Call {
    Intake(Vec<Change>),
    Claim(usize),
    Intend(Vec<Intent>),
    Settle(Vec<Settlement>),
    SetCursor(String),
}

/// All that a connection shows.
#[derive(Debug, PartialEq)]
struct Shown {
    counts: Counts,
    due: Option<Timestamp>,
    open: Vec<Intent>,
    links: Vec<Link>,
    letters: Vec<DeadLetter>,
    waiting: Vec<Waiting>,
    audit: Vec<AuditRow>,
    cursor: Option<String>,
}

async fn shown(journal: &dyn Journal, connection: &ConnectionId) -> Result<Shown, Problem> {
    let counts = journal.counts(connection).await?;
    equal("changes = done + pending", counts.changes, counts.done + counts.pending)?;
    Ok(Shown {
        counts,
        due: journal.next_due(connection).await?,
        open: journal.open_intents(connection).await?,
        links: journal.links(connection).await?,
        letters: journal.dead_letters(connection).await?,
        waiting: journal.waiting(connection).await?,
        audit: journal.audit(connection, 0, usize::MAX).await?,
        cursor: journal.cursor(connection, "poll").await?,
    })
}

/// The tokens that the journal gave, by those that the model gave for the same leases.
type Tokens = BTreeMap<u64, u64>;

impl Call {
    /// The same call, under the tokens of the other journal.
    fn under(mut self, tokens: &Tokens) -> Self {
        let other = |token: u64| tokens.get(&token).copied().unwrap_or(token);
        match &mut self {
            Self::Intend(intents) => intents.iter_mut().for_each(|intent| intent.token = other(intent.token)),
            Self::Settle(settlements) => settlements.iter_mut().for_each(|s| s.token = s.token.map(other)),
            Self::Intake(_) | Self::Claim(_) | Self::SetCursor(_) => {}
        }
        self
    }
}

/// What a call answers, in words that can be compared.
async fn answer(
    journal: &dyn Journal,
    connection: &ConnectionId,
    call: &Call,
    now: Timestamp,
) -> Result<(String, Vec<Job>), Problem> {
    let words = |result: Result<String, JournalError>| match result {
        Ok(text) => Ok(text),
        Err(e @ (JournalError::Fenced { .. } | JournalError::KeyReused { .. })) => Ok(e.to_string()),
        Err(e) => Err(Problem::from(e)),
    };
    let text = match call {
        Call::Intake(changes) => journal.intake(connection, changes, now).await.map(|i| format!("{i:?}")),
        Call::Claim(limit) => {
            let jobs = journal.claim(connection, now, LEASE, *limit).await?;
            let text = jobs.iter().map(|job| format!("{} after {}; ", job.document, job.attempts)).collect();
            return Ok((text, jobs));
        }
        Call::Intend(intents) => journal.intend(connection, intents, now).await.map(|()| "stored".to_owned()),
        Call::Settle(settlements) => journal.settle(connection, settlements, now).await.map(|()| "stored".to_owned()),
        Call::SetCursor(value) => journal.set_cursor(connection, "poll", value).await.map(|()| "set".to_owned()),
    };
    Ok((words(text)?, Vec::new()))
}

/// Makes calls that are mostly sensible, and sometimes not.
#[derive(Debug)]
struct Maker {
    random: Random,
    now: i64,
    /// Leases that the model gave, the newest last; most are good no longer.
    leases: Vec<Job>,
    tokens: Tokens,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self { random: Random(seed), now: 0, leases: Vec::new(), tokens: Tokens::new() }
    }

    fn document(&mut self) -> DocumentKey {
        let number = self.random.below(4);
        if self.random.below(2) == 0 { vendor(number) } else { pay_app(number) }
    }

    /// A lease, mostly one of the newest.
    fn lease(&mut self) -> Option<Job> {
        let skip = if self.random.below(5) == 0 { 0 } else { self.leases.len().saturating_sub(4) };
        self.random.pick(self.leases.get(skip..).unwrap_or_default()).cloned()
    }

    fn change(&mut self) -> Change {
        let event = (self.random.below(2) == 0).then(|| format!("e{}", self.random.below(30)));
        Change { document: self.document(), event }
    }

    fn end(&mut self, document: &DocumentKey) -> Result<JobEnd, Problem> {
        Ok(match self.random.below(8) {
            0..=2 => JobEnd::Done,
            3 | 4 => wait(&self.document()),
            5 => JobEnd::Again { not_before: at(self.now + i64::try_from(self.random.below(40)).unwrap_or_default()) },
            6 => dead(document, at(self.now))?,
            _ => JobEnd::Untouched,
        })
    }

    fn settlement(&mut self) -> Result<Settlement, Problem> {
        let lease = if self.random.below(6) == 0 { None } else { self.lease() };
        let document = lease.as_ref().map_or_else(|| self.document(), |job| job.document.clone());
        let end = self.end(&document)?;
        let mut settlement = settles(&document, lease.map(|job| job.token), end);
        match self.random.below(4) {
            0 => settlement.link = LinkChange::Remove,
            1 => {}
            version => settlement = linked(settlement, &version.to_string()),
        }
        settlement.closes = (self.random.below(2) == 0).then(|| format!("k{} {document}", self.random.below(3)));
        if self.random.below(3) > 0 {
            settlement.audit = format!("step at {}", self.now);
        }
        Ok(settlement)
    }

    fn intent(&mut self) -> Result<Option<Intent>, Problem> {
        let Some(job) = self.lease() else { return Ok(None) };
        // A key mostly goes with its document and amount, so that most writes are allowed.
        let number = self.random.below(3);
        let cents = if self.random.below(8) == 0 { 7 } else { 100 };
        let mut intent = intent(&job, &format!("k{number} {}", job.document), cents, at(self.now))?;
        intent.group = format!("batch {}", self.random.below(3));
        Ok(Some(intent))
    }

    fn call(&mut self) -> Result<Call, Problem> {
        self.now += i64::try_from(self.random.below(25)).unwrap_or_default();
        let many = 1 + self.random.below(3);
        Ok(match self.random.below(10) {
            0..=2 => Call::Intake((0..many).map(|_| self.change()).collect()),
            3 | 4 => Call::Claim(usize::try_from(many).unwrap_or_default()),
            5 => Call::Intend((0..many).filter_map(|_| self.intent().transpose()).collect::<Result<_, _>>()?),
            6 => Call::SetCursor(self.random.below(9).to_string()),
            _ => Call::Settle((0..many).map(|_| self.settlement()).collect::<Result<_, _>>()?),
        })
    }
}

/// Do both show the same?
async fn same(
    what: &str,
    journal: &dyn Journal,
    model: &MemoryJournal,
    connection: &ConnectionId,
    tokens: &Tokens,
) -> Checked {
    let mut promised = shown(model, connection).await?;
    for intent in &mut promised.open {
        intent.token = tokens.get(&intent.token).copied().unwrap_or(intent.token);
    }
    equal(what, shown(journal, connection).await?, promised)
}

/// Makes one call on both and compares what they answer and show.
async fn step(journal: &dyn Journal, model: &MemoryJournal, connection: &ConnectionId, maker: &mut Maker) -> Checked {
    let call = maker.call()?;
    let now = at(maker.now);
    let (promised, leases) = answer(model, connection, &call, now).await?;
    let (found, jobs) = answer(journal, connection, &call.clone().under(&maker.tokens), now).await?;
    equal(&format!("the answer to {call:?}"), found, promised)?;
    maker.tokens.extend(leases.iter().zip(&jobs).map(|(lease, job)| (lease.token, job.token)));
    maker.leases.extend(leases);
    same(&format!("what is shown after {call:?}"), journal, model, connection, &maker.tokens).await
}

pub(super) async fn any_sequence_gives_the_same_state_as_the_model(journal: &dyn Journal) -> Checked {
    for seed in 0..SEEDS {
        let (model, connection) = (MemoryJournal::new(), ConnectionId::from(format!("seed {seed}")));
        let mut maker = Maker::new(seed);
        for number in 0..STEPS {
            let checked = step(journal, &model, &connection, &mut maker).await;
            checked.map_err(|Problem(problem)| Problem(format!("seed {seed}, call {number}: {problem}")))?;
        }
    }
    Ok(())
}

pub(super) async fn reopening<J: Journal>(seed: u64, open: impl AsyncFn() -> J) -> Checked {
    let (model, connection) = (MemoryJournal::new(), main());
    let mut maker = Maker::new(seed);
    for _ in 0..STEPS / 5 {
        let journal = open().await;
        same("after reopening", &journal, &model, &connection, &maker.tokens).await?;
        for _ in 0..5 {
            step(&journal, &model, &connection, &mut maker).await?;
        }
    }
    Ok(())
}
