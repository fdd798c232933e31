//! What the settings of a fence mean: rules of Azure Policy, policies of API Management, queries of alerts, the networks around
//! a server. Pure: no I/O, no verdict. Whatever is not understood is `None`, never an answer.

pub mod gateway;
pub mod hint;
pub mod network;
pub mod policy;
pub mod query;
