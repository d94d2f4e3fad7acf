//! Progress of reading both sides: a line on a terminal, nothing otherwise. On standard error.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use indicatif::ProgressBar;
use sync_core::engine::Observer;
use sync_core::model::DocumentKind;

/// Tells how many documents were read and compared.
#[derive(Debug)]
pub(crate) struct Reading {
    bar: ProgressBar,
    read: AtomicUsize,
    compared: AtomicUsize,
}

impl Reading {
    pub(crate) fn start() -> Self {
        // Hidden by itself where standard error is no terminal.
        Self { bar: ProgressBar::new_spinner(), read: AtomicUsize::new(0), compared: AtomicUsize::new(0) }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self, kind: DocumentKind) {
        let (read, compared) = (self.read.load(Ordering::Relaxed), self.compared.load(Ordering::Relaxed));
        let kind = kind.as_str().replace('_', " ");
        self.bar.set_message(format!("{read} documents read, {compared} compared ({kind})"));
        self.bar.tick();
    }
}

#[async_trait]
impl Observer for Reading {
    fn taken_in(&self, kind: DocumentKind, count: usize) {
        self.read.fetch_add(count, Ordering::Relaxed);
        self.show(kind);
    }

    fn finished(&self, kind: DocumentKind, count: usize) {
        self.compared.fetch_add(count, Ordering::Relaxed);
        self.show(kind);
    }
}
