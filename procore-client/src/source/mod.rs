//! Procore as a [`Source`] of construction documents.

mod change_orders;
mod changes;
mod commitments;
mod directory;
mod memo;
mod owner_invoices;
mod pay_apps;
mod prime_contracts;
mod reference;

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use sync_core::connector::{Changes, Cursor, Fetched, Part, Source};
use sync_core::model::{DocumentKey, DocumentKind, ProjectId};
use sync_core::{Error, ErrorKind};

pub use changes::Standing;

use crate::client::Procore;
use reference::Kept;

/// Requests of one task that wait for their answers at the same time. The pace limits all of them together.
const AT_ONCE: usize = 4;
/// What the key of a record begins with whose id cannot be read.
pub(crate) const MADE_UP: char = '?';
/// With more keys of one project and kind than this, its list is cheaper than one call each.
const FEW: usize = 4;

/// Which projects take part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Projects {
    /// All active ones.
    #[default]
    AllActive,
    /// Of the active ones, these.
    Only(HashSet<ProjectId>),
    /// Of the active ones, all but these.
    Except(HashSet<ProjectId>),
}

impl Projects {
    /// Does it take part, if it is active?
    pub fn includes(&self, project: &ProjectId) -> bool {
        match self {
            Self::AllActive => true,
            Self::Only(these) => these.contains(project),
            Self::Except(these) => !these.contains(project),
        }
    }
}

/// How the source reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceOptions {
    /// Which projects take part.
    pub projects: Projects,
    /// Are owners read from prime contracts? Off where the company does not use that tool; then the mapping names the
    /// customers and no vendor is known to be an owner.
    pub owners: bool,
    /// Are prime contracts and owner invoices documents of their own? Only where owners are read at all.
    pub owner_side: bool,
    /// Is the G703 with the retainage held on each row read too? One call more for each pay app.
    pub retainage_detail: bool,
    /// How long lists that others refer to (cost codes, projects, prime contracts) are good for single documents. A
    /// snapshot always starts afresh.
    pub keep: Duration,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self {
            projects: Projects::AllActive,
            owners: true,
            owner_side: true,
            retainage_detail: false,
            keep: Duration::from_secs(15 * 60),
        }
    }
}

impl SourceOptions {
    /// Sets which projects take part.
    #[must_use]
    pub fn with_projects(mut self, projects: Projects) -> Self {
        self.projects = projects;
        self
    }

    /// Leaves prime contracts unread, and owner invoices with them.
    #[must_use]
    pub fn without_owners(mut self) -> Self {
        self.owners = false;
        self
    }

    /// Leaves out prime contracts and owner invoices as documents; owners are still read.
    #[must_use]
    pub fn without_owner_side(mut self) -> Self {
        self.owner_side = false;
        self
    }

    pub(crate) fn reads_owner_side(&self) -> bool {
        self.owners && self.owner_side
    }

    /// Reads the G703 of each pay app too.
    #[must_use]
    pub fn with_retainage_detail(mut self) -> Self {
        self.retainage_detail = true;
        self
    }

    /// Sets how long lists that others refer to are good for.
    #[must_use]
    pub fn with_keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }
}

/// Vendors, projects, commitments, pay apps, prime contracts and owner invoices of one Procore company.
///
/// Parts of a snapshot: `vendors`, `projects`, then for each active project `project/ID/commitments`,
/// `project/ID/pay_apps`, `project/ID/prime_contracts` and `project/ID/owner_invoices`. A project that does not use the
/// tool of the last two has empty parts. A record with a value that cannot be read becomes [`Fetched::Unreadable`]; a page that is cut
/// off or is something else is an error.
#[derive(Debug)]
pub struct ProcoreSource {
    procore: Arc<Procore>,
    options: SourceOptions,
    kept: Kept,
}

impl ProcoreSource {
    /// A source that reads through this client.
    pub fn new(procore: Arc<Procore>, options: SourceOptions) -> Self {
        Self { procore, options, kept: Kept::default() }
    }

    /// The client.
    pub fn procore(&self) -> &Arc<Procore> {
        &self.procore
    }

    /// Does a document take part, as far as its project tells? Webhooks tell of all projects alike.
    pub fn includes(&self, key: &DocumentKey) -> bool {
        match key.kind {
            DocumentKind::PrimeContract | DocumentKind::OwnerInvoice if !self.options.reads_owner_side() => false,
            DocumentKind::Project => self.options.projects.includes(&key.id.as_ref().into()),
            _ => key.project_and_id().is_none_or(|(project, _)| self.options.projects.includes(&project)),
        }
    }

    /// The projects that take part: the active ones that the options do not leave out.
    ///
    /// # Errors
    /// If the list of projects cannot be read.
    pub async fn active(&self) -> Result<Vec<ProjectId>, Error> {
        Ok(self.active_projects().await?.ids)
    }

    /// Requests sent so far, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.procore.requests()
    }

    /// Requests that Procore turned away for load.
    pub fn throttled(&self) -> u64 {
        self.procore.throttled()
    }
}

/// What a part consists of.
enum PartName {
    Vendors,
    Projects,
    Commitments(ProjectId),
    PayApps(ProjectId),
    PrimeContracts(ProjectId),
    OwnerInvoices(ProjectId),
}

impl PartName {
    fn parse(part: &Part) -> Result<Self, Error> {
        let mut words = part.0.split('/');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("vendors"), None, None, None) => Ok(Self::Vendors),
            (Some("projects"), None, None, None) => Ok(Self::Projects),
            (Some("project"), Some(id), Some("commitments"), None) => Ok(Self::Commitments(id.into())),
            (Some("project"), Some(id), Some("pay_apps"), None) => Ok(Self::PayApps(id.into())),
            (Some("project"), Some(id), Some("prime_contracts"), None) => Ok(Self::PrimeContracts(id.into())),
            (Some("project"), Some(id), Some("owner_invoices"), None) => Ok(Self::OwnerInvoices(id.into())),
            _ => Err(Error::new(
                ErrorKind::Internal,
                format!("Procore has no part `{}`; ask for the parts again", part.0),
            )),
        }
    }
}

/// The project and id of a key of a document that belongs to one.
fn within(key: &DocumentKey) -> Result<(ProjectId, &str), Error> {
    key.project_and_id().ok_or_else(|| {
        let text = format!("`{}` does not name its project, as PROJECT.ID; Procore is asked within a project", key.id);
        Error::new(ErrorKind::Internal, text).with_document(key.clone())
    })
}

/// Does it name a record whose id could not be read? Nobody can be asked for that; a list tells of it again.
fn is_made_up(key: &DocumentKey) -> bool {
    key.project_and_id().map_or(key.id.as_ref(), |(_, id)| id).starts_with(MADE_UP)
}

fn not_ours(key: &DocumentKey) -> Error {
    let text = "documents of this kind are not read from Procore; vendors, projects, commitments, pay apps, prime \
                contracts and owner invoices are";
    Error::new(ErrorKind::Internal, text).with_document(key.clone())
}

/// Does all of it, a few at a time; the answers in the order of the questions.
///
/// Takes the futures themselves: a closure over borrowed items would make the future of the caller not `Send`.
async fn each<T, E, F: Future<Output = Result<T, E>>>(futures: Vec<F>) -> Result<Vec<T>, E> {
    stream::iter(futures).buffered(AT_ONCE).try_collect().await
}

#[async_trait]
impl Source for ProcoreSource {
    async fn parts(&self) -> Result<Vec<Part>, Error> {
        self.kept.clear();
        let mut parts = vec![Part("vendors".to_owned()), Part("projects".to_owned())];
        for project in self.active_projects().await?.ids {
            parts.push(Part(format!("project/{project}/commitments")));
            parts.push(Part(format!("project/{project}/pay_apps")));
            if self.options.reads_owner_side() {
                parts.push(Part(format!("project/{project}/prime_contracts")));
                parts.push(Part(format!("project/{project}/owner_invoices")));
            }
        }
        Ok(parts)
    }

    fn snapshot<'a>(&'a self, part: &'a Part) -> BoxStream<'a, Result<Vec<Fetched>, Error>> {
        let (project, pages) = match PartName::parse(part) {
            Ok(PartName::Vendors) => return self.all_vendors(),
            Ok(PartName::Projects) => return self.all_projects(),
            Ok(PartName::Commitments(project)) => (project.clone(), self.all_commitments(project)),
            Ok(PartName::PayApps(project)) => (project.clone(), self.all_pay_apps(project)),
            Ok(PartName::PrimeContracts(project)) => (project.clone(), self.all_prime_contracts(project)),
            Ok(PartName::OwnerInvoices(project)) => (project.clone(), self.all_owner_invoices(project)),
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let readable = move |page| {
            let project = project.clone();
            async move { Ok(self.of_readable(&project, page).await?) }
        };
        pages.and_then(readable).boxed()
    }

    async fn changes(&self, since: Option<&Cursor>) -> Result<Changes, Error> {
        self.changes_since(since).await
    }

    async fn fetch(&self, key: &DocumentKey) -> Result<Fetched, Error> {
        if is_made_up(key) {
            return Ok(Fetched::Gone(key.clone()));
        }
        let fetched = match key.kind {
            DocumentKind::Vendor => self.fetch_vendor(&key.id.as_ref().into()).await,
            DocumentKind::Project => self.fetch_project(&key.id.as_ref().into()).await,
            DocumentKind::Commitment => {
                let (project, id) = within(key)?;
                self.fetch_commitment(&project, &id.into()).await
            }
            DocumentKind::PayApp => {
                let (project, id) = within(key)?;
                self.fetch_pay_app(&project, &id.into()).await
            }
            DocumentKind::PrimeContract => {
                let (project, id) = within(key)?;
                self.fetch_prime_contract(&project, &id.into()).await
            }
            DocumentKind::OwnerInvoice => {
                let (project, id) = within(key)?;
                self.fetch_owner_invoice(&project, &id.into()).await
            }
            _ => return Err(not_ours(key)),
        };
        let located = |error: Error| error.with_document(key.clone());
        let mut fetched = fetched.map_err(located)?;
        if let Some((project, _)) = key.project_and_id() {
            self.check_readable(&project, &mut fetched).await.map_err(|error| located(error.into()))?;
        }
        Ok(fetched)
    }

    async fn fetch_many(&self, keys: &[DocumentKey]) -> Result<Vec<Fetched>, Error> {
        let gone = |key: &DocumentKey| is_made_up(key).then(|| Fetched::Gone(key.clone()));
        let mut answers: Vec<Option<Fetched>> = keys.iter().map(gone).collect();
        for group in groups(keys)? {
            let ids: Vec<&str> = group.members.iter().map(|(_, id)| *id).collect();
            let fetched = if ids.len() <= FEW {
                let few = group.members.iter().filter_map(|(at, _)| keys.get(*at));
                each(few.map(|key| self.fetch(key)).collect()).await?
            } else {
                match (group.kind, &group.project) {
                    (DocumentKind::Vendor, _) => self.fetch_vendors(&ids).await?,
                    (DocumentKind::Project, _) => self.fetch_projects(&ids).await?,
                    (DocumentKind::Commitment, Some(project)) => self.fetch_commitments(project, &ids).await?,
                    (DocumentKind::PrimeContract, Some(project)) => self.fetch_prime_contracts(project, &ids).await?,
                    (DocumentKind::OwnerInvoice, Some(project)) => self.fetch_owner_invoices(project, &ids).await?,
                    (_, Some(project)) => self.fetch_pay_apps(project, &ids).await?,
                    (_, None) => Vec::new(),
                }
            };
            let fetched = match &group.project {
                Some(project) => self.of_readable(project, fetched).await?,
                None => fetched,
            };
            for ((at, _), fetched) in group.members.into_iter().zip(fetched) {
                if let Some(answer) = answers.get_mut(at) {
                    *answer = Some(fetched);
                }
            }
        }
        let missing = || Error::new(ErrorKind::Internal, "a document was asked for and neither found nor missed");
        answers.into_iter().map(|answer| answer.ok_or_else(missing)).collect()
    }
}

/// Keys that one list answers, each with its place in the question.
struct Group<'a> {
    kind: DocumentKind,
    project: Option<ProjectId>,
    members: Vec<(usize, &'a str)>,
}

fn groups(keys: &[DocumentKey]) -> Result<Vec<Group<'_>>, Error> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for (at, key) in keys.iter().enumerate().filter(|(_, key)| !is_made_up(key)) {
        let (project, id) = match key.kind {
            DocumentKind::Vendor | DocumentKind::Project => (None, key.id.as_ref()),
            DocumentKind::Commitment
            | DocumentKind::PayApp
            | DocumentKind::PrimeContract
            | DocumentKind::OwnerInvoice => {
                let (project, id) = within(key)?;
                (Some(project), id)
            }
            _ => return Err(not_ours(key)),
        };
        let place = *index.entry((key.kind, project.clone())).or_insert_with(|| {
            groups.push(Group { kind: key.kind, project, members: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.members.push((at, id));
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests;
