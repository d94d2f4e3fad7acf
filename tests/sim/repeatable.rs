//! The same seed gives the same trace, byte for byte.

use sync_tests::sim::{self, Sides};

#[test]
fn one_seed_one_trace() {
    for seed in [0, 7, 21, 168, 213, 387] {
        // given a seed that was played
        let first = sim::run(seed, Sides::Everything, true).unwrap();
        // when it is played again, on another thread
        let second = std::thread::spawn(move || sim::run(seed, Sides::Everything, true).unwrap()).join().unwrap();
        // then everything happens again, at the same time and in the same words
        for (one, two) in first.events.iter().zip(&second.events) {
            assert_eq!(one.to_string(), two.to_string(), "seed {seed}");
        }
        assert_eq!((first.digest, first.events.len()), (second.digest, second.events.len()), "seed {seed}");
        assert!(first.events.len() > 500, "seed {seed} has a story");
    }
}

#[test]
fn another_seed_another_trace() {
    assert_ne!(
        sim::run(1, Sides::Everything, false).unwrap().digest,
        sim::run(2, Sides::Everything, false).unwrap().digest
    );
}
