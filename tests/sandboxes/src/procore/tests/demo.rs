use super::*;

/// Resources whose records belong to a project.
const OF_PROJECTS: [&str; 11] = [
    "work_order_contracts",
    "purchase_order_contracts",
    "commitment_change_orders",
    "change_order_packages",
    "prime_contracts",
    "prime_change_orders",
    "billing_periods",
    "requisitions",
    "payment_applications",
    "contract_payments",
    "direct_costs",
];

#[test]
fn every_record_of_the_demo_book_can_be_reached() {
    // Given the book that the crate carries
    let double = Procore::from_book(&Book::demo().unwrap(), ProcoreConfig::default());
    // Then each record belongs to a project that exists, and each child to a contract that exists
    for resource in OF_PROJECTS {
        for (id, row) in double.store.table(resource).rows() {
            let project = row.project.as_deref().unwrap_or_else(|| panic!("{resource} {id} names no project"));
            assert!(double.record("projects", project).is_some(), "{resource} {id}: project {project}");
            if let Some(parent) = &row.parent {
                assert!(double.store.contract(parent).is_some(), "{resource} {id}: contract {parent}");
            }
        }
    }
}
