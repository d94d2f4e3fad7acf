//! What the driver has: asked before anything is read, so that a wrong name is told with the right ones beside it.

use std::collections::BTreeMap;

use odbc_api::Connection;
use secrecy::SecretString;

use super::OdbcError;

/// The columns of a table, as the driver spells them, by their lower-case names; none if there is no such table.
pub(super) fn columns_of(
    connection: &Connection<'_>,
    table: &str,
    secret: &SecretString,
) -> Result<BTreeMap<String, String>, OdbcError> {
    let bad = |error: odbc_api::Error| OdbcError::driver(format!("asking for the columns of {table}"), &error, secret);
    let mut found = BTreeMap::new();
    for row in connection.columns("", "", table, "").map_err(bad)? {
        let row = row.map_err(bad)?;
        // The name of a table is a pattern in ODBC: `_` stands for any character.
        let of = row.table.as_str().ok().flatten().unwrap_or_default();
        if of.eq_ignore_ascii_case(table)
            && let Some(name) = row.column_name.as_str().ok().flatten()
        {
            found.insert(name.to_lowercase(), name.to_owned());
        }
    }
    Ok(found)
}

/// The columns that are asked for, as the driver spells them, with their places in `wanted`; one that ends with `?` may be missing.
pub(super) fn choose(
    table: &str,
    there: &BTreeMap<String, String>,
    wanted: &[&str],
) -> Result<Vec<(usize, String)>, OdbcError> {
    let mut chosen = Vec::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for (place, column) in wanted.iter().enumerate() {
        let name = column.trim_end_matches('?');
        match there.get(&name.to_lowercase()) {
            Some(spelled) => chosen.push((place, spelled.clone())),
            None if column.ends_with('?') => {}
            None => missing.push(name.to_owned()),
        }
    }
    if missing.is_empty() {
        return Ok(chosen);
    }
    Err(OdbcError::NoColumns { table: table.to_owned(), missing, there: there.values().cloned().collect() })
}
