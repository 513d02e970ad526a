//! The steps of a connection: the choice of a `proxy`, `tcp`, and `tls` with the certificates of the `trust_store`.

pub(super) mod proxy;
pub(super) mod tcp;
pub(super) mod tls;
pub(super) mod trust_store;
