//! Who can open a connection to a server in Azure: a truth table over its ingress and the network around it. Pure.

/// What is known of one server and its surroundings. `None`: not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// It takes connections at all.
    pub ingress: Option<bool>,
    /// Its ingress is open beyond its own environment.
    pub external: Option<bool>,
    /// Its environment has no public address.
    pub internal_environment: Option<bool>,
    /// Its environment is closed to the public network by its own setting.
    pub public_network: Option<bool>,
    /// Address ranges that it lets in; empty: there is no list.
    pub allowed: Vec<String>,
    /// It demands a certificate of whoever calls.
    pub certificate: bool,
}

/// Who can open a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nobody.
    Nobody,
    /// What stands in the same environment or network.
    Network,
    /// Whoever has a certificate.
    Certificate,
    /// The addresses of a list.
    Listed,
    /// The internet.
    Public,
}

impl Reach {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Reach::Nobody => "nobody",
            Reach::Network => "network",
            Reach::Certificate => "certificate",
            Reach::Listed => "listed",
            Reach::Public => "public",
        }
    }
}

/// Who can reach it; `None` where what is not shown decides.
pub fn reach(of: &Surroundings) -> Option<Reach> {
    if of.ingress == Some(false) {
        return Some(Reach::Nobody);
    }
    if of.external == Some(false) || of.internal_environment == Some(true) || of.public_network == Some(false) {
        return of.ingress.map(|_| Reach::Network).or(Some(Reach::Network));
    }
    let (Some(true), Some(true), Some(false)) = (of.ingress, of.external, of.internal_environment) else { return None };
    if of.certificate {
        return Some(Reach::Certificate);
    }
    match of.allowed.is_empty() || of.allowed.iter().any(|range| is_everything(range)) {
        true => Some(Reach::Public),
        false => Some(Reach::Listed),
    }
}

/// A range that leaves nobody out.
pub fn is_everything(range: &str) -> bool {
    let range = range.trim();
    range.ends_with("/0")
        || range == "*"
        || range.eq_ignore_ascii_case("internet")
        || range.eq_ignore_ascii_case("any")
        || range == "0.0.0.0-255.255.255.255"
}

/// An address range as first and last address; `None` where it is none of IPv4.
pub fn range(text: &str) -> Option<(u32, u32)> {
    let address = |text: &str| text.trim().parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    if let Some((from, to)) = text.split_once('-') {
        return Some((address(from)?, address(to)?)).filter(|(from, to)| from <= to);
    }
    let (base, bits) = match text.split_once('/') {
        Some((base, bits)) => (address(base)?, bits.trim().parse::<u32>().ok().filter(|bits| *bits <= 32)?),
        None => (address(text)?, 32),
    };
    let mask = if bits == 0 { 0 } else { u32::MAX << (32 - bits) };
    Some((base & mask, base | !mask))
}

/// Whether all of `inner` lies in one of `outer`; `None` where a range is not understood.
pub fn within(inner: &str, outer: &[String]) -> Option<bool> {
    let (from, to) = range(inner)?;
    let outer: Vec<(u32, u32)> = outer.iter().map(|one| range(one)).collect::<Option<_>>()?;
    Some(outer.iter().any(|(first, last)| *first <= from && to <= *last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open() -> Surroundings {
        Surroundings {
            ingress: Some(true),
            external: Some(true),
            internal_environment: Some(false),
            ..Surroundings::default()
        }
    }

    #[test]
    fn the_truth_table() {
        let list = |text: &str| vec![text.to_owned()];
        for (of, reaches) in [
            (open(), Some(Reach::Public)),
            (Surroundings { ingress: Some(false), ..open() }, Some(Reach::Nobody)),
            (Surroundings { external: Some(false), ..open() }, Some(Reach::Network)),
            (Surroundings { internal_environment: Some(true), ..open() }, Some(Reach::Network)),
            (Surroundings { public_network: Some(false), ..open() }, Some(Reach::Network)),
            (Surroundings { allowed: list("20.1.2.3/32"), ..open() }, Some(Reach::Listed)),
            (Surroundings { allowed: list("0.0.0.0/0"), ..open() }, Some(Reach::Public)),
            (Surroundings { certificate: true, ..open() }, Some(Reach::Certificate)),
            (Surroundings { internal_environment: None, ..open() }, None),
            (Surroundings { external: None, ..open() }, None),
            (Surroundings { ingress: None, ..open() }, None),
            (Surroundings::default(), None),
        ] {
            assert_eq!(reach(&of), reaches, "{of:?}");
        }
    }

    #[test]
    fn ranges_lie_in_others() {
        let outer = vec!["10.50.0.0/16".to_owned()];
        assert_eq!(within("10.50.10.0/24", &outer), Some(true));
        assert_eq!(within("10.51.0.1", &outer), Some(false));
        assert_eq!(within("10.0.0.0/8", &outer), Some(false));
        assert_eq!(within("10.50.0.1-10.50.0.9", &outer), Some(true));
        assert_eq!(within("somewhere", &outer), None);
        assert_eq!(range("1.2.3.4/33"), None);
    }

    proptest! {
        #[test]
        fn an_address_is_in_its_own_range(address in any::<u32>(), bits in 0_u32..=32) {
            let text = std::net::Ipv4Addr::from(address).to_string();
            prop_assert_eq!(within(&text, &[format!("{text}/{bits}")]), Some(true));
        }

        #[test]
        fn closing_a_door_never_opens_more(ingress in any::<Option<bool>>(), external in any::<Option<bool>>(), inner in any::<Option<bool>>()) {
            let of = Surroundings { ingress, external, internal_environment: inner, ..Surroundings::default() };
            let closed = Surroundings { external: Some(false), ..of.clone() };
            if let (Some(open), Some(closed)) = (reach(&of), reach(&closed)) {
                prop_assert!(closed <= open);
            }
        }
    }
}
