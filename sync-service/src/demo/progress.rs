//! Progress: bars on a terminal, plain lines otherwise. On standard error, so that `--json` stays one object.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use sync_core::model::DocumentKind;

#[derive(Clone)]
pub(crate) struct Progress(Arc<Inner>);

struct Inner {
    bars: Option<MultiProgress>,
    by_kind: Mutex<BTreeMap<DocumentKind, Kind>>,
}

#[derive(Default)]
struct Kind {
    taken_in: usize,
    finished: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && !quiet;
        Self(Arc::new(Inner { bars: terminal.then(MultiProgress::new), by_kind: Mutex::default() }))
    }

    pub(crate) fn say(&self, text: &str) {
        match &self.0.bars {
            Some(bars) => {
                // A line that cannot be drawn is not worth failing for.
                let _ = bars.println(text);
            }
            None => eprintln!("{text}"),
        }
    }

    pub(crate) fn phase(&self, name: &str) {
        self.end_phase();
        self.say(&format!("== {name}"));
    }

    pub(crate) fn taken_in(&self, kind: DocumentKind, count: usize) {
        self.with(kind, |bars, entry| {
            entry.taken_in += count;
            if let Some(bars) = bars {
                let bar = entry.bar.get_or_insert_with(|| bars.add(new_bar(kind)));
                bar.set_length(entry.taken_in as u64);
            }
        });
    }

    pub(crate) fn finished(&self, kind: DocumentKind, count: usize) {
        self.with(kind, |_, entry| {
            entry.finished += count;
            if let Some(bar) = &entry.bar {
                bar.set_position(entry.finished as u64);
            }
        });
    }

    pub(crate) fn killed(&self, step: &str) {
        self.say(&format!("   worker killed at step `{step}`, started again"));
    }

    pub(crate) fn finish(&self) {
        self.end_phase();
    }

    fn end_phase(&self) {
        let mut by_kind = self.0.by_kind.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, entry) in std::mem::take(&mut *by_kind) {
            match entry.bar {
                Some(bar) => bar.finish(),
                None => eprintln!("   {kind}: {} taken in, {} written or held", entry.taken_in, entry.finished),
            }
        }
    }

    fn with(&self, kind: DocumentKind, change: impl FnOnce(Option<&MultiProgress>, &mut Kind)) {
        let mut by_kind = self.0.by_kind.lock().unwrap_or_else(PoisonError::into_inner);
        change(self.0.bars.as_ref(), by_kind.entry(kind).or_default());
    }
}

fn new_bar(kind: DocumentKind) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("   {prefix:15} {bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.set_prefix(kind.to_string());
    bar
}
