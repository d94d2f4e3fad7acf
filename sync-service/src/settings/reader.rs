//! Single values: a variable before the file, secrets from variables or from files that variables name.

use crate::Failure;

/// Reads values, and remembers what is missing.
pub(super) struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) missing: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, missing: Vec::new() }
    }

    /// A variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn optional(&self, name: &str, in_file: Option<String>, default: &str) -> String {
        let given = in_file.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        self.variable(name).or(given).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn required(&mut self, name: &str, key: &str, in_file: Option<String>) -> String {
        let value = self.optional(name, in_file, "");
        if value.is_empty() {
            self.missing.push(format!("{name} (or {key} in connection.toml)"));
        }
        value
    }

    /// A secret: the variable `NAME`, or the content of the file that `NAME_FILE` names, as container and service
    /// managers hand secrets over.
    pub(super) fn secret(&self, name: &str) -> Result<Option<String>, Failure> {
        if let Some(value) = self.variable(name) {
            return Ok(Some(value));
        }
        let Some(path) = self.variable(&format!("{name}_FILE")) else { return Ok(None) };
        let text = std::fs::read_to_string(&path)
            .map_err(|e| format!("{path}: the file that {name}_FILE names cannot be read ({e})"))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("{path}: the file that {name}_FILE names is empty").into());
        }
        Ok(Some(text.to_owned()))
    }

    pub(super) fn required_secret(&mut self, name: &str) -> Result<String, Failure> {
        let value = self.secret(name)?;
        if value.is_none() {
            self.missing.push(name.to_owned());
        }
        Ok(value.unwrap_or_default())
    }
}
