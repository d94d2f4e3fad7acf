//! Given a company, played by the double of Procore or by a script, when the source is asked, then it answers truly.

mod changes;
mod owner_side;
mod single;
mod snapshot;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use sync_core::clock::{Clock, ManualClock};
use sync_core::connector::{Fetched, Part, Source};
use sync_core::model::construction::{Commitment, Document, PayApp, Project, Vendor};
use sync_core::model::{DocumentKey, DocumentKind};
use sync_sandboxes::book::Book;
use sync_sandboxes::procore::{Procore as Double, ProcoreConfig};

use super::{ProcoreSource, SourceOptions};
use crate::Config;
use crate::double::{Sandbox, client, noon};

const PROJECTS: &str = r#"[
  {"id":101,"name":"Clinic","project_number":"2026-014","active":true,"updated_at":"2026-03-03T09:00:00Z"},
  {"id":102,"name":"Depot","project_number":"2026-015","active":false,"updated_at":"2026-03-03T09:00:00Z"}]"#;
const VENDORS: &str = r#"[
  {"id":301,"name":"Harbor Steel","is_active":true,"address":"40 Dock Street","updated_at":"2026-02-20T12:00:00Z"},
  {"id":302,"name":"Gone Ltd","is_active":false,"updated_at":"2026-03-07T11:00:00Z"},
  {"id":303,"name":"Lakeview Health","is_active":true,"updated_at":"2026-02-20T12:00:00Z"},
  {"id":304,"name":"Northgate","is_active":true,"updated_at":"2026-02-20T12:00:00Z"}]"#;
const COST_CODES: &str =
    r#"[{"id":99,"code":"100","full_code":"05-100","biller_type":"Project","biller_id":101,"project_id":101}]"#;
const TYPES: &str = r#"[{"id":7,"code":"S","name":"Commitment","base_type":"commitment"}]"#;
const WBS: &str = r#"[{"id":502,"flat_code":"03-200.M","status":"active","project_id":101,"segment_items":[
  {"code":"03-200","path_code":"03-200","segment":{"type":"cost_code"}},
  {"code":"M","name":"Materials","segment":{"type":"line_item_type"}}]}]"#;
const SUBCONTRACTS: &str = r#"[
  {"id":201,"number":"SC-1","title":"Steel","status":"Approved","private":false,"vendor":{"id":301,"name":"Harbor Steel"},
   "project":{"id":101},"grand_total":"180000.0","approved_change_orders":"6500.0","contract_date":"2026-02-10",
   "line_items":[
     {"id":211,"amount":"180000.0","description":"<p>Steel</p>","cost_code":{"id":99,"name":"Steel"},
      "line_item_type":{"id":7,"code":"S","name":"Commitment"},"wbs_code":{"id":501,"flat_code":"05-100.S"}}],
   "created_at":"2026-02-05T16:00:00Z","updated_at":"2026-03-04T17:05:09Z","deleted_at":null},
  {"id":202,"number":"SC-2","status":"Draft","project":{"id":101},"line_items":[],"updated_at":"2026-03-05T17:05:09Z"},
  {"id":203,"number":"SC-3","status":"Void","project":{"id":101},"line_items":[{"id":231,"amount":"1.0"}],
   "updated_at":"2026-03-06T17:05:09Z","deleted_at":"2026-03-06T17:05:09Z"}]"#;
const PURCHASE_ORDERS: &str = r#"[{"id":251,"number":"PO-1","status":"Approved","project":{"id":101},
   "vendor":{"id":301,"company":"Harbor Steel"},"grand_total":18450,"payment_terms":"Net 30",
   "line_items":[{"id":261,"amount":18450.00,"wbs_code":{"id":502,"flat_code":"03-200.M"}}],
   "updated_at":"2026-02-21T08:00:00Z"}]"#;
const ORDERS: &str = r#"[
  {"id":401,"contract_id":201,"legacy_package_id":451,"number":"001","title":"Roof","status":"approved","grand_total":"6500.0",
   "line_items":[{"id":411,"description":"Framing","amount":"6500.0","wbs_code":{"id":501,"flat_code":"05-100.S"},"position":1}],
   "updated_at":"2026-02-28T14:00:00Z"},
  {"id":402,"contract_id":201,"legacy_package_id":452,"number":"002","status":"pending","grand_total":"1200.0",
   "line_items":[{"id":412,"amount":"1200.0"}],"updated_at":"2026-03-07T11:59:00Z"}]"#;
const PRIME: &str = r#"[{"id":601,"number":"PC","status":"Approved","project":{"id":101,"name":"Clinic"},
   "vendor":{"id":303,"name":"Lakeview Health"},"contractor":{"id":304,"name":"Northgate"},"line_items":[],
   "updated_at":"2026-03-01T18:00:00Z"}]"#;
const PAY_APPS: &str = r#"[
  {"id":701,"project_id":101,"commitment_id":201,"commitment_type":"WorkOrderContract","number":1,"status":"approved",
   "summary":{"current_payment_due":"27000.0"},"updated_at":"2026-02-04T18:00:00Z",
   "items":[{"id":711,"item_type":"contract_item","line_item_id":211,"materials_presently_stored":"30000.0",
     "materials_stored_retainage_currently_retained":"3000.0"}]},
  {"id":702,"project_id":101,"commitment_id":201,"commitment_type":"WorkOrderContract","number":2,"status":"draft",
   "previous_requisition_id":701,"summary":{},"updated_at":"2026-03-07T11:58:00Z",
   "items":[{"id":721,"item_type":"contract_item","line_item_id":211,"work_completed_this_period":"30000.0"},
     {"id":722,"item_type":"change_order_item","line_item_id":411,"change_order_package_id":451,"work_completed_this_period":"6500.0"}]}]"#;

/// The files of a small company.
fn files() -> BTreeMap<&'static str, String> {
    [
        ("projects", PROJECTS),
        ("vendors", VENDORS),
        ("cost_codes", COST_CODES),
        ("line_item_types", TYPES),
        ("wbs_codes", WBS),
        ("work_order_contracts", SUBCONTRACTS),
        ("purchase_order_contracts", PURCHASE_ORDERS),
        ("commitment_change_orders", ORDERS),
        ("prime_contracts", PRIME),
        ("requisitions", PAY_APPS),
    ]
    .into_iter()
    .map(|(name, json)| (name, json.to_owned()))
    .collect()
}

struct World {
    sandbox: Arc<Sandbox>,
    source: ProcoreSource,
}

impl World {
    fn new(files: &BTreeMap<&'static str, String>, config: ProcoreConfig, options: SourceOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let procore = dir.path().join("procore");
        std::fs::create_dir(&procore).unwrap();
        for (name, json) in files {
            std::fs::write(procore.join(format!("{name}.json")), json).unwrap();
        }
        Self::of(dir.path(), config, options)
    }

    fn of(dir: &Path, config: ProcoreConfig, options: SourceOptions) -> Self {
        Self::over(&Book::load(dir).unwrap(), config, options)
    }

    fn over(book: &Book, config: ProcoreConfig, options: SourceOptions) -> Self {
        let clock = Arc::new(ManualClock::new(noon()));
        let mut double = Double::from_book(book, ProcoreConfig { token_life: 1_000_000, ..config });
        let (access, _) = double.grant(clock.now());
        let sandbox = Arc::new(Sandbox { procore: Mutex::new(double), clock: clock.clone() });
        let company = Config::new(book.facts.procore_company_id.clone());
        let procore = Arc::new(client(sandbox.clone(), clock, &access, company));
        Self { sandbox, source: ProcoreSource::new(procore, options) }
    }

    fn small() -> Self {
        Self::new(&files(), ProcoreConfig::default(), SourceOptions::default())
    }

    fn with(name: &'static str, edit: impl Fn(&str) -> String) -> Self {
        let mut files = files();
        let edited = edit(&files[name]);
        files.insert(name, edited);
        Self::new(&files, ProcoreConfig::default(), SourceOptions::default())
    }

    async fn part(&self, name: &str) -> Result<Vec<Fetched>, sync_core::Error> {
        let part = Part(name.to_owned());
        let pages: Vec<Vec<Fetched>> = self.source.snapshot(&part).try_collect().await?;
        Ok(pages.into_iter().flatten().collect())
    }

    async fn fetch(&self, key: &str) -> Fetched {
        self.source.fetch(&key.parse().unwrap()).await.unwrap()
    }

    /// Paths asked for since the last call, without queries.
    fn asked(&self) -> Vec<String> {
        let double = self.sandbox.procore.lock().unwrap();
        double.log().iter().map(|request| request.path.clone()).collect()
    }
}

fn found(fetched: &Fetched) -> &Document {
    match fetched {
        Fetched::Found(document) => document,
        other => panic!("{other:?}"),
    }
}

fn commitment(fetched: &Fetched) -> &Commitment {
    match found(fetched) {
        Document::Commitment(commitment) => commitment,
        other => panic!("{other:?}"),
    }
}

fn pay_app(fetched: &Fetched) -> &PayApp {
    match found(fetched) {
        Document::PayApp(app) => app,
        other => panic!("{other:?}"),
    }
}

fn vendor(fetched: &Fetched) -> &Vendor {
    match found(fetched) {
        Document::Vendor(vendor) => vendor,
        other => panic!("{other:?}"),
    }
}

fn project(fetched: &Fetched) -> &Project {
    match found(fetched) {
        Document::Project(project) => project,
        other => panic!("{other:?}"),
    }
}

fn unreadable(fetched: &Fetched) -> &sync_core::connector::Unreadable {
    match fetched {
        Fetched::Unreadable(unreadable) => unreadable,
        other => panic!("{other:?}"),
    }
}
