//! Every seed, and what becomes of it when it is cut off or a byte of it is changed, runs through its target.

use std::path::Path;

#[test]
fn the_seeds_and_their_neighbours_keep_the_promises() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, target) in super::TARGETS {
        let dir = root.join(name);
        let mut seeds: Vec<_> = std::fs::read_dir(&dir)
            .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            let bytes = std::fs::read(&seed).unwrap();
            target(&bytes);
            let step = (bytes.len() / 64).max(1);
            for place in (0..bytes.len()).step_by(step) {
                target(&bytes[..place]);
                for with in [0, b'"', b'9', b'-', 0xff] {
                    let mut changed = bytes.clone();
                    changed[place] = with;
                    target(&changed);
                }
            }
        }
    }
}

#[test]
fn every_target_has_its_file() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let files = std::fs::read_dir(dir).unwrap().count();
    assert_eq!(files, super::TARGETS.len());
}
