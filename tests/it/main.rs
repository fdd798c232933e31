//! The one integration test binary.

mod evidence;
