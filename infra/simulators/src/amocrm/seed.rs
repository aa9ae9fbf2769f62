//! The account as it is before anybody does anything: its users, pipelines and system fields.

use lead::CrmField;

use super::model::{EnumOption, Field, FieldType, Id, Kind, LOST, Pipeline, Stage, User, WON};

/// Id of the account.
pub const ACCOUNT_ID: u64 = 1001;
/// Subdomain of the account.
pub const SUBDOMAIN: &str = "carquery";

/// The administrator, owner of every token.
pub const ADMIN: u64 = 701;
/// A sales manager.
pub const MANAGER: u64 = 702;
/// A manager who has left: the account refuses to give them anything.
pub const DISMISSED_MANAGER: u64 = 703;
/// Another sales manager.
pub const SECOND_MANAGER: u64 = 704;
/// A third one.
pub const THIRD_MANAGER: u64 = 705;

/// Why deals are lost.
pub const LOSS_REASONS: [(u64, &str); 3] = [(801, "Дорого"), (802, "Передумал"), (803, "Не дозвонились")];

/// The main pipeline, «Продажи».
pub const SALES_PIPELINE: u64 = 3100;
/// The inbox stage of «Продажи», which the API does not take.
pub const SALES_INBOX: u64 = 3101;
/// The first stage of «Продажи».
pub const SALES_FIRST_STAGE: u64 = 3102;
/// The pipeline «Бот».
pub const BOT_PIPELINE: u64 = 3200;
/// The first stage of «Бот», «Новая заявка».
pub const BOT_FIRST_STAGE: u64 = 3202;

/// Ids made later begin here.
pub(super) const FIRST_FREE_ID: Id = 10_000;

/// The stage colours amoCRM knows (those seen; its palette has more).
pub(super) const COLORS: [&str; 5] = ["#fffeb2", "#99ccff", "#ffff99", "#ffcc66", "#ffcccc"];

/// The people of the account.
pub(super) fn users() -> Vec<User> {
    [
        (ADMIN, "Анна Директор", "director"),
        (MANAGER, "Ольга Менеджер", "manager"),
        (DISMISSED_MANAGER, "Павел Бывший", "former"),
        (SECOND_MANAGER, "Игорь Менеджер", "second"),
        (THIRD_MANAGER, "Мария Менеджер", "maria"),
    ]
    .map(|(id, name, mailbox)| User {
        id,
        name: name.to_owned(),
        email: format!("{mailbox}@dealer.example"),
        is_admin: id == ADMIN,
        is_active: id != DISMISSED_MANAGER,
    })
    .into()
}

/// The two types of tasks every account has.
pub(super) const TASK_TYPES: [(Id, &str); 2] = [(1, "Связаться"), (2, "Встреча")];

/// Both pipelines.
pub(super) fn pipelines() -> Vec<Pipeline> {
    let own = |id, names: &[&str]| {
        let stages = names.iter().zip(id + 2..).zip(2..);
        stages.map(|((name, id), place)| stage(id, name, place * 10, "#99ccff")).collect::<Vec<_>>()
    };
    [
        (SALES_PIPELINE, "Продажи", own(SALES_PIPELINE, &["Первичный контакт", "Переговоры", "Принимают решение"])),
        (BOT_PIPELINE, "Бот", own(BOT_PIPELINE, &["Новая заявка", "Созвонились", "Встреча назначена"])),
    ]
    .into_iter()
    .map(|(id, name, own)| {
        let mut statuses = vec![inbox(id + 1)];
        statuses.extend(own);
        statuses.extend(closing_stages());
        let is_main = id == SALES_PIPELINE;
        Pipeline {
            id,
            name: name.to_owned(),
            sort: if is_main { 1 } else { 2 },
            is_main,
            is_unsorted_on: true,
            statuses,
        }
    })
    .collect()
}

/// The stage «Неразобранное» of a pipeline.
pub(super) fn inbox(id: Id) -> Stage {
    Stage { is_inbox: true, ..stage(id, "Неразобранное", 10, "#c1c1c1") }
}

/// «Won» and «lost», which every pipeline has.
pub(super) fn closing_stages() -> [Stage; 2] {
    [stage(WON, "Успешно реализовано", 10_000, "#CCFF66"), stage(LOST, "Закрыто и не реализовано", 11_000, "#D5D8DB")]
}

fn stage(id: Id, name: &str, sort: i64, color: &str) -> Stage {
    Stage { id, name: name.to_owned(), sort, color: color.to_owned(), is_inbox: false }
}

/// Tracking data that every account's deals have, beside «referrer».
const TRACKING: [&str; 5] = ["utm_term", "utm_source", "utm_medium", "utm_campaign", "utm_content"];

/// The fields amoCRM itself makes: phone and e-mail of a contact, tracking data of a deal.
pub(super) fn system_fields() -> Vec<Field> {
    let tracking = TRACKING
        .iter()
        .zip(9010..)
        .map(|(name, id)| field(id, Kind::Leads, name, &name.to_uppercase(), FieldType::TrackingData));
    let others = vec![
        Field {
            enums: options(8100, &["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"]),
            ..field(9001, Kind::Contacts, "Телефон", "PHONE", FieldType::Multitext)
        },
        Field {
            enums: options(8200, &["WORK", "PRIV", "OTHER"]),
            ..field(9002, Kind::Contacts, "Email", "EMAIL", FieldType::Multitext)
        },
        field(9003, Kind::Contacts, "Должность", "POSITION", FieldType::Text),
        field(9005, Kind::Leads, "referrer", "REFERRER", FieldType::TrackingData),
    ];
    others.into_iter().chain(tracking).collect()
}

/// The bot's own fields, as `carquery amocrm setup` makes them: all of them texts, since a budget can be a span.
pub(super) fn bot_fields() -> Vec<Field> {
    CrmField::ALL
        .iter()
        .copied()
        .zip(9101..)
        .map(|(bot_field, id)| {
            let kind = if bot_field.is_contact_field() { Kind::Contacts } else { Kind::Leads };
            Field {
                is_predefined: false,
                is_api_only: matches!(bot_field, CrmField::RequestId | CrmField::TelegramId),
                sort: 500,
                ..field(
                    id,
                    kind,
                    &texts::Language::Russian.text(&bot_field.title_id()),
                    bot_field.code(),
                    FieldType::Text,
                )
            }
        })
        .collect()
}

fn field(id: Id, kind: Kind, name: &str, code: &str, field_type: FieldType) -> Field {
    Field {
        id,
        kind,
        name: name.to_owned(),
        code: Some(code.to_owned()),
        field_type,
        sort: 1,
        is_api_only: false,
        is_predefined: true,
        enums: Vec::new(),
    }
}

fn options(first_id: Id, codes: &[&str]) -> Vec<EnumOption> {
    codes
        .iter()
        .zip(first_id..)
        .zip(1..)
        .map(|((code, id), sort)| EnumOption { id, value: (*code).to_owned(), code: Some((*code).to_owned()), sort })
        .collect()
}
