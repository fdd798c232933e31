//! The one integration test binary.
mod subject;
