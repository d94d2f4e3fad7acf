//! The files of pay apps: which there are, and what is in them.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::LOCATION;
use http::{Request, Response, Uri};
use sync_core::connector::{FileAt, FileFault, FileSource};
use sync_core::http::TransportErrorKind;
use sync_core::model::{DocumentKey, PayAppId};
use sync_core::{Error as CoreError, ErrorKind};

use crate::client::Procore;
use crate::wire::attachments::Attachment;

/// An address may lead on to another so often.
const REDIRECTS: usize = 3;

/// Reads the files of one company's pay apps. The addresses that Procore gives lie outside its API and hold for a short
/// time: they get no token, and are in no text.
#[derive(Clone, Debug)]
pub struct Files {
    procore: Arc<Procore>,
}

impl Files {
    /// Reads through this client.
    pub fn new(procore: Arc<Procore>) -> Self {
        Self { procore }
    }

    /// `https`, or the server of the API itself: that is how a sandbox on this machine is reached.
    fn is_trusted(&self, address: &Uri) -> bool {
        let api: Option<Uri> = self.procore.base_url().parse().ok();
        let is_api = |api: Uri| (api.scheme(), api.authority()) == (address.scheme(), address.authority());
        address.scheme_str() == Some("https") || api.is_some_and(is_api)
    }

    async fn get(&self, address: Uri, max_bytes: usize) -> Result<Response<Bytes>, FileFault> {
        if !self.is_trusted(&address) {
            return Err(FileFault::Person("its address is not https; it was not asked for".to_owned()));
        }
        let request = Request::get(address).body(Bytes::new());
        let request = request.map_err(|error| FileFault::Person(format!("its address cannot be used: {error}")))?;
        self.procore.transport().send_within(request, max_bytes).await.map_err(|error| match error.kind() {
            TransportErrorKind::TooLarge => FileFault::Person(format!("it is larger than {max_bytes} bytes")),
            TransportErrorKind::Invalid => FileFault::Person(error.to_string()),
            _ => FileFault::NotNow(error.to_string()),
        })
    }
}

#[async_trait]
impl FileSource for Files {
    async fn files(&self, document: &DocumentKey) -> Result<Option<Vec<FileAt>>, CoreError> {
        let unreadable = |text: String| {
            Err(CoreError::new(ErrorKind::Unreadable, format!("Procore does not tell the files of {document}: {text}")))
        };
        let Some((project, id)) = document.project_and_id() else {
            return unreadable("its key names no project".to_owned());
        };
        let record = match self.procore.requisition(&project, &PayAppId::from(id)).await? {
            None => return Ok(None),
            Some(Ok(record)) => record,
            Some(Err(bad)) => return unreadable(bad.to_string()),
        };
        let Some(attachments) = &record.attachments else {
            return unreadable("the answer has no member `attachments`".to_owned());
        };
        let read = match attachments.read() {
            Ok(read) => read,
            Err(text) => return unreadable(text),
        };
        let mut files = Vec::with_capacity(read.len());
        for Attachment { id, url, filename, name } in read {
            let (Some(address), Some(name)) = (url, filename.or(name)) else {
                return unreadable(format!("file {id} has no `url` or no `filename`"));
            };
            files.push(FileAt { id, name, address });
        }
        Ok(Some(files))
    }

    async fn read(&self, file: &FileAt, max_bytes: usize) -> Result<Vec<u8>, FileFault> {
        let wrong = || FileFault::Person("its address is not a URL".to_owned());
        let mut address: Uri = file.address.parse().map_err(|_| wrong())?;
        for _ in 0..=REDIRECTS {
            let answer = self.get(address, max_bytes).await?;
            let status = answer.status();
            if status.is_success() {
                return Ok(answer.into_body().into());
            }
            if status.is_server_error() || matches!(status.as_u16(), 408 | 429) {
                return Err(FileFault::NotNow(format!("its server answered {status}")));
            }
            if !status.is_redirection() {
                return Err(FileFault::Person(format!("its server answered {status}")));
            }
            let next = answer.headers().get(LOCATION).and_then(|next| next.to_str().ok());
            address = next.and_then(|next| next.parse().ok()).ok_or_else(wrong)?;
        }
        Err(FileFault::Person(format!("its address led on more than {REDIRECTS} times")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{CANARY, Script, scripted};

    fn at(address: &str) -> FileAt {
        FileAt { id: "7".to_owned(), name: "Pay app.pdf".to_owned(), address: address.to_owned() }
    }

    fn files(script: Script) -> (Arc<Script>, Files) {
        let (script, procore) = scripted(script);
        (script, Files::new(Arc::new(procore)))
    }

    #[tokio::test]
    async fn a_file_is_read_where_its_address_leads_without_a_token() {
        let next = [("location", "https://store.example.com/b?sig=2")];
        let (script, files) = files(Script::default().answer("/a", &[], 302, &next, "").on("/b", "%PDF"));
        assert_eq!(files.read(&at("https://files.example.com/a?sig=1"), 4).await.unwrap(), b"%PDF");
        for headers in script.headers("/a").iter().chain(&script.headers("/b")) {
            assert!(!format!("{headers:?}").contains(CANARY) && !headers.contains_key("authorization"));
        }
    }

    #[tokio::test]
    async fn an_address_that_is_not_safe_is_not_asked() {
        let down = [("location", "http://store.example.com/b")];
        let (script, files) = files(Script::default().answer("/a", &[], 302, &down, "").on("/b", "%PDF"));
        for address in ["http://files.example.com/b", "ftp://files.example.com/b", "/b", "not an address"] {
            assert!(matches!(files.read(&at(address), 100).await, Err(FileFault::Person(_))), "{address}");
        }
        assert_eq!(script.asked(), [] as [String; 0]);
        // Nor one that a safe one leads to.
        assert!(matches!(files.read(&at("https://files.example.com/a"), 100).await, Err(FileFault::Person(_))));
        assert_eq!(script.asked(), ["/a"]);
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_without_the_address() {
        let round = [("location", "https://files.example.com/round")];
        let script = Script::default().answer("/round", &[], 307, &round, "").on("/large", &"x".repeat(31));
        let (_, files) = files(script.answer("/busy", &[], 503, &[], "").answer("/old", &[], 403, &[], ""));
        for (path, later, words) in [
            ("round", false, "more than 3 times"),
            ("large", false, "larger than 30 bytes"),
            ("busy", true, "503"),
            ("old", false, "403"),
            ("missing", false, "404"),
        ] {
            let file = at(&format!("https://files.example.com/{path}?sig={CANARY}"));
            let fault = files.read(&file, 30).await.unwrap_err();
            assert_eq!(matches!(fault, FileFault::NotNow(_)), later, "{path}");
            assert!(fault.to_string().contains(words), "{fault}");
            assert!(!fault.to_string().contains(CANARY) && !format!("{file:?}").contains(CANARY));
        }
    }

    #[tokio::test]
    async fn an_answer_that_does_not_tell_of_files_is_not_taken_for_none() {
        let key = "pay_app/1.5".parse().unwrap();
        for (body, words) in [
            (r#"{"id":5}"#, "no member `attachments`"),
            (r#"{"id":5,"attachments":[{"id":7,"filename":"a.pdf"}]}"#, "file 7 has no `url`"),
            (r#"{"id":5,"attachments":[{"filename":"a.pdf"}]}"#, "cannot be read"),
        ] {
            let (_, files) = files(Script::default().on("/rest/v1.1/requisitions/5", body));
            let error = files.files(&key).await.unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let (_, files) = files(Script::default());
        assert!(files.files(&key).await.unwrap().is_none());
    }
}
