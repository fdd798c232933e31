//! The one integration test binary.

#[cfg(test)]
mod check;
#[cfg(test)]
mod sandbox;
