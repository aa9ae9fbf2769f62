//! Query strings with PHP's nested keys: `filter[id][]=1&filter[created_at][from]=2`, and the paging they ask for.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::model::Id;
use super::reply::Reply;

/// The most records a page has.
const PAGE_LIMIT: usize = 250;
/// How many it has when nothing is asked.
const DEFAULT_LIMIT: usize = 50;

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// `filter[id][]` is `["filter", "id", ""]`.
    pairs: Vec<(Vec<String>, String)>,
}

impl Query {
    /// Reads what stands after the `?`.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes())
            .map(|(key, value)| {
                (key.split('[').map(|part| part.trim_end_matches(']').to_owned()).collect(), value.into())
            })
            .collect();
        Self { pairs }
    }

    /// Every value under a key: `values("filter", "id")` takes `filter[id]`, `filter[id][]` and `filter[id][0]`.
    pub(super) fn values(&self, group: &str, name: &str) -> Vec<&str> {
        self.pairs
            .iter()
            .filter(|(key, _)| key.len() <= 3 && key.first().is_some_and(|part| part == group))
            .filter(|(key, _)| key.get(1).is_some_and(|part| part == name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The ids a filter names; `None` when it is not asked for. What is not a number is the id of nothing.
    pub(super) fn ids(&self, name: &str) -> Option<Vec<Id>> {
        let values = self.values("filter", name);
        (!values.is_empty()).then(|| values.iter().map(|value| value.parse().unwrap_or(0)).collect())
    }

    /// The texts a filter names; `None` when it is not asked for.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&str>> {
        let values = self.values("filter", name);
        (!values.is_empty()).then_some(values)
    }

    /// `filter[name][from]` to `filter[name][to]`, or a single `filter[name]`; everything when it is not asked for.
    pub(super) fn range(&self, name: &str) -> RangeInclusive<i64> {
        let bound = |end: &str| {
            self.pairs
                .iter()
                .find(|(key, _)| key.iter().map(String::as_str).eq(["filter", name, end]))
                .and_then(|(_, value)| value.parse().ok())
        };
        let exact = self
            .pairs
            .iter()
            .find(|(key, _)| key.iter().map(String::as_str).eq(["filter", name]))
            .and_then(|(_, value)| value.parse().ok());
        let (from, to) = (bound("from").or(exact), bound("to").or(exact));
        from.unwrap_or(i64::MIN)..=to.unwrap_or(i64::MAX)
    }

    /// The pairs of `filter[statuses][n][pipeline_id]` and `filter[statuses][n][status_id]`.
    pub(super) fn statuses(&self) -> Option<Vec<(Option<Id>, Option<Id>)>> {
        let mut pairs: std::collections::BTreeMap<&str, (Option<Id>, Option<Id>)> = std::collections::BTreeMap::new();
        for (key, value) in &self.pairs {
            let [group, name, index, part] = key.as_slice() else { continue };
            if group == "filter" && name == "statuses" {
                let pair = pairs.entry(index).or_default();
                match part.as_str() {
                    "pipeline_id" => pair.0 = value.parse().ok(),
                    "status_id" => pair.1 = value.parse().ok(),
                    _ => {}
                }
            }
        }
        (!pairs.is_empty()).then(|| pairs.into_values().collect())
    }

    /// Whether any key begins with `filter[name]`.
    pub(super) fn filters_by(&self, name: &str) -> bool {
        self.pairs.iter().any(|(key, _)| {
            key.first().is_some_and(|part| part == "filter") && key.get(1).is_some_and(|part| part == name)
        })
    }

    /// A plain parameter.
    pub(super) fn plain(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key.len() == 1 && key[0] == name).map(|(_, value)| value.as_str())
    }

    /// Whether the comma-joined `with` names `part`.
    pub(super) fn with(&self, part: &str) -> bool {
        self.plain("with").is_some_and(|list| list.split(',').any(|name| name.trim() == part))
    }

    /// The order asked for: the field and whether the greatest comes first.
    pub(super) fn order(&self) -> Option<(&str, bool)> {
        let (key, value) = self.pairs.iter().find(|(key, _)| key.len() == 2 && key[0] == "order")?;
        Some((key[1].as_str(), value == "desc"))
    }

    /// One page of `records` under `_embedded.{name}`; 204 when there is nothing on it.
    pub(super) fn page<T>(
        &self,
        path: &str,
        name: &str,
        records: &[T],
        render: impl Fn(&T) -> Value,
    ) -> Result<Reply, Reply> {
        self.page_of(PAGE_LIMIT, path, name, records, render)
    }

    /// The same, with no more than `most` on a page.
    pub(super) fn page_of<T>(
        &self,
        most: usize,
        path: &str,
        name: &str,
        records: &[T],
        render: impl Fn(&T) -> Value,
    ) -> Result<Reply, Reply> {
        let number = |name, default| match self.plain(name) {
            None => Ok(default),
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| Reply::problem(400, &format!("Invalid value of the parameter {name}"))),
        };
        let (page, limit) = (number("page", 1)?, number("limit", DEFAULT_LIMIT)?);
        if limit > PAGE_LIMIT {
            return Err(Reply::problem(422, &format!("Limit {PAGE_LIMIT} per page")));
        }
        let limit = limit.min(most);
        let start = (page - 1).saturating_mul(limit);
        let shown: Vec<Value> = records.iter().skip(start).take(limit).map(render).collect();
        if shown.is_empty() {
            return Ok(Reply::nothing());
        }
        let mut links = json!({"self": {"href": self.href(path, page)}});
        if records.len() > start + shown.len() {
            links["next"] = json!({"href": self.href(path, page + 1)});
        }
        Ok(Reply::ok(&json!({"_page": page, "_links": links, "_embedded": {name: shown}})))
    }

    fn href(&self, path: &str, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.pairs.iter().filter(|(key, _)| key[0] != "page") {
            let mut name = key[0].clone();
            for part in &key[1..] {
                name.push_str(&format!("[{part}]"));
            }
            query.append_pair(&name, value);
        }
        query.append_pair("page", &page.to_string());
        format!("{path}?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_keys_are_read_as_php_reads_them() {
        let query = Query::parse(
            "filter[id][]=1&filter%5Bid%5D%5B%5D=2&filter[created_at][from]=5&filter[statuses][0][status_id]=142&with=leads,tags",
        );
        assert_eq!(query.ids("id"), Some(vec![1, 2]));
        assert_eq!(query.range("created_at"), 5..=i64::MAX);
        assert_eq!(query.statuses(), Some(vec![(None, Some(142))]));
        assert!(query.with("leads") && !query.with("lea"));
        assert_eq!(query.ids("entity_id"), None);
    }
}
