//! What a sync asked of a double, and whether it may: written down apart from any connector.
//!
//! A double records each request by name and what is wrong with it, for tests that ask ([`Conduct::faults`]). With the
//! feature `boundaries` a test need not ask: a double that was asked for more than a sync may ask for panics when it is
//! dropped, so that the test which used it fails.

mod procore;
mod quickbooks;
mod schema;

use std::collections::BTreeMap;

/// More than this many are one mistake, made again and again.
const MOST: usize = 50;

/// The distinct requests that a double was sent, and those that no sync may send.
#[derive(Debug, Default)]
pub struct Conduct {
    seen: BTreeMap<String, u64>,
    faults: Vec<String>,
}

impl Conduct {
    /// Each kind of request that came, and how often: `GET /rest/v1.0/projects/{id}`, `batch create Bill`.
    pub fn seen(&self) -> &BTreeMap<String, u64> {
        &self.seen
    }

    /// What was asked for and may not be, in words; also what the double refused.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Forgets the faults, for a test that sends what may not be sent to see it refused.
    pub fn forgive(&mut self) {
        self.faults.clear();
    }

    pub(crate) fn of_procore(&mut self, endpoint: String, body: &[u8]) {
        let checked = procore::check(&endpoint, body);
        self.note(endpoint, checked);
    }

    pub(crate) fn of_quickbooks(&mut self, method: &str, path: &str, query: &str, body: &[u8]) {
        for (name, checked) in quickbooks::check(method, path, query, body) {
            self.note(name, checked);
        }
    }

    fn note(&mut self, name: String, checked: Result<(), String>) {
        *self.seen.entry(name).or_default() += 1;
        if let Err(fault) = checked
            && self.faults.len() < MOST
        {
            self.faults.push(fault);
        }
    }
}

#[cfg(all(feature = "boundaries", not(test)))]
impl Drop for Conduct {
    fn drop(&mut self) {
        // A test that fails already keeps its own message.
        if !self.faults.is_empty() && !std::thread::panicking() {
            panic!("beyond what a sync may ask for:\n{}", self.faults.join("\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(ask: impl Fn(&mut Conduct)) -> Vec<String> {
        let mut conduct = Conduct::default();
        ask(&mut conduct);
        conduct.faults().to_vec()
    }

    #[test]
    fn what_procore_alone_may_write_is_never_written() {
        for (endpoint, body, fine) in [
            ("GET /rest/v1.1/requisitions", "", true),
            ("POST /rest/v1.0/contract_payments", r#"{"project_id":1,"contract_payment":{"amount":"1.00"}}"#, true),
            ("PATCH /rest/v1.0/vendors/{id}", r#"{"vendor":{"name":"Delta"}}"#, true),
            ("PATCH /rest/v1.1/requisitions/{id}", r#"{"requisition":{"origin_id":"7"}}"#, true),
            ("PATCH /rest/v1.1/requisitions/{id}", r#"{"requisition":{"origin_id":"7","status":"approved"}}"#, false),
            ("PATCH /rest/v1.0/work_order_contracts/{id}", r#"{"work_order_contract":{"status":"Void"}}"#, false),
            ("PATCH /rest/v1.0/projects/{id}", r#"{"line_items":[]}"#, false),
            ("POST /rest/v1.0/work_order_contracts", "{}", false),
            ("GET /rest/v1.0/budget_views/{id}/detail_rows", "", true),
            ("POST /rest/v1.0/budget_views/{id}/budget_details", "{}", false),
            ("POST /rest/v1.0/budget_line_items", "{}", false),
            ("PATCH /rest/v1.1/budget_line_items/{id}", "{}", false),
            ("POST /rest/v1.0/budget_line_items/sync", "{}", false),
            ("POST /rest/v1.0/change_order_packages", "{}", false),
            ("DELETE /rest/v1.1/requisitions/{id}", "", false),
            ("GET /rest/v1.0/somewhere", "", false),
        ] {
            let found = faults(|conduct| conduct.of_procore(endpoint.to_owned(), body.as_bytes()));
            assert_eq!(found.is_empty(), fine, "{endpoint} {body}: {found:?}");
        }
    }

    #[test]
    fn what_the_accountant_alone_may_write_is_never_written() {
        for (path, query, body, fine) in [
            ("/v3/company/1/bill", "", r#"{"VendorRef":{"value":"7"}}"#, true),
            ("/v3/company/1/bill", "operation=delete", r#"{"Id":"7","SyncToken":"0"}"#, true),
            ("/v3/company/1/bill", "", r#"{"VendorReference":{"value":"7"}}"#, false),
            ("/v3/company/1/account", "", r#"{"Name":"Cash"}"#, false),
            ("/v3/company/1/item", "", r#"{"Id":"7"}"#, false),
            ("/v3/company/1/preferences", "", "{}", false),
            ("/v3/company/1/payment", "", "{}", false),
            ("/v3/company/1/taxservice/taxcode", "", "{}", false),
            ("/v3/company/1/batch", "", r#"{"BatchItemRequest":[{"bId":"1","Query":"select * from Bill"}]}"#, true),
            (
                "/v3/company/1/batch",
                "",
                r#"{"BatchItemRequest":[{"bId":"1","operation":"create","Account":{}}]}"#,
                false,
            ),
            ("/v3/company/1/batch", "", r#"{"BatchItemRequest":[{"bId":"1","operation":"void","Invoice":{}}]}"#, false),
            (
                "/v3/company/1/batch",
                "",
                r#"{"BatchItemRequest":[{"bId":"1","operation":"create","Bill":{"X":1}}]}"#,
                false,
            ),
        ] {
            let found = faults(|conduct| conduct.of_quickbooks("POST", path, query, body.as_bytes()));
            assert_eq!(found.is_empty(), fine, "{path} {query} {body}: {found:?}");
        }
    }
}
