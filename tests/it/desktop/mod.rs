//! QuickBooks Desktop: the sink and the Web Connector service between an engine and a company file, over HTTP.

mod bad_input;
mod kit;
mod once;
mod payments;
mod sessions;
