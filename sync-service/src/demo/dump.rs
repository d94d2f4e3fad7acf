//! `--dump-requests`: the bodies of the requests that QuickBooks got, one file each, as they were sent.

use std::path::Path;

use sync_sandboxes::quickbooks::{LoggedRequest, Operation};

use crate::Failure;

/// Writes a file for each request with a body.
///
/// `{"entity":"Bill","operation":"create","body":{…}}`: the body stands in it byte for byte, so that a checker sees the
/// very numbers that were sent.
pub(crate) fn write(dir: &Path, requests: &[LoggedRequest]) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut written = 0;
    for request in requests {
        let Some((entity, operation)) = kind(request) else { continue };
        let body = std::str::from_utf8(&request.body).map_err(|error| format!("a body that is no text: {error}"))?;
        written += 1;
        let path = dir.join(format!("{written:04}-{operation}-{}.json", entity.to_lowercase()));
        let text = format!("{{\"entity\":\"{entity}\",\"operation\":\"{operation}\",\"body\":{body}}}\n");
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn kind(request: &LoggedRequest) -> Option<(&'static str, &'static str)> {
    let operation = match request.operation {
        Operation::Create => "create",
        Operation::Update if is_sparse(&request.body) => "sparse",
        Operation::Update => "update",
        Operation::Delete => "delete",
        Operation::Void => "void",
        Operation::Batch => "batch",
        _ => return None,
    };
    Some((request.entity.unwrap_or("Batch"), operation))
}

fn is_sparse(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body.get("sparse") == Some(&true.into()))
}
