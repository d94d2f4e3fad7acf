//! Purchase orders: `GET /rest/v1.0/purchase_order_contracts?project_id=`, `.../{id}`, `.../{id}/line_items`.

/// The last part of the path.
pub(crate) const RESOURCE: &str = "purchase_order_contracts";

/// A purchase order; its statuses are `Draft`, `Processing`, `Submitted`, `Partially Received`, `Received`, `Approved`,
/// `Closed`.
pub type PurchaseOrderContract = super::commitments::CommitmentContract;
