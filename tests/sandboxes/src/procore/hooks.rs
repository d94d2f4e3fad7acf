//! The webhook API v2.0: hooks and their triggers.
//!
//! Source: <https://developers.procore.com/documentation/webhooks-api>. A company hook delivers only events of company
//! tools; each project needs a hook of its own.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::Procore;
use super::call::Call;
use super::config::PayloadVersion;
use super::errors::{Refusal, json_response, text_response};
use super::lists::{Page, Pages};
use super::webhook::{COMPANY_RESOURCES, EventType, Hook, PROJECT_RESOURCES, Trigger};
use crate::json::{Json, object};

/// The most triggers that one bulk call takes.
const BULK_MAX: usize = 500;

fn refuse(status: StatusCode, message: &str) -> Refusal {
    Refusal::Coded(status, "INVALID_PROPERTY", message.to_owned())
}

fn bad(message: &str) -> Refusal {
    refuse(StatusCode::BAD_REQUEST, message)
}

fn data(status: StatusCode, body: Json) -> Response<Bytes> {
    json_response(status, &object([("data", body)]))
}

fn no_content() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

impl Procore {
    /// Answers below `…/webhooks`; `rest` is the path after it.
    pub(super) fn webhook_api(
        &mut self,
        call: &Call<'_>,
        project: Option<&str>,
        rest: &[&str],
    ) -> Result<Response<Bytes>, Refusal> {
        match (call.method.as_str(), rest) {
            ("GET", ["resources"]) => self.hook_resources(call, project),
            ("GET", ["hooks"]) => self.list_hooks(call, project),
            ("POST", ["hooks"]) => self.create_hook(call, project),
            ("GET", ["hooks", id]) => Ok(data(StatusCode::OK, self.hook_json(self.hook(project, id)?))),
            ("PATCH", ["hooks", id]) => self.update_hook(call, project, id),
            ("DELETE", ["hooks", id]) => {
                self.hook(project, id)?;
                self.webhooks.hooks.retain(|hook| hook.id != *id);
                Ok(no_content())
            }
            ("GET", ["hooks", id, "triggers"]) => {
                let hook = self.hook(project, id)?;
                let rows: Vec<Json> = hook.triggers.iter().map(|trigger| self.trigger_json(hook, trigger)).collect();
                self.data_page(call, &rows)
            }
            ("POST", ["hooks", id, "triggers"]) => {
                let wanted = call.json()?;
                let trigger = self.add_trigger(project, id, &wanted)?;
                Ok(data(StatusCode::CREATED, trigger))
            }
            ("POST", ["hooks", id, "triggers", "bulk"]) => self.add_triggers(call, project, id),
            ("DELETE", ["hooks", id, "triggers", "bulk"]) => self.remove_triggers(call, project, id),
            ("DELETE", ["hooks", id, "triggers", trigger]) => {
                let hook = self.hook_mut(project, id)?;
                let before = hook.triggers.len();
                hook.triggers.retain(|known| known.id != *trigger);
                if hook.triggers.len() == before { Err(Refusal::not_found()) } else { Ok(no_content()) }
            }
            _ => Err(Refusal::not_found()),
        }
    }

    fn data_page(&self, call: &Call<'_>, rows: &[Json]) -> Result<Response<Bytes>, Refusal> {
        let page = Page::read(call, Pages::V2, &self.config.pages)?;
        let shown = Json::Array(page.cut(rows).to_vec());
        let mut response = text_response(StatusCode::OK, format!("{{\"data\":{shown}}}"));
        page.label(call, rows.len(), &mut response);
        Ok(response)
    }

    fn hook_resources(&self, call: &Call<'_>, project: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        let version = call.query.get("payload_version").and_then(PayloadVersion::parse);
        let version = version.ok_or_else(|| bad("payload_version is not included in the list"))?;
        let known: &[(&str, &[EventType])] = if project.is_some() { &PROJECT_RESOURCES } else { &COMPANY_RESOURCES };
        let rows: Vec<Json> = known
            .iter()
            .map(|(name, kinds)| {
                object([
                    ("name", (*name).into()),
                    ("payload_version", version.as_str().into()),
                    ("actions", kinds.iter().map(|kind| kind.as_str().into()).collect::<Vec<Json>>().into()),
                ])
            })
            .collect();
        self.data_page(call, &rows)
    }

    // Hooks of other scopes are invisible, and so is the hook of the configuration.
    fn hook(&self, project: Option<&str>, id: &str) -> Result<&Hook, Refusal> {
        let mut hooks = self.webhooks.hooks.iter();
        hooks
            .find(|hook| hook.id == id && hook.project.as_deref() == project && !hook.everything)
            .ok_or_else(Refusal::not_found)
    }

    fn hook_mut(&mut self, project: Option<&str>, id: &str) -> Result<&mut Hook, Refusal> {
        let mut hooks = self.webhooks.hooks.iter_mut();
        hooks
            .find(|hook| hook.id == id && hook.project.as_deref() == project && !hook.everything)
            .ok_or_else(Refusal::not_found)
    }

    fn list_hooks(&self, call: &Call<'_>, project: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        let namespace = call.query.get("namespace").ok_or_else(|| bad("namespace is missing"))?;
        let hooks = self.webhooks.hooks.iter().filter(|hook| !hook.everything);
        let rows: Vec<Json> = hooks
            .filter(|hook| hook.project.as_deref() == project && hook.namespace == namespace)
            .map(|hook| self.hook_json(hook))
            .collect();
        self.data_page(call, &rows)
    }

    fn create_hook(&mut self, call: &Call<'_>, project: Option<&str>) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let text = |name: &str| body.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let version = text("payload_version")
            .and_then(PayloadVersion::parse)
            .ok_or_else(|| bad("payload_version is not included in the list"))?;
        let namespace = text("namespace").ok_or_else(|| bad("namespace can't be blank"))?;
        if !namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(bad("namespace may hold lower case letters, digits and dashes"));
        }
        let url = text("destination_url").ok_or_else(|| bad("destination_url can't be blank"))?;
        let authorization = body.at(&["destination_headers", "Authorization"]).and_then(Json::as_str);
        let hook = Hook {
            id: self.store.new_id(),
            project: project.map(str::to_owned),
            namespace: namespace.to_owned(),
            url: Some(url.to_owned()),
            authorization: authorization.map(str::to_owned),
            version,
            triggers: Vec::new(),
            everything: false,
        };
        let answer = self.hook_json(&hook);
        self.webhooks.hooks.push(hook);
        Ok(data(StatusCode::CREATED, answer))
    }

    fn update_hook(&mut self, call: &Call<'_>, project: Option<&str>, id: &str) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let hook = self.hook_mut(project, id)?;
        if let Some(url) = body.get("destination_url").and_then(Json::as_str) {
            hook.url = Some(url.to_owned());
        }
        if let Some(secret) = body.at(&["destination_headers", "Authorization"]).and_then(Json::as_str) {
            hook.authorization = Some(secret.to_owned());
        }
        if let Some(text) = body.get("payload_version").and_then(Json::as_str) {
            let version = PayloadVersion::parse(text);
            hook.version = version.ok_or_else(|| bad("payload_version is not included in the list"))?;
        }
        Ok(data(StatusCode::OK, self.hook_json(self.hook(project, id)?)))
    }

    fn hook_json(&self, hook: &Hook) -> Json {
        let masked = hook.authorization.as_deref().map(|secret| {
            let hidden = secret.chars().count().saturating_sub(5);
            secret.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect::<String>()
        });
        object([
            ("id", hook.id.as_str().into()),
            ("status", "active".into()),
            ("payload_version", hook.version.as_str().into()),
            ("namespace", hook.namespace.as_str().into()),
            ("destination_headers", object([("Authorization", masked.into())])),
            ("destination_url", hook.url.clone().into()),
            ("trigger_count", hook.triggers.len().into()),
            ("company_id", self.company.as_str().into()),
            ("project_id", hook.project.clone().into()),
        ])
    }

    fn trigger_json(&self, hook: &Hook, trigger: &Trigger) -> Json {
        object([
            ("id", trigger.id.as_str().into()),
            ("webhook_hook_id", hook.id.as_str().into()),
            ("resource_name", trigger.resource_name.as_str().into()),
            ("event_type", trigger.event_type.as_str().into()),
            ("company_id", hook.project.is_none().then(|| self.company.clone()).into()),
            ("project_id", hook.project.clone().into()),
        ])
    }

    fn add_trigger(&mut self, project: Option<&str>, id: &str, wanted: &Json) -> Result<Json, Refusal> {
        let name = wanted.get("resource_name").and_then(Json::as_str).unwrap_or("");
        let known: &[(&str, &[EventType])] = if project.is_some() { &PROJECT_RESOURCES } else { &COMPANY_RESOURCES };
        let (_, kinds) = known
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| bad("resource_name is not included in the list"))?;
        let kind = wanted.get("event_type").and_then(Json::as_str).and_then(EventType::parse);
        let kind =
            kind.filter(|kind| kinds.contains(kind)).ok_or_else(|| bad("event_type is not included in the list"))?;
        let trigger_id = self.store.new_id();
        let hook = self.hook_mut(project, id)?;
        if hook.triggers.iter().any(|known| known.resource_name == name && known.event_type == kind) {
            return Err(refuse(StatusCode::CONFLICT, "trigger already exists"));
        }
        hook.triggers.push(Trigger { id: trigger_id.clone(), resource_name: name.to_owned(), event_type: kind });
        let hook = self.hook(project, id)?;
        let made = hook.triggers.iter().find(|trigger| trigger.id == trigger_id);
        Ok(made.map_or(Json::Null, |trigger| self.trigger_json(hook, trigger)))
    }

    /// 201 when all are made, 207 when only some are.
    fn add_triggers(&mut self, call: &Call<'_>, project: Option<&str>, id: &str) -> Result<Response<Bytes>, Refusal> {
        self.hook(project, id)?;
        let body = call.json()?;
        let wanted = bulk(&body)?;
        let (mut made, mut failed) = (Vec::new(), Vec::new());
        for trigger in wanted {
            match self.add_trigger(project, id, trigger) {
                Ok(json) => made.push(json),
                Err(_) => failed.push(trigger.clone()),
            }
        }
        if failed.is_empty() {
            return Ok(data(StatusCode::CREATED, made.into()));
        }
        Ok(data(StatusCode::MULTI_STATUS, object([("succeeded", made.into()), ("failed", failed.into())])))
    }

    fn remove_triggers(
        &mut self,
        call: &Call<'_>,
        project: Option<&str>,
        id: &str,
    ) -> Result<Response<Bytes>, Refusal> {
        let body = call.json()?;
        let wanted = bulk(&body)?;
        let hook = self.hook_mut(project, id)?;
        let (gone, unknown): (Vec<Json>, Vec<Json>) = wanted
            .iter()
            .cloned()
            .partition(|id| hook.triggers.iter().any(|known| Some(known.id.as_str()) == id.as_id()));
        hook.triggers.retain(|known| !gone.iter().any(|id| id.as_id() == Some(known.id.as_str())));
        let status = if unknown.is_empty() { StatusCode::OK } else { StatusCode::MULTI_STATUS };
        let mut answer = object([("succeeded", gone.into())]);
        if !unknown.is_empty() {
            answer.set("failed", unknown);
        }
        Ok(data(status, answer))
    }
}

fn bulk(body: &Json) -> Result<&[Json], Refusal> {
    let items = body.as_array().ok_or_else(|| bad("the body must be an array"))?;
    if items.len() > BULK_MAX { Err(bad("at most 500 triggers in one call")) } else { Ok(items) }
}
