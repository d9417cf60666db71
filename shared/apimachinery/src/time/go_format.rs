//! `time.Parse` of Go, for RFC 3339 (`time/format.go`).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::go::quote_bytes as quote;

const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

struct Reader<'a> {
    text: &'a str,
    rest: &'a [u8],
}

pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let mut reader = Reader { text, rest: text.as_bytes() };
    let year = reader.year()?;
    reader.skip(b'-', "-")?;
    let month = reader.number("01", true, ("month", 1..=12))?;
    reader.skip(b'-', "-")?;
    let day = reader.number("02", true, ("day", 0..=99))?;
    reader.skip(b'T', "T")?;
    let hour = reader.number("15", false, ("hour", 0..=23))?;
    reader.skip(b':', ":")?;
    let minute = reader.number("04", true, ("minute", 0..=59))?;
    reader.skip(b':', ":")?;
    let second = reader.number("05", true, ("second", 0..=59))?;
    let nanos = reader.fraction();
    let offset = reader.offset()?;
    if !reader.rest.is_empty() {
        let extra = quote(&String::from_utf8_lossy(reader.rest));
        return Err(reader.told(&format!(": extra text: {extra}")));
    }
    let moment = Date::new(year, narrow(month), narrow(day))
        .map_err(|_no_such_day| reader.told(": day out of range"))?
        .at(narrow(hour), narrow(minute), narrow(second), nanos);
    let found = Offset::from_seconds(offset).and_then(|offset| offset.to_timestamp(moment));
    found.map_err(|_too_far| reader.told(": time zone offset hour out of range"))
}

fn narrow(number: i32) -> i8 {
    i8::try_from(number).unwrap_or_default()
}

impl Reader<'_> {
    fn told(&self, why: &str) -> String {
        format!("parsing time {}{why}", quote(self.text))
    }

    fn cannot(&self, rest: &[u8], element: &str) -> String {
        let (rest, layout) = (quote(&String::from_utf8_lossy(rest)), quote(LAYOUT));
        self.told(&format!(" as {layout}: cannot parse {rest} as {}", quote(element)))
    }

    fn skip(&mut self, byte: u8, element: &str) -> Result<(), String> {
        match self.rest.strip_prefix(&[byte]) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.cannot(self.rest, element)),
        }
    }

    fn year(&mut self) -> Result<i16, String> {
        let year = self
            .rest
            .split_at_checked(4)
            .and_then(|(year, rest)| Some((std::str::from_utf8(year).ok()?.parse().ok()?, rest)));
        let begins = self.rest.first().is_some_and(u8::is_ascii_digit);
        match year.filter(|_| begins) {
            Some((year, rest)) => {
                self.rest = rest;
                Ok(year)
            }
            None => Err(self.cannot(self.rest, "2006")),
        }
    }

    /// Two digits; `fixed`: not one.
    fn number(
        &mut self,
        element: &str,
        fixed: bool,
        (name, range): (&str, std::ops::RangeInclusive<i32>),
    ) -> Result<i32, String> {
        let count = self.rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || (fixed && count == 1) {
            return Err(self.cannot(self.rest, element));
        }
        let (digits, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        let number = digits.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.told(&format!(": {name} out of range")))
        }
    }

    /// Digits behind a point or a comma, which the layout does not name.
    fn fraction(&mut self) -> i32 {
        let Some((b'.' | b',', rest)) = self.rest.split_first() else { return 0 };
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return 0;
        }
        let (digits, rest) = rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        let nine = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        nine.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'))
    }

    /// Seconds that the zone is ahead.
    fn offset(&mut self) -> Result<i32, String> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix(b"Z") {
            self.rest = rest;
            return Ok(0);
        }
        let hold = self.rest;
        let Some((&[sign, hour @ .., _, _, _], rest)) = hold.split_first_chunk::<6>() else {
            return Err(self.cannot(hold, ELEMENT));
        };
        let &[_, _, _, colon, minute @ ..] = hold.first_chunk::<6>().unwrap_or(&[0; 6]);
        let two = |digits: [u8; 2]| {
            let number = std::str::from_utf8(&digits).ok()?;
            number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse::<i32>().ok())?
        };
        if colon != b':' {
            return Err(self.cannot(hold, ELEMENT));
        }
        let (hours, minutes) = (two(hour), two(minute));
        let out_of_range =
            |name: &str| self.told(&format!(": time zone offset {name} out of range"));
        if hours.is_some_and(|hours| hours > 24) {
            return Err(out_of_range("hour"));
        }
        if hours.and(minutes).is_some_and(|minutes| minutes > 60) {
            return Err(out_of_range("minute"));
        }
        let ahead = hours.zip(minutes).map(|(hours, minutes)| (hours * 60 + minutes) * 60);
        let ahead = ahead.and_then(|ahead| match sign {
            b'+' => Some(ahead),
            b'-' => Some(-ahead),
            _ => None,
        });
        self.rest = rest;
        ahead.ok_or_else(|| self.cannot(hold, ELEMENT))
    }
}
