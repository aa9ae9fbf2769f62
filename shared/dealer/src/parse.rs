//! From text to a checked [`Dealer`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::calendar::day_index;
use crate::fault::{Fault, Problem, TomlType};
use crate::hours::{BadOpening, OpeningTime, WeeklyTime, english_day, parse_date, parse_days, russian_day};
use crate::section::{At, Faults, Section, wrong_type};
use crate::{
    BRANCHES, Calendar, Dealer, Digest, Escalation, Fact, Facts, Limits, MAX_FILE, MAX_TEXT, Member, SalesChat, Team,
    Unfinished,
};

const DAY_IN_MINUTES: i64 = 24 * 60;
/// The longest word of a file that is not meant for customers: a name, a date, a question.
const MAX_LINE: usize = 200;
const MAX_NAME: usize = 60;
/// Telegram's ids have at most 52 significant bits.
const MAX_TELEGRAM_ID: i64 = 1 << 52;

/// Checks the text of a dealer's file.
///
/// # Errors
/// Every fault of the text, in the order of the lines.
pub fn parse(text: &str) -> Result<Dealer, Vec<Fault>> {
    if text.len() > MAX_FILE {
        return Err(vec![Fault { line: 1, problem: Problem::TooLarge(text.len()) }]);
    }
    let mut faults = Faults::new(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let line = faults.line(error.span().map_or(text.len(), |span| span.start));
        faults.add(line, Problem::Syntax(error.message().to_owned()));
    }
    let file = Section::top(table.into_inner(), &faults);
    let dealer = read_file(file, &mut faults);
    let faults = faults.into_sorted();
    if faults.is_empty() { Ok(dealer) } else { Err(faults) }
}

fn read_file(mut file: Section<'_>, faults: &mut Faults<'_>) -> Dealer {
    let dealer = Dealer {
        calendar: Calendar {
            zone: read_zone(&mut file, faults),
            holidays: read_holidays(&mut file, faults),
            week: file
                .section("hours", "[hours]", faults)
                .map_or([Some(OpeningTime::ALL_DAY); 7], |it| read_hours(it, faults)),
        },
        team: Team(read_team(file.sections("team", "[[team]]", faults), faults)),
        sales_chat: file.section("sales_chat", "[sales_chat]", faults).and_then(|it| read_sales_chat(it, faults)),
        join_open_deal_days: file.section("repeat", "[repeat]", faults).and_then(|it| read_repeat(it, faults)),
        unfinished: file
            .section("unfinished", "[unfinished]", faults)
            .map(|it| read_unfinished(it, faults))
            .unwrap_or_default(),
        stages: file.section("stages", "[stages]", faults).map(|it| read_stages(it, faults)).unwrap_or_default(),
        digest: file.section("digest", "[digest]", faults).and_then(|it| read_digest(it, faults)),
        limits: file.section("limits", "[limits]", faults).map(|it| read_limits(it, faults)).unwrap_or_default(),
        facts: Facts::new(read_facts(file.sections("fact", "[[fact]]", faults), faults)),
    };
    file.finish(faults);
    dealer
}

fn read_zone(file: &mut Section<'_>, faults: &mut Faults<'_>) -> TimeZone {
    let Some(name) = file.text("time_zone", MAX_LINE, faults) else { return Calendar::default().zone };
    match TimeZone::get(&name.value) {
        Ok(zone) if !zone.is_unknown() => zone,
        _ => {
            faults.add(name.line, Problem::UnknownTimeZone(name.value));
            TimeZone::UTC
        }
    }
}

/// Dates in quotes or, as TOML has it, without.
fn read_holidays(file: &mut Section<'_>, faults: &mut Faults<'_>) -> BTreeSet<Date> {
    let list = file.list("holidays", faults).map_or_else(Vec::new, |list| list.value);
    list.into_iter().filter_map(|value| read_holiday(value, faults)).collect()
}

fn read_holiday(value: Spanned<DeValue<'_>>, faults: &mut Faults<'_>) -> Option<Date> {
    let line = faults.line(value.span().start);
    let text = match value.into_inner() {
        DeValue::String(text) => text.trim().to_owned(),
        DeValue::Datetime(date) => date.to_string(),
        other => return wrong_type("holidays", TomlType::Text, &other, line, faults),
    };
    let date = parse_date(&text);
    if date.is_none() {
        faults.add(line, Problem::BadDate(text));
    }
    date
}

fn read_hours(section: Section<'_>, faults: &mut Faults<'_>) -> [Option<OpeningTime>; 7] {
    let section_line = section.line;
    let mut week = [None; 7];
    let mut lines = [None; 7];
    let entries = section.into_texts(MAX_LINE, faults);
    if entries.is_empty() {
        faults.add(section_line, Problem::NoHours);
    }
    for (days, hours) in entries {
        let opening = hours.and_then(|hours| read_opening(hours, faults));
        let Some(named) = parse_days(&days.value) else {
            faults.add(days.line, Problem::BadDays(days.value));
            continue;
        };
        for day in named {
            let index = day_index(day);
            if let Some(first_line) = lines[index] {
                let (russian, english) = (russian_day(day), english_day(day));
                faults.add(days.line, Problem::DayTwice { russian, english, first_line });
            } else {
                lines[index] = Some(days.line);
                week[index] = opening;
            }
        }
    }
    week
}

fn read_opening(hours: At<String>, faults: &mut Faults<'_>) -> Option<OpeningTime> {
    let problem = match OpeningTime::parse(&hours.value) {
        Ok(opening) => return Some(opening),
        Err(BadOpening::Unreadable) => Problem::BadHours(hours.value),
        Err(BadOpening::EndsBeforeStart) => Problem::EndsBeforeStart(hours.value),
    };
    faults.add(hours.line, problem);
    None
}

fn read_team(sections: Vec<Section<'_>>, faults: &mut Faults<'_>) -> Vec<Member> {
    let mut users = HashMap::new();
    let mut people = HashMap::new();
    sections
        .into_iter()
        .filter_map(|mut section| {
            section.require("name", faults);
            section.require("amocrm_user_id", faults);
            let name = section.text("name", MAX_NAME, faults);
            let user = read_unique_id(
                section.integer("amocrm_user_id", 1..=i64::MAX, faults),
                "amocrm_user_id",
                &mut users,
                faults,
            );
            let person = read_telegram_id(&mut section, "telegram_id", Chat::Person, faults);
            let person = read_unique_id(person, "telegram_id", &mut people, faults);
            let branches = read_branches(&mut section, faults);
            section.finish(faults);
            Some(Member { name: name?.value, amocrm_user_id: user?.unsigned_abs(), telegram_id: person, branches })
        })
        .collect()
}

fn read_unique_id(
    found: Option<At<i64>>,
    key: &'static str,
    lines: &mut HashMap<i64, usize>,
    faults: &mut Faults<'_>,
) -> Option<i64> {
    let At { value: id, line } = found?;
    if let Some(first_line) = lines.get(&id) {
        faults.add(line, Problem::IdTwice { key, id, first_line: *first_line });
    } else {
        lines.insert(id, line);
    }
    Some(id)
}

fn read_branches(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<Vec<String>> {
    let list = section.texts("branches", MAX_LINE, faults)?;
    if list.is_empty {
        faults.add(list.line, Problem::NoBranches);
    }
    for branch in &list.texts {
        if !BRANCHES.contains(&branch.value.as_str()) {
            faults.add(branch.line, Problem::UnknownBranch(branch.value.clone()));
        }
    }
    Some(list.texts.into_iter().map(|branch| branch.value).collect())
}

fn read_sales_chat(mut section: Section<'_>, faults: &mut Faults<'_>) -> Option<SalesChat> {
    section.require("chat_id", faults);
    let chat_id = read_telegram_id(&mut section, "chat_id", Chat::Group, faults);
    let after = section.integer("escalate_after_minutes", 0..=DAY_IN_MINUTES, faults);
    let is_somebody_named = section.has("escalate_to");
    let to = read_telegram_id(&mut section, "escalate_to", Chat::Any, faults);
    if let Some(after) = after.as_ref().filter(|after| after.value > 0 && !is_somebody_named) {
        faults.add(after.line, Problem::NobodyToEscalateTo);
    }
    let after = minutes(after, 10);
    let show_phone = section.boolean("show_phone", faults).unwrap_or(false);
    section.finish(faults);
    let escalation = after.zip(to).map(|(after, to)| Escalation { after, to: to.value });
    Some(SalesChat { chat_id: chat_id?.value, escalation, show_phone })
}

fn read_repeat(mut section: Section<'_>, faults: &mut Faults<'_>) -> Option<u16> {
    let days = number(section.integer("join_open_deal_days", 0..=365, faults), 30);
    section.finish(faults);
    (days > 0).then_some(days)
}

fn read_unfinished(mut section: Section<'_>, faults: &mut Faults<'_>) -> Unfinished {
    let unfinished = Unfinished {
        remind_after: minutes(section.integer("remind_after_minutes", 0..=DAY_IN_MINUTES, faults), 20),
        to_crm_after: minutes(section.integer("to_crm_after_minutes", 0..=DAY_IN_MINUTES, faults), 120),
        status_id: section.integer("status_id", 1..=i64::MAX, faults).map(|id| id.value.unsigned_abs()),
        resume_days: number(section.integer("resume_days", 1..=30, faults), 7),
    };
    section.finish(faults);
    unfinished
}

fn read_stages(section: Section<'_>, faults: &mut Faults<'_>) -> BTreeMap<u64, String> {
    let mut stages = BTreeMap::new();
    for (key, text) in section.into_texts(MAX_TEXT, faults) {
        match key.value.parse::<u64>() {
            Ok(id) if id > 0 && id.to_string() == key.value => {
                stages.extend(text.map(|text| (id, text.value)));
            }
            _ => faults.add(key.line, Problem::BadStage(key.value)),
        }
    }
    stages
}

fn read_digest(mut section: Section<'_>, faults: &mut Faults<'_>) -> Option<Digest> {
    section.require("chat_id", faults);
    let chat_id = read_telegram_id(&mut section, "chat_id", Chat::Any, faults);
    let at = section.text("at", MAX_LINE, faults).map_or(Some(WeeklyTime::MONDAY_MORNING), |at| {
        let time = WeeklyTime::parse(&at.value);
        if time.is_none() {
            faults.add(at.line, Problem::BadWeeklyTime(at.value));
        }
        time
    });
    section.finish(faults);
    Some(Digest { chat_id: chat_id?.value, at: at? })
}

fn read_limits(mut section: Section<'_>, faults: &mut Faults<'_>) -> Limits {
    let defaults = Limits::default();
    let limits = Limits {
        requests_a_day: number(section.integer("requests_a_day", 1..=10_000, faults), defaults.requests_a_day),
        model_questions_a_day: number(
            section.integer("model_questions_a_day", 1..=1_000_000, faults),
            defaults.model_questions_a_day,
        ),
    };
    section.finish(faults);
    limits
}

fn read_facts(sections: Vec<Section<'_>>, faults: &mut Faults<'_>) -> Vec<Fact> {
    let mut asked = HashMap::new();
    sections
        .into_iter()
        .filter_map(|mut section| {
            section.require("questions", faults);
            section.require("answer", faults);
            let questions = read_questions(&mut section, &mut asked, faults);
            let answer = section.text("answer", MAX_TEXT, faults);
            section.finish(faults);
            Some(Fact { questions: questions?, answer: answer?.value })
        })
        .collect()
}

fn read_questions(
    section: &mut Section<'_>,
    asked: &mut HashMap<String, usize>,
    faults: &mut Faults<'_>,
) -> Option<Vec<String>> {
    let list = section.texts("questions", MAX_LINE, faults)?;
    if list.is_empty {
        faults.add(list.line, Problem::NoQuestions);
    }
    for At { value: question, line } in &list.texts {
        if let Some(first_line) = asked.insert(question.to_lowercase(), section.line) {
            faults.add(*line, Problem::QuestionTwice { question: question.clone(), first_line });
        }
    }
    Some(list.texts.into_iter().map(|question| question.value).collect())
}

/// What a Telegram id has to belong to.
#[derive(Clone, Copy)]
enum Chat {
    Person,
    Group,
    Any,
}

fn read_telegram_id(
    section: &mut Section<'_>,
    key: &'static str,
    wanted: Chat,
    faults: &mut Faults<'_>,
) -> Option<At<i64>> {
    let found = section.integer(key, i64::MIN..=i64::MAX, faults)?;
    let id = found.value;
    let problem = match wanted {
        _ if id == 0 || id.unsigned_abs() >= MAX_TELEGRAM_ID.unsigned_abs() => Problem::NotAChat { key, id },
        Chat::Person if id < 0 => Problem::NotAPerson { key, id },
        Chat::Group if id > 0 => Problem::NotAGroup { key, id },
        _ => return Some(found),
    };
    faults.add(found.line, problem);
    None
}

/// A number of minutes as a time; 0 is `None`.
fn minutes(found: Option<At<i64>>, default: u64) -> Option<Duration> {
    let minutes: u64 = number(found, default);
    (minutes > 0).then(|| Duration::from_mins(minutes))
}

/// A number that was checked to fit.
fn number<T: TryFrom<i64>>(found: Option<At<i64>>, default: T) -> T {
    found.and_then(|found| T::try_from(found.value).ok()).unwrap_or(default)
}
