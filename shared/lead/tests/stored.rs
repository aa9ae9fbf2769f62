//! Leads that earlier versions have stored are read and go on. The files are their real items; never change them.

use lead::{CrmField, Lead, PhoneSource, Refused, Status};

fn read(json: &str) -> Lead {
    serde_json::from_str(json).expect("an earlier version's item")
}

#[test]
fn a_pending_lead_of_every_version_is_delivered_with_all_its_values() {
    for json in [include_str!("stored/pending.json"), include_str!("stored/pending-with-numbers.json")] {
        let mut lead = read(json);
        let request = &lead.request;
        assert_eq!(request.deal_name(), "Продажа авто — Toyota Camry — Иван");
        assert_eq!((request.price, request.answers.len()), (Some(1_500_000), 6));
        assert_eq!(request.customer.phone_source, PhoneSource::Typed);
        let field = |field| request.fields[&field].text().replace('\u{a0}', " ");
        assert_eq!([CrmField::CarBrand, CrmField::CarModel].map(field), ["Toyota", "Camry"]);
        assert_eq!([CrmField::CarYear, CrmField::Mileage].map(field), ["2019", "85 000 км"]);
        assert_eq!(lead.claim("worker", 1_790_000_100, 120), Ok(()));
        assert!(!lead.is_in_doubt());
        lead.succeed(1_790_000_101, 60);
        assert_eq!(lead.status, Status::Sent { at: 1_790_000_101 });
    }
}

#[test]
fn numbers_are_read_as_numbers() {
    let lead = read(include_str!("stored/pending-with-numbers.json"));
    let number = |field| lead.request.fields[&field].number();
    assert_eq!([CrmField::CarYear, CrmField::Mileage].map(number), [Some(2019), Some(85_000)]);
}

#[test]
fn a_lead_in_the_middle_of_its_delivery_waits_and_goes_on() {
    let mut lead = read(include_str!("stored/retry.json"));
    assert_eq!(lead.request.deal_name(), "Подбор авто — Haval Jolion — Анна");
    assert_eq!(lead.claim("worker", 1_790_000_111, 120), Err(Refused::TooEarly { until: 1_790_000_155 }));
    assert_eq!(lead.claim("worker", 1_790_000_155, 120), Ok(()));
    assert!(lead.is_in_doubt());
}
