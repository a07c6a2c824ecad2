//! Topics and filters (MQTT 3.1.1, 4.7), and who may write and read which.

use rumqttc::valid_filter;

/// Bytes of a topic or a filter; the standard allows 64 KiB.
pub const MAX_TOPIC: usize = 512;

/// Whether a message may have it.
pub fn is_topic(topic: &str) -> bool {
    (1..=MAX_TOPIC).contains(&topic.len()) && !topic.contains(['+', '#', '\0'])
}

/// Whether one may subscribe to it. Shared subscriptions are another version's.
pub fn is_filter(filter: &str) -> bool {
    filter.len() <= MAX_TOPIC && !filter.contains('\0') && !filter.starts_with("$share/") && valid_filter(filter)
}

/// `a/#` takes `a` too; what begins with `$` is taken only by a filter that names it (4.7.2).
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        if wanted == "#" {
            return true;
        }
        if !levels.next().is_some_and(|level| wanted == "+" || wanted == level) {
            return false;
        }
    }
    levels.next().is_none()
}

/// What an account may write and read: filters, or everything.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub write: Option<Vec<String>>,
    pub read: Option<Vec<String>>,
}

impl Rules {
    pub(super) fn may_write(&self, topic: &str) -> bool {
        allows(self.write.as_deref(), topic)
    }

    pub(super) fn may_read(&self, topic: &str) -> bool {
        allows(self.read.as_deref(), topic)
    }
}

fn allows(filters: Option<&[String]>, topic: &str) -> bool {
    filters.is_none_or(|filters| filters.iter().any(|filter| matches(filter, topic)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filter_takes_the_topics_of_its_levels() {
        for (filter, topic, taken) in [
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/b/c", "a/b", false),
            ("a/+/c", "a/b/c", true),
            ("a/+", "a/", true),
            ("a/+", "a", false),
            ("a/#", "a", true),
            ("a/#", "a/b/c", true),
            ("#", "a/b", true),
            ("#", "$SYS/uptime", false),
            ("+/uptime", "$SYS/uptime", false),
            ("$SYS/#", "$SYS/uptime", true),
            ("/+", "/a", true),
            ("+", "/a", false),
            ("\u{f6}ljy/+", "\u{f6}ljy/temp", true),
        ] {
            assert_eq!(matches(filter, topic), taken, "{filter} {topic}");
        }
        for (filter, right) in [
            ("a/#", true),
            ("+/+", true),
            ("", false),
            ("a#", false),
            ("#/a", false),
            ("a/+b", false),
            ("$share/x/a", false),
            ("a\0", false),
        ] {
            assert_eq!(is_filter(filter), right, "{filter}");
        }
        assert!(is_topic(&"a".repeat(MAX_TOPIC)) && !is_topic(&"a".repeat(MAX_TOPIC + 1)));
        assert!(is_topic("a/b") && !is_topic("") && !is_topic("a/+") && !is_topic("#") && !is_topic("a\0"));
    }

    proptest! {
        /// The client's library has the same, for what begins in ASCII.
        #[test]
        fn another_reader_of_filters_agrees(filter in "[ab+#/]{1,6}", topic in "[ab/]{1,6}") {
            if is_filter(&filter) {
                prop_assert_eq!(matches(&filter, &topic), rumqttc::matches(&topic, &filter));
            }
        }
    }
}
