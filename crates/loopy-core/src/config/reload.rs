//! Settings that change while a program runs: looked at as a whole, then put in place of the old.

use super::{File, Findings, Key, Settings, resolve};

/// What a new file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Keys whose new value holds from now on.
    pub at_once: Vec<&'static str>,
    /// Keys whose new value holds when the program is started again.
    pub restart: Vec<&'static str>,
}

impl Key {
    /// Whether a new value holds only when the program is started again. A stream that runs takes
    /// another token at once, and what the walk is like from its next joint on; everything else is
    /// opened or laid out once, at the beginning.
    pub fn needs_restart(self) -> bool {
        const AT_ONCE: [&str; 3] = ["features.real_time.websocket.auth_token", "seams.", "walk."];
        !AT_ONCE.iter().any(|changed| self.path.starts_with(changed))
    }
}

impl Settings {
    /// Takes what `file` and `environment` say now, and tells what is new.
    ///
    /// # Errors
    /// When anything in it is wrong; then all settings stay as they were.
    pub fn reload(
        &mut self,
        file: Option<File<'_>>,
        environment: &[(String, String)],
    ) -> Result<Change, Findings> {
        let new = resolve(file, environment)?;
        let change = self.change_to(&new);
        *self = new;
        Ok(change)
    }

    /// What is another in `new`.
    pub fn change_to(&self, new: &Self) -> Change {
        let mut change = Change::default();
        for key in Key::ALL {
            if self.value(key.path) == new.value(key.path) {
                continue;
            }
            if key.needs_restart() {
                change.restart.push(key.path);
            } else {
                change.at_once.push(key.path);
            }
        }
        change
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at what must not be")]

    use super::*;

    fn file(text: &str) -> File<'_> {
        File {
            name: "c.yaml",
            bytes: text.as_bytes(),
        }
    }

    #[test]
    fn a_new_file_holds_at_once_but_for_what_is_opened_at_the_beginning() {
        let mut settings =
            resolve(Some(file("walk: {min_gap: 3}\nstore: {size: 1G}\n")), &[]).unwrap();
        let text = "walk: {min_gap: 4}\nstore: {path: other}\n";
        let change = settings.reload(Some(file(text)), &[]).unwrap();
        assert_eq!(change.at_once, ["walk.min_gap"]);
        assert_eq!(change.restart, ["store.path", "store.size"]);
        assert_eq!(settings.config.walk.min_gap, Some(4));
        assert_eq!(settings.config.store.size, None);
        // The same again is no change, whatever its spelling.
        let again = "store:\n  path: 'other'\nwalk:\n  min_gap: 4\n";
        assert_eq!(
            settings.reload(Some(file(again)), &[]).unwrap(),
            Change::default()
        );
    }

    #[test]
    fn a_broken_edit_changes_nothing_and_says_why() {
        let mut settings = resolve(Some(file("walk: {min_gap: 3}\n")), &[]).unwrap();
        let before = settings.config.clone();
        for broken in [
            "walk: {min_gap: 4, mode: unifrom}\n",
            "walk: {min_gap: 4}\nseams: {threshold: 7}\n",
            "walk: {min_gap: 4",
            "walk: {min_gap: 4}\nwalk: {}\n",
        ] {
            let findings = settings.reload(Some(file(broken)), &[]).unwrap_err();
            assert!(findings.to_string().starts_with("c.yaml:"), "{findings}");
            assert_eq!(settings.config, before);
            assert_eq!(settings.value("walk.min_gap"), 3);
        }
    }

    #[test]
    fn a_variable_that_holds_hides_what_the_file_changes() {
        let environment = [("LOOPYCOMFY_WALK_MIN_GAP".to_owned(), "9".to_owned())];
        let mut settings = resolve(Some(file("walk: {min_gap: 3}\n")), &environment).unwrap();
        let change = settings.reload(Some(file("walk: {min_gap: 4}\n")), &environment);
        assert_eq!(change.unwrap(), Change::default());
        assert_eq!(settings.config.walk.min_gap, Some(9));
    }
}
