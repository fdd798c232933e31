//! The one integration test binary.

#[cfg(test)]
mod action;
#[cfg(test)]
mod activity;
#[cfg(test)]
mod api;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod check;
#[cfg(test)]
mod clean;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod containers;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod devops;
#[cfg(test)]
mod estate;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod github;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod identify;
#[cfg(test)]
mod import;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod mixed;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod posture;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod report;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod runners;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod scan_binary;
#[cfg(test)]
mod seal;
#[cfg(test)]
mod stores;
#[cfg(test)]
mod subject;
#[cfg(test)]
mod untrusted;
#[cfg(test)]
mod worst;
