//! The textbook cases of retainage, to the cent: a life cycle (A1), stored material (A2), three wordings of a reduction
//! (A3), partial releases (A4), a deductive change order (A5), rounding by line (A6).

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use sync_sandboxes::json::Json;
use sync_sandboxes::quickbooks::QuickBooks;

use crate::kit::ledger::{decimal, items, text};
use crate::kit::{Site, ledger, site};

/// Number, document, total, gross, withheld, released, retainage held afterwards.
type Application = (i64, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

struct Example {
    contract: &'static str,
    purchase_order: &'static str,
    applications: &'static [Application],
}

const EXAMPLES: &[Example] = &[
    Example {
        contract: "SC-A1",
        purchase_order: "100000.00",
        applications: &[
            (1, "Bill", "22500.00", "25000.00", "2500.00", "0.00", "2500.00"),
            (2, "Bill", "36000.00", "40000.00", "4000.00", "0.00", "6500.00"),
            (3, "Bill", "31500.00", "35000.00", "3500.00", "0.00", "10000.00"),
            (4, "Bill", "10000.00", "0.00", "0.00", "10000.00", "0.00"),
        ],
    },
    Example {
        contract: "SC-A2",
        purchase_order: "120000.00",
        applications: &[
            (1, "Bill", "33900.00", "36000.00", "2100.00", "0.00", "2100.00"),
            (2, "Bill", "31750.00", "36000.00", "4250.00", "0.00", "6350.00"),
        ],
    },
    Example {
        contract: "SC-A3A",
        purchase_order: "200000.00",
        applications: &[
            (1, "Bill", "54000.00", "60000.00", "6000.00", "0.00", "6000.00"),
            (2, "Bill", "36000.00", "40000.00", "4000.00", "0.00", "10000.00"),
            (3, "Bill", "50000.00", "50000.00", "0.00", "0.00", "10000.00"),
            (4, "Bill", "50000.00", "50000.00", "0.00", "0.00", "10000.00"),
            (5, "Bill", "10000.00", "0.00", "0.00", "10000.00", "0.00"),
        ],
    },
    Example {
        contract: "SC-A3B",
        purchase_order: "200000.00",
        applications: &[
            (1, "Bill", "54000.00", "60000.00", "6000.00", "0.00", "6000.00"),
            (2, "Bill", "36000.00", "40000.00", "4000.00", "0.00", "10000.00"),
            (3, "Bill", "52500.00", "50000.00", "2500.00", "5000.00", "7500.00"),
            (4, "Bill", "47500.00", "50000.00", "2500.00", "0.00", "10000.00"),
            (5, "Bill", "10000.00", "0.00", "0.00", "10000.00", "0.00"),
        ],
    },
    Example {
        contract: "SC-A3C",
        purchase_order: "200000.00",
        applications: &[
            (1, "Bill", "54000.00", "60000.00", "6000.00", "0.00", "6000.00"),
            (2, "Bill", "36000.00", "40000.00", "4000.00", "0.00", "10000.00"),
            (3, "Bill", "47500.00", "50000.00", "2500.00", "0.00", "12500.00"),
            (4, "Bill", "47500.00", "50000.00", "2500.00", "0.00", "15000.00"),
            (5, "Bill", "15000.00", "0.00", "0.00", "15000.00", "0.00"),
        ],
    },
    Example {
        contract: "SC-A4",
        purchase_order: "300000.00",
        applications: &[
            // Applications 1 to 5 taken together.
            (5, "Bill", "216000.00", "240000.00", "24000.00", "0.00", "24000.00"),
            (6, "Bill", "36000.00", "30000.00", "3000.00", "9000.00", "18000.00"),
            (7, "Bill", "5000.00", "0.00", "0.00", "5000.00", "13000.00"),
            (8, "Bill", "31000.00", "30000.00", "3000.00", "4000.00", "12000.00"),
            (9, "Bill", "12000.00", "0.00", "0.00", "12000.00", "0.00"),
        ],
    },
    Example {
        contract: "SC-A5",
        // 50,000.00 before change order 1.
        purchase_order: "48500.00",
        applications: &[
            (1, "Bill", "31500.00", "35000.00", "3500.00", "0.00", "3500.00"),
            (2, "VendorCredit", "2700.00", "-3000.00", "-300.00", "0.00", "3200.00"),
            (3, "Bill", "14850.00", "16500.00", "1650.00", "0.00", "4850.00"),
        ],
    },
    Example {
        contract: "SC-A6",
        purchase_order: "29997.00",
        applications: &[
            (1, "Bill", "3333.54", "3703.95", "370.41", "0.00", "370.41"),
            (2, "Bill", "3333.57", "3703.95", "370.38", "0.00", "740.79"),
        ],
    },
];

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The records of QuickBooks that stand for the pay apps of a contract, by number.
fn documents<'q>(site: &Site, quickbooks: &'q QuickBooks, contract: &str) -> BTreeMap<i64, (&'static str, &'q Json)> {
    let procore = site.procore();
    let contract = ledger::contract_ids(&procore).remove(contract).unwrap();
    let mut documents = BTreeMap::new();
    for entity in ["Bill", "VendorCredit"] {
        for record in quickbooks.all(entity) {
            let Some(app) = procore.record("requisitions", ledger::procore_id(record)) else { continue };
            if text(app, &["commitment_id"]) == contract {
                let number = text(app, &["number"]).parse().unwrap();
                assert!(documents.insert(number, (entity, record)).is_none(), "application {number} posted twice");
            }
        }
    }
    documents
}

#[tokio::test]
async fn every_application_has_the_figures_of_its_example() {
    // Given the demo book, which holds the examples as contracts
    let site = Site::open(&site::book("demo")).await;
    // When it is loaded
    site.load().await;
    // Then QuickBooks holds for each application exactly its document
    let quickbooks = site.quickbooks();
    let orders = ledger::purchase_orders(&quickbooks);
    let contracts = ledger::contract_ids(&site.procore());
    for example in EXAMPLES {
        let name = example.contract;
        assert_eq!(orders[&contracts[name]], amount(example.purchase_order), "purchase order of {name}");
        let documents = documents(&site, &quickbooks, name);
        let numbers: Vec<i64> = example.applications.iter().map(|application| application.0).collect();
        assert_eq!(documents.keys().copied().collect::<Vec<_>>(), numbers, "applications of {name}");
        let mut held = Decimal::ZERO;
        for (number, kind, total, gross, withheld, released, held_after) in example.applications {
            let (entity, record) = documents[number];
            assert_eq!(entity, *kind, "{name} application {number}");
            assert_eq!(decimal(record, &["TotalAmt"]), amount(total), "{name} application {number}: total");
            let posted = ledger::posted(&quickbooks, record);
            assert_eq!(posted.gross, amount(gross), "{name} application {number}: gross");
            assert_eq!(posted.withheld, amount(withheld), "{name} application {number}: withheld");
            assert_eq!(posted.released, amount(released), "{name} application {number}: released");
            held += posted.withheld - posted.released;
            assert_eq!(held, amount(held_after), "{name} application {number}: held afterwards");
        }
    }
}

#[tokio::test]
async fn retainage_lines_carry_the_job_and_cost_lines_their_purchase_order_line() {
    // Given the demo book, loaded
    let site = Site::open(&site::book("demo")).await;
    site.load().await;
    let quickbooks = site.quickbooks();
    let retainage = text(ledger::retainage_account(&quickbooks), &["Id"]).to_owned();
    let (mut retained, mut linked) = (0, 0);
    for example in EXAMPLES {
        let (contract, project) = {
            let procore = site.procore();
            let contract = ledger::contract_ids(&procore).remove(example.contract).unwrap();
            let record = procore.record("work_order_contracts", &contract).unwrap();
            let project = text(record, &["project", "id"]).to_owned();
            (contract, project)
        };
        let job = quickbooks.all("Customer").find(|job| ledger::procore_id(job) == project).unwrap();
        let order = quickbooks.all("PurchaseOrder").find(|order| ledger::procore_id(order) == contract).unwrap();
        let order_lines: Vec<&str> = items(order, "Line").iter().map(|line| text(line, &["Id"])).collect();
        for (number, (entity, record)) in documents(&site, &quickbooks, example.contract) {
            for line in items(record, "Line") {
                let what = format!("{} application {number}: {}", example.contract, text(line, &["Description"]));
                let detail = ["AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"];
                let detail = detail.into_iter().find_map(|member| line.get(member)).unwrap();
                assert_eq!(text(detail, &["CustomerRef", "value"]), text(job, &["Id"]), "{what}: the job");
                assert_ne!(text(detail, &["ClassRef", "value"]), "", "{what}: the class");
                if text(detail, &["AccountRef", "value"]) == retainage {
                    retained += 1;
                    continue;
                }
                // A vendor credit has no links, and no purchase order line is billed by less than nothing.
                if entity == "VendorCredit" || decimal(line, &["Amount"]) <= Decimal::ZERO {
                    continue;
                }
                linked += 1;
                let [link] = items(line, "LinkedTxn") else { panic!("{what}: not linked to one purchase order line") };
                assert_eq!(text(link, &["TxnType"]), "PurchaseOrder", "{what}");
                assert_eq!(text(link, &["TxnId"]), text(order, &["Id"]), "{what}");
                assert!(order_lines.contains(&text(link, &["TxnLineId"])), "{what}: no such line in the order");
            }
        }
    }
    // Then that was no empty check: 38 lines of work and as many of retainage stand in the examples
    assert!(retained >= 30 && linked >= 25, "{retained} retainage lines, {linked} linked lines");
}
