//! Bodies of creates, as they are sent, byte for byte but for white space between tokens.

mod support;

use quickbooks_online::{QuickBooksSink, SinkOptions, WriteOptions};
use support::documents::{account, create, entry, expense, for_job, item, job, linked, sale, side, sold, vendor};
use support::{Script, client, ok};
use sync_core::connector::Sink;
use sync_core::model::DocumentKind;
use sync_core::model::accounting::AccountingDocument;

/// JSON without white space outside of texts.
fn packed(text: &str) -> String {
    let (mut out, mut quoted, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        if quoted || !c.is_whitespace() {
            out.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    out
}

async fn sent(kind: DocumentKind, id: &str, document: AccountingDocument, options: SinkOptions) -> (String, String) {
    // The answer does not matter here.
    let script = Script::new([ok("{}")]);
    let sink = QuickBooksSink::new(client(&script), options);
    sink.apply(&[create(kind, id, document)]).await;
    let (method, path, body) = script.seen().remove(0);
    assert_eq!(method, "POST");
    (path, body)
}

const CLASS: &str = "5000000000000007311";

#[tokio::test]
async fn a_bill_with_links_and_retainage() {
    let mut document = expense(
        "77",
        "DD-1043",
        "2026-03-01",
        vec![
            for_job(linked(item("pa:1", "212", "25350"), "612", "1"), "118", Some(CLASS)),
            for_job(linked(item("pa:2", "213", "123456789012345.67"), "612", "2"), "118", None),
            for_job(account("pa:1:withheld", "151", "-2535"), "118", None),
        ],
    );
    document.terms = Some("9".into());
    let (path, body) =
        sent(DocumentKind::PayApp, "22.660002", AccountingDocument::Bill(document), SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/bill.json")));
    // The key holds characters that are no safe request id, so its hash stands for it.
    let id = path.strip_prefix("/v3/company/9341000000000001/bill?minorversion=75&requestid=").unwrap();
    assert!(id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[tokio::test]
async fn a_purchase_order() {
    let mut options = SinkOptions::default();
    let mut write = WriteOptions::default();
    write.tax_code = Some("NON".into());
    options.write = write;
    let lines = vec![for_job(item("sov:1", "212", "84500"), "118", Some(CLASS)), account("sov:2", "141", "0.01")];
    let document = AccountingDocument::PurchaseOrder(expense("77", "SC-24-017-003", "2026-02-10", lines));
    let (path, body) = sent(DocumentKind::Commitment, "22.558812", document, options).await;
    assert_eq!(packed(&body), packed(include_str!("golden/purchase_order.json")));
    assert!(path.starts_with("/v3/company/9341000000000001/purchaseorder?minorversion=75&requestid="));
}

#[tokio::test]
async fn a_vendor_credit() {
    let lines = vec![item("pa:1", "212", "900")];
    let mut document = expense("77", "CM-88", "2026-03-20", lines);
    // Vendor credits have no terms, and would be refused with them.
    document.terms = Some("9".into());
    let document = AccountingDocument::VendorCredit(document);
    let (_, body) = sent(DocumentKind::PayApp, "22.5", document, SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/vendor_credit.json")));
}

#[tokio::test]
async fn a_vendor() {
    let document = vendor(" Delta: Drywall\tInc \"East\" ");
    let (_, body) = sent(DocumentKind::Vendor, "5001", document, SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/vendor.json")));
}

#[tokio::test]
async fn a_job() {
    let (_, body) =
        sent(DocumentKind::Project, "22", job("24-017 Harbor Clinic TI", "61"), SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/job.json")));
}

#[tokio::test]
async fn an_invoice_with_retainage() {
    let lines = vec![
        sold("oi:1", "212", "50000", Some(CLASS)),
        sold("oi:1:withheld", "221", "-2500.00", Some(CLASS)),
        sold("oi:2:released", "221", "0.01", None),
    ];
    let mut document = sale("118", "24-017-PA3", "2026-03-31", lines);
    document.terms = Some("3".into());
    let document = AccountingDocument::Invoice(document);
    let (path, body) = sent(DocumentKind::OwnerInvoice, "22.9", document, SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/invoice.json")));
    assert!(path.starts_with("/v3/company/9341000000000001/invoice?minorversion=75&requestid="));
}

#[tokio::test]
async fn an_estimate() {
    let mut options = SinkOptions::default();
    let mut write = WriteOptions::default();
    write.tax_code = Some("NON".into());
    options.write = write;
    let lines = vec![sold("sov:1", "212", "120000", None), sold("co:1", "213", "-20000.5", None)];
    let document = AccountingDocument::Estimate(sale("118", "PC-24-017", "2026-01-20", lines));
    let (path, body) = sent(DocumentKind::PrimeContract, "22.4", document, options).await;
    assert_eq!(packed(&body), packed(include_str!("golden/estimate.json")));
    assert!(path.starts_with("/v3/company/9341000000000001/estimate?minorversion=75&requestid="));
}

#[tokio::test]
async fn a_credit_memo() {
    let lines = vec![sold("oi:1", "212", "900", None), sold("oi:1:withheld", "221", "-90", None)];
    let mut document = sale("118", "24-017-PA4", "2026-04-30", lines);
    // Credit memos have no terms.
    document.terms = Some("3".into());
    let document = AccountingDocument::CreditMemo(document);
    let (_, body) = sent(DocumentKind::OwnerInvoice, "22.10", document, SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/credit_memo.json")));
}

#[tokio::test]
async fn a_journal_entry() {
    let document =
        entry("RET-24-017", "2026-03-31", vec![side("150", "2500", Some("118")), side("84", "-2500", Some("118"))]);
    let (_, body) = sent(DocumentKind::OwnerInvoice, "22.11", document, SinkOptions::default()).await;
    assert_eq!(packed(&body), packed(include_str!("golden/journal_entry.json")));
}
