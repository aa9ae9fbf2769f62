//! `carquery stats --html`: the figures as one page for the dealer's owner. It loads nothing from anywhere.

mod chart;

use dialog::Language;
use jiff::civil::Date;

use crate::clock::Clock;
use crate::funnel::{Funnel, Questions};
use crate::stats::{Day, Line, NO_LINK, OTHERS, SourceLine, Stats};

/// What the owner reads.
const LANGUAGE: Language = Language::Russian;

/// The page.
pub(crate) fn page(stats: &Stats, clock: &Clock, now: i64) -> String {
    let made = LANGUAGE
        .text_with("report-made", [("at", long_time(clock, now).into()), ("zone", clock.zone().to_owned().into())]);
    let is_empty = stats.funnel.is_empty() && stats.delivery.is_empty();
    let body = if is_empty {
        format!("<p class=\"card\">{}</p>", text("report-empty"))
    } else {
        [
            tiles(stats),
            by_day(stats),
            section("report-funnel", "report-funnel-note", &cards(stats.funnel.iter().map(funnel))),
            section("report-sources", "report-sources-note", &sources(&stats.sources)),
            section("report-delivery", "report-delivery-note", &delivery(stats)),
            questions(stats.questions),
        ]
        .concat()
    };
    let title = text("report-title");
    format!(
        "<!doctype html>\n<html lang=\"ru\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>\n{}</style></head>\n\
         <body><main><h1>{title}</h1><p>{}</p>{body}<footer>{}</footer></main></body></html>\n",
        include_str!("report/page.css"),
        escaped(&period(stats)),
        escaped(&made)
    )
}

fn text(id: &str) -> String {
    escaped(&LANGUAGE.text(id))
}

/// Text that HTML shows as it is: a source is a stranger's word.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn period(stats: &Stats) -> String {
    let day = |date: Option<Date>| date.map(long_date).unwrap_or_default();
    let [from, to] = [stats.days.first(), stats.days.last()].map(|end| day(end.map(|end| end.date)));
    // The first day and the last are parts of one.
    let days = stats.days.len().saturating_sub(1);
    LANGUAGE.text_with("report-period", [("days", days.into()), ("from", from.into()), ("to", to.into())])
}

fn long_date(date: Date) -> String {
    date.strftime("%d.%m.%Y").to_string()
}

fn long_time(clock: &Clock, at: i64) -> String {
    format!("{} {}", long_date(clock.date(at)), clock.time(at).split(' ').next_back().unwrap_or_default())
}

fn section(title: &str, note: &str, body: &str) -> String {
    format!("<h2>{}</h2><p>{}</p>{body}", text(title), text(note))
}

fn card(body: &str) -> String {
    format!("<div class=\"card\">{body}</div>")
}

fn cards(cards: impl Iterator<Item = String>) -> String {
    format!("<div class=\"cards\">{}</div>", cards.collect::<String>())
}

/// Whole per cent.
fn share(part: u64, whole: u64) -> u64 {
    (part * 100 + whole / 2) / whole.max(1)
}

fn tiles(stats: &Stats) -> String {
    let started: u64 = stats.funnel.iter().filter_map(|funnel| funnel.steps.first()).map(|stop| stop.reached).sum();
    let finished: u64 = stats.funnel.iter().map(|funnel| funnel.finished).sum();
    let sum = |of: fn(&Line) -> usize| stats.delivery.values().map(of).sum::<usize>();
    let (requests, sent, dead) = (sum(|line| line.requests), sum(|line| line.sent), sum(|line| line.dead));
    let tile = |title: &str, value: &str, note: &str, class: &str| {
        let note = escaped(note);
        format!(
            "<div class=\"card tile\"><span>{}</span><b>{value}</b><small class=\"{class}\">{note}</small></div>",
            text(title)
        )
    };
    let delivered = if sent == requests {
        LANGUAGE.text("report-all-delivered")
    } else {
        LANGUAGE.text_with("report-some-delivered", [("requests", requests.into())])
    };
    let share = LANGUAGE.text_with("report-share", [("share", share(finished, started).into())]);
    let mut tiles = vec![
        tile("report-started", &started.to_string(), "", ""),
        tile("report-sent", &finished.to_string(), &share, ""),
        tile("report-delivered", &sent.to_string(), &delivered, ""),
    ];
    if sent < requests {
        let refused = LANGUAGE.text_with("report-refused", [("dead", dead.into())]);
        let (note, class) = if dead > 0 { (refused.as_str(), "alert") } else { ("", "") };
        tiles.push(tile("report-waiting", &(requests - sent).to_string(), note, class));
    }
    // A middle of middles would be nobody's: the busiest service stands for all.
    let busiest = stats.delivery.values().max_by_key(|line| line.sent);
    if let Some((median, slowest)) = busiest.and_then(|line| line.median_seconds.zip(line.slowest_seconds)) {
        let note = LANGUAGE.text_with("report-time-note", [("slowest", LANGUAGE.duration(slowest).into())]);
        tiles.push(tile("report-time", &LANGUAGE.duration(median), &note, ""));
    }
    format!("<div class=\"tiles\">{}</div>", tiles.concat())
}

fn by_day(stats: &Stats) -> String {
    let title = |day: &Day| {
        let arguments = [("date", long_date(day.date).into()), ("requests", day.requests().into())];
        escaped(&LANGUAGE.text_with("report-day", arguments))
    };
    let highest = stats.days.iter().max_by_key(|day| day.requests());
    let most = highest.map(|day| {
        let arguments = [("date", long_date(day.date).into()), ("requests", day.requests().into())];
        escaped(&LANGUAGE.text_with("report-most", arguments))
    });
    let end = |day: Option<&Day>| day.map(|day| long_date(day.date)).unwrap_or_default();
    let legend = states_legend();
    let chart = chart::columns(&stats.days, title);
    let axis = format!(
        "<div class=\"axis\"><span>{}</span><span>{}</span></div>",
        end(stats.days.first()),
        end(stats.days.last())
    );
    let body = format!("{chart}{axis}{legend}");
    format!("<h2>{}</h2><p>{}</p>{}", text("report-days"), most.unwrap_or_default(), card(&body))
}

/// What the colours of a chart mean.
fn legend(colours: &[(&str, &str)]) -> String {
    let entry = |(class, id): &(&str, &str)| format!("<span><i class=\"{class}\"></i>{}</span>", text(id));
    format!("<div class=\"legend\">{}</div>", colours.iter().map(entry).collect::<String>())
}

/// The same of what may become of a request.
fn states_legend() -> String {
    legend(&[("good", "report-in-amocrm"), ("wait", "report-day-waiting"), ("bad", "report-day-dead")])
}

/// One questionnaire. The question at which most customers stop stands out.
fn funnel(funnel: &Funnel) -> String {
    let started = funnel.steps.first().map_or(0, |stop| stop.reached);
    let worst = funnel.steps.iter().map(|stop| stop.left).max().unwrap_or_default();
    let row = |class: &str, name: &str, count: u64, left: &str| {
        let bar = chart::bar(&[("main", count)], started);
        format!(
            "<div class=\"row{class}\"><span>{name}</span>{bar}<span class=\"count\">{count}</span>\
             <span class=\"left\">{left}</span></div>"
        )
    };
    let mut rows: Vec<String> = funnel
        .steps
        .iter()
        .map(|stop| {
            let name = dialog::stop_text(funnel.branch, stop.step);
            let left = if stop.left == 0 { String::new() } else { format!("−{}", stop.left) };
            let class = if stop.left > 0 && stop.left == worst { " worst" } else { "" };
            row(class, &text(name.as_deref().unwrap_or("report-confirm")), stop.reached, &left)
        })
        .collect();
    rows.push(row(" total", &text("report-finished"), funnel.finished, ""));
    card(&format!("<h3>{} · {} %</h3>{}", text(funnel.branch), share(funnel.finished, started), rows.concat()))
}

fn table(head: &[(&str, &str)], rows: impl Iterator<Item = String>, legend: &str) -> String {
    let head = head.iter().map(|(id, class)| {
        let title = if id.is_empty() { String::new() } else { text(id) };
        format!("<th class=\"{class}\">{title}</th>")
    });
    card(&format!(
        "<div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{legend}",
        head.collect::<String>(),
        rows.collect::<String>()
    ))
}

fn sources(lines: &[SourceLine]) -> String {
    let started = |line: &SourceLine| line.dialogs.map_or(0, |dialogs| dialogs.started).max(line.requests);
    let most = lines.iter().map(started).max().unwrap_or_default();
    let row = |line: &SourceLine| {
        let name = match line.source.as_str() {
            NO_LINK => text("report-no-link"),
            OTHERS => text("report-others"),
            source => escaped(source),
        };
        let counts = match line.dialogs {
            Some(dialogs) => [dialogs.started, dialogs.name, dialogs.confirm].map(|count| count.to_string()),
            None => ["report-unknown"; 3].map(text),
        };
        let [begun, name_reached, confirm_reached] = counts;
        let bar = chart::bar(&[("soft", started(line)), ("main", line.requests)], most);
        format!(
            "<tr><td>{name}</td><td class=\"chart\">{bar}</td><td>{begun}</td><td class=\"detail\">{name_reached}</td>\
             <td class=\"detail\">{confirm_reached}</td><td>{}</td><td>{}</td></tr>",
            line.requests, line.sent
        )
    };
    let head = [
        ("report-source", ""),
        ("", "chart"),
        ("report-source-started", ""),
        ("report-source-name", "detail"),
        ("report-source-confirm", "detail"),
        ("report-source-sent", ""),
        ("report-in-amocrm", ""),
    ];
    let legend = legend(&[("main", "report-source-sent"), ("soft", "report-source-started")]);
    table(&head, lines.iter().map(row), &legend)
}

fn delivery(stats: &Stats) -> String {
    let most = stats.delivery.values().map(|line| line.requests).max().unwrap_or_default() as u64;
    let row = |(branch, line): (&String, &Line)| {
        let time = |seconds: Option<i64>| {
            seconds.map_or_else(|| text("report-unknown"), |seconds| escaped(&LANGUAGE.duration(seconds)))
        };
        let (sent, waiting) = (line.sent as u64, line.waiting as u64);
        let parts = [("bad", line.requests as u64), ("wait", sent + waiting), ("good", sent)];
        let alert = if line.dead > 0 { " class=\"alert\"" } else { "" };
        // A questionnaire of another version has no name any more.
        let name = if LANGUAGE.has(branch) { text(branch) } else { escaped(branch) };
        format!(
            "<tr><td>{name}</td><td class=\"chart\">{}</td><td>{}</td><td>{sent}</td><td class=\"detail\">{waiting}</td>\
             <td{alert}>{}</td><td class=\"detail\">{}</td><td class=\"detail\">{}</td></tr>",
            chart::bar(&parts, most),
            line.requests,
            line.dead,
            time(line.median_seconds),
            time(line.slowest_seconds)
        )
    };
    let head = [
        ("report-service", ""),
        ("", "chart"),
        ("report-requests", ""),
        ("report-in-amocrm", ""),
        ("report-day-waiting", "detail"),
        ("report-day-dead", ""),
        ("report-median", "detail"),
        ("report-slowest", "detail"),
    ];
    table(&head, stats.delivery.iter().map(row), &states_legend())
}

/// Nothing when nobody asked.
fn questions(Questions { by_model, by_rules }: Questions) -> String {
    let all = by_model + by_rules;
    if all == 0 {
        return String::new();
    }
    let row = |id: &str, class: &str, count: u64| {
        let bar = chart::bar(&[(class, count)], all);
        let percent = share(count, all);
        format!(
            "<div class=\"row\"><span>{}</span>{bar}<span class=\"count\">{count} · {percent} %</span></div>",
            text(id)
        )
    };
    let rows = row("report-by-model", "main", by_model) + &row("report-by-rules", "wait", by_rules);
    section("report-questions", "report-questions-note", &format!("<div class=\"card questions\">{rows}</div>"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::funnel::Stop;
    use crate::stats::Dialogs;

    fn stats() -> Stats {
        let stop = |step, reached, left| Stop { step, reached, left };
        let steps = vec![stop("question", 40, 10), stop("situation", 30, 2), stop("confirm", 28, 3)];
        let line =
            Line { requests: 25, sent: 23, waiting: 1, dead: 1, median_seconds: Some(2), slowest_seconds: Some(240) };
        Stats {
            funnel: vec![Funnel { branch: "legal", steps, finished: 25 }],
            sources: vec![SourceLine {
                source: "<script>alert(1)</script>".to_owned(),
                dialogs: Some(Dialogs { started: 9, name: 4, confirm: 3 }),
                requests: 3,
                sent: 2,
            }],
            delivery: BTreeMap::from([("legal".to_owned(), line)]),
            questions: Questions { by_model: 3, by_rules: 1 },
            days: vec![
                Day { sent: 20, waiting: 1, dead: 0, date: jiff::civil::date(2026, 11, 1) },
                Day { sent: 3, waiting: 0, dead: 1, date: jiff::civil::date(2026, 11, 2) },
            ],
        }
    }

    fn shown(stats: &Stats) -> String {
        page(stats, &Clock::default(), 1_793_600_000)
    }

    #[test]
    fn the_owner_reads_in_russian_where_customers_stop_and_what_reached_amocrm() {
        let page = shown(&stats());
        for expected in [
            "За 1 день: 01.11.2026 – 02.11.2026",
            "63 % от начавших",
            "Юридическая помощь · 63 %",
            "<div class=\"row worst\"><span>Вопрос</span>",
            "<span class=\"left\">−10</span>",
            "Проверка заявки",
            "из 25",
            "из них amoCRM не приняла: 1",
            "3 · 75 %",
            "Europe/Moscow",
        ] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
    }

    #[test]
    fn the_page_loads_nothing_and_runs_nothing() {
        let page = shown(&stats());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "a source is a stranger's word");
        for foreign in ["<script", "http:", "https:", "src=", "url(", "@import", "href="] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn without_requests_the_page_says_so() {
        let empty = Stats {
            funnel: Vec::new(),
            sources: Vec::new(),
            delivery: BTreeMap::new(),
            questions: Questions::default(),
            days: stats().days,
        };
        let page = shown(&empty);
        assert!(page.contains("никто не начинал заявку") && !page.contains("<svg"), "{page}");
    }
}
