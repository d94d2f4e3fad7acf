//! The rule-driven mapping beside structs that are written for one document and nothing else. Both read the text of a
//! requisition of ten rows, look up vendor, customer, account and class, work the retainage out to the cent, and write a
//! bill. Before anything is timed, both must have made the same bills.
//!
//! ```text
//! cargo bench -p sync-core --bench mapping
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use sync_core::mapping::json::{JsonMapping, Tables};

const RULES: &str = include_str!("../../examples/requisition.toml");
const RECORDS: usize = 500;

/// SplitMix64: the same records in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn code(number: u64) -> String {
    format!("{:02}-{:04}.{}", number / 100, (number % 100) * 10, ["L", "M", "S", "E", "O"][(number % 5) as usize])
}

fn records() -> Vec<String> {
    const WORDS: [&str; 6] = [
        "Concrete footings",
        "Structural steel",
        "Plumbing \\\"top out\\\"",
        "Roof & flashing",
        "Curtain wall",
        "Utilities",
    ];
    let mut n = Numbers(7);
    (0..RECORDS as u64)
        .map(|id| {
            let status = ["approved", "approved", "approved", "under_review", "draft"][n.below(5) as usize];
            let rate = ["0.10", "0.05", "0.075"][n.below(3) as usize];
            let (project, vendor, month) = (n.below(5000), n.below(5000), 1 + n.below(12));
            let mut items = String::new();
            for row in 0..10 {
                let (cost, scheduled) = (n.below(5000), 100_000 + n.below(90_000_000));
                let work = if n.below(10) < 3 { 0 } else { n.below(scheduled) };
                let stored = if n.below(10) < 8 { 0 } else { n.below(1_000_000) };
                let word = WORDS[n.below(6) as usize];
                let comma = if row > 0 { "," } else { "" };
                let _ = write!(
                    items,
                    "{comma}{{\"id\":{},\"line_number\":{},\"cost_code\":{{\"id\":{},\"full_code\":\"{}\",\"name\":\"{word}\"}},\
                     \"description\":\"{word} area {row}\",\"scheduled_value\":\"{}\",\
                     \"work_completed_from_previous_application\":\"0.00\",\"work_completed_this_period\":\"{}\",\
                     \"materials_presently_stored\":\"{}\",\"total_completed_and_stored_to_date\":\"{}\",\
                     \"retainage_rate\":\"{rate}\",\"tax_code_id\":null,\"position\":{row}}}",
                    7_000_000 + id * 10 + row,
                    row + 1,
                    40_000 + cost,
                    code(cost),
                    money(scheduled),
                    money(work),
                    money(stored),
                    money(work + stored),
                );
            }
            format!(
                "{{\"id\":{},\"number\":\"{}\",\"status\":\"{status}\",\"billing_date\":\"2026-{month:02}-28\",\
                 \"invoice_number\":null,\"period\":{{\"id\":{month},\"start_date\":\"2026-{month:02}-01\",\
                 \"end_date\":\"2026-{month:02}-28\"}},\"contract\":{{\"id\":{id},\"number\":\"SC-{:05}\",\
                 \"type\":\"WorkOrderContract\",\"title\":\"Subcontract\"}},\"project\":{{\"id\":{},\"name\":\"Project {project}\"}},\
                 \"vendor\":{{\"id\":{},\"name\":\"Vendor {vendor} LLC\"}},\"created_at\":\"2026-{month:02}-25T10:00:00Z\",\
                 \"updated_at\":\"2026-{month:02}-27T18:30:12Z\",\"items\":[{items}]}}",
                3_000_000 + id,
                1 + n.below(40),
                n.below(100_000),
                598_134_000_000 + project,
                8_800_000 + vendor,
            )
        })
        .collect()
}

fn tables() -> String {
    let mut n = Numbers(8);
    let list = |rows: Vec<String>| format!("{{{}}}", rows.join(","));
    let customers =
        (0..5000).map(|i| format!("\"{}\":\"{}\"", 598_134_000_000_u64 + i, 1000 + n.below(9000))).collect();
    let customers = list(customers);
    let vendors = list((0..5000).map(|i| format!("\"{}\":\"{}\"", 8_800_000 + i, 100 + n.below(9000))).collect());
    let row = |i| format!("\"{}\":{{\"account\":\"{}\",\"class\":\"{}\"}}", code(i), 30 + i % 200, 5_000_000 + i % 500);
    let codes = list((0..5000).map(row).collect());
    format!("{{\"customers\":{customers},\"vendors\":{vendors},\"cost_codes\":{codes},\"retainage_account\":\"91\"}}")
}

// ---------------------------------------------------------------- the baseline: structs for this document alone

#[derive(Deserialize)]
struct Requisition<'a> {
    id: u64,
    #[serde(borrow)]
    number: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    billing_date: Cow<'a, str>,
    #[serde(borrow)]
    period: Period<'a>,
    #[serde(borrow)]
    contract: Contract<'a>,
    #[serde(borrow)]
    project: Party<'a>,
    #[serde(borrow)]
    vendor: Party<'a>,
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Period<'a> {
    #[serde(borrow)]
    start_date: Cow<'a, str>,
    #[serde(borrow)]
    end_date: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Contract<'a> {
    #[serde(borrow)]
    number: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Party<'a> {
    id: u64,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct CostCode<'a> {
    #[serde(borrow)]
    full_code: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Item<'a> {
    line_number: u32,
    #[serde(borrow)]
    cost_code: CostCode<'a>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    #[serde(borrow)]
    work_completed_this_period: Cow<'a, str>,
    #[serde(borrow)]
    materials_presently_stored: Cow<'a, str>,
    #[serde(borrow)]
    retainage_rate: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Coding {
    account: String,
    class: String,
}

#[derive(Deserialize)]
struct Lookups {
    customers: HashMap<String, String>,
    vendors: HashMap<String, String>,
    cost_codes: HashMap<String, Coding>,
    retainage_account: String,
}

struct Structs {
    lookups: Lookups,
    customers: HashMap<u64, String>,
    vendors: HashMap<u64, String>,
}

/// Whole units of the `places`-th decimal.
fn units(text: &str, places: usize) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut units: i64 = whole.parse().unwrap();
    for place in 0..places {
        units = units * 10 + fraction.as_bytes().get(place).map_or(0, |digit| i64::from(digit - b'0'));
    }
    units
}

fn quoted(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).unwrap();
}

fn cents(out: &mut Vec<u8>, cents: i64) {
    use std::io::Write as _;
    let sign = if cents < 0 { "-" } else { "" };
    write!(out, "{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100).unwrap();
}

impl Structs {
    fn new(tables: &str) -> Self {
        let lookups: Lookups = serde_json::from_str(tables).unwrap();
        let by_id =
            |table: &HashMap<String, String>| table.iter().map(|(k, v)| (k.parse().unwrap(), v.clone())).collect();
        Self { customers: by_id(&lookups.customers), vendors: by_id(&lookups.vendors), lookups }
    }

    fn apply(&self, text: &str, out: &mut Vec<u8>) {
        use std::io::Write as _;
        let from: Requisition<'_> = serde_json::from_str(text).unwrap();
        let hold = match &*from.status {
            "approved" => "",
            "under_review" => "HOLD ",
            _ => return out.extend_from_slice(b"null"),
        };
        let customer = &self.customers[&from.project.id];
        out.extend_from_slice(b"{\"Line\":[");
        let (mut total, mut withheld, mut first) = (0, 0, true);
        for item in &from.items {
            let gross = units(&item.work_completed_this_period, 2) + units(&item.materials_presently_stored, 2);
            if gross == 0 {
                continue;
            }
            total += gross;
            withheld += (gross * units(&item.retainage_rate, 4) + 5000) / 10_000;
            let coding = &self.lookups.cost_codes[&*item.cost_code.full_code];
            if !first {
                out.push(b',');
            }
            first = false;
            write!(
                out,
                "{{\"AccountBasedExpenseLineDetail\":{{\"AccountRef\":{{\"value\":\"{}\"}},\"BillableStatus\":\"NotBillable\",\
                 \"ClassRef\":{{\"value\":\"{}\"}},\"CustomerRef\":{{\"value\":\"{customer}\"}}}},\"Amount\":",
                coding.account, coding.class
            )
            .unwrap();
            cents(out, gross);
            out.extend_from_slice(b",\"Description\":");
            quoted(out, &format!("{}: {}", item.line_number, item.description));
            out.extend_from_slice(b",\"DetailType\":\"AccountBasedExpenseLineDetail\"}");
        }
        if withheld != 0 {
            if !first {
                out.push(b',');
            }
            write!(
                out,
                "{{\"AccountBasedExpenseLineDetail\":{{\"AccountRef\":{{\"value\":\"{}\"}},\"BillableStatus\":\"NotBillable\",\
                 \"CustomerRef\":{{\"value\":\"{customer}\"}}}},\"Amount\":",
                self.lookups.retainage_account
            )
            .unwrap();
            cents(out, -withheld);
            out.extend_from_slice(
                b",\"Description\":\"Retainage withheld\",\"DetailType\":\"AccountBasedExpenseLineDetail\"}",
            );
        }
        let number = format!("{}-{:0>3}", from.contract.number, from.number);
        out.extend_from_slice(b"],\"DocNumber\":");
        quoted(out, &number[..number.len().min(21)]);
        out.extend_from_slice(b",\"PrivateNote\":");
        let (start, end) = (&from.period.start_date, &from.period.end_date);
        quoted(out, &format!("{hold}Procore requisition {} | {} | period {start}..{end}", from.id, from.project.name));
        out.extend_from_slice(b",\"TotalAmt\":");
        cents(out, total - withheld);
        out.extend_from_slice(b",\"TxnDate\":");
        quoted(out, &from.billing_date);
        write!(out, ",\"VendorRef\":{{\"value\":\"{}\"}}}}", self.vendors[&from.vendor.id]).unwrap();
    }
}

fn mapping(c: &mut Criterion) {
    let (records, tables) = (records(), tables());
    let structs = Structs::new(&tables);
    let rules = JsonMapping::compile(RULES, Tables::from_json(&tables).unwrap()).unwrap();
    // The same bills, whatever the spelling of an amount.
    for record in &records {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        structs.apply(record, &mut left);
        rules.apply(record, &mut right).unwrap();
        let read = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&left), read(&right), "{record}");
    }
    let bytes: usize = records.iter().map(String::len).sum();
    let mut group = c.benchmark_group("requisitions to bills");
    group.throughput(Throughput::Bytes(bytes as u64));
    let mut out = Vec::with_capacity(4 << 20);
    group.bench_function("structs for this document alone", |b| {
        b.iter(|| {
            out.clear();
            records.iter().for_each(|record| structs.apply(black_box(record), &mut out));
        });
    });
    group.bench_function("rule file", |b| {
        b.iter(|| {
            out.clear();
            records.iter().for_each(|record| drop(rules.apply(black_box(record), &mut out)));
        });
    });
    group.finish();
    // In turn, so that what else runs on the machine weighs on both alike: the ratio of one run.
    let mut ratios: Vec<u128> = (0..41)
        .map(|_| {
            out.clear();
            let started = Instant::now();
            records.iter().for_each(|record| structs.apply(black_box(record), &mut out));
            let structs = started.elapsed().as_nanos();
            out.clear();
            let started = Instant::now();
            records.iter().for_each(|record| drop(rules.apply(black_box(record), &mut out)));
            started.elapsed().as_nanos() * 100 / structs.max(1)
        })
        .collect();
    ratios.sort_unstable();
    let percent = |at: usize| format!("{}.{:02}", ratios[at] / 100, ratios[at] % 100);
    println!("rule file / structs: median {} (of {} rounds, {} to {})", percent(20), 41, percent(0), percent(40));
}

criterion_group!(benches, mapping);
criterion_main!(benches);
