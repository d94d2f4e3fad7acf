//! What every [`Journal`] must keep.

mod ends;
mod given;
mod intake;
mod intents;
mod leases;
mod random;
mod records;
#[cfg(test)]
mod tests;
mod waiting;

use std::fmt;

use futures_util::future::BoxFuture;

use super::{Checked, Failure, Problem};
use crate::journal::Journal;

/// One promise of a [`Journal`], to be tried on an empty one.
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: for<'j> fn(&'j dyn Journal) -> BoxFuture<'j, Checked>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

impl Case {
    /// The name, which says what is promised.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Tries the promise on an empty journal.
    ///
    /// # Errors
    /// [`Failure`] if it is not kept.
    pub async fn run(&self, journal: &dyn Journal) -> Result<(), Failure> {
        (self.run)(journal).await.map_err(|Problem(problem)| Failure { case: self.name, problem })
    }
}

macro_rules! cases {
    ($($room:ident: $($case:ident),+;)+) => {
        /// All cases. Each wants an empty journal of its own.
        pub const CASES: &[Case] =
            &[$($(Case { name: stringify!($case), run: |journal| Box::pin($room::$case(journal)) },)+)+];
    };
}

cases! {
    intake: ten_changes_of_a_document_are_one_job, a_second_delivery_of_an_event_does_nothing,
        a_change_during_a_lease_outlives_its_end, a_change_wakes_a_dead_letter, a_change_wakes_a_job_that_waits,
        a_change_does_not_hurry_a_job_that_is_ready, nothing_is_dropped;
    leases: the_oldest_jobs_are_leased_first, no_job_has_two_leases, leases_end_and_tokens_grow,
        a_token_does_not_repeat_in_a_new_journal, a_lost_lease_is_fenced, nothing_of_a_fenced_call_is_stored,
        a_job_is_ended_once_for_each_lease, a_lease_is_good_until_another_worker_takes_the_job,
        attempts_count_leases_without_an_end, a_job_is_not_due_before_its_time;
    intents: open_writes_come_in_their_order_until_they_are_closed, the_same_write_may_be_stored_again,
        a_key_never_carries_two_contents, a_group_keeps_the_order_in_which_it_was_stored, writes_come_back_exactly;
    waiting: done_wakes_all_that_wait, a_chain_is_woken_link_by_link, no_wake_up_is_lost,
        a_document_that_is_not_done_wakes_nothing, a_document_with_changes_left_wakes_what_waits;
    ends: dead_letters_come_back_exactly_and_in_order, a_person_ends_a_dead_letter,
        without_a_lease_a_ready_job_is_not_done, without_a_lease_a_leased_job_is_left_alone,
        an_end_without_a_job_opens_one, what_rests_may_rest_for_another_reason,
        five_thousand_settlements_are_one_call;
    records: links_are_put_replaced_and_removed, cursors_are_kept_by_name, the_audit_is_a_chain,
        connections_do_not_see_one_another, an_empty_journal_answers;
    random: any_sequence_gives_the_same_state_as_the_model;
}

/// Runs all cases, each on a journal that `make` makes empty for it, and gives back those that failed.
pub async fn run_all<J: Journal>(make: impl AsyncFn() -> J) -> Vec<Failure> {
    let mut failures = Vec::new();
    for case in CASES {
        let journal = make().await;
        failures.extend(case.run(&journal).await.err());
    }
    failures
}

/// Works for a while, as a seed determines, and opens the store again after every few calls: for journals that promise
/// to survive the process. `open` opens the same store each time, which must be empty at first.
///
/// # Errors
/// [`Failure`] at the first difference from what was there before.
pub async fn survives_reopening<J: Journal>(seed: u64, open: impl AsyncFn() -> J) -> Result<(), Failure> {
    let outcome = random::reopening(seed, open).await;
    outcome.map_err(|Problem(problem)| Failure { case: "what_is_stored_survives_reopening", problem })
}
