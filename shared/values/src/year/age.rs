//! The earliest year said by the greatest age: «не старше 5 лет».

use crate::typed::words;

/// Older cars are named by their year.
const OLDEST: i16 = 40;

/// The year of manufacture of a car that is as old as `typed` says. «18 года» is a year, not an age.
pub(super) fn earliest_year(typed: &str, this_year: i16) -> Option<i16> {
    let words: Vec<String> = words(typed).collect();
    let mut ages = words.windows(2).filter_map(|pair| {
        let age: i16 = pair[0].parse().ok()?;
        let is_age = match pair[1].as_str() {
            "лет" => (5..=OLDEST).contains(&age),
            "года" => (2..=4).contains(&age),
            _ => false,
        };
        is_age.then_some(age)
    });
    let oldest = ages.next()?;
    ages.next().is_none().then_some(this_year - oldest)
}

#[cfg(test)]
mod tests {
    use crate::year::read_from;

    #[test]
    fn the_greatest_age_is_the_earliest_year() {
        for (typed, year) in [
            ("не старше 5 лет", Some(2021)),
            ("до 10 лет", Some(2016)),
            ("от 2 до 5 лет", Some(2021)),
            ("максимум 3 года", Some(2023)),
            ("не старше 18 года", Some(2018)),
            ("не старше 2018 года", Some(2018)),
            ("не старше 50 лет", None),
            ("2 года или 5 лет", None),
        ] {
            let read = read_from(typed, 2026).ok().filter(|read| read.doubt.is_none());
            assert_eq!(read.map(|read| read.value), year, "{typed}");
        }
    }
}
