//! What goes in: the schedule of values with its change orders, and the progress of each application.

use crate::model::{Currency, Money, SovLineId};

use super::compute::ComputeError;

/// A line of the schedule of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleLine {
    /// Its id: column A.
    pub id: SovLineId,
    /// Column B.
    pub description: String,
    /// Scheduled value, change orders not included.
    pub scheduled: Money,
}

/// An approved change order. A pending one changes nothing and does not belong here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeEntry {
    /// Number, as people call it.
    pub number: String,
    /// The first application that it counts in.
    pub from_application: u32,
    /// What it adds to (or takes from, negative) a line; a line that the schedule lacks is added by it.
    pub lines: Vec<ScheduleLine>,
}

impl ChangeEntry {
    /// What the change order comes to.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn net(&self, currency: Currency) -> Result<Money, crate::model::MoneyError> {
        Money::sum(currency, self.lines.iter().map(|line| line.scheduled))
    }
}

/// The schedule of values of a commitment or prime contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Currency of every amount.
    pub currency: Currency,
    /// Lines as signed.
    pub lines: Vec<ScheduleLine>,
    /// Approved change orders, in order.
    pub changes: Vec<ChangeEntry>,
}

impl Schedule {
    /// A schedule without change orders, of (id, description, scheduled value).
    pub fn new<'a>(currency: Currency, lines: impl IntoIterator<Item = (&'a str, &'a str, Money)>) -> Self {
        let lines = lines
            .into_iter()
            .map(|(id, description, scheduled)| ScheduleLine {
                id: id.into(),
                description: description.to_owned(),
                scheduled,
            })
            .collect();
        Self { currency, lines, changes: Vec::new() }
    }

    /// The same with a change order that counts from an application on, of (line, description, amount).
    #[must_use]
    pub fn with_change<'a>(
        mut self,
        number: &str,
        from_application: u32,
        lines: impl IntoIterator<Item = (&'a str, &'a str, Money)>,
    ) -> Self {
        let lines = Self::new(self.currency, lines).lines;
        self.changes.push(ChangeEntry { number: number.to_owned(), from_application, lines });
        self
    }

    /// The contract sum to date (G702 line 3) when an application of this number is made. It is also what the purchase
    /// order or estimate must come to.
    ///
    /// # Errors
    /// On mixed currencies or overflow.
    pub fn sum_at(&self, application: u32) -> Result<Money, crate::model::MoneyError> {
        let changes = self.changes.iter().filter(|change| change.from_application <= application);
        let lines = self.lines.iter().chain(changes.flat_map(|change| &change.lines));
        Money::sum(self.currency, lines.map(|line| line.scheduled))
    }
}

/// Retainage as the source states it. What is stated is posted; the recomputation only reports the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Withheld this period; negative where billed work is taken back.
    pub withheld: Option<Money>,
    /// Released this period.
    pub released: Option<Money>,
}

/// The progress of one line on one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The line.
    pub line: SovLineId,
    /// Column E: work completed this period, stored material that was installed included. Negative takes back work that
    /// was billed before.
    pub work: Money,
    /// Column F: material presently stored. A balance, not a movement; none leaves it as it was.
    pub stored: Option<Money>,
    /// How much of `work` was stored material before; none where that is not known. Only step-downs ask for it.
    pub from_stored: Option<Money>,
    /// Retainage of the line, where the source states it.
    pub stated: Stated,
}

/// Retainage that is paid out on an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The line; none spreads it over all lines in proportion to what they hold.
    pub line: Option<SovLineId>,
    /// How much; none for all that is held.
    pub amount: Option<Money>,
}

/// One application for payment: a pay app on a commitment, or an owner invoice on a prime contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its number within the contract. Applications count in the order of their numbers.
    pub number: u32,
    /// Lines that moved; the others stay as they were.
    pub progress: Vec<Progress>,
    /// Retainage released with it.
    pub releases: Vec<Release>,
    /// Retainage of the document, where the source states it on the header alone.
    pub stated: Stated,
}

impl Application {
    /// An application on which nothing has moved yet.
    pub fn new(number: u32) -> Self {
        Self { number, progress: Vec::new(), releases: Vec::new(), stated: Stated::default() }
    }

    /// The same with work completed on a line this period.
    #[must_use]
    pub fn work(self, line: &str, work: Money) -> Self {
        self.line(line, work, None)
    }

    /// The same with work completed on a line this period (column E) and its stored material now (column F).
    #[must_use]
    pub fn work_and_stored(self, line: &str, work: Money, stored: Money) -> Self {
        self.line(line, work, Some(stored))
    }

    fn line(mut self, line: &str, work: Money, stored: Option<Money>) -> Self {
        let (from_stored, stated) = (None, Stated::default());
        self.progress.push(Progress { line: line.into(), work, stored, from_stored, stated });
        self
    }

    /// The same with retainage of a line released.
    #[must_use]
    pub fn release(mut self, line: &str, amount: Money) -> Self {
        self.releases.push(Release { line: Some(line.into()), amount: Some(amount) });
        self
    }

    /// The same with retainage released, spread over all lines.
    #[must_use]
    pub fn release_of_contract(mut self, amount: Money) -> Self {
        self.releases.push(Release { line: None, amount: Some(amount) });
        self
    }

    /// The same with all retainage released.
    #[must_use]
    pub fn release_all(mut self) -> Self {
        self.releases.push(Release { line: None, amount: None });
        self
    }

    /// The same with what the source states for the document as a whole.
    #[must_use]
    pub fn stating(mut self, withheld: Option<Money>, released: Option<Money>) -> Self {
        self.stated = Stated { withheld, released };
        self
    }
}

/// The applications in the order of their numbers, each once.
pub(super) fn in_order(applications: &[Application]) -> Result<Vec<&Application>, ComputeError> {
    let mut ordered: Vec<&Application> = applications.iter().collect();
    ordered.sort_by_key(|application| application.number);
    if let Some(pair) = ordered.windows(2).find(|pair| matches!(pair, [a, b] if a.number == b.number && a != b)) {
        let application = pair.first().map_or(0, |a| a.number);
        return Err(ComputeError::TwoOfOneNumber { application });
    }
    ordered.dedup();
    Ok(ordered)
}
