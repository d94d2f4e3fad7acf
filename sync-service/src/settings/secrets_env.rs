//! `secrets.env` of a configuration directory: secrets as if they were set in the environment.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::Failure;

/// The name of the file.
pub(super) const SECRETS: &str = "secrets.env";

/// Reads `NAME=value` lines. A file that is missing has none.
///
/// # Errors
/// If others than its owner can read it, if it cannot be read, or if a line is something else; values are not quoted.
pub(super) fn read(dir: &Path) -> Result<HashMap<String, String>, Failure> {
    let path = dir.join(SECRETS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(format!("{}: cannot be read ({error})", path.display()).into()),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "{}: can be read by other users; treat its secrets as known to them, and set mode 0600",
                path.display()
            )
            .into());
        }
    }
    let mut values = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) =
            line.split_once('=').ok_or_else(|| format!("{}:{}: not NAME=value", path.display(), number + 1))?;
        let value = value.trim();
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        values.insert(name.trim().to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(values)
}
