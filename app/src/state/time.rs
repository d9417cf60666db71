//! Times for people: the cluster's clock, when something was kept, how old something is.

/// Hours, minutes and seconds of a moment of the day, with an offset from UTC in minutes.
pub(crate) fn clock_time(millis: f64, offset_minutes: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "seconds of our age fit")]
    let seconds = ((millis / 1000.0).floor() - offset_minutes * 60.0) as i64;
    let seconds = seconds.rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A length of time: `00:42`, `1:02:03`.
pub(crate) fn length(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// RFC 3339 in UTC with seconds, as the API writes times.
pub(crate) fn rfc3339(millis: i64) -> String {
    let seconds = millis.div_euclid(1000);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let rest = seconds.rem_euclid(86_400);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Year, month and day of a number of days since 1970-01-01 (proleptic Gregorian).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Milliseconds of a time as the API writes it, in UTC; a fraction of a second is left out.
pub(crate) fn millis(at: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| at.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let seconds = part(11..13)? * 3600 + part(14..16)? * 60 + part(17..19)?;
    // Days since 1970-01-01: the inverse of `civil`.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + seconds) * 1000)
}

/// The part of an RFC 3339 time that a person looks at.
pub(crate) fn short(at: &str) -> &str {
    at.get(11..19).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_api_writes_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_448_472_999), "2026-11-23T15:41:12Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(short("2026-11-23T15:41:12Z"), "15:41:12");
    }

    #[test]
    fn a_time_is_read_back_as_it_was_written() {
        for at in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-23T15:41:12Z"] {
            assert_eq!(millis(at).map(rfc3339).as_deref(), Some(at));
        }
        assert_eq!(millis("2026-01-01T00:00:05.250000Z"), millis("2026-01-01T00:00:05Z"));
        assert_eq!((millis(""), millis("soon, perhaps today")), (None, None));
    }

    #[test]
    fn lengths_grow_an_hour_part_when_they_need_it() {
        assert_eq!(length(42_500), "00:42");
        assert_eq!(length(3_723_000), "1:02:03");
        assert_eq!(length(-5), "00:00");
    }

    #[test]
    fn a_time_of_day_follows_the_offset() {
        assert_eq!(clock_time(0.0, -540.0), "09:00:00");
        assert_eq!(clock_time(0.0, 60.0), "23:00:00");
    }
}
