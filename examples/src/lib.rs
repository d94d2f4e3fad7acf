//! What the examples share.
#![deny(missing_docs)]
