//! Patterns of paths that whoever starts a scan leaves out. What is left out is counted and said: it was not looked at.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// What is left out is called so where it is counted.
pub(super) const EXCLUDED: &str = "files and folders that --exclude names";

/// Patterns: `*` within a name, `**` across folders. One without a slash fits the name of a file or folder anywhere.
#[derive(Debug, Clone, Default)]
pub struct Globs(GlobSet);

impl Globs {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn new(patterns: &[String]) -> Result<Globs, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let plain = pattern.trim_end_matches('/');
            let plain = plain.strip_prefix("./").unwrap_or(plain);
            let anywhere = if plain.starts_with('/') { plain.to_owned() } else { format!("**/{plain}") };
            for one in [format!("{anywhere}/**"), anywhere] {
                let glob = GlobBuilder::new(&one).literal_separator(true).build();
                set.add(glob.map_err(|broken| format!("{pattern}: {}", broken.kind()))?);
            }
        }
        set.build().map(Globs).map_err(|broken| broken.to_string())
    }

    /// Whether a path is named.
    pub fn names(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_what_it_says_and_all_below_it() {
        let globs =
            Globs::new(&["node_modules".into(), "*.min.js".into(), "/srv/a/*".into(), "docs/**/x.md".into()]).unwrap();
        for path in ["/r/node_modules", "node_modules/a/b", "/r/x.min.js", "/srv/a/b", "/r/docs/x.md", "docs/a/b/x.md"]
        {
            assert!(globs.names(Path::new(path)), "{path}");
        }
        for path in ["/r/node_modules2", "/r/x.js", "/srv/a", "/r/docs/y.md", "/x.md"] {
            assert!(!globs.names(Path::new(path)), "{path}");
        }
        assert!(Globs::new(&["a[".into()]).is_err());
        assert!(!Globs::default().names(Path::new("/a")));
    }
}
