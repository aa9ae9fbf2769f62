//! What is wrong with a file, in the words of its two readers.

use std::fmt;
use std::ops::RangeInclusive;

/// Something in the file that has to be corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong. Sections are named with their brackets (`[hours]`, `[[team]]`), the top of the file with "".
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the text of each variant speaks of its fields")]
pub enum Problem {
    /// The text is not TOML; with the parser's English message.
    Syntax(String),
    /// The file has more bytes than [`crate::MAX_FILE`].
    TooLarge(usize),
    /// A key or section that does not exist, with those that do.
    UnknownKey { key: String, section: &'static str, known: Vec<&'static str> },
    /// `time_zone` or `holidays` below the first section, where TOML takes it for a key of that section.
    BelongsToTheTop { key: String },
    /// A key that the section needs.
    Missing { key: &'static str, section: &'static str },
    /// A value of another type.
    WrongType { key: String, expected: TomlType, found: TomlType },
    /// A number that makes no sense there.
    OutOfRange { key: &'static str, value: String, range: RangeInclusive<i64> },
    /// Text that is empty or only spaces.
    EmptyText { key: String },
    /// Text that does not fit; lengths in UTF-16 units.
    TooLong { key: String, length: usize, max: usize },
    /// A time zone that the time zone database does not have.
    UnknownTimeZone(String),
    /// A date that does not exist or is written in another way.
    BadDate(String),
    /// A key of `[hours]` that does not name days.
    BadDays(String),
    /// Opening hours that cannot be read.
    BadHours(String),
    /// Opening hours that end before they start.
    EndsBeforeStart(String),
    /// A day that has opening hours already; its short Russian and English name, and the line of the first.
    DayTwice { russian: &'static str, english: &'static str, first_line: usize },
    /// `[hours]` without a day.
    NoHours,
    /// A value of `branches` that is not the id of a questionnaire.
    UnknownBranch(String),
    /// `branches` is an empty list.
    NoBranches,
    /// An id that another member of the team has, and the line of the first.
    IdTwice { key: &'static str, id: i64, first_line: usize },
    /// A Telegram id that is not a person's (positive).
    NotAPerson { key: &'static str, id: i64 },
    /// A Telegram id that is not a group's (negative).
    NotAGroup { key: &'static str, id: i64 },
    /// A number that is not a Telegram id.
    NotAChat { key: &'static str, id: i64 },
    /// `escalate_after_minutes` without `escalate_to`.
    NobodyToEscalateTo,
    /// A key of `[stages]` that is not the id of a stage.
    BadStage(String),
    /// The digest's time cannot be read.
    BadWeeklyTime(String),
    /// `questions` is an empty list.
    NoQuestions,
    /// A question that another fact answers, and the line of the first.
    QuestionTwice { question: String, first_line: usize },
}

/// Types of values, as the file's author thinks of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TomlType {
    Text,
    Integer,
    Fraction,
    Boolean,
    Date,
    List,
    Section,
    Sections,
}

impl Fault {
    /// One line for the dealer.
    #[must_use]
    pub fn russian(&self) -> String {
        one_line(&format!("Строка {}: {}", self.line, self.problem.russian()))
    }
}

/// One line for the operator.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(&format!("line {}: {}", self.line, self.problem)))
    }
}

/// Values of the file are quoted as they are, and an escape in TOML can put a line break into any of them.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

impl std::error::Error for Fault {}

impl Problem {
    /// The problem in Russian, without the line.
    #[must_use]
    pub fn russian(&self) -> String {
        match self {
            Self::Syntax(message) => russian_syntax(message),
            Self::TooLarge(bytes) => format!("файл слишком большой: {bytes} байт, можно до {}.", crate::MAX_FILE),
            Self::UnknownKey { key, section: "", known } => {
                format!("настройки или раздела «{key}» нет. Есть: {}.", known.join(", "))
            }
            Self::UnknownKey { key, section, known } => {
                format!("настройки «{key}» в разделе {section} нет. Есть: {}.", known.join(", "))
            }
            Self::BelongsToTheTop { key } => format!("{key} пишется в начале файла, до первого раздела."),
            Self::Missing { key, section } => format!("в разделе {section} не хватает {key}."),
            Self::WrongType { key, expected, found } => {
                format!("{key}: {} {}, а здесь {}.", expected.russian_needed(), expected.russian(), found.russian())
            }
            Self::OutOfRange { key, value, range } => {
                let wanted = match (*range.start(), *range.end()) {
                    (i64::MIN, _) => "это слишком большое число".to_owned(),
                    (min, i64::MAX) => format!("нужно число не меньше {min}"),
                    (0, max) => format!("нужно число от 0 (выключено) до {max}"),
                    (min, max) => format!("нужно число от {min} до {max}"),
                };
                format!("{key}: {value} не подходит, {wanted}.")
            }
            Self::EmptyText { key } => format!("{key}: пустой текст."),
            Self::TooLong { key, length, max } => {
                format!("{key}: текст слишком длинный, знаков {length}, можно до {max}.")
            }
            Self::UnknownTimeZone(name) => {
                format!("часового пояса «{name}» нет. Пишите, например, \"Europe/Moscow\" или \"Asia/Yekaterinburg\".")
            }
            Self::BadDate(text) => format!("«{text}» — такой даты нет. Дата пишется так: \"2026-12-31\"."),
            Self::BadDays(text) => {
                format!("«{text}» — не дни недели. Дни пишутся так: \"Mon-Fri\" или \"Sat,Sun\" (или \"Пн-Пт\").")
            }
            Self::BadHours(text) => format!("«{text}» — не часы работы. Они пишутся так: \"09:00-20:00\"."),
            Self::EndsBeforeStart(text) => {
                format!("«{text}»: конец не позже начала. До полуночи — это \"24:00\".")
            }
            Self::DayTwice { russian, first_line, .. } => {
                format!("{russian}: часы этого дня уже указаны в строке {first_line}.")
            }
            Self::NoHours => {
                "в разделе [hours] нет ни одного дня. Без раздела — открыто всегда, день без часов — выходной."
                    .to_owned()
            }
            Self::UnknownBranch(name) => {
                format!("branches: анкеты «{name}» нет. Бывают: {}.", crate::BRANCHES.join(", "))
            }
            Self::NoBranches => {
                "branches: список пуст. Уберите эту строку, если сотрудник берёт все заявки.".to_owned()
            }
            Self::IdTwice { key, id, first_line } => {
                format!("{key}: {id} уже есть у сотрудника в строке {first_line}.")
            }
            Self::NotAPerson { key, id } => {
                format!("{key}: {id} — не номер человека в Telegram, это число без минуса. Его скажет @userinfobot.")
            }
            Self::NotAGroup { key, id } => {
                format!("{key}: {id} — не номер группы в Telegram, это число с минусом, например -1001234567890.")
            }
            Self::NotAChat { key, id } => format!("{key}: {id} — не номер человека или группы в Telegram."),
            Self::NobodyToEscalateTo => {
                "escalate_after_minutes указано, а escalate_to нет: некому сообщать.".to_owned()
            }
            Self::BadStage(key) => {
                format!("«{key}» — не номер этапа amoCRM. Номера показывает команда carquery amocrm pipelines.")
            }
            Self::BadWeeklyTime(text) => format!("at: «{text}» не понять. День и время пишутся так: \"Mon 09:00\"."),
            Self::NoQuestions => "questions: нужен хотя бы один вопрос.".to_owned(),
            Self::QuestionTwice { question, first_line } => {
                format!("на вопрос «{question}» уже отвечает раздел [[fact]] в строке {first_line}.")
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "not valid TOML: {message}"),
            Self::TooLarge(bytes) => write!(f, "the file has {bytes} bytes, at most {} are allowed", crate::MAX_FILE),
            Self::UnknownKey { key, section: "", known } => {
                write!(f, "unknown key or section `{key}`; known: {}", known.join(", "))
            }
            Self::UnknownKey { key, section, known } => {
                write!(f, "unknown key `{key}` in {section}; known: {}", known.join(", "))
            }
            Self::BelongsToTheTop { key } => write!(f, "`{key}` belongs above the first section"),
            Self::Missing { key, section } => write!(f, "{section} needs `{key}`"),
            Self::WrongType { key, expected, found } => {
                write!(f, "{key}: expected {}, found {}", expected.english(), found.english())
            }
            Self::OutOfRange { key, value, range } => match (*range.start(), *range.end()) {
                (i64::MIN, _) => write!(f, "{key}: {value} is too large a number"),
                (min, i64::MAX) => write!(f, "{key}: {value} is less than {min}"),
                (0, max) => write!(f, "{key}: {value} is not between 0 (off) and {max}"),
                (min, max) => write!(f, "{key}: {value} is not between {min} and {max}"),
            },
            Self::EmptyText { key } => write!(f, "{key}: the text is empty"),
            Self::TooLong { key, length, max } => {
                write!(f, "{key}: the text has {length} characters, at most {max} are allowed")
            }
            Self::UnknownTimeZone(name) => write!(f, "unknown time zone `{name}`; write \"Europe/Moscow\""),
            Self::BadDate(text) => write!(f, "`{text}` is not a date; write \"2026-12-31\""),
            Self::BadDays(text) => write!(f, "`{text}` does not name days; write \"Mon-Fri\" or \"Sat,Sun\""),
            Self::BadHours(text) => write!(f, "`{text}` does not name opening hours; write \"09:00-20:00\""),
            Self::EndsBeforeStart(text) => write!(f, "`{text}` does not end after it starts; midnight is \"24:00\""),
            Self::DayTwice { english, first_line, .. } => {
                write!(f, "the opening hours of {english} are set on line {first_line} already")
            }
            Self::NoHours => f.write_str("[hours] has no day; without the section it is always open"),
            Self::UnknownBranch(name) => {
                write!(f, "branches: unknown questionnaire `{name}`; known: {}", crate::BRANCHES.join(", "))
            }
            Self::NoBranches => f.write_str("branches: the list is empty; leave the key out for all questionnaires"),
            Self::IdTwice { key, id, first_line } => {
                write!(f, "{key}: {id} belongs to the team member on line {first_line}")
            }
            Self::NotAPerson { key, id } => write!(f, "{key}: {id} is not a Telegram user's id, which is positive"),
            Self::NotAGroup { key, id } => write!(f, "{key}: {id} is not a Telegram group's id, which is negative"),
            Self::NotAChat { key, id } => write!(f, "{key}: {id} is not a Telegram id"),
            Self::NobodyToEscalateTo => f.write_str("escalate_after_minutes needs `escalate_to`"),
            Self::BadStage(key) => {
                write!(f, "`{key}` is not the id of a stage; `carquery amocrm pipelines` lists them")
            }
            Self::BadWeeklyTime(text) => write!(f, "at: `{text}` is not a day and a time; write \"Mon 09:00\""),
            Self::NoQuestions => f.write_str("questions: the list is empty"),
            Self::QuestionTwice { question, first_line } => {
                write!(f, "the [[fact]] on line {first_line} answers `{question}` already")
            }
        }
    }
}

impl TomlType {
    fn russian_needed(self) -> &'static str {
        match self {
            Self::Text | Self::List | Self::Section => "нужен",
            Self::Integer | Self::Fraction | Self::Boolean => "нужно",
            Self::Date => "нужна",
            Self::Sections => "нужны",
        }
    }

    fn russian(self) -> &'static str {
        match self {
            Self::Text => "текст в кавычках",
            Self::Integer => "целое число без кавычек",
            Self::Fraction => "дробное число",
            Self::Boolean => "true или false без кавычек",
            Self::Date => "дата или время без кавычек",
            Self::List => "список в квадратных скобках",
            Self::Section => "раздел в одинарных скобках [ ]",
            Self::Sections => "разделы в двойных скобках [[ ]]",
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Integer => "an integer without quotes",
            Self::Fraction => "a fraction",
            Self::Boolean => "true or false without quotes",
            Self::Date => "a date or time without quotes",
            Self::List => "a list in brackets",
            Self::Section => "a section in single brackets [ ]",
            Self::Sections => "sections in double brackets [[ ]]",
        }
    }
}

/// The parser's messages in Russian: the mistakes that people make, the others in English.
fn russian_syntax(message: &str) -> String {
    let known = [
        ("string values must be quoted", "текст пишется в кавычках: \"так\"."),
        ("invalid basic string", "не закрыта кавычка или в тексте есть запрещённый знак (\\ пишется как \\\\)."),
        ("invalid literal string", "не закрыта кавычка или в тексте есть запрещённый знак."),
        ("duplicate key", "этот ключ или раздел уже есть выше."),
        ("key with no value", "после имени нужен знак = и значение."),
        ("missing value", "после знака = нет значения."),
        ("missing assignment", "между именем и значением нужен знак =."),
        ("invalid unquoted key", "имя из русских букв или со знаками пишется в кавычках: \"Пн-Пт\"."),
        ("unclosed", "не закрыта скобка."),
        ("missing comma", "не хватает запятой."),
    ];
    known
        .iter()
        .find(|(english, _)| message.starts_with(english))
        .map_or_else(|| format!("запись не по правилам TOML ({message})."), |(_, russian)| (*russian).to_owned())
}
