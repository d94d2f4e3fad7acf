use std::collections::HashMap;
use std::path::Path;

use sync_core::clock::SeededRandom;

use super::*;

fn variables(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    let set: HashMap<String, String> = set.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    move |name| set.get(name).cloned()
}

const SECRETS: [(&str, &str); 2] = [("PROCORE_CLIENT_SECRET", "ps"), ("QUICKBOOKS_CLIENT_SECRET", "qs")];

fn written(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("connection.toml"), text).unwrap();
    dir
}

const COMPANIES: &str =
    "[procore]\ncompany = \"77\"\nclient_id = \"p\"\n[quickbooks]\nrealm = \"99\"\nclient_id = \"q\"\n";

#[test]
fn what_init_writes_passes_the_check_and_says_what_is_still_to_be_set() {
    // Given a directory that `init` has written
    let dir = tempfile::tempdir().unwrap();
    let (written, kept) = init::write(dir.path(), &SeededRandom::new(1)).unwrap();
    assert_eq!((written.len(), kept.len()), (9, 0));
    // when it is checked, then it has no fault, and everything that only a person knows is named
    let (settings, unset) = check(dir.path(), &variables(&[])).unwrap();
    assert_eq!(unset.len(), 6, "{unset:?}");
    assert_eq!(settings.connection.dir, dir.path().join("data"));
    assert_eq!(settings.connection.sealing, Sealing::KeyFile(dir.path().join("token.key")));
    assert_eq!(settings.serve.reconcile_at, NaiveTime::from_hms_opt(2, 0, 0));
    sync_core::mapping::Mapping::load(&settings.connection.mapping).unwrap();
    // and with the comment signs taken away it is one for QuickBooks Desktop.
    let path = dir.path().join("connection.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let uncommented: String = text
        .lines()
        .map(|l| l.strip_prefix('#').filter(|r| !r.starts_with(' ')).unwrap_or(l).to_owned() + "\n")
        .collect();
    std::fs::write(&path, uncommented).unwrap();
    let (settings, _) = check(dir.path(), &variables(&[])).unwrap();
    let desktop = settings.connection.desktop.unwrap();
    for id in [&desktop.owner_id, &desktop.file_id] {
        quickbooks_desktop::qbxml::Guid::new(id.clone()).unwrap();
    }
    assert_ne!(desktop.owner_id, desktop.file_id);
}

#[test]
fn init_never_overwrites_a_file() {
    let dir = written("# mine\n");
    let (new, kept) = init::write(dir.path(), &SeededRandom::new(1)).unwrap();
    assert_eq!((new.len(), kept), (8, vec![dir.path().join("connection.toml")]));
    assert_eq!(std::fs::read_to_string(dir.path().join("connection.toml")).unwrap(), "# mine\n");
}

#[test]
fn every_wrong_value_is_named_with_its_place() {
    let dir = written(
        "currency = \"dollars\"\n[procore]\nenvironment = \"test\"\n  company = \"northgate\"\n[serve]\naddress = \"8585\"\n\
         poll_minutes = 0\nreconcile_at = \"2 am\"\n",
    );
    let faults = check(dir.path(), &variables(&[])).err().unwrap();
    let places: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column)).collect();
    assert_eq!(places, [(7, 16), (1, 12), (3, 15), (4, 13), (6, 11), (8, 16)], "{faults:?}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let dir = written("[procore]\nclient_secret = \"hunter2\"\n");
    let error = load(Some(dir.path()), &variables(&[])).err().unwrap().to_string();
    assert!(error.contains("connection.toml:2:1") && error.contains("secrets are not kept in this file"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let dir = written(&format!("currency = \"CAD\"\ndata = \"state\"\n{COMPANIES}"));
    let set = [&SECRETS[..], &[("PROCORE_COMPANY_ID", "78"), ("SYNC_DIR", "/var/lib/sync")]].concat();
    let settings = load(Some(dir.path()), &variables(&set)).unwrap().connection;
    assert_eq!((settings.procore.company.as_str(), settings.quickbooks.realm.as_str()), ("78", "99"));
    assert_eq!((settings.currency.to_string().as_str(), settings.connection.as_str()), ("CAD", "main"));
    assert_eq!((settings.dir.as_path(), settings.mapping), (Path::new("/var/lib/sync"), dir.path().join("mapping")));
}

#[test]
fn secrets_come_from_secrets_env_or_from_files_that_variables_name() {
    let dir = written(COMPANIES);
    let secrets = dir.path().join("secrets.env");
    let named = dir.path().join("quickbooks-secret");
    std::fs::write(&secrets, "# ours\nPROCORE_CLIENT_SECRET=\"from file\"\n").unwrap();
    std::fs::write(&named, "mounted\n").unwrap();
    let set = [("QUICKBOOKS_CLIENT_SECRET_FILE", named.to_str().unwrap())];
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = load(Some(dir.path()), &variables(&set)).err().unwrap().to_string();
        assert!(error.contains("can be read by other users"), "{error}");
        std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let settings = load(Some(dir.path()), &variables(&set)).unwrap().connection;
    assert_eq!(settings.procore.client_secret, "from file");
    assert_eq!(settings.quickbooks.client_secret, "mounted");
}

#[test]
fn without_a_directory_the_variables_are_enough_and_all_that_is_missing_is_named_at_once() {
    let error = load(None, &variables(&[("PROCORE_COMPANY_ID", "1")])).err().unwrap().to_string();
    for name in ["PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "QUICKBOOKS_REALM_ID", "QUICKBOOKS_CLIENT_SECRET"] {
        assert!(error.contains(name), "{error}");
    }
    let set = [
        &SECRETS[..],
        &[
            ("PROCORE_COMPANY_ID", "1"),
            ("PROCORE_CLIENT_ID", "p"),
            ("QUICKBOOKS_REALM_ID", "2"),
            ("QUICKBOOKS_CLIENT_ID", "q"),
        ],
    ]
    .concat();
    let settings = load(None, &variables(&set)).unwrap().connection;
    assert_eq!((settings.dir, settings.mapping), ("procore-quickbooks-data".into(), "mapping".into()));
}
