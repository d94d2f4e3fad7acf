//! A plan, and what becomes of a document that changes after it was made.

use std::sync::Arc;

use sync_core::connector::Sink;
use sync_core::dead_letter::Cause;
use sync_core::journal::MemoryJournal;
use sync_core::model::DocumentKey;
use sync_core::plan::{GuardedSink, Plan, PlanningSink};
use sync_sandboxes::book::Book;

use crate::kit::Site;
use crate::kit::site::load;

async fn plan(site: &Site) -> Plan {
    let planning = Arc::new(PlanningSink::new(Arc::new(site.sink())));
    let engine = site.engine_over(Arc::new(MemoryJournal::default()), planning.clone());
    load(&engine).await.unwrap();
    Plan::new("main", site.mapping.version(), planning.writes(), Vec::new())
}

#[tokio::test]
async fn planning_writes_nothing_and_tells_the_same_twice() {
    let site = Site::open(&Book::demo().unwrap()).await;
    let (first, second) = (plan(&site).await, plan(&site).await);
    assert_eq!(site.write_requests(), 0);
    assert!(first.writes.len() > 150);
    assert_eq!((first.moved(&second), first.digest()), (Vec::new(), second.digest()));
}

#[tokio::test]
async fn what_changes_after_the_plan_waits_for_a_person_and_the_rest_is_done() {
    // Given a plan of the demo, and one pay app whose date is changed right after
    let site = Site::open(&Book::demo().unwrap()).await;
    let plan = plan(&site).await;
    let changed = "598134326660001";
    let now = site.now();
    site.procore().person_edits(now, "requisitions", changed, |app| app.set("billing_date", "2026-03-01")).unwrap();
    // When the engine works behind a guard that knows the plan
    let guarded: Arc<GuardedSink> = Arc::new(GuardedSink::new(Arc::new(site.sink()), &plan));
    let sink: Arc<dyn Sink> = guarded.clone();
    load(&site.engine_over(site.journal.clone(), sink)).await.unwrap();
    // Then that document is not posted, and says why; those that wait for it wait
    let letters = site.dead_letters().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.cause, Cause::AwaitingApproval);
    assert!(letter.text.contains("date is `2026-03-01`, and `2026-02-28` was approved"), "{}", letter.text);
    // and everything else of the plan was done
    let waiting = site.waiting().await.len();
    assert_eq!(guarded.left().len(), 1 + waiting, "{:?}", guarded.left());
    let links = site.journal.links(&site.connection()).await.unwrap();
    let left: Vec<DocumentKey> = guarded.left().into_iter().map(|write| write.document).collect();
    for write in plan.writes.iter().filter(|write| !left.contains(&write.document)) {
        assert!(links.iter().any(|link| link.document == write.document), "{}", write.document);
    }
}
