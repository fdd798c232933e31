//! The one integration test binary.

#[cfg(test)]
mod evidence;
#[cfg(test)]
mod report;
#[cfg(test)]
mod estate;
