//! Given a small company, when it is asked, then it answers as the reference says.

mod access;
mod changes;
mod demo;
mod lists;
mod payments;
mod views;
mod webhooks;
mod writes;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, Request, Response, StatusCode};

use super::{Procore, ProcoreConfig};
use crate::book::Book;
use crate::json::Json;

const COMPANY: &str = "598134325700011";
const PROJECT: &str = "101";
const CONTRACT: &str = "201";

const FILES: [(&str, &str); 15] = [
    (
        "projects",
        r#"[{"id":101,"name":"Clinic","project_number":"2026-014","active":true,"description":"x","updated_at":"2026-03-03T09:00:00Z"},
            {"id":102,"name":"Depot","project_number":"2026-015","active":false,"updated_at":"2026-03-03T09:00:00Z"}]"#,
    ),
    (
        "vendors",
        r#"[{"id":301,"name":"Harbor Steel","company":"Harbor Steel","is_active":true,"origin_id":"v-77","origin_data":null,"trades":[],"updated_at":"2026-02-20T12:00:00Z"},
            {"id":302,"name":"Gone Ltd","company":"Gone Ltd","is_active":false,"origin_id":null,"updated_at":"2026-02-20T12:00:00Z"}]"#,
    ),
    (
        "work_order_contracts",
        r#"[{"id":201,"number":"SC-1","title":"Steel","status":"Approved","private":true,"vendor":{"id":301,"name":"Harbor Steel"},
             "project":{"id":101},"grand_total":"180000.0","revised_contract":"186500.00","total_payments":"100.0","remaining_balance_outstanding":"900.0","origin_id":null,"deleted_at":null,
             "line_items":[{"id":211,"amount":120000.50,"description":"Steel","origin_id":null,"updated_at":"2026-02-05T16:00:00Z"},{"id":212,"amount":"60000.0","description":"Deck","updated_at":"2026-02-06T16:00:00Z"}],
             "created_at":"2026-02-05T16:00:00Z","updated_at":"2026-03-04T17:05:09Z"},
            {"id":202,"number":"SC-2","status":"Draft","project":{"id":101},"origin_id":"taken","deleted_at":null,"line_items":[],"allow_payments":false,"updated_at":"2026-03-05T17:05:09Z"},
            {"id":203,"number":"SC-3","status":"Draft","project":{"id":102},"deleted_at":null,"line_items":[],"updated_at":"2026-03-05T17:05:09Z"}]"#,
    ),
    (
        "purchase_order_contracts",
        r#"[{"id":251,"number":"PO-1","status":"Submitted","project":{"id":101},"line_items":[],"deleted_at":null}]"#,
    ),
    (
        "commitment_change_orders",
        r#"[{"id":401,"contract_id":201,"legacy_package_id":451,"type":"CommitmentChangeOrder","number":"001","title":"Roof","status":"approved","grand_total":"6500.0",
             "line_items":[{"id":411,"description":"Framing","amount":"6500.0","wbs_code":{"id":501,"flat_code":"05-100.S"},"commitment_line_item_id":211,"position":1}],
             "updated_at":"2026-02-28T14:00:00Z"}]"#,
    ),
    (
        "prime_contracts",
        r#"[{"id":601,"number":"PC","status":"Approved","project":{"id":101,"name":"Clinic"},"vendor":{"id":301,"name":"Harbor Steel"},"line_items":[{"id":611,"amount":"1.0"}],"total_payments":"0.0","outstanding_balance":"50.0","deleted_at":null,"updated_at":"2026-03-01T18:00:00Z"}]"#,
    ),
    (
        "requisitions",
        r#"[{"id":701,"project_id":101,"commitment_id":201,"number":1,"status":"approved","items":[{"id":711,"item_type":"contract_item","net_amount":"1.0","scheduled_value":"100.10","total_completed_and_stored_to_date":"40.05","position":1}],"summary":{"current_payment_due":"29025.0"},"updated_at":"2026-03-04T18:00:00Z","origin_id":null},
            {"id":702,"project_id":101,"commitment_id":201,"number":2,"status":"draft","items":[{"id":721,"item_type":"change_order_item","change_order_package_id":451}],"summary":{},"updated_at":"2026-03-05T00:00:00Z","origin_id":null}]"#,
    ),
    (
        "payment_applications",
        r#"[{"id":801,"contract_id":601,"number":1,"invoice_number":"PA-1","status":"approved","g702":{"current_payment_due":"5.0"},"items":[{"id":811}],"created_at":"2026-03-01T00:00:00Z","updated_at":"2026-03-01T00:00:00Z","origin_id":null}]"#,
    ),
    (
        "contract_payments",
        r#"[{"id":901,"contract_id":201,"project_id":101,"amount":"100.0","payment_number":1,"origin_id":null},
            {"id":902,"contract_id":201,"project_id":101,"amount":"7.0","payment_number":2,"origin_id":"mine"}]"#,
    ),
    (
        "cost_codes",
        r#"[{"id":1001,"code":"300","biller_type":"Project","biller_id":101,"project_id":101},{"id":1002,"code":"301","biller_type":"SubJob","biller_id":77,"project_id":101}]"#,
    ),
    (
        "wbs_codes",
        r#"[{"id":501,"flat_code":"05-100.S","status":"active"},{"id":502,"flat_code":"05-200.S","status":"inactive","project_id":102}]"#,
    ),
    ("budget_views", r#"[{"id":1301,"name":"Standard"},{"id":1302,"name":"Depot only","project_id":102}]"#),
    (
        "budget_view_detail_rows",
        r#"[{"id":1311,"project_id":101,"budget_view_id":1301,"unbudgeted_reason":null,"Estimated Cost at Completion":"90.0"},
            {"id":1312,"project_id":101,"budget_view_id":1301,"unbudgeted_reason":"No line","Estimated Cost at Completion":"1.0"},
            {"id":1313,"project_id":102,"budget_view_id":1302,"unbudgeted_reason":null}]"#,
    ),
    ("billing_periods", r#"[{"id":1101,"project_id":101,"status":"closed","updated_at":"2026-03-11T10:00:00Z"}]"#),
    (
        "direct_costs",
        r#"[{"id":1201,"project":{"id":101},"direct_cost_type":"invoice","status":"approved","grand_total":2315.75,"line_items":[{"id":1211,"amount":2315.75,"updated_at":"2026-02-19T08:00:00Z"}],"origin_id":null,"deleted_at":null}]"#,
    ),
];

/// A company, a user's token, and a clock that only the test moves.
struct Site {
    double: Procore,
    token: String,
    now: DateTime<Utc>,
}

fn site() -> Site {
    site_with(ProcoreConfig::default())
}

fn site_with(config: ProcoreConfig) -> Site {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("procore")).unwrap();
    for (name, text) in FILES {
        std::fs::write(dir.path().join("procore").join(format!("{name}.json")), text).unwrap();
    }
    let now = "2026-03-10T12:00:00Z".parse().unwrap();
    let mut double = Procore::from_book(&Book::load(dir.path()).unwrap(), config);
    let (token, _) = double.grant(now);
    Site { double, token, now }
}

impl Site {
    fn request(&self, method: Method, path: &str, body: &str) -> Request<Bytes> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("procore-company-id", COMPANY)
            .header("content-type", "application/json")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap()
    }

    fn send(&mut self, request: Request<Bytes>) -> Response<Bytes> {
        self.double.answer(self.now, request)
    }

    fn get(&mut self, path: &str) -> Response<Bytes> {
        let request = self.request(Method::GET, path, "");
        self.send(request)
    }

    fn call(&mut self, method: Method, path: &str, body: &str) -> (StatusCode, Json) {
        let request = self.request(method, path, body);
        let response = self.send(request);
        (response.status(), json(&response))
    }

    /// A GET that must succeed.
    fn read(&mut self, path: &str) -> Json {
        let response = self.get(path);
        assert_eq!(response.status(), 200, "{path}: {:?}", response.body());
        json(&response)
    }

    /// The ids of a list.
    fn ids(&mut self, path: &str) -> Vec<String> {
        self.read(path)
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.get("id").unwrap().as_id().unwrap().to_owned())
            .collect()
    }

    fn status(&mut self, path: &str) -> u16 {
        self.get(path).status().as_u16()
    }

    fn wait(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }
}

fn json(response: &Response<Bytes>) -> Json {
    if response.body().is_empty() { Json::Null } else { Json::parse(response.body()).unwrap() }
}

fn text<'j>(json: &'j Json, path: &[&str]) -> &'j str {
    json.at(path).unwrap_or_else(|| panic!("{path:?} in {json}")).as_id().unwrap()
}
