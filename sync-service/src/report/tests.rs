//! What every format promises.

use sync_core::model::{Currency, Money};

use super::*;

fn usd(text: &str) -> Money {
    Money::new(text.parse().unwrap(), Currency::USD).unwrap()
}

/// A report with names that somebody chose to be harmful.
fn report() -> Report {
    let rows = vec![
        vec![
            Cell::text("=HYPERLINK(\"http://x\")"),
            Cell::Money(usd("-1234567.89")),
            Cell::Formula("B2*1".into(), usd("1")),
        ],
        vec![Cell::text("<script>a&b</script> | 'x'"), Cell::Money(usd("0.10")), Cell::Count(3)],
        vec![Cell::text("@SUM(A1)"), Cell::Money(usd("0")), Cell::text("+1")],
    ];
    let pairs = vec![("committed", usd("100"), usd("50"))];
    Report {
        title: "Month <end>".to_owned(),
        lead: vec!["One & two".to_owned()],
        charts: vec![Chart {
            title: "By project".to_owned(),
            sides: ["Procore", "QuickBooks"],
            groups: vec![("26-01 <b>".to_owned(), pairs)],
        }],
        tables: vec![Table {
            name: "T1".to_owned(),
            title: "Names".to_owned(),
            header: vec!["name", "amount", "more"],
            rows,
        }],
    }
}

#[test]
fn foreign_text_never_runs_in_a_csv_file_and_amounts_stay_amounts() {
    let dir = tempfile::tempdir().unwrap();
    csv_dir(&report(), dir.path()).unwrap();
    let text = std::fs::read_to_string(dir.path().join("t1.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "\"'=HYPERLINK(\"\"http://x\"\")\",-1234567.89,1.00");
    assert_eq!(lines[3], "'@SUM(A1),0.00,'+1");
}

#[test]
fn the_page_stands_alone_and_keeps_foreign_text_as_text() {
    let page = html(&report());
    assert!(page.contains("&lt;script&gt;a&amp;b&lt;/script&gt;") && !page.contains("<script"), "{page}");
    assert!(!page.contains("src=") && !page.contains("href="), "nothing is loaded from elsewhere");
    assert!(page.contains("@media print") && page.contains("-1,234,567.89"));
    // The bar of half the amount is half as long.
    assert!(page.contains("width=\"420\" height=\"11\"") && page.contains("width=\"210\" height=\"11\""), "{page}");
}

#[test]
fn markdown_keeps_its_columns() {
    let text = markdown(&report());
    assert!(text.contains("\\<script>a&b\\</script> \\| 'x'"), "{text}");
}

#[test]
fn the_workbook_has_frozen_headers_money_formats_live_formulas_and_text_that_is_text() {
    let bytes = workbook(&report()).unwrap();
    assert_eq!(bytes.get(..4), Some(&b"PK\x03\x04"[..]));
    // Stored, so what is inside can be seen.
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("state=\"frozen\"") && text.contains("#,##0.00;[Red]-#,##0.00"));
    assert!(text.contains("<c r=\"B2\" s=\"2\"><v>-1234567.89</v></c>"), "the exact text of the decimal");
    assert!(text.contains("<f>B2*1</f><v>1.00</v>"));
    assert!(text.contains("t=\"inlineStr\"><is><t xml:space=\"preserve\">=HYPERLINK(&quot;http://x&quot;)</t>"));
    assert_eq!(bytes, workbook(&report()).unwrap(), "equal reports are equal files");
}
