//! Change orders on prime contracts: headers `GET /rest/v1.0/projects/{project_id}/prime_change_orders`, lines only in
//! v2.0 below `/rest/v2.0/companies/{company_id}/projects/{project_id}/prime_change_orders/{id}/line_items`.
//!
//! Their members are those of change orders on commitments, their contract is a prime contract. The package is missing
//! until the change order joins one.

use super::commitment_change_orders::{ChangeOrderLine, CommitmentChangeOrder};

/// The header of a change order on a prime contract, which `contract_id` names.
pub type PrimeChangeOrder = CommitmentChangeOrder;
/// A line of a change order on a prime contract.
pub type PrimeChangeOrderLine = ChangeOrderLine;
