//! Reading the JSON bodies of write calls, as strictly as amoCRM does.
//!
//! A body is read into drafts first; every complaint about every item is gathered, and one complaint refuses the whole
//! batch. Only then is anything changed.

use serde::Serialize;
use serde_json::{Map, Value};

use super::model::Id;
use super::reply::Reply;

/// The most items a write call takes.
pub(super) const BATCH_LIMIT: usize = 250;
/// Later moments can only be milliseconds (in seconds it is the year 5138).
const LAST_SECOND: i64 = 100_000_000_000;

/// What is wrong with one item of a batch.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rejected {
    request_id: String,
    errors: Vec<Complaint>,
}

/// What is wrong with one value.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Complaint {
    code: &'static str,
    path: String,
    detail: &'static str,
}

/// The complaints about one item.
#[derive(Debug, Default)]
pub(super) struct Complaints(Vec<Complaint>);

impl Complaints {
    /// The id, option, user or stage does not exist, or not here.
    pub(super) fn not_a_choice(&mut self, path: String) {
        self.add("NotSupportedChoice", path, "The value you selected is not a valid choice.");
    }

    /// The value is of another type.
    pub(super) fn wrong_type(&mut self, path: String, detail: &'static str) {
        self.add("InvalidType", path, detail);
    }

    /// The key is not known here.
    pub(super) fn unexpected(&mut self, path: String) {
        self.add("FieldNotExpected", path, "This field was not expected.");
    }

    /// A required key is absent.
    pub(super) fn missing(&mut self, path: String) {
        self.add("FieldMissing", path, "This field is missing.");
    }

    /// The text is too long.
    pub(super) fn too_long(&mut self, path: String) {
        self.add("TooLong", path, "This value is too long.");
    }

    /// There are more elements than allowed.
    pub(super) fn too_many(&mut self, path: String) {
        self.add("TooMany", path, "This collection contains too many elements.");
    }

    /// The value is taken already.
    pub(super) fn not_unique(&mut self, path: String) {
        self.add("NotUnique", path, "This value is already used.");
    }

    fn add(&mut self, code: &'static str, path: String, detail: &'static str) {
        self.0.push(Complaint { code, path, detail });
    }
}

/// An object of a request's body, and where in its item it stands.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Object<'a> {
    /// An item itself.
    pub(super) fn root(map: &'a Map<String, Value>) -> Self {
        Self { map, path: String::new() }
    }

    /// The path of one of its keys, in amoCRM's dot notation.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the key is there, be it with `null`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The value of a key, unless it is absent or `null`.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Complains about every key that is not in `known`.
    pub(super) fn only(&self, known: &[&str], complaints: &mut Complaints) {
        for key in self.map.keys() {
            let echoed = self.path.is_empty() && key == "request_id";
            if !echoed && !known.contains(&key.as_str()) {
                complaints.unexpected(self.at(key));
            }
        }
    }

    /// A text.
    pub(super) fn text(&self, key: &str, complaints: &mut Complaints) -> Option<String> {
        let value = self.get(key)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            complaints.wrong_type(self.at(key), "This value should be of type string.");
        }
        text
    }

    /// A text that must be there and not be blank.
    pub(super) fn required_text(&self, key: &str, complaints: &mut Complaints) -> Option<String> {
        match self.get(key) {
            None => complaints.missing(self.at(key)),
            Some(Value::String(text)) if text.trim().is_empty() => complaints.missing(self.at(key)),
            Some(_) => return self.text(key, complaints),
        }
        None
    }

    /// A whole number. Texts that look like one are refused, as are fractions.
    pub(super) fn integer(&self, key: &str, complaints: &mut Complaints) -> Option<i64> {
        let value = self.get(key)?;
        let number = value.as_i64();
        if number.is_none() {
            complaints.wrong_type(self.at(key), "This value should be of type int.");
        }
        number
    }

    /// An id.
    pub(super) fn id(&self, key: &str, complaints: &mut Complaints) -> Option<Id> {
        let number = self.integer(key, complaints)?;
        let id = Id::try_from(number).ok();
        if id.is_none() {
            complaints.not_a_choice(self.at(key));
        }
        id
    }

    /// A moment in Unix seconds; milliseconds are refused.
    pub(super) fn moment(&self, key: &str, complaints: &mut Complaints) -> Option<i64> {
        let seconds = self.integer(key, complaints)?;
        if (0..LAST_SECOND).contains(&seconds) {
            return Some(seconds);
        }
        complaints.wrong_type(self.at(key), "This value should be a Unix timestamp in seconds.");
        None
    }

    /// True or false.
    pub(super) fn flag(&self, key: &str, complaints: &mut Complaints) -> Option<bool> {
        let value = self.get(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            complaints.wrong_type(self.at(key), "This value should be of type bool.");
        }
        flag
    }

    /// An object.
    pub(super) fn object(&self, key: &str, complaints: &mut Complaints) -> Option<Object<'a>> {
        let value = self.get(key)?;
        let Some(map) = value.as_object() else {
            complaints.wrong_type(self.at(key), "This value should be of type object.");
            return None;
        };
        Some(Object { map, path: self.at(key) })
    }

    /// A list of objects; empty when the key is absent.
    pub(super) fn objects(&self, key: &str, complaints: &mut Complaints) -> Vec<Object<'a>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            complaints.wrong_type(self.at(key), "This value should be of type array.");
            return Vec::new();
        };
        let mut objects = Vec::with_capacity(list.len());
        for (index, element) in list.iter().enumerate() {
            let path = format!("{}.{index}", self.at(key));
            match element.as_object() {
                Some(map) => objects.push(Object { map, path }),
                None => complaints.wrong_type(path, "This value should be of type object."),
            }
        }
        objects
    }
}

/// The items of a collection's POST or PATCH: always a JSON array, also for one.
pub(super) fn items(body: &[u8], limit: usize) -> Result<Vec<Map<String, Value>>, Reply> {
    let Ok(Value::Array(list)) = serde_json::from_slice(body) else {
        return Err(Reply::problem(400, "Request body must be a JSON array of objects"));
    };
    if list.is_empty() {
        return Err(Reply::problem(400, "Request body must not be empty"));
    }
    if list.len() > limit {
        return Err(Reply::problem(422, &format!("Limit {limit} per page")));
    }
    list.into_iter()
        .map(|item| match item {
            Value::Object(map) => Ok(map),
            _ => Err(Reply::problem(400, "Request body must be a JSON array of objects")),
        })
        .collect()
}

/// The body of `PATCH /x/{id}` and the like: one bare object.
pub(super) fn single(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(Reply::problem(400, "Request body must be a JSON object")),
    }
}

/// What an item asks for, with the `request_id` to echo.
pub(super) struct Draft<T> {
    pub(super) request_id: String,
    pub(super) change: T,
}

/// Reads every item by `read`. One complaint anywhere, and the whole batch is refused.
pub(super) fn drafts<T>(
    items: &[Map<String, Value>],
    mut read: impl FnMut(&Object<'_>, &mut Complaints) -> Option<T>,
) -> Result<Vec<Draft<T>>, Reply> {
    let mut drafts = Vec::with_capacity(items.len());
    let mut rejected = Vec::new();
    for (index, map) in items.iter().enumerate() {
        let mut complaints = Complaints::default();
        let object = Object::root(map);
        let request_id = object.text("request_id", &mut complaints).unwrap_or_else(|| index.to_string());
        let change = read(&object, &mut complaints);
        match change {
            Some(change) if complaints.0.is_empty() => drafts.push(Draft { request_id, change }),
            _ => rejected.push(Rejected { request_id, errors: complaints.0 }),
        }
    }
    if rejected.is_empty() { Ok(drafts) } else { Err(Reply::rejected(&rejected)) }
}
