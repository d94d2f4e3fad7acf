//! `explain KEY`: why a document posts as it does.

use std::process::ExitCode;

use sync_core::connector::{Fetched, Sink, Source};
use sync_core::mapping::{Explanation, KnownTargets, Mapped, Names, Situation};
use sync_core::model::DocumentKey;
use sync_core::model::construction::Document;

use crate::Failure;
use crate::site::{Site, Where, table};

/// Why a document posts as it does, and as what.
pub(crate) struct Explained {
    pub(crate) explanation: Explanation,
    pub(crate) transaction: Option<String>,
}

/// Explains a document by the version of the mapping that posted it.
///
/// # Errors
/// If there is no such document, it posts nothing, or a side cannot be read.
pub(crate) async fn explain(site: &Site, key: &str) -> Result<Explained, Failure> {
    let links = site.links().await?;
    let (documents, document) = find(site, key).await?;
    let link = links.iter().find(|link| link.document == document.key());
    let current = site.mapping()?;
    // The version that made the transaction, as long as the journal has it.
    let made_by = match link {
        Some(link) if link.mapping != current.version() => site.version(&link.mapping).await?,
        _ => None,
    };
    let mapping = made_by.as_ref().unwrap_or(&current);
    let directory = site.directory().await?;
    let names = Names::new(&directory);
    let capabilities = site.connection.sink.capabilities();
    let index = KnownTargets::new(&links).assuming(&documents, mapping, capabilities);
    let situation = Situation { mapping, names: &names, capabilities, index: &index, awaited: true };
    let transaction = link.map(|link| link.target.to_string());
    match situation.explain(&document) {
        Ok(explanation) => Ok(Explained { explanation, transaction }),
        Err(mapped) => {
            let why = match *mapped {
                Mapped::Nothing(why) => why.to_owned(),
                Mapped::Needs(on) => format!("it waits for {on}"),
                Mapped::Dead { cause, text, .. } => format!("{cause}: {text}"),
                Mapped::Post(_) => "it is a name, and has no lines".to_owned(),
            };
            Err(format!("{} posts nothing: {why}", document.label()).into())
        }
    }
}

pub(crate) async fn run(key: &str, at: &Where, json: bool) -> Result<ExitCode, Failure> {
    let Explained { explanation, transaction: target } = explain(&Site::open(at)?, key).await?;
    if json {
        println!("{}", serde_json::json!({ "transaction": target, "explanation": explanation }));
        return Ok(ExitCode::SUCCESS);
    }
    let posted = target.map_or_else(|| "not posted yet".to_owned(), |target| format!("posted as {target}"));
    println!("{} ({}), {posted}, by mapping {}", explanation.label, explanation.document, explanation.mapping);
    let mut rows = table(&["line", "field", "value", "from", "by"]);
    let header = explanation.header.iter().map(|origin| ("", origin));
    let lines = explanation.lines.iter().flat_map(|line| line.values.iter().map(|o| (line.line.as_str(), o)));
    for (line, origin) in header.chain(lines) {
        rows.add_row([line, &origin.field, &origin.value, &origin.from, &origin.by]);
    }
    println!("{rows}");
    Ok(ExitCode::SUCCESS)
}

/// By key, or by what a person calls the document; and the documents around it.
async fn find(site: &Site, key: &str) -> Result<(Vec<Document>, Document), Failure> {
    if let Ok(key) = key.parse::<DocumentKey>() {
        return match site.connection.source.fetch(&key).await? {
            Fetched::Found(document) => {
                let around = vec![(*document).clone()];
                // Without links, names of vendor and project are needed too.
                let around = if site.links().await?.is_empty() { site.documents().await?.0 } else { around };
                Ok((around, *document))
            }
            Fetched::Unreadable(unreadable) => Err(format!("{key}: {}", unreadable.text).into()),
            Fetched::Gone(_) => Err(format!("{key}: there is no such document in Procore").into()),
        };
    }
    let (documents, _) = site.documents().await?;
    let mut found = documents.iter().filter(|document| document.label().eq_ignore_ascii_case(key));
    match (found.next().cloned(), found.next()) {
        (Some(only), None) => Ok((documents, only)),
        (None, _) => Err(format!("{key}: no document has this number; give a key such as pay_app/22.660002").into()),
        (Some(first), Some(second)) => {
            Err(format!("{key} is {} and {}; give one of these keys", first.key(), second.key()).into())
        }
    }
}
