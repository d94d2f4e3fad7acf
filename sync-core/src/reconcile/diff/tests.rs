//! The diff as a whole: findings explain every edit, memory makes no difference, bad input is named.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::ndjson::{LineProblem, Members, NdjsonFile, NdjsonSide, member_names};
use super::*;
use crate::model::{Currency, Money};

/// A document as an integrator may keep it: a composite key, money with a currency, text, an optional memo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Doc {
    project: String,
    number: u64,
    cents: i64,
    currency: &'static str,
    status: String,
    memo: Option<String>,
}

impl Record for Doc {
    fn key(&self, out: &mut KeyBuf) {
        out.text(&self.project);
        out.number(&Number::from(self.number));
    }

    fn field(&self, index: usize) -> Value<'_> {
        match index {
            0 => {
                let currency: Currency = self.currency.parse().unwrap();
                Value::Money(Money::new(Decimal::new(self.cents, 2), currency).unwrap())
            }
            1 => Value::Text(self.status.as_str().into()),
            _ => self.memo.as_deref().map_or(Value::Null, |memo| Value::Text(memo.into())),
        }
    }
}

fn doc() -> impl Strategy<Value = Doc> {
    let text = prop_oneof![Just(String::new()), "[ab|\\\\\u{1f}\u{10}\t]{0,3}"];
    (
        "[a-c|\u{1f}]{0,2}",
        0..40_u64,
        -300..300_i64,
        prop_oneof![Just("USD"), Just("CAD")],
        text.clone(),
        prop::option::of(text),
    )
        .prop_map(|(project, number, cents, currency, status, memo)| Doc {
            project,
            number,
            cents,
            currency,
            status,
            memo,
        })
}

/// Puts the compared field of one record into another.
fn apply(field: usize, from: &Doc, to: &mut Doc) {
    match field {
        0 => (to.cents, to.currency) = (from.cents, from.currency),
        1 => to.status.clone_from(&from.status),
        _ => to.memo.clone_from(&from.memo),
    }
}

fn collect<L: Side + ?Sized, R: Side + ?Sized>(diff: &Diff, left: &L, right: &R) -> (Summary, Vec<Finding>) {
    let mut found = Vec::new();
    let summary = diff.run(left, right, |finding| found.push(finding)).unwrap();
    found.sort_by(|a, b| a.key.cmp(&b.key));
    (summary, found)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn given_random_records_then_findings_applied_to_one_side_make_it_equal_the_other(
        left in prop::collection::vec(doc(), 0..80),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, doc()), 0..30),
        threads in 1..4_usize,
        verify: bool,
    ) {
        // Given two sides that differ by random edits
        let mut right = left.clone();
        right.reverse();
        for (place, kind, other) in edits {
            if right.is_empty() || kind == 0 {
                right.push(other);
                continue;
            }
            let place = place.index(right.len());
            match kind {
                1 => { right.swap_remove(place); }
                kind => apply(usize::from(kind % 3), &other, &mut right[place]),
            }
        }

        // When the findings are applied to the left
        let diff = Diff::new(3).threads(threads).verify(verify);
        let (summary, findings) = collect(&diff, &left, &right);
        let mut mended: Vec<Option<Doc>> = left.iter().cloned().map(Some).collect();
        let mut added = Vec::new();
        for finding in &findings {
            let at = |found: Option<Found>| found.unwrap().at as usize;
            match finding.class {
                Class::LeftOnly => mended[at(finding.left)] = None,
                Class::RightOnly => added.push(right[at(finding.right)].clone()),
                Class::Differs => {
                    prop_assert!(!finding.fields.is_empty());
                    let from = &right[at(finding.right)];
                    let to = mended[at(finding.left)].as_mut().unwrap();
                    finding.fields.iter().for_each(|field| apply(*field, from, to));
                }
                Class::Ambiguous => {
                    // A person decides: here, for the right side.
                    let key = finding.key.parts();
                    let same = |doc: &Doc| doc.project == key[0] && doc.number.to_string() == key[1];
                    mended.iter_mut().filter(|doc| doc.as_ref().is_some_and(same)).for_each(|doc| *doc = None);
                    added.extend(right.iter().filter(|doc| same(doc)).cloned());
                }
                Class::Equal => prop_assert!(false, "not asked for"),
            }
        }

        // Then it equals the right, and the numbers add up
        let mut mended: Vec<Doc> = mended.into_iter().flatten().chain(added).collect();
        mended.sort();
        right.sort();
        prop_assert_eq!(&mended, &right);
        let keys: BTreeSet<_> = left.iter().chain(&right).map(|doc| (doc.project.clone(), doc.number)).collect();
        prop_assert_eq!(summary.equal + findings.len() as u64, keys.len() as u64);
        prop_assert_eq!(summary.is_clean(), findings.is_empty());
    }

    #[test]
    fn given_little_memory_then_spilled_streams_give_what_memory_gives(
        left in prop::collection::vec(doc(), 0..200),
        right in prop::collection::vec(doc(), 0..200),
        memory in 0..4096_u64,
    ) {
        let (ample, expected) = collect(&Diff::new(3).threads(1), &left, &right);
        let stream = |docs: &Vec<Doc>| Stream::new(docs.clone().into_iter().map(Ok::<_, std::io::Error>), 3, 100);
        let tight = Diff::new(3).threads(2).memory(memory);
        let (summary, found) = collect(&tight, &stream(&left), &stream(&right));
        let words = |all: Vec<Finding>| -> Vec<_> {
            all.into_iter().map(|f| (f.class, f.key, f.fields, f.left.map(|l| l.count), f.right.map(|r| r.count))).collect()
        };
        prop_assert_eq!(words(found), words(expected));
        prop_assert_eq!(Summary { spilled: 0, ..summary }, ample);
        prop_assert!(summary.spilled > 0 || left.len() + right.len() < 80);
    }

    #[test]
    fn given_any_bytes_then_a_line_is_read_as_serde_json_reads_it_or_named(
        line in "[{]( ?\"(k|a|x|\\\\u006b)\" ?: ?(1|-0|1e3|01|\"q\"|\"\\\\n\"|\"\\\\ud83d\\\\ude00\"|\"\\\\ud83d\"|null|tru|true|[{]\"z\":\\[\\][}]|\\[1,2\\]|\\[1,)[,]?){0,4}[}]?"
    ) {
        let (bad, read) = read_lines(&line, &["k"], &["a"]);
        let serde: Result<Vec<(String, serde_json::Value)>, _> = serde_json::from_str::<Pairs>(&line).map(|p| p.0);
        match serde {
            Err(_) => prop_assert_eq!((bad.count, read), (1, 0), "{:?}", bad),
            Ok(pairs) => {
                let times = |name: &str| pairs.iter().filter(|(n, _)| n == name).count();
                let key_ok = pairs.iter().any(|(n, v)| n == "k" && (v.is_string() || v.is_number()));
                let usable = times("k") == 1 && times("a") <= 1 && key_ok;
                prop_assert_eq!((bad.count, read), (u64::from(!usable), u64::from(usable)), "{:?}", bad);
            }
        }
    }
}

/// An object's members as they come, duplicates and all.
struct Pairs(Vec<(String, serde_json::Value)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn file(dir: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> NdjsonFile {
    let path = dir.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(text.as_ref()).unwrap();
    NdjsonFile::open(path).unwrap()
}

fn read_lines(text: impl AsRef<[u8]>, key: &[&str], compared: &[&str]) -> (ndjson::BadLines, u64) {
    let dir = tempfile::tempdir().unwrap();
    let (file, empty) = (file(&dir, "a", text), file(&dir, "b", ""));
    let members = Members::new(&strings(key), &strings(compared), &[]);
    let side = NdjsonSide::new(&file, &members);
    let summary = members.diff().run(&side, &NdjsonSide::new(&empty, &members), |_| {}).unwrap();
    (side.bad_lines(), summary.left)
}

struct Compared {
    text: String,
    summary: Summary,
    bad: [ndjson::BadLines; 2],
}

/// Compares two texts as files, in blocks of the given size.
fn compare_blocks(left: &str, right: &str, key: &[&str], compared: &[&str], (part, block): (u64, usize)) -> Compared {
    let dir = tempfile::tempdir().unwrap();
    let open = |name, text: &str| file(&dir, name, text).with_blocks(part, block, 4096);
    let (left, right) = (open("left", left), open("right", right));
    let members = Members::new(&strings(key), &strings(compared), &strings(&["cost_code"]));
    let sides = [NdjsonSide::new(&left, &members), NdjsonSide::new(&right, &members)];
    let mut lines = FindingLines::new(members.compared(), 100, dir.path());
    let summary = members.diff().run(&sides[0], &sides[1], |finding| lines.push(&finding)).unwrap();
    let mut text = Vec::new();
    let written = lines.write_to(&mut text).unwrap();
    assert_eq!(written.bytes, text.len() as u64);
    Compared { text: String::from_utf8(text).unwrap(), summary, bad: [sides[0].bad_lines(), sides[1].bad_lines()] }
}

const LEFT: &str = r#"{"project":"North Tower","number":1,"amount":"41500.00","currency":"USD","cost_code":"1.10","coding":{"class":"Labor","item":null}}
{"project":"North Tower","number":2,"amount":"120.10","currency":"USD","cost_code":"01-500"}
{"number":"3","project":"North Tower","amount":"7.00","currency":"USD"}

{"project":"North Tower","number":4,"amount":"10.00","currency":"USD"}
{"project":"North Tower","number":4,"amount":"10.00","currency":"USD"}
{"project":"South|Tower","number":5,"amount":"9007199254740993.01","currency":"USD","memo":"caf\u00e9"}
{"project":"South|Tower","number":6,"amount":"1","currency":"USD","cost_code":"1.10"}
"#;
const RIGHT: &str = r#"{"amount":41500.0,"currency":"USD","cost_code":"1.10","coding":{"class":"Labor"},"project":"North Tower","number":1,"SyncToken":"3"}
{"amount":120.1,"currency":"CAD","cost_code":"01-500","project":"North Tower","number":2}
{"amount":7.01,"currency":"USD","project":"North Tower","number":3}
{"amount":10,"currency":"USD","project":"North Tower","number":4}
{"amount":9007199254740993.02,"currency":"USD","project":"South|Tower","number":5,"memo":"café"}
{"amount":1.00,"currency":"USD","cost_code":"1.1","project":"South|Tower","number":6}
{"amount":5,"currency":"USD","project":"South|Tower","number":7}"#;
const FOUND: &str = "ambiguous\tNorth Tower|4\t\n\
differs\tNorth Tower|2\tcurrency\n\
differs\tNorth Tower|3\tamount\n\
differs\tSouth\\|Tower|5\tamount\n\
differs\tSouth\\|Tower|6\tcost_code\n\
right_only\tSouth\\|Tower|7\t\n";

#[test]
fn given_the_small_book_then_the_lines_are_these_however_the_file_is_cut_into_blocks() {
    let compared = ["amount", "currency", "cost_code", "coding", "memo"];
    for part in [7, 64, 100, 4096] {
        for block in [16, 50, 200, 1 << 16] {
            let all = compare_blocks(LEFT, RIGHT, &["project", "number"], &compared, (part, block));
            assert_eq!(all.text, FOUND, "part {part}, block {block}");
            assert_eq!((all.summary.left, all.summary.right, all.summary.equal), (7, 7, 1));
            assert_eq!(all.bad.map(|bad| bad.count), [0, 0]);
        }
    }
}

#[test]
fn given_bad_lines_then_each_is_named_and_the_rest_is_done() {
    let good = |n: usize| format!("{{\"key\":\"k{n}\",\"amount\":{n}}}\n");
    let mut left = String::new();
    for n in 0..50 {
        left += &good(n);
        left += match n {
            3 => "{\"key\":\"twice\",\"amount\":1,\"amount\":1}\n",
            7 => "\n  \n{\"amount\":1}\n{\"key\":null,\"amount\":2}\n",
            11 => "[1]\n",
            13 => "{\"key\":true}\n",
            17 => "{\"key\":\"a\" \"amount\":1}\n",
            _ => "",
        };
    }
    left += "{\"key\":\"cut\",\"amount\":12";
    let right: String = (0..50).rev().map(good).collect();
    for blocks in [(1 << 20, 1 << 16), (64, 32)] {
        let all = compare_blocks(&left, &right, &["key"], &["amount"], blocks);
        assert_eq!((all.text.as_str(), all.summary.equal), ("", 50));
        assert_eq!(all.bad[1].count, 0);
        let named: BTreeMap<u64, String> =
            all.bad[0].first.iter().map(|bad| (bad.line, bad.problem.to_string())).collect();
        assert_eq!(all.bad[0].count, 7);
        let starts = [
            (5, "the member `amount` is there twice"),
            (12, "the key member `key` is missing or null"),
            (13, "the key member `key` is missing or null"),
            (18, "not a JSON object"),
            (21, "the key member `key` must be text or a number"),
            (26, "not JSON at column 12: a comma or } is missing"),
            (59, "the line is cut off"),
        ];
        assert_eq!(named.keys().copied().collect::<Vec<_>>(), starts.map(|(line, _)| line));
        for (line, start) in starts {
            assert!(named[&line].starts_with(start), "{line}: {}", named[&line]);
        }
    }
}

#[test]
fn given_bytes_that_are_not_utf8_or_a_line_without_end_then_only_those_lines_are_lost() {
    let mut text = b"\xef\xbb\xbf{\"key\":1}\r\n{\"key\":\"\xff\"}\n{\"key\":2}\n".to_vec();
    text.extend(std::iter::repeat_n(b'x', 9000));
    text.extend_from_slice(b"\n{\"key\":3}\n");
    for (part, block) in [(1 << 20, 1 << 16), (100, 64), (5000, 4096)] {
        let dir = tempfile::tempdir().unwrap();
        let (left, right) = (file(&dir, "l", &text).with_blocks(part, block, 4096), file(&dir, "r", ""));
        let members = Members::new(&strings(&["key"]), &[], &[]);
        let side = NdjsonSide::new(&left, &members);
        let summary = members.diff().run(&side, &NdjsonSide::new(&right, &members), |_| {}).unwrap();
        assert_eq!(summary.left_only, 3, "part {part}");
        let bad = side.bad_lines().first;
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(bad[0].problem, LineProblem::NotUtf8 { column: 9 });
        // A long line that fits into one block is read and found not to be JSON.
        assert!(matches!(bad[1].problem, LineProblem::TooLong { limit: 4096 } | LineProblem::NotAnObject));
    }
}

#[test]
fn given_one_bad_line_among_very_many_then_it_is_found_and_nothing_else_is_lost() {
    let mut text = String::new();
    for n in 0..200_000 {
        text += &format!("{{\"key\":\"commitment:{n}\",\"amount\":\"{n}.10\"}}\n");
        if n == 123_455 {
            text += "{\"key\":\"commitment:x\",\"amount\":\"1.10}\n";
        }
    }
    let (bad, read) = read_lines(&text, &["key"], &["amount"]);
    assert_eq!((bad.count, read), (1, 200_000));
    assert_eq!(bad.first, [ndjson::BadLine { line: 123_457, problem: LineProblem::CutOff }]);
}

#[test]
fn given_duplicates_on_both_sides_then_the_key_is_ambiguous_once_and_says_how_many() {
    let one = |cents| Doc { project: "p".into(), number: 1, cents, currency: "USD", status: String::new(), memo: None };
    let (summary, found) = collect(&Diff::new(3), &vec![one(1), one(1), one(2)], &vec![one(1), one(1)]);
    assert_eq!((summary.ambiguous, found.len()), (1, 1));
    assert_eq!((found[0].left.unwrap().count, found[0].right.unwrap().count), (3, 2));
    let many = vec![one(1); 50_000];
    let (summary, _) = collect(&Diff::new(3).memory(0), &many, &many);
    assert_eq!((summary.ambiguous, summary.equal), (1, 0));
}

#[test]
fn given_a_stream_that_fails_then_the_diff_fails_and_says_nothing() {
    let failing = Stream::new([Err::<Doc, _>(std::io::Error::other("503"))], 3, 100);
    let result = Diff::new(3).run(&failing, &Vec::<Doc>::new(), |_| {});
    assert!(matches!(result, Err(DiffError::Source(_))), "{result:?}");
}

#[test]
fn given_a_file_that_is_rewritten_meanwhile_then_it_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let (left, right) = (file(&dir, "l", "{\"key\":1,\"a\":1}\n"), file(&dir, "r", "{\"key\":1,\"a\":2}\n"));
    let members = Members::new(&strings(&["key"]), &strings(&["a"]), &[]);
    let side = NdjsonSide::new(&left, &members);
    std::fs::write(left.path(), "{\"key\":2,\"a\":1,\"b\":2}\n").unwrap();
    assert!(matches!(left.check_unchanged(), Err(DiffError::Changed { .. })));
    assert!(matches!(side.read(5, &mut Nothing), Err(DiffError::Changed { .. })));
    drop(right);
}

struct Nothing;

impl Visit for Nothing {
    fn record<R: Record>(&mut self, _at: u64, _record: &R) -> Result<(), DiffError> {
        Ok(())
    }
}

#[test]
fn given_a_file_then_all_its_members_are_known_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file =
        file(&dir, "l", "{\"key\":1,\"a\":{\"z\":1}}\nbad\n{\"b\\u0063\":2,\"key\":1}\n").with_blocks(10, 16, 4096);
    assert_eq!(member_names(&file, None).unwrap().into_iter().collect::<Vec<_>>(), ["a", "bc", "key"]);
}

#[test]
fn given_a_misspelt_or_repeated_member_then_it_is_told_or_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(&dir, "l", "{\"key\":1,\"a\":1}\n{\"key\":2,\"b\":1}\n").with_blocks(17, 16, 4096);
    let members = Members::new(&strings(&["key", "key"]), &strings(&["a", "b", "c", "a", "key"]), &[]);
    assert_eq!(members.compared(), ["a", "b", "c"]);
    let side = NdjsonSide::new(&file, &members);
    members.diff().run(&side, &Vec::<Doc>::new(), |_| {}).unwrap();
    assert_eq!(side.unseen(), ["c"]);
}

#[test]
fn given_the_equal_keys_of_a_run_then_only_what_changed_since_is_looked_at() {
    let docs: Vec<_> = (0..10)
        .map(|number| Doc {
            project: "p".into(),
            number,
            cents: 100,
            currency: "USD",
            status: "approved".into(),
            memo: None,
        })
        .collect();
    let diff = Diff::new(3).report_equal(true);
    let mut agreed = Agreed::new(0);
    let mark = |found: Option<Found>| found.and_then(|f| f.content).map(|f| f.0.to_le_bytes()).unwrap();
    let key = |doc: &Doc| {
        let mut key = KeyBuf::new();
        doc.key(&mut key);
        key
    };
    let mut by_key = BTreeMap::new();
    diff.run(&docs, &docs.clone(), |f| {
        by_key.insert(f.key.as_bytes().to_vec(), (mark(f.left), mark(f.right)));
    })
    .unwrap();
    for doc in &docs {
        let (left, right) = by_key[key(doc).as_bytes()];
        agreed.agree(&key(doc), &left, &right);
    }
    let mut changed = docs.clone();
    changed[4].cents += 1;
    let again: Vec<_> = docs
        .iter()
        .zip(&changed)
        .filter(|(left, right)| {
            let marks = [diff.fingerprint(left), diff.fingerprint(right)].map(|f| f.0.to_le_bytes());
            !agreed.still(&key(left), &marks[0], &marks[1])
        })
        .map(|(left, _)| left.number)
        .collect();
    assert_eq!(again, [4]);
}
