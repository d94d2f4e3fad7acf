//! A controller's walks through the console, in a real browser.

mod driver;

use std::path::Path;

use driver::{Browser, Console};

fn demo_book() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sandboxes/books/demo"), dir.path());
    dir
}

/// The demo book before September is closed: a bill of May can still be changed.
fn book_with_open_months() -> tempfile::TempDir {
    let dir = demo_book();
    let people = dir.path().join("people.toml");
    let text = std::fs::read_to_string(&people).unwrap();
    let (before, _) = text.split_once("# September is closed").expect("the third round closes the books");
    std::fs::write(people, before).unwrap();
    dir
}

/// The demo book in which nobody has worked yet and the code 05-120.S has no row.
fn book_without_a_row() -> tempfile::TempDir {
    let dir = demo_book();
    std::fs::remove_file(dir.path().join("people.toml")).unwrap();
    let coding = dir.path().join("mapping/coding.csv");
    let text = std::fs::read_to_string(&coding).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains("05-120.S")).collect();
    assert_eq!(kept.len() + 1, text.lines().count(), "one row for the code");
    std::fs::write(&coding, kept.join("\n") + "\n").unwrap();
    dir
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn sign_in(browser: &Browser, console: &Console) {
    browser.go(&format!("{}/exceptions", console.base));
    assert!(browser.text("main").contains("Password"), "nothing is shown without a session");
    browser.go(&console.sign_in);
    browser.submit("main button");
    assert!(browser.text("main").contains("Projects"));
}

#[test]
fn a_missing_class_is_found_mended_in_the_page_and_posted_to_the_cent() {
    let Some(browser) = Browser::open() else { return };
    let book = book_without_a_row();
    let console = Console::start(book.path());
    sign_in(&browser, &console);

    browser.go(&format!("{}/exceptions", console.base));
    let exceptions = browser.text("main");
    assert!(exceptions.contains("Code 05-120.S has no row in the mapping"), "{exceptions}");
    browser.follow("Give the code a row");
    // The row for the code stands last, with the code filled in.
    let row = "table.grid tbody tr:nth-last-child(4)";
    let cell = |name: &str| format!("{row} input[aria-label^='{name},']");
    browser.fill(&cell("class"), "05 Steel, no such class");
    browser.fill(&cell("item"), "05-120 Steel Erection");
    browser.fill(&cell("account"), "Job Costs:Materials");
    browser.submit("form[data-guard] button.main");
    let faults = browser.text("main");
    assert!(faults.contains("nothing was saved") && faults.contains("coding.csv:"), "{faults}");
    assert!(!browser.text("td.fault").is_empty(), "the fault stands at its cell");

    browser.fill(&cell("class"), "05 Metals");
    browser.fill(&cell("account"), "");
    browser.submit("form[data-guard] button.main");
    let effect = browser.text("main");
    assert!(effect.contains("Nothing is saved yet") && effect.contains("exceptions would be settled"), "{effect}");
    assert!(effect.contains("purchase order") && effect.contains("SC-"), "what would be posted: {effect}");
    browser.submit("main form button.main");
    assert!(browser.text("main").contains("Saved as version"));

    browser.go(&format!("{}/exceptions", console.base));
    browser.wait_for("Nothing waits for a decision.");
    // What waited for the commitment is worked too, before both sides are compared.
    browser.go(&format!("{}/", console.base));
    browser.wait_for("0 documents");
    browser.go(&format!("{}/reconciliation", console.base));
    browser.submit("main form button.main");
    for tie_out in ["T1", "T2", "T3", "T4", "T5", "T6", "T7"] {
        let row = browser.text(&format!("tr[data-tie-out={tie_out}]"));
        assert!(row.contains(" 0.00 ties"), "{row}");
    }
    browser.go(&format!("{}/activity", console.base));
    assert!(browser.text("main").contains("changed coding.csv"));
}

/// The conflict of the demo book: a bill was changed by hand while its pay app changed in Procore.
fn conflict(browser: &Browser, console: &Console) {
    sign_in(browser, console);
    browser.go(&format!("{}/exceptions", console.base));
    browser.follow("SC-A2/2");
    let page = browser.text("main");
    for part in ["Procore now", "Last agreed", "QuickBooks (bill", "changed", "Would update the bill"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn a_bill_changed_by_hand_becomes_what_procore_says() {
    let Some(browser) = Browser::open() else { return };
    let book = book_with_open_months();
    let console = Console::start(book.path());
    conflict(&browser, &console);
    browser.fill("section:has(button[data-choice=procore]) input[name=reason]", "the hundred dollars were a slip");
    browser.submit("button[data-choice=procore]");
    let done = browser.wait_for("Settled. It stands in QuickBooks as bill");
    assert!(done.contains("take Procore's: the hundred dollars were a slip") && done.contains("Visitor"), "{done}");
    assert!(!done.contains(" changed"), "both sides agree: {done}");
}

#[test]
fn a_bill_changed_by_hand_stays_if_quickbooks_is_kept_and_a_replayed_form_is_told_so() {
    let Some(browser) = Browser::open() else { return };
    let book = book_with_open_months();
    let console = Console::start(book.path());
    conflict(&browser, &console);
    browser.fill("section:has(button[data-choice=quickbooks]) input[name=reason]", "agreed on site");
    browser.replay("form:has(button[data-choice=quickbooks])", "button[data-choice=quickbooks]");
    let done = browser.wait_for("Settled. It stands in QuickBooks as bill");
    assert!(done.contains("keep QuickBooks': agreed on site"), "{done}");
    let again = browser.send_replayed();
    assert!(again.contains("waits no longer, and nothing was done: Visitor settled it"), "{again}");
}
