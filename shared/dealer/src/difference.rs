//! What one file changes compared with another, for the dealer to read.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Weekday;

use crate::calendar::day_index;
use crate::hours::{OpeningTime, russian_day};
use crate::{Calendar, Dealer, Fact, Limits, Member, SalesChat, Unfinished};

/// What changes when `new` takes the place of `old`: Russian, one line each, in the order of the file. Empty when both
/// say the same.
#[must_use]
pub fn difference(old: &Dealer, new: &Dealer) -> Vec<String> {
    let (old, new) = (settings(old), settings(new));
    let find = |settings: &[Setting], name: &str| settings.iter().find(|it| it.name == name).map(|it| it.value.clone());
    let mut changes = Vec::new();
    for Setting { name, value } in &new {
        match find(&old, name) {
            None => changes.push(format!("Добавлено. {name}{}", after_colon(value))),
            Some(before) if before != *value => changes.push(format!("{name}: {before} → {value}")),
            Some(_) => {}
        }
    }
    for Setting { name, value } in &old {
        if find(&new, name).is_none() {
            changes.push(format!("Убрано. {name}{}", after_colon(value)));
        }
    }
    changes
}

/// One thing that the file sets. Names are unique in a file.
struct Setting {
    name: String,
    value: String,
}

fn setting(name: impl Into<String>, value: impl Into<String>) -> Setting {
    Setting { name: name.into(), value: value.into() }
}

fn after_colon(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(": {value}") }
}

fn settings(dealer: &Dealer) -> Vec<Setting> {
    let Dealer { calendar, team, sales_chat, join_open_deal_days, unfinished, stages, digest, limits, facts } = dealer;
    let mut settings = Vec::new();
    settings.extend(calendar_settings(calendar));
    settings.extend(team.members().map(member_setting));
    if team.members().len() > 0 {
        let names: Vec<&str> = team.members().map(|member| member.name.as_str()).collect();
        settings.push(setting("Очередь на заявки", names.join(", ")));
    }
    settings.extend(sales_chat.iter().flat_map(sales_chat_settings));
    let joining = join_open_deal_days.map(|days| format!("в открытую сделку не старше {days} дн."));
    settings.push(setting("Повторная заявка", joining.unwrap_or_else(|| "всегда новая сделка".to_owned())));
    settings.extend(unfinished_settings(unfinished));
    settings.extend(stages.iter().map(|(id, text)| setting(format!("Сообщение об этапе {id}"), format!("«{text}»"))));
    let digest = digest.as_ref().map(|digest| format!("{}, чат {}", digest.at, digest.chat_id));
    settings.push(setting("Сводка", digest.unwrap_or_else(off)));
    let Limits { requests_a_day, model_questions_a_day } = limits;
    settings.push(setting("Заявок в день от одного чата", requests_a_day.to_string()));
    settings.push(setting("Вопросов к модели в день", model_questions_a_day.to_string()));
    settings.extend(facts.iter().map(fact_setting));
    settings
}

fn calendar_settings(calendar: &Calendar) -> Vec<Setting> {
    let Calendar { zone, holidays, week } = calendar;
    let mut settings =
        vec![setting("Часовой пояс", zone.iana_name().unwrap_or("UTC")), setting("Часы работы", describe_week(week))];
    settings.extend(holidays.iter().map(|date| setting(format!("Выходной {}", date.strftime("%d.%m.%Y")), "")));
    settings
}

/// `Пн–Пт 09:00–20:00, Сб–Вс 10:00–18:00`
fn describe_week(week: &[Option<OpeningTime>; 7]) -> String {
    if week.iter().all(|day| *day == Some(OpeningTime::ALL_DAY)) {
        return "круглосуточно".to_owned();
    }
    let days: Vec<Weekday> = Weekday::Monday.cycle_forward().take(7).collect();
    let runs = days.chunk_by(|a, b| week[day_index(*a)] == week[day_index(*b)]);
    let open = runs.filter_map(|run| {
        let (first, last) = (*run.first()?, *run.last()?);
        let hours = week[day_index(first)]?;
        let until = if first == last { String::new() } else { format!("–{}", russian_day(last)) };
        Some(format!("{}{until} {hours}", russian_day(first)))
    });
    open.collect::<Vec<_>>().join(", ")
}

fn member_setting(member: &Member) -> Setting {
    let Member { name, amocrm_user_id, telegram_id, branches } = member;
    let telegram = telegram_id.map_or_else(|| "без Telegram".to_owned(), |id| format!("Telegram {id}"));
    let branches = branches.as_ref().map_or_else(
        || "все заявки".to_owned(),
        |branches| {
            let sorted: BTreeSet<&str> = branches.iter().map(String::as_str).collect();
            format!("заявки {}", sorted.into_iter().collect::<Vec<_>>().join(", "))
        },
    );
    setting(format!("Сотрудник {amocrm_user_id} в amoCRM"), format!("{name}, {telegram}, {branches}"))
}

fn sales_chat_settings(chat: &SalesChat) -> Vec<Setting> {
    let SalesChat { chat_id, escalation, show_phone } = chat;
    let escalation =
        escalation.as_ref().map(|it| format!("через {} рабочего времени, сообщить {}", minutes(it.after), it.to));
    vec![
        setting("Чат продаж", chat_id.to_string()),
        setting("Если заявку никто не взял", escalation.unwrap_or_else(|| "никому не сообщать".to_owned())),
        setting("Телефон в карточке чата", if *show_phone { "показывать" } else { "не показывать" }),
    ]
}

fn unfinished_settings(unfinished: &Unfinished) -> Vec<Setting> {
    let Unfinished { remind_after, to_crm_after, status_id, resume_days } = unfinished;
    let after = |time: &Option<Duration>| time.map_or_else(off, |time| format!("через {}", minutes(time)));
    vec![
        setting("Напоминание о незаконченной анкете", after(remind_after)),
        setting("Незаконченная анкета в amoCRM", after(to_crm_after)),
        setting("Этап незаконченных анкет", status_id.map_or_else(|| "обычный".to_owned(), |id| id.to_string())),
        setting("Анкету можно продолжить", format!("{resume_days} дн.")),
    ]
}

fn fact_setting(fact: &Fact) -> Setting {
    let Fact { questions, answer } = fact;
    let (first, others) = questions.split_first().map_or(("", &[][..]), |(first, others)| (first.as_str(), others));
    let also = if others.is_empty() { String::new() } else { format!(" (и на: {})", others.join("; ")) };
    setting(format!("Ответ на вопрос «{first}»"), format!("«{answer}»{also}"))
}

fn minutes(time: Duration) -> String {
    format!("{} мин", time.as_secs() / 60)
}

fn off() -> String {
    "выключено".to_owned()
}
