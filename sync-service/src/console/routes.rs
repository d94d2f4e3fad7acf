//! Every address of the console, with the least role that it needs. The router is made of this table, and the tests walk
//! it.

use std::future::Future;
use std::pin::Pin;

use super::api;
use super::call::{Answered, Call};
use super::pages::{
    activity, connections, effect, exception, exceptions, mapping, overview, reconciliation, retainage, sign_in, users,
    wip,
};
use super::store::Role;

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Least {
    /// Anybody: signing in, and what pages look like.
    Nobody,
    /// Whoever is signed in with this role or a higher one.
    Role(Role),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
}

pub(crate) type Handler = fn(Call) -> Pin<Box<dyn Future<Output = Answered> + Send>>;

/// One address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) path: &'static str,
    pub(crate) least: Least,
    pub(crate) handler: Handler,
}

impl Route {
    /// Does it answer in JSON?
    pub(crate) fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}

macro_rules! routes {
    ($($verb:ident $path:literal, $least:expr => $handler:path;)+) => {
        /// All of them.
        pub(crate) fn all() -> Vec<Route> {
            vec![$(Route { verb: Verb::$verb, path: $path, least: $least, handler: |call| Box::pin($handler(call)) },)+]
        }
    };
}

const ANYBODY: Least = Least::Nobody;
const SEE: Least = Least::Role(Role::ProjectManager);
const SETTLE: Least = Least::Role(Role::Controller);
const MANAGE: Least = Least::Role(Role::Admin);

routes! {
    Get "/console.css", ANYBODY => sign_in::style;
    Get "/console.js", ANYBODY => sign_in::script;
    Get "/sign-in", ANYBODY => sign_in::show;
    Post "/sign-in", ANYBODY => sign_in::enter;
    Get "/sign-in/once/{secret}", ANYBODY => sign_in::show_once;
    Post "/sign-in/once", ANYBODY => sign_in::enter_once;
    Get "/sign-in/provider", ANYBODY => sign_in::lead;
    Get "/sign-in/provider/back", ANYBODY => sign_in::back;
    Post "/sign-out", SEE => sign_in::leave;
    Get "/", SEE => overview::home;
    Get "/c/{connection}/", SEE => overview::show;
    Get "/c/{connection}/exceptions", SEE => exceptions::show;
    Post "/c/{connection}/exceptions", SETTLE => exceptions::settle_many;
    Get "/c/{connection}/exceptions/{kind}/{id}", SEE => exception::show;
    Post "/c/{connection}/exceptions/{kind}/{id}", SETTLE => exception::decide;
    Get "/c/{connection}/approvals", SEE => exceptions::approvals;
    Post "/c/{connection}/approvals", SETTLE => exceptions::settle_many;
    Get "/c/{connection}/mapping", SEE => mapping::show;
    Post "/c/{connection}/mapping/save", SETTLE => effect::save;
    Post "/c/{connection}/mapping/restore", SETTLE => effect::restore;
    Get "/c/{connection}/mapping/{file}", SEE => mapping::edit;
    Post "/c/{connection}/mapping/{file}", SETTLE => effect::show;
    Get "/c/{connection}/mapping/{file}/file", SEE => mapping::download;
    Get "/c/{connection}/activity", SEE => activity::show;
    Get "/c/{connection}/explain/{kind}/{id}", SEE => activity::why;
    Get "/c/{connection}/reconciliation", SEE => reconciliation::show;
    Post "/c/{connection}/reconciliation/run", SETTLE => reconciliation::run_now;
    Get "/c/{connection}/reconciliation/{run}", SEE => reconciliation::show;
    Get "/c/{connection}/reconciliation/{run}/{file}", SEE => reconciliation::file;
    Get "/c/{connection}/retainage", SEE => retainage::show;
    Get "/c/{connection}/retainage/retainage.csv", SEE => retainage::file;
    Get "/c/{connection}/wip", SEE => wip::show;
    Post "/c/{connection}/wip", SETTLE => wip::send;
    Post "/c/{connection}/wip/approve", SETTLE => wip::approve;
    Get "/c/{connection}/connections", SEE => connections::show;
    Post "/c/{connection}/connections/webhooks", MANAGE => connections::subscribe;
    Get "/c/{connection}/connections/sync.qwc", MANAGE => connections::qwc;
    Post "/c/{connection}/connections/connect/{side}", MANAGE => connections::begin;
    Get "/connected/{side}", MANAGE => connections::connected;
    Get "/c/{connection}/users", MANAGE => users::show;
    Post "/c/{connection}/users", MANAGE => users::add;
    Post "/c/{connection}/users/{name}", MANAGE => users::change;
    Get "/api/v1/openapi.json", ANYBODY => api::openapi;
    Post "/api/v1/session", ANYBODY => api::begin;
    Post "/api/v1/session/end", SEE => api::end;
    Get "/api/v1/c/{connection}/overview", SEE => api::overview;
    Get "/api/v1/c/{connection}/exceptions", SEE => api::list;
    Get "/api/v1/c/{connection}/exceptions/{kind}/{id}", SEE => api::one;
    Post "/api/v1/c/{connection}/exceptions/{kind}/{id}", SETTLE => api::decide;
    Get "/api/v1/c/{connection}/activity", SEE => api::activity;
    Get "/api/v1/c/{connection}/reconciliation", SEE => api::reconciliation;
    Post "/api/v1/c/{connection}/reconciliation", SETTLE => api::reconcile;
}
