//! The only way to send a write: a request that a route of `known` made, once. Nothing outside `action` can have one.

use crate::api::{Api, Once, Service};

use super::fill::Target;
use super::plan::compose;
use super::route::{Request, State};

/// What the transport asks for before it sends a write. Only this file makes one.
#[derive(Debug)]
pub struct Permit(());

/// Sends writes to one service.
#[derive(Clone)]
pub(super) struct WriteApi {
    api: Api,
    service: Service,
}

/// A write that follows from a route.
#[derive(Debug, Clone)]
pub(super) struct Write {
    service: Service,
    request: Request,
}

impl Write {
    /// The change itself; `None` unless `request` is what action, subject and state make.
    pub(super) fn change(target: &Target, before: &State, request: &Request) -> Option<Write> {
        let composed = compose(target, before, None)?;
        let same = composed.request == *request;
        same.then_some(Write { service: target.route.service, request: composed.request })
    }

    /// Its undo; `None` unless `request` is what action, subject and state make.
    pub(super) fn undo(target: &Target, state: &State, request: &Request) -> Option<Write> {
        let values = super::fill::all(&target.ids, state);
        let undone = super::plan::undone(target.route, &values)?;
        let same = undone == super::plan::Undone::Request(request.clone());
        same.then(|| Write { service: target.route.service, request: request.clone() })
    }
}

impl WriteApi {
    pub(super) fn new(api: &Api, service: Service) -> WriteApi {
        WriteApi { api: api.clone(), service }
    }

    /// Sends, once.
    pub(super) async fn send(&self, write: &Write) -> Once {
        let method = match write.request.method.as_str() {
            "DELETE" => "DELETE",
            "PATCH" => "PATCH",
            "PUT" => "PUT",
            _ => "POST",
        };
        debug_assert!(self.service == write.service);
        self.api.once(&Permit(()), write.service, method, &write.request.url, write.request.body.as_ref()).await
    }
}
