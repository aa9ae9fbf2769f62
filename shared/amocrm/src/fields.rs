//! The account's own custom fields: which of them the bot writes, and in which form each takes a value.

use std::collections::BTreeMap;

use lead::{CrmField, FieldValue, Source};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use texts::Language;

use crate::{CustomField, Fallback, Fault, FieldOption, SOURCE};

/// The longest text of a text field, in characters (seen on live accounts: amocrm/amocrm-api-php#224).
const TEXT_LIMIT: usize = 256;

/// The custom fields of an account that the bot writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFields {
    own: BTreeMap<CrmField, AccountField>,
    /// Ids of the deal's tracking fields that the account has.
    tracking: BTreeMap<TrackingField, u64>,
}

/// A field that amoCRM itself makes in a deal, for where the customer came from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackingField {
    UtmSource,
    UtmMedium,
    UtmCampaign,
    UtmContent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AccountField {
    id: u64,
    form: Form,
    /// Named by `AMOCRM_FIELD_…`: the operator chose it, and should hear if its type does not fit.
    is_configured: bool,
}

/// In which form a field takes its value. amoCRM's types:
/// <https://www.amocrm.ru/developers/content/crm_platform/custom-fields>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Text,
    LongText,
    Number,
    Option(Vec<FieldOption>),
    /// A date, a checkbox, a file …: nothing the bot knows fits.
    Other,
}

/// How a value goes into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// As this entry of `custom_fields_values`, and as far as the fallback says.
    Sent(Value, Option<Fallback>),
    /// Not at all, for a reason that the admins should know.
    LeftOut(Fallback),
    /// Not at all: words such as «any» have no place in a field for numbers. The note has them among the answers.
    OnlyInNote,
}

impl AccountFields {
    /// Finds the bot's fields among the account's: by the configured id, else by code, else, for a field without a
    /// code, by its title.
    #[must_use]
    pub fn find(
        configured: &BTreeMap<&'static str, u64>,
        of_leads: &[CustomField],
        of_contacts: &[CustomField],
        language: Language,
    ) -> Self {
        let found = CrmField::ALL.iter().filter_map(|field| {
            let all = if field.is_contact_field() { of_contacts } else { of_leads };
            let id = configured.get(field.code());
            let title = language.text(&field.title_id());
            let held = match id {
                Some(id) => all.iter().find(|held| held.id == *id),
                None => all.iter().find(|held| held.code.as_deref() == Some(field.code())).or_else(|| {
                    let has_title = |held: &&CustomField| held.code.is_none() && same_words(&held.name, &title);
                    all.iter().find(has_title)
                }),
            }?;
            Some((*field, AccountField { id: held.id, form: Form::of(held), is_configured: id.is_some() }))
        });
        let tracking = TrackingField::ALL.iter().filter_map(|field| Some((*field, field.id_in(of_leads)?)));
        Self { own: found.collect(), tracking: tracking.collect() }
    }

    /// The entries of `custom_fields_values` that say where the customer came from.
    pub(crate) fn tracking_entries(&self, source: &Source) -> Vec<Value> {
        let entry = |(field, id): (&TrackingField, &u64)| {
            let value = field.value(source)?;
            Some(json!({ "field_id": id, "values": [{ "value": value }] }))
        };
        self.tracking.iter().filter_map(entry).collect()
    }

    /// Whether the field with this id is a tracking field.
    pub(crate) fn is_tracking(&self, id: u64) -> bool {
        self.tracking.values().any(|held| *held == id)
    }

    /// The bot's field with this id in the account.
    pub(crate) fn field_of_id(&self, id: u64) -> Option<CrmField> {
        self.own.iter().find(|(_, held)| held.id == id).map(|(field, _)| *field)
    }

    /// The id of the field in the account.
    pub(crate) fn id(&self, field: CrmField) -> Option<u64> {
        self.own.get(&field).map(|held| held.id)
    }

    pub(crate) fn fit(&self, field: CrmField, value: &FieldValue) -> Fit {
        let Some(held) = self.own.get(&field) else { return Fit::LeftOut(Fallback::Field(field, Fault::Unknown)) };
        let entry = |value: Value| json!({ "field_id": held.id, "values": [value] });
        match &held.form {
            Form::LongText => Fit::Sent(entry(json!({ "value": value.text() })), None),
            Form::Text => {
                let (text, is_cut) = cut(value.text());
                Fit::Sent(entry(json!({ "value": text })), is_cut.then_some(Fallback::CutText(field)))
            }
            Form::Number => match value.number() {
                // As text: amoCRM passes long numbers through a float.
                Some(number) => Fit::Sent(entry(json!({ "value": number.to_string() })), None),
                None if held.is_configured => Fit::LeftOut(Fallback::Field(field, Fault::WrongType)),
                None => Fit::OnlyInNote,
            },
            Form::Option(options) => match option(options, value.text()).or_else(|| {
                // What a link says is anybody's text: a list that lacks it gets the bot's own, and the note has the
                // link's.
                option(options, SOURCE).filter(|_| field == CrmField::Source)
            }) {
                Some(option) => Fit::Sent(entry(json!({ "enum_id": option.id })), None),
                None => Fit::LeftOut(Fallback::Field(field, Fault::NoOption)),
            },
            Form::Other => Fit::LeftOut(Fallback::Field(field, Fault::WrongType)),
        }
    }
}

impl TrackingField {
    /// Every tracking field that the bot writes.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The code that amoCRM gives the field.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// Its id, if these fields of deals have it. amoCRM names it like its code.
    #[must_use]
    pub fn id_in(self, of_leads: &[CustomField]) -> Option<u64> {
        let is_it = |held: &&CustomField| {
            held.kind == "tracking_data" && held.code.as_ref().unwrap_or(&held.name).eq_ignore_ascii_case(self.code())
        };
        of_leads.iter().find(is_it).map(|held| held.id)
    }

    fn value(self, source: &Source) -> Option<&str> {
        let value = match self {
            Self::UtmSource => &source.source,
            Self::UtmMedium => &source.medium,
            Self::UtmCampaign => &source.campaign,
            Self::UtmContent => &source.content,
        };
        value.as_deref()
    }
}

impl Form {
    fn of(field: &CustomField) -> Self {
        match field.kind.as_str() {
            "text" | "streetaddress" | "tracking_data" | "url" => Self::Text,
            "textarea" => Self::LongText,
            "numeric" | "monetary" => Self::Number,
            "select" | "multiselect" | "radiobutton" => Self::Option(field.options.clone().unwrap_or_default()),
            _ => Self::Other,
        }
    }
}

/// The text as a text field takes it, and whether something of it is missing.
pub(crate) fn cut(text: &str) -> (String, bool) {
    if text.chars().count() <= TEXT_LIMIT {
        return (text.to_owned(), false);
    }
    let mut cut: String = text.chars().take(TEXT_LIMIT - 1).collect();
    cut.push('…');
    (cut, true)
}

fn option<'a>(options: &'a [FieldOption], text: &str) -> Option<&'a FieldOption> {
    options.iter().find(|option| same_words(&option.value, text))
}

/// Whether two titles or options read the same: case, «ё» and spaces do not count.
pub(crate) fn same_words(one: &str, other: &str) -> bool {
    let words = |text: &str| text.to_lowercase().replace('ё', "е").split_whitespace().collect::<Vec<_>>().join(" ");
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: u64, name: &str, code: Option<&str>, kind: &str) -> CustomField {
        CustomField { id, name: name.to_owned(), code: code.map(str::to_owned), kind: kind.to_owned(), options: None }
    }

    fn list(id: u64, code: &str, options: &[(u64, &str)]) -> CustomField {
        let options = options.iter().map(|(id, value)| FieldOption { id: *id, value: (*value).to_owned() }).collect();
        CustomField { options: Some(options), ..field(id, "", Some(code), "select") }
    }

    fn find(configured: &[(&'static str, u64)], of_leads: &[CustomField]) -> AccountFields {
        AccountFields::find(&configured.iter().copied().collect(), of_leads, &[], Language::Russian)
    }

    fn number(number: u64, text: &str) -> FieldValue {
        FieldValue::Number { number, text: text.to_owned() }
    }

    #[test]
    fn a_field_is_found_by_configured_id_then_by_code_then_by_title() {
        let all = [
            field(1, "Пробег", None, "text"),
            field(2, "Что-то", Some("MILEAGE"), "numeric"),
            field(3, " марка ", None, "text"),
            field(4, "Модель", Some("OTHER"), "text"),
        ];
        let fields = find(&[], &all);
        assert_eq!(fields.id(CrmField::Mileage), Some(2), "the code goes before the title");
        assert_eq!(fields.id(CrmField::CarBrand), Some(3), "by its title");
        assert_eq!(fields.id(CrmField::CarModel), None, "a field with a code of its own is somebody else's");
        let configured = find(&[("MILEAGE", 1), ("CAR_YEAR", 99)], &all);
        assert_eq!(configured.id(CrmField::Mileage), Some(1));
        assert_eq!(configured.id(CrmField::CarYear), None, "the account does not have it");
        assert_eq!(configured.field_of_id(1), Some(CrmField::Mileage));
    }

    #[test]
    fn a_number_goes_into_a_field_for_numbers_and_its_words_into_a_text_field() {
        let value = number(1_000_000, "до 1 000 000 ₽");
        for (kind, sent) in [("numeric", "1000000"), ("monetary", "1000000"), ("text", "до 1 000 000 ₽")] {
            let fields = find(&[], &[field(7, "", Some("BUDGET"), kind)]);
            let entry = json!({ "field_id": 7, "values": [{ "value": sent }] });
            assert_eq!(fields.fit(CrmField::Budget, &value), Fit::Sent(entry, None), "{kind}");
        }
    }

    #[test]
    fn words_in_a_field_for_numbers_concern_the_admins_only_if_they_chose_the_field() {
        let numeric = [field(7, "", Some("CAR_YEAR"), "numeric")];
        let any = FieldValue::from("Любой");
        assert_eq!(find(&[], &numeric).fit(CrmField::CarYear, &any), Fit::OnlyInNote);
        let wrong = Fallback::Field(CrmField::CarYear, Fault::WrongType);
        assert_eq!(find(&[("CAR_YEAR", 7)], &numeric).fit(CrmField::CarYear, &any), Fit::LeftOut(wrong));
    }

    #[test]
    fn an_option_is_sent_by_its_id() {
        let fields = find(&[], &[list(7, "TRANSMISSION", &[(71, "Механика"), (72, "Автомат")])]);
        let fit = fields.fit(CrmField::Transmission, &"автомат".into());
        assert_eq!(fit, Fit::Sent(json!({ "field_id": 7, "values": [{ "enum_id": 72 }] }), None));
        let missing = Fallback::Field(CrmField::Transmission, Fault::NoOption);
        assert_eq!(fields.fit(CrmField::Transmission, &"Робот".into()), Fit::LeftOut(missing));
    }

    #[test]
    fn a_long_text_is_cut_where_the_field_is_short() {
        let long = FieldValue::Text("ы".repeat(300));
        let fields = find(&[], &[field(7, "", Some("CAR_MODEL"), "text")]);
        let Fit::Sent(entry, Some(Fallback::CutText(CrmField::CarModel))) = fields.fit(CrmField::CarModel, &long)
        else {
            panic!("it is cut")
        };
        let sent = entry["values"][0]["value"].as_str().unwrap();
        assert_eq!((sent.chars().count(), sent.ends_with("ы…")), (TEXT_LIMIT, true));
        let fields = find(&[], &[field(7, "", Some("CAR_MODEL"), "textarea")]);
        assert!(matches!(fields.fit(CrmField::CarModel, &long), Fit::Sent(_, None)));
    }

    #[test]
    fn what_the_account_does_not_have_or_what_fits_nothing_is_left_out() {
        let unknown = Fallback::Field(CrmField::CarBrand, Fault::Unknown);
        assert_eq!(find(&[], &[]).fit(CrmField::CarBrand, &"Kia".into()), Fit::LeftOut(unknown));
        let date = find(&[], &[field(7, "", Some("CAR_YEAR"), "date")]);
        let wrong = Fallback::Field(CrmField::CarYear, Fault::WrongType);
        assert_eq!(date.fit(CrmField::CarYear, &number(2019, "2019")), Fit::LeftOut(wrong));
    }

    #[test]
    fn tracking_fields_are_those_that_amocrm_has_made() {
        let of_leads = [
            field(1, "utm_source", Some("UTM_SOURCE"), "tracking_data"),
            field(2, "utm_campaign", None, "tracking_data"),
            field(3, "utm_medium", Some("UTM_MEDIUM"), "text"),
        ];
        let part = |text: &str| Some(text.to_owned());
        let source = Source { source: part("avito"), medium: part("cpc"), campaign: part("autumn"), content: None };
        let fields = find(&[], &of_leads);
        assert_eq!(
            fields.tracking_entries(&source),
            [
                json!({ "field_id": 1, "values": [{ "value": "avito" }] }),
                json!({ "field_id": 2, "values": [{ "value": "autumn" }] }),
            ]
        );
        assert!(find(&[], &[]).tracking_entries(&source).is_empty());
    }

    #[test]
    fn a_list_without_the_source_of_a_link_gets_the_bots_own() {
        let fields = find(&[], &[list(7, "SOURCE", &[(71, "Avito"), (72, "Telegram Bot")])]);
        for (text, option) in [("avito", 71), ("Telegram Bot", 72), ("made-up", 72)] {
            let entry = json!({ "field_id": 7, "values": [{ "enum_id": option }] });
            assert_eq!(fields.fit(CrmField::Source, &text.into()), Fit::Sent(entry, None), "{text}");
        }
    }
}
