//! The environment variables that a connection depends on: what is wrong with one is told by its name, before it fails
//! as something else. No value is shown that may hold a password.

use std::path::Path;

use url::Url;

use crate::env::Env;
use crate::error::Error;
use crate::file;

const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/// The largest trust store.
const LARGEST: u64 = 64 << 20;

/// Looks at each of them.
///
/// # Errors
/// The first that cannot be used.
pub(super) fn examine(env: &Env) -> Result<(), Error> {
    trust_store(env)?;
    for name in PROXIES {
        if let Some(value) = env.variable(name)
            && host(value).is_none()
        {
            let hint = format!("set {name} to the address of a proxy, such as http://proxy.example:3128, or unset it");
            return Err(Error::usage(format!("{name} is not the address of a proxy"), hint));
        }
    }
    match env.variable("TMPDIR").map(Path::new) {
        Some(path) if !path.is_dir() => {
            let hint = "set TMPDIR to a directory that this user may write to, or unset it";
            Err(Error::usage(format!("TMPDIR names {}, which is no directory", path.display()), hint))
        }
        _ => Ok(()),
    }
}

fn trust_store(env: &Env) -> Result<(), Error> {
    let refused = |name: &str, what: String| {
        let hint = format!("correct {name}, or unset it to use the certificates of the system");
        Err(Error::usage(what, hint))
    };
    if let Some(path) = env.variable("SSL_CERT_FILE") {
        match file::read(Path::new(path), LARGEST) {
            Err(error) => return refused("SSL_CERT_FILE", format!("SSL_CERT_FILE names {path}: {error}")),
            Ok(content) if !has_certificate(&content) => {
                return refused("SSL_CERT_FILE", format!("SSL_CERT_FILE names {path}, which holds no certificate"));
            }
            Ok(_) => {}
        }
    }
    let folders = env.variable("SSL_CERT_DIR").into_iter().flat_map(|all| all.split(':'));
    let existing = folders.clone().any(|folder| Path::new(folder).is_dir());
    match folders.clone().next() {
        Some(_) if !existing => {
            let all = folders.collect::<Vec<_>>().join(":");
            refused("SSL_CERT_DIR", format!("SSL_CERT_DIR names {all}, which is no directory"))
        }
        _ => Ok(()),
    }
}

fn has_certificate(content: &[u8]) -> bool {
    let marks: [&[u8]; 2] = [b"BEGIN CERTIFICATE", b"BEGIN TRUSTED CERTIFICATE"];
    marks.iter().any(|mark| memchr::memmem::find(content, mark).is_some())
}

/// The host and port of a proxy; never the user and the password before them.
fn host(value: &str) -> Option<String> {
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&with_scheme).ok()?;
    let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"].contains(&url.scheme());
    let host = url.host_str().filter(|host| known && !host.is_empty())?;
    Some(url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// The same error, with the proxy that requests went through, since it may be the proxy that fails.
pub(super) fn explained(error: Error, env: &Env) -> Error {
    let proxy = PROXIES.iter().find_map(|name| Some((name, host(env.variable(name)?)?)));
    match (error, proxy) {
        (Error::Service { service, what, message, hint }, Some((name, host))) => {
            let hint = format!("{hint}; requests go through the proxy {host}, which {name} names");
            Error::Service { service, what, message, hint }
        }
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_proxy_is_no_part_of_its_name() {
        let value = ["http://user", ":", "word", "@proxy.example:3128/"].concat();
        assert_eq!(host(&value).unwrap(), "proxy.example:3128");
        assert_eq!(host("proxy.example:3128").unwrap(), "proxy.example:3128");
        for odd in ["ftp://proxy.example", "http://", "::", "http://a b"] {
            assert_eq!(host(odd), None, "{odd}");
        }
    }
}
