//! What a delivery showed about settings that do not fit the account, for the admins.

use amocrm::{Fallback, Fault, SOURCE, fault_of_field, refused_members};
use lead::{CrmField, Lead};
use texts::Language;

/// A warning for the admins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    /// What it is about. The admins get one message a day about each.
    pub(crate) key: String,
    pub(crate) text: String,
}

/// One warning for all fields with the same fault, one for each other setting.
pub(crate) fn warnings(lead: &Lead, language: Language) -> Vec<Warning> {
    let about_fields = [Fault::Unknown, Fault::NoOption, Fault::WrongType].into_iter().filter_map(|fault| {
        let faulty = CrmField::ALL.iter().copied().filter(|field| fault_of_field(lead, *field) == Some(fault));
        let fields: Vec<&str> = faulty.map(CrmField::code).collect();
        (!fields.is_empty()).then(|| about_fields(fault, &fields, language))
    });
    let settings = [
        (Fallback::ResponsibleUser, "settings-responsible-user"),
        (Fallback::Pipeline, "settings-pipeline"),
        (Fallback::UnfinishedStage, "settings-unfinished-stage"),
    ];
    let about_settings = settings
        .into_iter()
        .filter(|(fallback, _)| fallback.applies_to(lead))
        .map(|(fallback, id)| Warning { key: fallback.key().into_owned(), text: language.text(id) });
    let about_team = refused_members(lead).map(|user| Warning {
        key: Fallback::TeamMember(user).key().into_owned(),
        text: language.text_with("settings-team-member", [("user", user.to_string().into())]),
    });
    about_fields.chain(about_settings).chain(about_team).collect()
}

fn about_fields(fault: Fault, fields: &[&str], language: Language) -> Warning {
    let (key, id) = match fault {
        Fault::Unknown => ("FIELDS", "settings-fields-unknown"),
        Fault::NoOption => ("OPTIONS", "settings-options-missing"),
        Fault::WrongType => ("TYPES", "settings-fields-of-wrong-type"),
    };
    let mut text = language.text_with(id, [("fields", fields.join(", ").into())]);
    if fault == Fault::NoOption && fields.contains(&CrmField::Source.code()) {
        text.push(' ');
        text.push_str(&language.text_with("settings-source-option", [("source", SOURCE.into())]));
    }
    Warning { key: key.to_owned(), text }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_one_message_for_each_thing_that_is_to_be_done() {
        let mut lead: Lead = serde_json::from_value(json!({
            "lead_id": "01JD0000000000000AK7QX3M01", "chat_id": 1, "status": { "is": "sent", "at": 1 },
            "request": {
                "id": "01JD0000000000000AK7QX3M01", "branch": "sell", "service": "Продажа авто", "topic": "", "fields": {},
                "customer": { "chat_id": 1, "name": "Анна", "phone": "+79001234567" }, "answers": [], "created_at": 1
            }
        }))
        .unwrap();
        assert_eq!(warnings(&lead, Language::Russian), []);
        let refused = [
            "CAR_BRAND",
            "VIN_NUMBER",
            "SOURCE:option",
            "MILEAGE:words",
            "CAR_MODEL:cut",
            "BUDGET:words",
            "BUDGET:type",
            "PIPELINE",
            "TEAM_MEMBER:703",
        ];
        lead.progress.refused_fields = refused.map(str::to_owned).to_vec();
        let texts: Vec<String> = warnings(&lead, Language::Russian).into_iter().map(|warning| warning.text).collect();
        assert_snapshot!(texts.join("\n"), @"
        ⚠️ В amoCRM нет полей: CAR_BRAND, VIN_NUMBER. Их значения пишутся в примечание. Создайте поля командой carquery amocrm setup или исправьте AMOCRM_FIELD_…
        ⚠️ В списках amoCRM нет нужного варианта: SOURCE. Он пишется в примечание. Добавьте в список вариант, как он стоит в примечании. Для SOURCE это «Telegram Bot».
        ⚠️ Полям amoCRM не подходит тип: BUDGET. Значения пишутся в примечание. Укажите в AMOCRM_FIELD_… текстовые поля или уберите эти переменные и выполните carquery amocrm setup.
        ⚠️ amoCRM не принимает воронку или этап: сделки попадают на первый этап главной воронки. Исправьте AMOCRM_PIPELINE_ID и AMOCRM_STATUS_ID (список: carquery amocrm pipelines).
        ⚠️ amoCRM не принимает сотрудника с номером 703: он отключён, или такого нет. Его заявки получают другие. Исправьте amocrm_user_id в разделе [[team]] файла автосалона или удалите этого сотрудника оттуда.
        ");
    }
}
