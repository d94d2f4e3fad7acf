//! Examples and exit statuses, as `--help` shows them below the options. 2 is always: the command line is wrong.

pub(crate) const PROGRAM: &str = "Exit status of every command: 0 done and nothing to look at, 1 something to look at, or it \
failed (the reason is on standard error), 2 the command line is wrong or, for `reconcile`, something could not be \
compared. `COMMAND --help` says it more exactly, with examples.";

pub(crate) const DEMO: &str = "Examples:
  procore-quickbooks demo
  procore-quickbooks demo --edition desktop --json
  procore-quickbooks demo --crash-at sent

Exit status: 0 every difference is 0.00 or explained, 1 anything else, 2 the command line is wrong.";

pub(crate) const EXPLAIN: &str = "Examples:
  procore-quickbooks explain SC-7/2
  procore-quickbooks explain pay_app/22.660002 --json

Exit status: 0 explained, 1 there is no such document.";

pub(crate) const RETAINAGE: &str = "Examples:
  procore-quickbooks retainage --csv retainage.csv

Exit status: 0 it ties, 1 it does not.";

pub(crate) const WIP: &str = "Examples:
  procore-quickbooks wip --estimates estimates.csv --date 2026-03-31
  procore-quickbooks wip --estimates estimates.csv --date 2026-03-31 --approve

Exit status: 0 complete, 1 something is missing or open.";

pub(crate) const SYNC: &str = "Examples:
  procore-quickbooks --config /etc/procore-quickbooks sync
  procore-quickbooks sync --json

Exit status: 0 done (what waits for a person is told), 1 nothing was created before `adopt` is settled, or it broke off;
what was done stays done, and the next one goes on.";

pub(crate) const WEBHOOKS: &str = "Examples:
  procore-quickbooks webhooks https://sync.example.com/webhooks/procore
  procore-quickbooks webhooks https://sync.example.com/webhooks/procore --renew

Exit status: 0 every subscription is as it should be, 1 one could not be made.";

pub(crate) const RECONCILE: &str = "Examples:
  procore-quickbooks reconcile --html tie-out.html --xlsx tie-out.xlsx
  procore-quickbooks reconcile --project 2026-014 --since 2026-03-01
  procore-quickbooks reconcile --left a.ndjson --right b.ndjson --key id

Exit status: 0 the same, 1 differences, 2 something could not be read or compared.";

pub(crate) const AUDIT: &str = "Examples:
  procore-quickbooks audit --html audit.html --draft mapping

Exit status: 0 the report is written, 1 a side could not be read.";

pub(crate) const DOCTOR: &str = "Examples:
  procore-quickbooks doctor

Exit status: 0 it works (things to look at are told), 1 something is broken.";

pub(crate) const PLAN: &str = "Examples:
  procore-quickbooks plan --out friday.plan

Exit status: 0 the plan is made, 1 a side could not be read.";

pub(crate) const APPLY: &str = "Examples:
  procore-quickbooks apply friday.plan

Exit status: 0 exactly this was done, 1 something has moved since, or was not done.";

pub(crate) const ADOPT: &str = "Examples:
  procore-quickbooks adopt
  procore-quickbooks adopt --yes --out pairs.csv
  procore-quickbooks adopt --confirm pairs.csv
  procore-quickbooks adopt --finish

Exit status: 0 done, 1 something is still open, or it failed.";

pub(crate) const REBUILD: &str = "Examples:
  procore-quickbooks rebuild-links

Exit status: 0 the links are there again, 1 a side could not be read.";

pub(crate) const DEAD_LETTERS: &str = "Examples:
  procore-quickbooks dead-letters list
  procore-quickbooks dead-letters show pay_app/22.660002
  procore-quickbooks dead-letters resolve pay_app/22.660002 --take procore --reason \"typo in QuickBooks\"

Exit status: 0 done, 1 there is no such dead letter, or it cannot be settled so.";

pub(crate) const APPROVE: &str = "Examples:
  procore-quickbooks approve --list
  procore-quickbooks approve --all-under 10000

Exit status: 0 all are approved or turned down, 1 one is not.";

pub(crate) const MAPPING: &str = "Examples:
  procore-quickbooks mapping diff new-mapping
  procore-quickbooks mapping coverage --json
  procore-quickbooks mapping history

Exit status: 0 nothing differs or is open, 1 something does or is.";

pub(crate) const USERS: &str = "Examples:
  procore-quickbooks users add maria --role controller
  procore-quickbooks users list --json

Exit status: 0 done, 1 not.";
