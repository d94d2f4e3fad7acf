//! Names in the mapping, resolved against the live lists of the accounting system.

use std::collections::HashMap;

use super::crosswalk::fold;
use super::fault::{did_you_mean, nearest};
use crate::connector::{Directory, ListEntry, Lists};

/// Which list a name stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum List {
    /// Chart of accounts.
    Account,
    /// Items.
    Item,
    /// Classes.
    Class,
    /// Payment terms.
    Term,
    /// Customers and jobs.
    Customer,
    /// Vendors.
    Vendor,
    /// Departments, which QuickBooks Online also calls locations.
    Department,
}

impl List {
    const ALL: [Self; 7] =
        [Self::Account, Self::Item, Self::Class, Self::Term, Self::Customer, Self::Vendor, Self::Department];

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Item => "item",
            Self::Class => "class",
            Self::Term => "term",
            Self::Customer => "customer",
            Self::Vendor => "vendor",
            Self::Department => "department",
        }
    }

    fn entries(self, lists: &Lists) -> &[ListEntry] {
        match self {
            Self::Account => &lists.accounts,
            Self::Item => &lists.items,
            Self::Class => &lists.classes,
            Self::Term => &lists.terms,
            Self::Customer => &lists.customers,
            Self::Vendor => &lists.vendors,
            Self::Department => &lists.departments,
        }
    }
}

/// Why a name stands for nothing that can be posted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameProblem<'a> {
    /// The entry is there, but out of use.
    Inactive {
        /// Its full name.
        name: &'a str,
        /// Active entries of nearly that name.
        near: Vec<&'a str>,
    },
    /// There is no such entry.
    Missing {
        /// Active entries of nearly that name.
        near: Vec<&'a str>,
    },
}

/// The lists, indexed by name and number.
#[derive(Debug)]
pub struct Names<'a> {
    directory: &'a Directory,
    index: HashMap<(List, String), usize>,
}

impl<'a> Names<'a> {
    /// Indexes the lists of a directory.
    pub fn new(directory: &'a Directory) -> Self {
        let mut index = HashMap::new();
        if let Directory::Listed(lists) = directory {
            for list in List::ALL {
                let entries = list.entries(lists);
                // An active entry wins over an inactive one of the same name, a name over a number.
                for pass in 0..3 {
                    for (i, entry) in entries.iter().enumerate() {
                        let key = match pass {
                            0 if entry.active => Some(fold(&entry.name)),
                            1 => entry.number.as_deref().map(fold),
                            2 => Some(fold(&entry.name)),
                            _ => None,
                        };
                        if let Some(key) = key {
                            index.entry((list, key)).or_insert(i);
                        }
                    }
                }
            }
        }
        Self { directory, index }
    }

    /// The id of a name, or what is wrong with it. `id:7` stands for the id 7.
    ///
    /// # Errors
    /// What is wrong with the name, with the nearest ones, for people.
    pub fn resolve(&self, list: List, name: &str) -> Result<String, String> {
        if self.lists().is_none() {
            return Ok(name.trim().strip_prefix("id:").unwrap_or(name).to_owned());
        }
        let noun = list.noun();
        match self.find(list, name) {
            Ok(entry) => Ok(entry.id.clone()),
            Err(NameProblem::Inactive { name, .. }) => {
                Err(format!("the {noun} `{name}` is inactive; make it active or name another"))
            }
            Err(NameProblem::Missing { near }) => Err(format!("there is no {noun} `{name}`{}", did_you_mean(&near))),
        }
    }

    /// The entry that a name stands for. Without lists there are no entries, and every name is missing.
    ///
    /// # Errors
    /// [`NameProblem`], with the names of active entries that are nearest.
    pub fn find(&self, list: List, name: &str) -> Result<&'a ListEntry, NameProblem<'a>> {
        let entries = self.lists().map(|lists| list.entries(lists)).unwrap_or_default();
        let found = match name.trim().strip_prefix("id:") {
            Some(id) => entries.iter().find(|entry| entry.id == id.trim()),
            None => self.index.get(&(list, fold(name))).and_then(|i| entries.get(*i)),
        };
        let near = |name: &str| nearest(name, entries.iter().filter(|e| e.active).map(|e| e.name.as_str()));
        match found {
            Some(entry) if entry.active => Ok(entry),
            Some(entry) => Err(NameProblem::Inactive { name: &entry.name, near: near(&entry.name) }),
            None => Err(NameProblem::Missing { near: near(name) }),
        }
    }

    /// What a person calls an entry; its id where it is in no list.
    pub fn name_of(&self, list: List, id: &str) -> String {
        let entries = self.lists().map(|lists| list.entries(lists)).unwrap_or_default();
        entries.iter().find(|entry| entry.id == id).map_or_else(|| id.to_owned(), |entry| entry.name.clone())
    }

    /// The lists, if there are any.
    pub fn lists(&self) -> Option<&'a Lists> {
        match self.directory {
            Directory::Open => None,
            Directory::Listed(lists) => Some(lists),
        }
    }
}
