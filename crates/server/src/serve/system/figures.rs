//! Figures that this process counts anyway, read from what `/metrics` says.

/// The metrics of this process in Prometheus' text format.
pub(super) struct Figures(String);

impl Figures {
    /// As the recorder printed them.
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The value of `name` with exactly these labels in any order, when it was ever set.
    pub(super) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(name));
        lines
            .filter_map(|rest| rest.rsplit_once(' '))
            .find(|(given, _)| has(given, labels))
            .and_then(|(_, value)| value.parse().ok())
    }
}

fn has(given: &str, labels: &[(&str, &str)]) -> bool {
    if labels.is_empty() {
        return given.is_empty();
    }
    let Some(inside) = given
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return false;
    };
    let parts: Vec<&str> = inside.split(',').collect();
    parts.len() == labels.len()
        && labels
            .iter()
            .all(|(name, value)| parts.contains(&format!("{name}=\"{value}\"").as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_found_by_its_whole_name_and_all_its_labels() {
        let figures = Figures::new(
            "# TYPE store_cache_total counter\n\
             store_cache_total{outcome=\"hit\",layer=\"memory\"} 7\n\
             store_cache_total{layer=\"shared\",outcome=\"hit\"} 3\n\
             store_cache_total_more 9\n\
             audit_journal_waiting_bytes 1024\n"
                .to_owned(),
        );
        let hits =
            |layer| figures.get("store_cache_total", &[("layer", layer), ("outcome", "hit")]);
        assert_eq!(
            (hits("memory"), hits("shared"), hits("disk")),
            (Some(7.0), Some(3.0), None)
        );
        assert_eq!(
            figures.get("audit_journal_waiting_bytes", &[]),
            Some(1024.0)
        );
        assert_eq!(figures.get("audit_journal", &[]), None);
        assert_eq!(
            figures.get("store_cache_total", &[("outcome", "hit")]),
            None
        );
    }
}
