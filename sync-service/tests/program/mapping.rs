//! A mapping as a controller works with it on a live company: check, diff, use, explain, restore.

use std::process::Output;

use serde_json::Value;

use crate::company::Company;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

#[test]
fn a_mapping_is_compared_used_explained_and_put_back() {
    // Given a company that was synced, whose mapping is right against the live lists and leaves no code open
    let company = Company::demo();
    company.json(&["sync", "--json"]);
    let mapping = company.book.mapping.clone();
    let checked = company.run(&["check", &mapping.display().to_string(), "--live"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    assert_eq!(company.json(&["mapping", "coverage", "--json"])["open"], Value::Array(Vec::new()));
    let history = company.json(&["mapping", "history", "--json"]);
    let [first] = history["versions"].as_array().unwrap().as_slice() else { panic!("{history}") };
    assert!(first["transactions"].as_u64() > Some(150), "{history}");
    let first = first["version"].as_str().unwrap().to_owned();
    // When the controller prepares another class for steel
    let original = std::fs::read_to_string(mapping.join("coding.csv")).unwrap();
    let edited = original.replace(",,05-100.S,,,,05 Metals,", ",,05-100.S,,,,06 Wood and Plastics,");
    let next = company.dir.path().join("next");
    std::fs::create_dir(&next).unwrap();
    for file in std::fs::read_dir(&mapping).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, next.join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(next.join("coding.csv"), &edited).unwrap();
    let output = company.run(&["mapping", "diff", &next.display().to_string(), "--json"]);
    // Then what would post otherwise is told before it does
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let diff = json(&output);
    let changed = diff["changed"].as_array().unwrap();
    let steel = changed.iter().find(|document| document["label"] == "SC-A2").unwrap_or_else(|| panic!("{diff}"));
    let amounts = steel["amounts"].as_array().unwrap();
    let classes: Vec<&str> = amounts.iter().map(|amount| amount["class"].as_str().unwrap()).collect();
    assert!(classes.contains(&"05 Metals") && classes.contains(&"06 Wood and Plastics"), "{steel}");
    // And when it is used by the next sync
    std::fs::write(mapping.join("coding.csv"), &edited).unwrap();
    company.json(&["sync", "--json"]);
    let history = company.json(&["mapping", "history", "--json"]);
    assert_eq!(history["versions"].as_array().unwrap().len(), 2, "{history}");
    // Then a posted line is still explained by the version that posted it
    let explained = company.json(&["explain", "SC-A2/1", "--json"]);
    let values = explained["explanation"]["lines"][0]["values"].as_array().unwrap();
    let class = values.iter().find(|value| value["field"] == "class").unwrap();
    assert_eq!(class["value"], "05 Metals", "{explained}");
    assert!(explained.to_string().contains(&first), "{explained}");
    // And that version can be put back; one that never was cannot
    let output = company.run(&["mapping", "restore", first.get(..8).unwrap()]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(mapping.join("coding.csv")).unwrap(), original);
    let output = company.run(&["mapping", "restore", "ffff0000"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("was never in use"), "{}", said(&output));
}
