//! The one integration test binary.

#[cfg(test)]
mod api;
#[cfg(test)]
mod check;
#[cfg(test)]
mod estate;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod report;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod subject;
