//! What every [`Source`] must keep, tried on one that holds some documents and does not change meanwhile.

use std::collections::HashSet;

use futures_util::TryStreamExt;

use super::{Checked, Failure, Problem, equal, holds};
use crate::connector::{Fetched, Source};
use crate::model::DocumentKey;

/// Tries every promise on a source with at least one document, and gives back those that it does not keep.
pub async fn run_all(source: &dyn Source) -> Vec<Failure> {
    let outcomes = [
        ("the_parts_stay_the_same", the_parts_stay_the_same(source).await),
        ("each_document_is_in_one_part", each_document_is_in_one_part(source).await),
        ("a_document_alone_is_that_of_the_snapshot", a_document_alone_is_that_of_the_snapshot(source).await),
        ("many_are_answered_in_the_order_asked", many_are_answered_in_the_order_asked(source).await),
        ("without_a_cursor_there_is_only_where_to_start", without_a_cursor_there_is_only_where_to_start(source).await),
    ];
    let failed = outcomes.into_iter().filter_map(|(case, outcome)| Some((case, outcome.err()?)));
    failed.map(|(case, Problem(problem))| Failure { case, problem }).collect()
}

async fn snapshot(source: &dyn Source) -> Result<Vec<Fetched>, Problem> {
    let mut all = Vec::new();
    for part in source.parts().await? {
        let pages: Vec<Vec<Fetched>> = source.snapshot(&part).try_collect().await?;
        all.extend(pages.into_iter().flatten());
    }
    holds("the source has documents to try with", !all.is_empty())?;
    Ok(all)
}

async fn the_parts_stay_the_same(source: &dyn Source) -> Checked {
    equal("parts", source.parts().await?, source.parts().await?)
}

async fn each_document_is_in_one_part(source: &dyn Source) -> Checked {
    let mut seen = HashSet::new();
    for fetched in snapshot(source).await? {
        holds(&format!("{} is told once", fetched.key()), seen.insert(fetched.key()))?;
    }
    Ok(())
}

async fn a_document_alone_is_that_of_the_snapshot(source: &dyn Source) -> Checked {
    let mut kinds = HashSet::new();
    for of_snapshot in snapshot(source).await? {
        let Fetched::Found(wanted) = &of_snapshot else { continue };
        // One of each kind, and all of them where there are few.
        if !kinds.insert(wanted.key().kind) && kinds.len() > 1 {
            continue;
        }
        match source.fetch(&wanted.key()).await? {
            Fetched::Found(alone) => equal(&wanted.key().to_string(), alone, wanted.clone())?,
            other => return Err(Problem(format!("{} alone is {other:?}", wanted.key()))),
        }
    }
    Ok(())
}

async fn many_are_answered_in_the_order_asked(source: &dyn Source) -> Checked {
    let mut keys: Vec<DocumentKey> = snapshot(source).await?.iter().map(Fetched::key).collect();
    keys.reverse();
    // Ids that no source gives: gone is an answer, and the others are answered all the same.
    if let Some(first) = keys.first() {
        let nobody = DocumentKey::new(first.kind, format!("{}0000000", first.id));
        keys.insert(keys.len() / 2, nobody);
    }
    let answers = source.fetch_many(&keys).await?;
    equal("keys", answers.iter().map(Fetched::key).collect(), keys.clone())?;
    let gone = answers.iter().filter(|answer| matches!(answer, Fetched::Gone(_))).count();
    holds(&format!("one of them is gone ({gone})"), gone == 1)
}

async fn without_a_cursor_there_is_only_where_to_start(source: &dyn Source) -> Checked {
    let start = source.changes(None).await?;
    equal("changes", start.changes.len(), 0)?;
    // From there on it can be asked again; that nothing is told cannot be promised, for windows overlap.
    let next = source.changes(Some(&start.next)).await?.next;
    source.changes(Some(&next)).await?;
    Ok(())
}
