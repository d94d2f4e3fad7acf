//! Subscriptions: hooks that are made, and repaired where they are not as they should be.
//!
//! A hook of the company tells only of company tools; each project needs a hook of its own
//! (<https://developers.procore.com/documentation/webhooks-api>). So run [`Hooks::ensure`] at the start, from time to
//! time, and whenever a project begins: it changes nothing where nothing is wrong.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::json;
use sync_core::http::Secret;
use sync_core::model::ProjectId;

use super::{About, about};
use crate::client::{Procore, Query};
use crate::error::Error;
use crate::resources::all_or_none;
use crate::wire::webhooks::{Hook, HookResource, Trigger};
use crate::write_paths::{self, WritePath};

/// The most that v2.0 lists grant.
const PAGE: usize = 100;
/// The most triggers that one call takes.
const BULK: usize = 500;
/// Characters of the secret that Procore shows.
const SHOWN: usize = 5;
/// Scopes that are looked at together; the pace limits the requests.
const AT_ONCE: usize = 4;

/// Form of the deliveries that are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadVersion {
    /// `v2.0`: names no related resources, so an event of a line cannot be told to its contract.
    V2,
    /// `v3.0`: with related resources.
    #[default]
    V3,
    /// `v4.0`: text ids.
    V4,
}

impl PayloadVersion {
    /// Every form that deliveries are understood in.
    pub const ALL: [Self; 3] = [Self::V2, Self::V3, Self::V4];

    /// As Procore spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2.0",
            Self::V3 => "v3.0",
            Self::V4 => "v4.0",
        }
    }
}

/// Whose hook.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The company's.
    Company,
    /// A project's.
    Project(ProjectId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Company => f.write_str("the company"),
            Self::Project(project) => write!(f, "project {project}"),
        }
    }
}

/// What became of the subscriptions. A scope stands in one of the first three lists if it has a hook now, and in the last
/// one if anything of it failed; one of which only some triggers failed stands in both.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Had no hook, and has one now.
    pub created: Vec<Scope>,
    /// Had one that was not as it should be, or several.
    pub repaired: Vec<Scope>,
    /// Nothing was wrong.
    pub unchanged: Vec<Scope>,
    /// Could not be looked at, made or repaired, in part or at all.
    pub failed: Vec<Failure>,
}

/// A subscription that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose.
    pub scope: Scope,
    /// What happened and what to do.
    pub text: String,
}

/// Makes and repairs the hooks of one integration.
#[derive(Debug)]
pub struct Hooks {
    procore: Arc<Procore>,
    namespace: String,
    destination_url: String,
    authorization: Secret,
    version: PayloadVersion,
    renew: bool,
}

/// What became of a hook.
enum Step {
    Created,
    Repaired,
    Unchanged,
}

impl Hooks {
    /// Hooks of this namespace (one for each integration: others are never seen or touched) that deliver to this address
    /// with this `Authorization` header, which is what [`Webhook`](super::Webhook) compares.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a namespace of other than lower case letters, digits and dashes, an address that is
    /// neither HTTPS nor this machine, or a secret that is too short to be one.
    pub fn new(
        procore: Arc<Procore>,
        namespace: impl Into<String>,
        destination_url: impl Into<String>,
        authorization: Secret,
    ) -> Result<Self, Error> {
        let (namespace, destination_url) = (namespace.into(), destination_url.into());
        let wrong = |text: String| Err(Error::Configuration(text));
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if namespace.is_empty() || !namespace.bytes().all(plain) {
            return wrong(format!(
                "`{namespace}` cannot be the namespace of webhooks; use lower case letters, digits and dashes"
            ));
        }
        let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        if !destination_url.starts_with("https://") && !local.iter().any(|host| destination_url.starts_with(host)) {
            return wrong(format!("webhooks are delivered over https:// only, and `{destination_url}` is not"));
        }
        // Procore shows the last five characters to everybody who may see the hook.
        if authorization.expose().chars().count() < 4 * SHOWN {
            return wrong(
                "the Authorization header of webhooks is shorter than 20 characters; use a longer one".into(),
            );
        }
        let version = PayloadVersion::default();
        Ok(Self { procore, namespace, destination_url, authorization, version, renew: false })
    }

    /// The hooks of a namespace as they are, of the company or a project. Reads only.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn subscribed(procore: &Procore, namespace: &str, scope: &Scope) -> Result<Vec<Hook>, Error> {
        hooks_of(procore, namespace, scope).await
    }

    /// Sets the form of the deliveries.
    #[must_use]
    pub fn with_version(mut self, version: PayloadVersion) -> Self {
        self.version = version;
        self
    }

    /// Sends the `Authorization` header to every hook, also where the part of it that Procore shows is the same: after it
    /// was changed.
    #[must_use]
    pub fn with_new_authorization(mut self) -> Self {
        self.renew = true;
        self
    }

    /// Makes sure that the company and each of these projects has one hook of our namespace, active, with our address,
    /// header and form, that listens to everything that a sync needs of what Procore offers there. Further hooks of our
    /// namespace are removed. Done twice, the second time changes nothing.
    ///
    /// Never fails as a whole: what went wrong in one scope is in the report and leaves the others.
    pub async fn ensure(&self, projects: &[ProjectId]) -> Report {
        let scopes = std::iter::once(Scope::Company).chain(projects.iter().cloned().map(Scope::Project));
        let mut report = Report::default();
        // Every project offers the same.
        let mut of_projects: Option<Result<Vec<Wanted>, String>> = None;
        let mut work = Vec::with_capacity(projects.len() + 1);
        for scope in scopes {
            let wanted = match &scope {
                Scope::Company => self.wanted(&scope).await.map_err(|error| self.text(&error)),
                Scope::Project(_) => match &of_projects {
                    Some(Ok(known)) => Ok(known.clone()),
                    // A project that is refused says nothing about the next one.
                    _ => {
                        let wanted = self.wanted(&scope).await.map_err(|error| self.text(&error));
                        of_projects = Some(wanted.clone());
                        wanted
                    }
                },
            };
            match wanted {
                Ok(wanted) => work.push((scope, wanted)),
                Err(text) => report.failed.push(Failure { scope, text }),
            }
        }
        let done = work.into_iter().map(|(scope, wanted)| async move {
            let (step, failures) = self.ensure_one(&scope, &wanted).await;
            (scope, step, failures)
        });
        let mut done = stream::iter(done.collect::<Vec<_>>()).buffered(AT_ONCE);
        while let Some((scope, step, failures)) = done.next().await {
            report.failed.extend(failures.into_iter().map(|text| Failure { scope: scope.clone(), text }));
            match step {
                Some(Step::Created) => report.created.push(scope),
                Some(Step::Repaired) => report.repaired.push(scope),
                Some(Step::Unchanged) => report.unchanged.push(scope),
                None => {}
            }
        }
        report
    }

    /// One scope: what was done, if there is a hook now, and what failed.
    async fn ensure_one(&self, scope: &Scope, wanted: &[Wanted]) -> (Option<Step>, Vec<String>) {
        let mut failures = Vec::new();
        let hooks = match self.hooks(scope).await {
            Ok(hooks) => hooks,
            Err(error) => return (None, vec![self.text(&error)]),
        };
        let mut repaired = false;
        // The one that needs least repair stays.
        let best = hooks.iter().enumerate().max_by_key(|(at, hook)| (self.is_right(hook), std::cmp::Reverse(*at)));
        let (hook, created) = match best {
            None => match self.create(scope).await {
                Ok(hook) => (hook, true),
                Err(error) => return (None, vec![self.text(&error)]),
            },
            Some((_, hook)) => {
                if self.renew || !self.is_right(hook) {
                    match self.change(scope, hook).await {
                        Ok(()) => repaired = true,
                        Err(error) => failures.push(self.text(&error)),
                    }
                }
                (hook.clone(), false)
            }
        };
        for other in hooks.iter().filter(|other| other.id != hook.id) {
            match self.delete(scope, other).await {
                Ok(()) => repaired = true,
                Err(error) => failures.push(self.text(&error)),
            }
        }
        match self.ensure_triggers(scope, &hook, wanted, created).await {
            Ok((added, missing)) => {
                repaired |= added;
                if !missing.is_empty() {
                    let text = format!("Procore did not take these triggers: {}; try again", missing.join(", "));
                    failures.push(text);
                }
            }
            Err(error) => failures.push(self.text(&error)),
        }
        let step = match (created, repaired) {
            (true, _) => Some(Step::Created),
            (false, true) => Some(Step::Repaired),
            (false, false) if failures.is_empty() => Some(Step::Unchanged),
            (false, false) => None,
        };
        (step, failures)
    }

    /// What went wrong, should the answer have repeated the secret.
    fn text(&self, error: &Error) -> String {
        error.to_string().replace(self.authorization.expose(), "[redacted]")
    }

    fn is_right(&self, hook: &Hook) -> bool {
        let shown = hook.destination_headers.as_ref().and_then(|headers| headers.authorization.as_deref());
        let tail = |text: &str| text.chars().rev().take(SHOWN).collect::<String>();
        hook.status.as_deref().is_none_or(|status| status.eq_ignore_ascii_case("active"))
            && hook.destination_url.as_deref() == Some(self.destination_url.as_str())
            && hook.payload_version.as_deref() == Some(self.version.as_str())
            && shown.is_some_and(|shown| tail(shown) == tail(self.authorization.expose()))
    }

    async fn create(&self, scope: &Scope) -> Result<Hook, Error> {
        let path = match scope {
            Scope::Company => &write_paths::COMPANY_HOOK_CREATE,
            Scope::Project(_) => &write_paths::PROJECT_HOOK_CREATE,
        };
        let body = json!({
            "payload_version": self.version.as_str(),
            "namespace": self.namespace,
            "destination_url": self.destination_url,
            "destination_headers": { "Authorization": self.authorization.expose() },
        });
        let answer = self.write(path, scope, None, Some(body)).await?;
        self.procore.written(&answer, path).await
    }

    async fn change(&self, scope: &Scope, hook: &Hook) -> Result<(), Error> {
        let path = match scope {
            Scope::Company => &write_paths::COMPANY_HOOK_CHANGE,
            Scope::Project(_) => &write_paths::PROJECT_HOOK_CHANGE,
        };
        let body = json!({
            "payload_version": self.version.as_str(),
            "destination_url": self.destination_url,
            "destination_headers": { "Authorization": self.authorization.expose() },
            "status": "active",
        });
        self.write(path, scope, Some(hook), Some(body)).await.map(drop)
    }

    async fn delete(&self, scope: &Scope, hook: &Hook) -> Result<(), Error> {
        let path = match scope {
            Scope::Company => &write_paths::COMPANY_HOOK_DELETE,
            Scope::Project(_) => &write_paths::PROJECT_HOOK_DELETE,
        };
        match self.write(path, scope, Some(hook), None).await {
            Err(error) if error.status() != Some(404) => Err(error),
            _ => Ok(()),
        }
    }

    async fn write(
        &self,
        path: &WritePath,
        scope: &Scope,
        hook: Option<&Hook>,
        body: Option<serde_json::Value>,
    ) -> Result<sync_core::http::ApiAnswer, Error> {
        let project = match scope {
            Scope::Company => None,
            Scope::Project(project) => Some(project.as_str()),
        };
        let hook = hook.map(|hook| hook.id.as_str());
        let ids: Vec<&str> = [Some(self.procore.company()), project, hook].into_iter().flatten().collect();
        self.procore.write(path, &ids, body.map(|body| body.to_string())).await
    }

    fn read(&self, scope: &Scope, rest: &str) -> Query {
        in_scope(&self.procore, scope, rest)
    }

    /// The hooks of our namespace.
    async fn hooks(&self, scope: &Scope) -> Result<Vec<Hook>, Error> {
        hooks_of(&self.procore, &self.namespace, scope).await
    }

    /// What Procore offers in this scope, of that what tells of a document.
    async fn wanted(&self, scope: &Scope) -> Result<Vec<Wanted>, Error> {
        let query = self.read(scope, "/webhooks/resources").with("payload_version", self.version.as_str());
        let offered: Vec<HookResource> =
            all_or_none("GET …/webhooks/resources", self.procore.list(query.paged(PAGE)).await?)?;
        let mut wanted = Vec::new();
        for HookResource { name, actions } in offered {
            let Some(name) = name.filter(|name| !matches!(about(name), About::Nothing(_))) else { continue };
            wanted.extend(
                actions
                    .iter()
                    .filter_map(|action| action.word())
                    .map(|event| Wanted { resource: name.clone(), event: event.to_ascii_lowercase() }),
            );
        }
        Ok(wanted)
    }

    /// Adds the triggers that are missing; whether any was added, and which are missing still.
    async fn ensure_triggers(
        &self,
        scope: &Scope,
        hook: &Hook,
        wanted: &[Wanted],
        is_new: bool,
    ) -> Result<(bool, Vec<String>), Error> {
        let there = if is_new { HashSet::new() } else { self.triggers(scope, hook).await? };
        let missing: Vec<&Wanted> = wanted.iter().filter(|wanted| !there.contains(&wanted.key())).collect();
        if missing.is_empty() {
            return Ok((false, Vec::new()));
        }
        let path = match scope {
            Scope::Company => &write_paths::COMPANY_TRIGGERS,
            Scope::Project(_) => &write_paths::PROJECT_TRIGGERS,
        };
        let mut partly = false;
        for some in missing.chunks(BULK) {
            let body: Vec<_> =
                some.iter().map(|w| json!({ "resource_name": w.resource, "event_type": w.event })).collect();
            let answer = self.write(path, scope, Some(hook), Some(body.into())).await?;
            partly |= answer.status == http::StatusCode::MULTI_STATUS;
        }
        if !partly {
            return Ok((true, Vec::new()));
        }
        // The form of a mixed answer is not documented, so what is there now is read.
        let now = self.triggers(scope, hook).await?;
        let left: Vec<String> = missing.iter().filter(|w| !now.contains(&w.key())).map(|w| w.to_string()).collect();
        Ok((left.len() < missing.len(), left))
    }

    async fn triggers(&self, scope: &Scope, hook: &Hook) -> Result<HashSet<(String, String)>, Error> {
        let query = self.read(scope, "/webhooks/hooks/").then(&hook.id).and("/triggers").paged(PAGE);
        let triggers: Vec<Trigger> =
            all_or_none("GET …/webhooks/hooks/{id}/triggers", self.procore.list(query).await?)?;
        let key = |trigger: Trigger| Some(key(&trigger.resource_name?, &trigger.event_type?));
        Ok(triggers.into_iter().filter_map(key).collect())
    }
}

fn in_scope(procore: &Procore, scope: &Scope, rest: &str) -> Query {
    let query = Query::new("/rest/v2.0/companies/").then(procore.company());
    match scope {
        Scope::Company => query.and(rest),
        Scope::Project(project) => query.and("/projects/").then(project).and(rest),
    }
}

async fn hooks_of(procore: &Procore, namespace: &str, scope: &Scope) -> Result<Vec<Hook>, Error> {
    let query = in_scope(procore, scope, "/webhooks/hooks").with("namespace", namespace).paged(PAGE);
    let hooks: Vec<Hook> = all_or_none("GET …/webhooks/hooks", procore.list(query).await?)?;
    // Others are not ours to touch, also where the filter should be ignored.
    Ok(hooks.into_iter().filter(|hook| hook.namespace.as_deref() == Some(namespace)).collect())
}

/// A trigger that should be there.
#[derive(Clone, Debug)]
struct Wanted {
    resource: String,
    event: String,
}

impl Wanted {
    fn key(&self) -> (String, String) {
        key(&self.resource, &self.event)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.resource, self.event)
    }
}

/// Case varies between answers.
fn key(resource: &str, event: &str) -> (String, String) {
    (resource.to_ascii_lowercase(), event.to_ascii_lowercase())
}
