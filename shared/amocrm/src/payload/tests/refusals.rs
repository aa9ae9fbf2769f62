//! What is sent after the account has refused a value, and what is never sent because of the types of its fields.

use super::*;

/// amoCRM does not take what the first item has there.
fn refused(path: &str) -> FieldError {
    FieldError {
        item: "0".to_owned(),
        code: "NotSupportedChoice".to_owned(),
        path: path.to_owned(),
        detail: String::new(),
    }
}

#[test]
fn what_the_account_refuses_is_left_out_and_nothing_else() {
    let builder = builder(&[("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_FIELD_CAR_YEAR", "9103")]);
    let mut lead = lead();
    let deal = builder.deal(&lead, 501);
    let left_out =
        builder.fallbacks(&lead, &deal, &[refused("custom_fields_values.3.field_id"), refused("pipeline_id")]).unwrap();
    assert_eq!(left_out, [Fallback::Field(CrmField::CarYear, Fault::Unknown), Fallback::Pipeline]);
    assert_eq!(
        builder.fallbacks(&lead, &deal, &[refused("pipeline_id"), refused("name")]),
        None,
        "a deal needs its name"
    );
    assert_eq!(builder.fallbacks(&lead, &deal, &[]), None, "no reason, nothing to leave out");

    lead.progress.refused_fields = left_out.into_iter().map(|what| what.key().into_owned()).collect();
    let deal = builder.deal(&lead, 501);
    assert_eq!(deal.get("pipeline_id"), None);
    assert!(!deal.to_string().contains("9103"));
    assert!(deal.to_string().contains("CAR_MODEL"));
}

#[test]
fn contact_deal_and_task_go_to_the_user_of_the_lead_and_a_refused_one_is_known_by_number() {
    let builder = builder(&[("AMOCRM_RESPONSIBLE_USER_ID", "77")]);
    let mut lead = lead();
    let responsible = |lead: &Lead| {
        let all = [builder.new_contact(lead), builder.deal(lead, 501), builder.task(lead, "task-call", 8001, 1)];
        all.map(|item| item["responsible_user_id"].as_u64())
    };
    let refused = FieldError {
        item: "0".to_owned(),
        code: "NotSupportedChoice".to_owned(),
        path: "responsible_user_id".to_owned(),
        detail: String::new(),
    };
    let left_out = |lead: &Lead| builder.fallbacks(lead, &Value::Null, std::slice::from_ref(&refused)).unwrap();
    lead.responsible = Some(702);
    assert_eq!(responsible(&lead), [Some(702); 3]);
    assert_eq!(left_out(&lead), [Fallback::TeamMember(702)]);
    Fallback::TeamMember(702).apply_to(&mut lead);
    assert_eq!(refused_members(&lead).collect::<Vec<_>>(), [702]);

    lead.responsible = None;
    assert_eq!(responsible(&lead), [Some(77); 3], "nobody of the team takes it");
    assert_eq!(left_out(&lead), [Fallback::ResponsibleUser]);
    Fallback::ResponsibleUser.apply_to(&mut lead);
    assert_eq!(responsible(&lead), [None; 3]);
}

#[test]
fn a_numeric_field_is_offered_the_bare_number_once() {
    let builder = builder(&[]);
    let mut lead = lead();
    lead.request.fields = BTreeMap::from([
        (CrmField::Mileage, FieldValue::Number { number: 85_000, text: "85\u{a0}000\u{a0}км".to_owned() }),
        (CrmField::CarYear, "Любой".into()),
        (CrmField::CarModel, "X5 2019".into()),
    ]);
    let refused = |deal: &Value, field: CrmField| {
        let fields = deal["custom_fields_values"].as_array().unwrap();
        let at = fields.iter().position(|sent| sent["field_code"] == field.code()).unwrap();
        let path = format!("custom_fields_values.{at}.values.0.value");
        FieldError { item: "0".to_owned(), code: "InvalidType".to_owned(), path, detail: String::new() }
    };
    let deal = builder.deal(&lead, 501);
    let errors = [CrmField::Mileage, CrmField::CarYear, CrmField::CarModel].map(|field| refused(&deal, field));
    let first = builder.fallbacks(&lead, &deal, &errors).unwrap();
    assert_eq!(
        first,
        [
            Fallback::BareNumber(CrmField::Mileage),
            Fallback::Field(CrmField::CarYear, Fault::WrongType),
            Fallback::Field(CrmField::CarModel, Fault::WrongType),
        ]
    );
    lead.progress.refused_fields = first.into_iter().map(|what| what.key().into_owned()).collect();
    let deal = builder.deal(&lead, 501);
    assert!(deal.to_string().contains(r#""value":"85000""#), "{deal}");
    assert_eq!(
        builder.fallbacks(&lead, &deal, &[refused(&deal, CrmField::Mileage)]).unwrap(),
        [Fallback::Field(CrmField::Mileage, Fault::WrongType)],
        "there is nothing left to take off"
    );
}

#[test]
fn a_list_without_the_option_is_not_an_unknown_field() {
    let builder = builder(&[]);
    let lead = lead();
    let deal = builder.deal(&lead, 501);
    let errors = [refused("custom_fields_values.4.values.0.value"), refused("custom_fields_values.5.field_code")];
    assert_eq!(
        builder.fallbacks(&lead, &deal, &errors).unwrap(),
        [Fallback::Field(CrmField::Source, Fault::NoOption), Fallback::Field(CrmField::RequestId, Fault::Unknown)]
    );
}

#[test]
fn the_types_of_the_accounts_fields_decide_the_form_at_the_first_try() {
    let field = |id, code: &str, kind: &str| CustomField {
        id,
        name: String::new(),
        code: Some(code.to_owned()),
        kind: kind.to_owned(),
        options: None,
    };
    let of_leads = [field(1, "CAR_YEAR", "numeric"), field(2, "CAR_MODEL", "text"), field(3, "SOURCE", "date")];
    let fields = AccountFields::find(&BTreeMap::new(), &of_leads, &[], Language::Russian);
    let builder = PayloadBuilder { fields: Some(fields), ..builder(&[]) };
    let mut lead = lead();
    lead.request.fields.insert(CrmField::CarModel, FieldValue::Text("о".repeat(300)));
    assert!(builder.remember_misfits(&mut lead));
    assert!(!builder.remember_misfits(&mut lead), "nothing new");
    let deal = builder.deal(&lead, 501);
    let entries = deal["custom_fields_values"].as_array().unwrap();
    let sent: Vec<_> = entries.iter().map(|entry| entry["field_id"].as_u64().unwrap()).collect();
    assert_eq!(sent, [2, 1], "fields that the account does not have are not sent");
    assert_eq!(entries[1]["values"][0]["value"], "2019");
    assert_eq!(entries[0]["values"][0]["value"].as_str().unwrap().chars().count(), 256);
    assert_eq!(
        lead.progress.refused_fields,
        ["SERVICE_TYPE", "CAR_BRAND", "CAR_MODEL:cut", "SOURCE:type", "REQUEST_ID", "TELEGRAM_ID", "TELEGRAM_USERNAME"]
    );
    let note: Vec<_> = values_for_note(&lead).map(|(field, _)| field).collect();
    assert_eq!(note, [CrmField::ServiceType, CrmField::CarBrand, CrmField::CarModel, CrmField::Source]);
}

#[test]
fn a_text_that_is_too_long_for_its_field_is_cut_when_amocrm_says_so() {
    let builder = builder(&[]);
    let mut lead = lead();
    lead.request.fields = BTreeMap::from([(CrmField::CarModel, FieldValue::Text("о".repeat(300)))]);
    let too_long = FieldError {
        item: "0".to_owned(),
        code: "TooLong".to_owned(),
        path: "custom_fields_values.1.values.0.value".to_owned(),
        detail: String::new(),
    };
    let deal = builder.deal(&lead, 501);
    let fallbacks = builder.fallbacks(&lead, &deal, std::slice::from_ref(&too_long)).unwrap();
    assert_eq!(fallbacks, [Fallback::CutText(CrmField::CarModel)]);
    fallbacks[0].apply_to(&mut lead);
    let deal = builder.deal(&lead, 501);
    assert_eq!(deal["custom_fields_values"][1]["values"][0]["value"].as_str().unwrap().chars().count(), 256);
    let still = builder.fallbacks(&lead, &deal, &[too_long]).unwrap();
    assert_eq!(still, [Fallback::Field(CrmField::CarModel, Fault::WrongType)], "it comes to an end");
}
