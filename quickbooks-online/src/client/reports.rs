//! Reports.

use sync_core::http::ApiRequest;

use super::{Answer, Problem, QuickBooks, config};
use crate::error::Error;
use crate::query::encoded;
use crate::reports::Report;

impl QuickBooks {
    /// A report by its name in the API, such as `TransactionList`, with the parameters that its page names.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn report(&self, name: &str, parameters: &[(&str, &str)]) -> Result<Answer<Report>, Error> {
        let request = ApiRequest::get(self.path(&format!("reports/{}", encoded(name)), parameters));
        let what = || format!("the report {name}");
        let answer = self.call(request.with_classes(config::ANY), &what).await?;
        let mut read = self.read(&answer, &what, |_| Report::read(&answer.body).map_err(Problem::Text))?;
        read.time = read.time.or(read.value.time);
        Ok(read)
    }
}
