//! The tie-outs, from the doubles' own state: not through the engine.

use rust_decimal::Decimal;

use super::{Site, ledger};

/// Both sides agree to the cent, document by document.
pub(crate) fn ties_out(site: &Site) {
    ties_out_but(site, &[], &[]);
    let (procore, quickbooks) = (site.procore(), site.quickbooks());
    let apps = ledger::sum(ledger::pay_apps(&procore).values());
    let balance = ledger::decimal(ledger::retainage_account(&quickbooks), &["CurrentBalance"]);
    assert_eq!(apps.withheld - apps.released, balance.abs(), "T3 retainage held = retainage payable");
    let (left, right) = (ledger::owner_side_of_procore(&procore), ledger::owner_side_of_quickbooks(&quickbooks));
    assert_eq!(left, right, "T5 owner invoices = invoices, T6 retainage receivable, T7 prime contracts = estimates");
    assert!(apps.net > Decimal::ZERO && balance != Decimal::ZERO, "there is something to tie out");
}

/// Both sides agree to the cent, document by document, but for these contracts and pay apps, which are not in QuickBooks.
pub(crate) fn ties_out_but(site: &Site, contracts: &[&str], apps: &[&str]) {
    let (procore, quickbooks) = (site.procore(), site.quickbooks());
    let mut committed = ledger::committed(&procore);
    committed.retain(|id, _| !contracts.contains(&id.as_str()));
    assert_eq!(committed, ledger::purchase_orders(&quickbooks), "T1 commitments = purchase orders");
    let mut billed = ledger::pay_apps(&procore);
    billed.retain(|id, _| !apps.contains(&id.as_str()));
    assert_eq!(billed, ledger::postings(&quickbooks), "T2 pay apps = bills");
    assert_eq!(ledger::duplicates(&quickbooks), 0);
}
