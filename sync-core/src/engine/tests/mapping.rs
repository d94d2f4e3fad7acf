//! The mapping while the engine runs: replaced between runs, each posting with the version that made it.

use std::sync::Arc;

use super::kit::{World, usd};
use crate::engine::Silent;
use crate::mapping::{Mapping, MappingFiles, history};
use crate::model::TargetKind;

fn mapping(account: &str) -> Arc<Mapping> {
    let mut files = MappingFiles::default();
    files.set("coding.csv", format!("budget_code,account,class\n05-100.S,{account},05\n"));
    Arc::new(Mapping::compile(files).unwrap())
}

#[tokio::test]
async fn each_posting_has_its_version_and_each_version_is_kept() {
    // Given a company that was loaded by one mapping,
    let world = World::with_a_subcontract();
    let engine = world.engine(Arc::new(Silent));
    engine.snapshot().await.unwrap();
    engine.run().await.unwrap();
    let first = engine.mapping().version().to_owned();
    // when another is put to use and everything is looked at again,
    let second = mapping("Subcontracts");
    engine.use_mapping(second.clone());
    assert_eq!(engine.mapping().version(), first, "until the next run");
    engine.snapshot().await.unwrap();
    let report = engine.run().await.unwrap();
    // then the documents that it codes differently are changed, by the new version,
    assert_eq!((report.created, report.updated), (0, 3), "{report:?}");
    assert_eq!(world.ledger.total(TargetKind::Bill), usd("58500"));
    let (journal, connection) = world.journal();
    let links = journal.links(connection).await.unwrap();
    let made_by = |version: &str| links.iter().filter(|link| link.mapping == version).count();
    assert_eq!((made_by(&first), made_by(second.version())), (3, 3));
    // and both versions can be read from the journal.
    let versions = history::versions(journal.as_ref(), connection).await.unwrap();
    let versions: Vec<&str> = versions.iter().map(|v| v.version.as_str()).collect();
    assert_eq!(versions, [first.as_str(), second.version()]);
    let kept = history::files(journal.as_ref(), connection, second.version()).await.unwrap().unwrap();
    assert_eq!(Mapping::compile(kept).unwrap().version(), second.version());
}
