//! [`FileSink`]: PDF files of pay apps, attached to their bills.

use async_trait::async_trait;
use sync_core::connector::{Attached, FileOutcome, FileSink, Marker, Outcome, Refusal, RefusalReason};
use sync_core::dead_letter::Cause;
use sync_core::model::TargetRef;

use super::outcome::failed;
use crate::attachments::PdfFile;
use crate::client::QuickBooks;

/// Attaches files to the bills of one company.
#[derive(Clone, Debug)]
pub struct BillFiles {
    client: QuickBooks,
}

impl BillFiles {
    /// Writes through this client.
    pub fn new(client: QuickBooks) -> Self {
        Self { client }
    }
}

#[async_trait]
impl FileSink for BillFiles {
    async fn attached(&self, to: &TargetRef) -> Result<Vec<Attached>, sync_core::Error> {
        let found = self.client.attachments(to).await?;
        let attached = found.into_iter().map(|file| Attached {
            marker: file.note.as_deref().and_then(Marker::find),
            name: file.file_name.clone(),
            size: file.size,
        });
        Ok(attached.collect())
    }

    async fn attach(
        &self,
        to: &TargetRef,
        marker: &Marker,
        name: &str,
        content: Vec<u8>,
        max_bytes: usize,
    ) -> FileOutcome {
        let file = match PdfFile::with_limit(name, content, max_bytes) {
            Ok(file) => file,
            Err(error) => {
                let reason = RefusalReason::Person(Cause::FileNotCopied);
                return FileOutcome::Refused(Refusal { reason, text: error.to_string() });
            }
        };
        match self.client.upload(to, marker, &file).await {
            Ok(_) => FileOutcome::Done,
            Err(error) => match failed(&error) {
                Outcome::Refused(refusal) => FileOutcome::Refused(refusal),
                Outcome::Done(_) => FileOutcome::Done,
                Outcome::Uncertain(text) => FileOutcome::Uncertain(text),
            },
        }
    }
}
