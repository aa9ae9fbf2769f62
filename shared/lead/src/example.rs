//! A finished request for tests of every crate, so that what requests consist of is spelled out once.

use std::collections::BTreeMap;

use ulid::Ulid;

use crate::{Answer, CrmField, Customer, FieldValue, LeadId, PhoneSource, Request};

impl Request {
    /// For tests: Anna sells her Toyota Camry of 2019 for 1 500 000 ₽, without photos. A test changes what it is about.
    #[must_use]
    pub fn example() -> Self {
        let answer = |question: &str, answer: &str| Answer { question: question.to_owned(), answer: answer.to_owned() };
        Self {
            id: LeadId(Ulid::from_string("01JD0000000000000AK7QX3M9Q").unwrap_or_default()),
            branch: "sell".to_owned(),
            service: "Продажа авто".to_owned(),
            topic: "Toyota Camry".to_owned(),
            customer: Customer {
                chat_id: 7_000_000_001,
                username: Some("anna_k".to_owned()),
                name: "Анна".to_owned(),
                phone: "+79001234567".to_owned(),
                phone_source: PhoneSource::Typed,
            },
            price: Some(1_500_000),
            fields: BTreeMap::from([
                (CrmField::CarBrand, "Toyota".into()),
                (CrmField::CarModel, "Camry".into()),
                (CrmField::CarYear, FieldValue::Number { number: 2019, text: "2019".to_owned() }),
            ]),
            answers: vec![
                answer("Марка и модель", "Toyota Camry"),
                answer("Год выпуска", "2019"),
                answer("Пробег", "85 000 км"),
            ],
            photos: Vec::new(),
            voices: Vec::new(),
            source: None,
            consent: None,
            unfinished: None,
            created_at: 1_767_000_000,
        }
    }
}
