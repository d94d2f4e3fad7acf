//! Lists that many documents refer to, kept while they are fresh.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sync_core::clock;
use sync_core::connector::{Fetched, Unreadable};
use sync_core::model::construction::CommitmentKind;
use sync_core::model::{CommitmentId, PrimeContractId, ProjectId, SovLineId, Timestamp, VendorId};

use super::change_orders::Side;
use super::memo::Memo;
use super::{ProcoreSource, each};
use crate::convert::codes::{CodeBook, CodeLists, Segments};
use crate::convert::directory::parties;
use crate::convert::owner_invoice::KnownPrimeContract;
use crate::convert::pay_app::KnownCommitment;
use crate::error::Error;
use crate::resources::{Between, all_or_none};
use crate::wire::Record;
use crate::wire::line_item_types::LineItemType;
use crate::wire::prime_contracts::PrimeContract;
use crate::wire::projects::Project;

/// What was read and is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) projects: Memo<(), Vec<Record<Project>>>,
    pub(super) prime_contracts: Memo<ProjectId, Vec<Record<PrimeContract>>>,
    /// The numbers of projects that the list does not tell.
    unlisted: Memo<ProjectId, Record<Option<String>>>,
    line_item_types: Memo<(), Vec<LineItemType>>,
    code_lists: Memo<ProjectId, CodeLists>,
    segments: Memo<ProjectId, Segments>,
    pub(super) commitments: Memo<(ProjectId, CommitmentId), KnownCommitment>,
    details: Memo<(ProjectId, CommitmentId), HashMap<String, SovLineId>>,
    pub(super) known_prime_contracts: Memo<(ProjectId, PrimeContractId), KnownPrimeContract>,
    /// Does a side of the project have change orders of the newer form? Learnt when they were listed.
    pub(super) has_change_orders: Memo<(ProjectId, Side), bool>,
}

impl Kept {
    pub(super) fn clear(&self) {
        self.projects.clear();
        self.unlisted.clear();
        self.prime_contracts.clear();
        self.line_item_types.clear();
        self.code_lists.clear();
        self.segments.clear();
        self.commitments.clear();
        self.details.clear();
        self.known_prime_contracts.clear();
        self.has_change_orders.clear();
    }
}

/// Who is an owner or contractor, so that nobody pays them.
pub(super) enum NotPaid {
    /// These are.
    These(HashSet<VendorId>),
    /// A prime contract, or which project it is of, cannot be read: anybody may be its owner. A name given to a vendor is lost to the customer for
    /// good, so until it can be read only those become vendors that a commitment refers to.
    Unknown,
}

impl NotPaid {
    /// Is it better not to make a vendor of this one unasked?
    pub(super) fn includes(&self, vendor: &VendorId) -> bool {
        match self {
            Self::These(vendors) => vendors.contains(vendor),
            Self::Unknown => true,
        }
    }
}

/// The active projects that are to be synced.
pub(super) struct Active {
    pub(super) ids: Vec<ProjectId>,
    /// False if the list holds a project whose id cannot be read.
    pub(super) are_all: bool,
}

impl ProcoreSource {
    pub(super) fn now(&self) -> Timestamp {
        self.procore.clock().now()
    }

    /// The instant before which what was read is out of date.
    pub(super) fn oldest(&self) -> Timestamp {
        let kept_for = chrono::TimeDelta::from_std(self.options.keep).unwrap_or(chrono::TimeDelta::MAX);
        self.now().checked_sub_signed(kept_for).unwrap_or(Timestamp::MIN_UTC)
    }

    /// All projects, inactive ones too.
    pub(super) async fn projects(&self) -> Result<Arc<Vec<Record<Project>>>, Error> {
        self.kept.projects.get(&(), self.now(), self.oldest(), self.procore.projects()).await
    }

    /// The ids of the active projects that are to be synced. One that cannot be read may be active: it counts by its id.
    pub(super) async fn active_projects(&self) -> Result<Active, Error> {
        let projects = self.projects().await?;
        let mut active = Active { ids: Vec::with_capacity(projects.len()), are_all: true };
        for project in projects.iter() {
            match project {
                Ok(project) if self.is_wanted(project) => active.ids.push(project.id.clone()),
                Ok(_) => {}
                Err(bad) => match bad.id.as_deref().map(ProjectId::from) {
                    Some(id) if self.options.projects.includes(&id) => active.ids.push(id),
                    Some(_) => {}
                    None => active.are_all = false,
                },
            }
        }
        Ok(active)
    }

    /// Is it an active project that the options do not leave out?
    pub(super) fn is_wanted(&self, project: &Project) -> bool {
        project.active.unwrap_or(true) && project.template != Some(true) && self.options.projects.includes(&project.id)
    }

    /// The number that people give a project; none, too, if the project cannot be read, for then
    /// [`of_readable`](Self::of_readable) lets none of its documents through.
    pub(super) async fn project_number(&self, id: &ProjectId) -> Result<Option<String>, Error> {
        Ok(self.number_of(id).await?.unwrap_or(None))
    }

    async fn number_of(&self, id: &ProjectId) -> Result<Record<Option<String>>, Error> {
        let known = self.projects().await?;
        if let Some(project) = known.iter().flatten().find(|project| project.id == *id) {
            return Ok(Ok(project.project_number.clone()));
        }
        // Made since the list was read, not listed for this account, or not readable there.
        let read = async {
            Ok::<_, Error>(match self.procore.project(id).await? {
                Some(project) => project.map(|project| project.project_number),
                None => Ok(None),
            })
        };
        let number = self.kept.unlisted.get(id, self.now(), self.oldest(), read).await?;
        Ok(number.as_ref().clone())
    }

    /// The documents of a project, unless the project cannot be read: then none of them can be used, for nothing says
    /// which rows of the mapping are theirs.
    pub(super) async fn of_readable(
        &self,
        project: &ProjectId,
        mut fetched: Vec<Fetched>,
    ) -> Result<Vec<Fetched>, Error> {
        for fetched in &mut fetched {
            self.check_readable(project, fetched).await?;
        }
        Ok(fetched)
    }

    /// The same for one document.
    pub(super) async fn check_readable(&self, project: &ProjectId, fetched: &mut Fetched) -> Result<(), Error> {
        if let Fetched::Found(document) = &*fetched
            && let Err(bad) = self.number_of(project).await?
        {
            let (key, label) = (document.key(), document.label());
            let text = format!("its project cannot be read: {bad}");
            *fetched = Fetched::Unreadable(Unreadable { key, label, text, amount: None });
        }
        Ok(())
    }

    /// The prime contracts of a project.
    pub(super) async fn prime_contracts(&self, project: &ProjectId) -> Result<Arc<Vec<Record<PrimeContract>>>, Error> {
        let read = async {
            if !self.options.owners {
                return Ok(Vec::new());
            }
            self.listed_prime_contracts(project, None).await
        };
        self.kept.prime_contracts.get(project, self.now(), self.oldest(), read).await
    }

    /// The prime contracts of a project as a list tells them now.
    pub(super) async fn listed_prime_contracts(
        &self,
        project: &ProjectId,
        updated: Option<Between>,
    ) -> Result<Vec<Record<PrimeContract>>, Error> {
        self.of_tool(project, self.procore.prime_contracts(project, updated).await).await
    }

    /// What a tool lists that a project may do without: 403 means that the tool is off, unless the whole project is
    /// refused, which is an error.
    pub(super) async fn of_tool<T>(&self, project: &ProjectId, listed: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
        let refused = match listed {
            Err(error) if error.status() == Some(403) => error,
            other => return other,
        };
        match self.procore.project(project).await {
            Ok(Some(_)) => {
                tracing::warn!(%project, %refused, "a tool of Procore is off in this project, or not open to the account");
                Ok(Vec::new())
            }
            _ => Err(refused),
        }
    }

    /// The directory entries that prime contracts of active projects name as owner or contractor.
    pub(super) async fn not_paid(&self) -> Result<NotPaid, Error> {
        let projects = self.active_projects().await?;
        if !projects.are_all && self.options.owners {
            return Ok(NotPaid::Unknown);
        }
        let contracts = each(projects.ids.iter().map(|project| self.prime_contracts(project)).collect()).await?;
        if contracts.iter().any(|contracts| contracts.iter().any(Result::is_err)) {
            return Ok(NotPaid::Unknown);
        }
        Ok(NotPaid::These(
            contracts.iter().flat_map(|contracts| contracts.iter().flatten().flat_map(parties)).collect(),
        ))
    }

    /// Cost codes and cost types of a project.
    pub(super) async fn code_book(&self, project: &ProjectId) -> Result<CodeBook, Error> {
        let read = async {
            let types = async { all_or_none("GET /rest/v1.0/line_item_types", self.procore.line_item_types().await?) };
            let types = self.kept.line_item_types.get(&(), self.now(), self.oldest(), types).await?;
            let codes = all_or_none("GET /rest/v1.0/cost_codes", self.procore.cost_codes(project).await?)?;
            Ok(CodeLists::new(codes, types.to_vec()))
        };
        let lists = self.kept.code_lists.get(project, self.now(), self.oldest(), read).await?;
        // Read for one line, they serve all others.
        let segments = self.kept.segments.peek(project, self.oldest()).await;
        Ok(CodeBook { lists, segments })
    }

    /// The book with the segments of the budget codes, which a line turned out to need.
    pub(super) async fn with_segments(&self, project: &ProjectId, book: CodeBook) -> Result<CodeBook, Error> {
        if book.segments.is_some() {
            return Ok(book);
        }
        let read = async {
            let codes = self.procore.wbs_codes(project).await?;
            // A budget code that cannot be read is missed only by the lines that it stands on.
            let readable: Vec<_> = codes.into_iter().filter_map(Result::ok).collect();
            Ok::<_, Error>(Segments::new(&readable))
        };
        let segments = self.kept.segments.get(project, self.now(), self.oldest(), read).await?;
        Ok(CodeBook { segments: Some(segments), ..book })
    }

    /// The line of the contract that each line of the subcontractor's own schedule details.
    pub(super) async fn details(
        &self,
        project: &ProjectId,
        kind: CommitmentKind,
        commitment: &CommitmentId,
    ) -> Result<Arc<HashMap<String, SovLineId>>, Error> {
        let read = async {
            let lines = all_or_none(
                "GET .../line_item_contract_details",
                self.procore.detail_lines(kind, project, commitment).await?,
            )?;
            Ok(lines.into_iter().filter_map(|line| Some((line.id, line.line_item_id?))).collect())
        };
        let key = (project.clone(), commitment.clone());
        self.kept.details.get(&key, self.now(), self.oldest(), read).await
    }
}

/// `instant` moved by some minutes, for windows that overlap.
pub(super) fn minutes_after(instant: Timestamp, minutes: u64) -> Timestamp {
    clock::after(instant, std::time::Duration::from_secs(60 * minutes))
}
