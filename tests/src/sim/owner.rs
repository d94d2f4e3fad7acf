//! The owner's side of the books: prime contracts, their change orders, owner invoices.

use sync_sandboxes::json::{Json, object};

use super::book::{CODES, MADE, Maker, cents, money, number, signed, sum};

impl Maker {
    /// A prime contract; one that is not `agreed` is a draft without lines.
    pub(crate) fn prime_contract(&mut self, project: u64, owner: &Json, agreed: bool) -> Json {
        let lines: Vec<Json> =
            if agreed { (0..self.between(1, 3)).map(|_| self.sold_line(project)).collect() } else { Vec::new() };
        let total = sum(&lines, "amount");
        object([
            ("id", number(500 + project)),
            ("number", format!("PC-{project}").into()),
            ("title", format!("Prime contract {project}").into()),
            ("status", if agreed { "Approved" } else { "Draft" }.into()),
            ("executed", true.into()),
            ("private", false.into()),
            ("accounting_method", "amount".into()),
            ("project", object([("id", number(project)), ("name", format!("Project {project}").into())])),
            ("vendor", owner.clone()),
            ("grand_total", total.into()),
            ("approved_change_orders", "0.0".into()),
            ("contract_date", "2026-01-10".into()),
            ("line_items", lines.into()),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ])
    }

    /// A line of a prime contract. Sales need an item, which not every code has.
    fn sold_line(&mut self, project: u64) -> Json {
        let (id, cents, code) = (self.id(), self.between(50_000, 9_000_000), self.between(0, 1));
        Self::coded_line(project, id, cents, code)
    }

    /// A change order of a prime contract, with one line.
    pub(crate) fn prime_change_order(&mut self, contract: &Json, approved: bool) -> Json {
        let (id, package, line) = (self.id(), self.id(), self.id());
        let code = self.between(0, 1);
        let (flat, name) = CODES.get(usize::try_from(code).unwrap_or(0)).copied().unwrap_or(("03-300", ""));
        let cents = money(self.between(5_000, 300_000));
        object([
            ("id", number(id)),
            ("contract_id", contract.get("id").cloned().unwrap_or_default()),
            ("project", contract.get("project").cloned().unwrap_or_default()),
            ("legacy_package_id", number(package)),
            ("type", "PrimeChangeOrder".into()),
            ("number", format!("{id}").into()),
            ("revision", number(0)),
            ("title", format!("Extra {id}").into()),
            ("status", if approved { "approved" } else { "pending" }.into()),
            ("grand_total", cents.as_str().into()),
            (
                "line_items",
                Json::Array(vec![object([
                    ("id", line.to_string().into()),
                    ("description", format!("Extra {line}").into()),
                    ("amount", cents.as_str().into()),
                    ("position", number(1)),
                    ("wbs_code_id", (700 + code).to_string().into()),
                    (
                        "wbs_code",
                        object([
                            ("id", (700 + code).to_string().into()),
                            ("flat_code", format!("{flat}.S").into()),
                            ("description", name.into()),
                        ]),
                    ),
                ])]),
            ),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ])
    }

    /// The next application for payment to the owner; some release what was held.
    pub(crate) fn owner_invoice(&mut self, contract: &Json, before: Option<&Json>) -> Json {
        let id = self.id();
        let last = before.and_then(|app| app.get("number")).and_then(Json::as_id).and_then(|n| n.parse::<u64>().ok());
        let count = last.unwrap_or(0) + 1;
        let release = before.is_some() && self.between(0, 3) == 0;
        let mut rows = Vec::new();
        let lines = contract.get("line_items").and_then(Json::as_array).unwrap_or_default();
        for (line, place) in lines.iter().zip(1..) {
            let earlier = before
                .and_then(|app| app.get("g703").and_then(Json::as_array))
                .and_then(|rows| rows.iter().find(|row| row.get("origin_id") == line.get("id")));
            let value = |name: &str| earlier.and_then(|row| cents(row, name)).unwrap_or(0);
            let done = value("work_completed_from_previous_application") + value("work_completed_this_period");
            let held = value("work_completed_retainage_from_previous_application")
                + value("work_completed_retainage_retained_this_period")
                - value("work_completed_retainage_released_this_period");
            let room = cents(line, "amount").unwrap_or(0) - done;
            let work = i64::try_from(self.between(1_000, 900_000)).unwrap_or(0).min(room / 2).max(0);
            let work = if release { 0 } else { work };
            let (kept, released) = if release { (0, held) } else { (work / 10, 0) };
            rows.push(row(self.id(), place, line, contract, [done, work, held, kept, released]));
        }
        let status = if self.between(0, 4) == 0 { "under_review" } else { "approved" };
        let mut invoice = object([
            ("id", number(id)),
            ("project_id", contract.at(&["project", "id"]).cloned().unwrap_or_default()),
            ("contract_id", contract.get("id").cloned().unwrap_or_default()),
            ("number", number(count)),
            ("invoice_number", format!("OI-{id}").into()),
            (
                "contract",
                object([
                    ("id", contract.get("id").cloned().unwrap_or_default()),
                    ("type", "PrimeContract".into()),
                    ("title", contract.get("title").cloned().unwrap_or_default()),
                ]),
            ),
            ("period_start", "2026-02-01".into()),
            ("period_end", "2026-02-28".into()),
            ("billing_date", self.day().into()),
            ("status", status.into()),
            ("g703", rows.into()),
            ("created_at", MADE.into()),
            ("updated_at", MADE.into()),
            ("currency_configuration", object([("currency_iso_code", "USD".into())])),
        ]);
        state_due(&mut invoice);
        invoice
    }
}

/// The header of an application says what its rows come to.
pub(crate) fn state_due(invoice: &mut Json) {
    let rows = invoice.get("g703").and_then(Json::as_array).unwrap_or_default();
    let total = |name: &str| -> i64 { rows.iter().filter_map(|row| cents(row, name)).sum() };
    let due = total("work_completed_this_period") - total("work_completed_retainage_retained_this_period")
        + total("work_completed_retainage_released_this_period");
    invoice.set("g702", object([("current_payment_due", signed(due).into())]));
}

/// A row of an application: done before, work, held before, kept, released, in cents.
fn row(id: u64, place: u64, line: &Json, contract: &Json, [done, work, held, kept, released]: [i64; 5]) -> Json {
    object([
        ("id", number(id)),
        ("type", "payment_application_line_item".into()),
        ("item_number", number(place)),
        ("origin_id", line.get("id").cloned().unwrap_or_default()),
        ("origin_type", "LineItem".into()),
        ("added_from_source", "contract".into()),
        ("added_from_source_id", contract.get("id").cloned().unwrap_or_default()),
        ("description_of_work", line.get("description").cloned().unwrap_or_default()),
        ("cost_code", line.get("cost_code").cloned().unwrap_or_default()),
        ("wbs_code", line.get("wbs_code").cloned().unwrap_or_default()),
        ("scheduled_value", line.get("amount").cloned().unwrap_or_default()),
        ("work_completed_from_previous_application", signed(done).into()),
        ("work_completed_this_period", signed(work).into()),
        ("materials_presently_stored", "0.0".into()),
        ("work_completed_retainage_from_previous_application", signed(held).into()),
        ("work_completed_retainage_retained_this_period", signed(kept).into()),
        ("work_completed_retainage_released_this_period", signed(released).into()),
        ("work_completed_retainage_currently_retained", signed(held + kept - released).into()),
        ("materials_stored_retainage_currently_retained", "0.0".into()),
        ("materials_stored_retainage_from_previous_application", "0.0".into()),
        ("materials_stored_retainage_retained_this_period", "0.0".into()),
        ("materials_stored_retainage_released_this_period", "0.0".into()),
        ("total_retainage_currently_retained", signed(held + kept - released).into()),
        ("total_retainage_from_previous_application", signed(held).into()),
        ("currency_configuration", object([("currency_iso_code", "USD".into())])),
    ])
}
