//! The files of a mapping as bytes: read together, archived together, put back together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::fault::{Fault, Faults, nearest};

/// Every file that a mapping may have. All are optional.
pub const FILES: [&str; 8] = [
    "accounts.csv",
    "coding.csv",
    "direct_costs.csv",
    "projects.csv",
    "rules.toml",
    "sync.toml",
    "terms.csv",
    "vendors.csv",
];

/// The files of one version of a mapping. They can be compiled, kept in the journal and written back to a directory.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MappingFiles(BTreeMap<&'static str, Vec<u8>>);

impl MappingFiles {
    /// Reads what a directory has of them. A directory that is missing has none.
    ///
    /// # Errors
    /// [`Faults`]: files that cannot be read, and files whose names are nearly those of mapping files.
    pub fn read(dir: &Path) -> Result<Self, Faults> {
        let mut files = Self::default();
        let mut faults = misspelt(dir);
        for name in FILES {
            match std::fs::read(dir.join(name)) {
                Ok(bytes) => drop(files.0.insert(name, bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => faults.push(Fault {
                    file: name.to_owned(),
                    line: 0,
                    column: 0,
                    problem: format!("the file cannot be read: {error}"),
                    fix: "check its permissions".to_owned(),
                }),
            }
        }
        if faults.is_empty() { Ok(files) } else { Err(Faults(faults)) }
    }

    /// Sets a file, for mappings that come from elsewhere than a directory. False if no mapping has a file of that name.
    pub fn set(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> bool {
        let known = FILES.into_iter().find(|file| *file == name);
        known.map(|file| self.0.insert(file, bytes.into())).is_some()
    }

    /// The content of a file, if the mapping has it.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Names and contents.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.0.iter().map(|(name, bytes)| (*name, bytes.as_slice()))
    }

    /// The version that these files make: a digest of names and contents, 16 hexadecimal digits.
    pub fn version(&self) -> String {
        let mut hasher = Sha256::new();
        for (name, bytes) in &self.0 {
            for part in [name.as_bytes(), bytes] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        crate::engine::hex(&hasher.finalize()).chars().take(16).collect()
    }

    /// One text that holds all files, for a journal.
    pub fn to_archive(&self) -> String {
        let texts: BTreeMap<&str, std::borrow::Cow<'_, str>> =
            self.0.iter().map(|(name, bytes)| (*name, String::from_utf8_lossy(bytes))).collect();
        serde_json::to_string(&texts).unwrap_or_default()
    }

    /// The files of a text made by [`to_archive`](Self::to_archive); none if it is something else.
    pub fn from_archive(text: &str) -> Option<Self> {
        let texts: BTreeMap<String, String> = serde_json::from_str(text).ok()?;
        let mut files = Self::default();
        texts.into_iter().all(|(name, text)| files.set(&name, text)).then_some(files)
    }

    /// Makes a directory hold these mapping files and no others; what else lies in it stays. Each file is replaced
    /// whole, by a rename, so that no reader sees half of one.
    ///
    /// # Errors
    /// If a file cannot be written; the files after it are as they were.
    pub fn write_to(&self, dir: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut staged = Vec::with_capacity(self.0.len());
        for (name, bytes) in &self.0 {
            let file = tempfile::NamedTempFile::new_in(dir)?;
            std::fs::write(file.path(), bytes)?;
            file.as_file().sync_all()?;
            staged.push((name, file));
        }
        for (name, file) in staged {
            file.persist(dir.join(name)).map_err(|error| error.error)?;
        }
        for name in FILES.into_iter().filter(|name| !self.0.contains_key(name)) {
            match std::fs::remove_file(dir.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The contents may name customers and vendors: only names and lengths are shown.
impl fmt::Debug for MappingFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, bytes)| (name, bytes.len()))).finish()
    }
}

/// A file that is nearly named like a mapping file would be left out without a word.
fn misspelt(dir: &Path) -> Vec<Fault> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut faults: Vec<Fault> = names
        .filter(|name| !FILES.contains(&name.as_str()) && (name.ends_with(".csv") || name.ends_with(".toml")))
        .filter_map(|name| {
            let near = nearest(&name, FILES).first().copied()?;
            let same_kind = name.rsplit('.').next() == near.rsplit('.').next();
            same_kind.then(|| Fault {
                problem: "no mapping has a file of this name, so it would be left out".to_owned(),
                fix: format!("did you mean {near}? Rename it, or move it elsewhere"),
                file: name,
                line: 0,
                column: 0,
            })
        })
        .collect();
    faults.sort();
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(pairs: &[(&str, &str)]) -> MappingFiles {
        let mut files = MappingFiles::default();
        assert!(pairs.iter().all(|(name, text)| files.set(name, *text)));
        files
    }

    #[test]
    fn what_is_archived_comes_back_and_has_the_same_version() {
        let files = files(&[("accounts.csv", "\u{feff}role,account\r\nAP,2000\r\n"), ("sync.toml", "[policy]\n")]);
        let back = MappingFiles::from_archive(&files.to_archive()).unwrap();
        assert_eq!((&back, back.version()), (&files, files.version()));
        assert!(MappingFiles::from_archive("{\"passwd\":\"\"}").is_none());
    }

    #[test]
    fn a_directory_that_is_restored_has_no_file_of_the_newer_version() {
        let dir = tempfile::tempdir().unwrap();
        files(&[("sync.toml", "new"), ("coding.csv", "new")]).write_to(dir.path()).unwrap();
        std::fs::write(dir.path().join("notes.txt"), "kept").unwrap();
        let old = files(&[("sync.toml", "old")]);
        old.write_to(dir.path()).unwrap();
        assert_eq!(MappingFiles::read(dir.path()).unwrap(), old);
        assert!(dir.path().join("notes.txt").exists());
    }

    #[test]
    fn a_file_with_a_misspelt_name_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("codings.csv"), "").unwrap();
        std::fs::write(dir.path().join("budget 2026.csv"), "").unwrap();
        let faults = MappingFiles::read(dir.path()).unwrap_err();
        assert_eq!(faults.0.len(), 1, "{faults}");
        assert!(faults.0[0].fix.contains("coding.csv"), "{faults}");
    }
}
