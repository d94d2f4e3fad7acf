//! Files that people wrote: mappings and books.

use std::fs;

use sync_sandboxes::book::Book;

use crate::kit::edit::MappingFiles;

#[test]
fn five_mistakes_in_a_mapping_are_all_reported_with_file_and_line() {
    // Given a mapping with a mistake in each of five files
    let files = MappingFiles::of_demo();
    files.append("projects.csv", "2026-014,Somebody Else,Another job\n");
    files.append("coding.csv", ",,01-999.O,,,,01 General Requirements,01-000 General Conditions,Job Costs\n");
    files.append("vendors.csv", "Nameless Supply,\n");
    files.append("accounts.csv", "Retainage paybale,Retainage Payable\n");
    files.append("sync.toml", "[policy]\nclosed_period = \"hold\"\ndeletion = \"maybe\"\n");
    // When it is loaded
    let faults = files.load().unwrap_err();
    // Then each is reported, with file, line, and what would be right
    let text = faults.to_string();
    let expected = [
        (format!("projects.csv:{}", files.lines("projects.csv")), "2026-014"),
        (format!("coding.csv:{}", files.lines("coding.csv")), "clear one of them"),
        (format!("vendors.csv:{}", files.lines("vendors.csv")), "quickbooks_vendor"),
        (format!("accounts.csv:{}", files.lines("accounts.csv")), "Retainage payable"),
        (format!("sync.toml:{}", files.lines("sync.toml")), "\"ask\" or \"void\""),
    ];
    assert_eq!(faults.0.len(), expected.len(), "{text}");
    for (place, words) in expected {
        let line = text.lines().find(|line| line.trim_start().starts_with(&place));
        assert!(line.is_some_and(|line| line.contains(words)), "{place} with `{words}` in:\n{text}");
    }
}

#[test]
fn a_directory_that_is_no_book_says_which_file_is_not_as_it_should_be() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("procore")).unwrap();
    let vendors = dir.path().join("procore/vendors.json");
    for (content, words) in [
        ("", "not valid JSON"),
        ("<html>Sign in</html>", "not valid JSON"),
        (r#"{"vendors": []}"#, "must be a JSON array"),
        (r#"[{"id": 1}, 2]"#, "item 1 is not an object"),
    ] {
        // Given a file that holds something else
        fs::write(&vendors, content).unwrap();
        // When the book is read
        let error = Book::load(dir.path()).unwrap_err().to_string();
        // Then the error names the file and what is wrong in it
        assert!(error.contains("vendors.json") && error.contains(words), "{error}");
    }
    fs::remove_file(&vendors).unwrap();
    fs::write(dir.path().join("book.toml"), "nmae = \"Misspelt\"\n").unwrap();
    let error = Book::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("book.toml") && error.contains("nmae"), "{error}");
}

#[test]
fn a_book_that_is_not_there_says_what_to_give() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nothing");
    let error = Book::load(&missing).unwrap_err().to_string();
    assert!(error.contains("nothing") && error.contains("--book"), "{error}");
    // A file is no directory either.
    fs::write(&missing, "[]").unwrap();
    assert!(Book::load(&missing).is_err());
}
