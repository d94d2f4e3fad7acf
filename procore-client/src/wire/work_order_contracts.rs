//! Subcontracts: `GET /rest/v1.0/work_order_contracts?project_id=`, `.../{id}`, `.../{id}/line_items`.

/// The last part of the path.
pub(crate) const RESOURCE: &str = "work_order_contracts";

/// A subcontract; its statuses are `Draft`, `Out For Bid`, `Out For Signature`, `Approved`, `Complete`, `Terminated`,
/// `Void`.
pub type WorkOrderContract = super::commitments::CommitmentContract;
