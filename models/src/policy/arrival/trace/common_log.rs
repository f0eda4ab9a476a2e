//! The Common Log Format of web servers.
//!
//! `203.0.113.9 - alice [10/Oct/2000:13:55:36 -0700] "GET /index.html HTTP/1.0" 200 2326`. The key is the hash of
//! the request's target, the class its method, the size that of the answer. Times are whole seconds: requests of
//! one second come at once.
//! Apache HTTP Server, *Log Files*, "Common Log Format".

use sim_core::time::SimTime;

use super::{BadLine, TraceRecord, key_of, size_of};

/// The request a line tells of.
pub(super) fn parse(line: &str) -> Result<TraceRecord, BadLine> {
    let (_, rest) = line.split_once('[').ok_or(BadLine::NotCommonLog("a time in brackets"))?;
    let (time, rest) = rest.split_once(']').ok_or(BadLine::NotCommonLog("a time in brackets"))?;
    let at = parse_time(time).ok_or_else(|| BadLine::NotATime(time.to_owned()))?;
    let (request, rest) = quoted(rest).ok_or(BadLine::NotCommonLog("a request in quotes"))?;
    let mut rest = rest.split_ascii_whitespace();
    let (Some(_status), Some(size)) = (rest.next(), rest.next()) else {
        return Err(BadLine::NotCommonLog("a status and a size"));
    };
    // A connection without a request is logged as "-".
    let mut words = request.split_ascii_whitespace().filter(|word| *word != "-");
    let class = words.next().map(str::to_owned);
    Ok(TraceRecord { at, key: words.next().and_then(key_of), size: size_of(size)?, class })
}

/// What stands between quotes, and what comes after; a backslash takes away a quote's meaning.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (_, text) = text.split_once('"')?;
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Seconds since 1970 of `10/Oct/2000:13:55:36 -0700`.
fn parse_time(text: &str) -> Option<SimTime> {
    let (moment, zone) = text.split_once(' ')?;
    let (date, clock) = moment.split_once(':')?;
    let seconds = days(date)? * 86_400 + seconds_of_day(clock)? - zone_seconds(zone)?;
    Some(SimTime::from_nanos(u64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?))
}

/// A number within a range.
fn within(text: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    text.parse().ok().filter(|number| range.contains(number))
}

fn days(date: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.split('/');
    let day = within(parts.next()?, 1..=31)?;
    let name = parts.next()?;
    let month = (1..).zip(MONTHS).find(|(_, month)| *month == name)?.0;
    Some(days_since_1970(within(parts.next()?, 1970..=2500)?, month, day))
}

/// Howard Hinnant's `days_from_civil`: years begin in March, so that a leap day is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

fn seconds_of_day(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let hours = within(parts.next()?, 0..=23)?;
    let minutes = within(parts.next()?, 0..=59)?;
    // 60 is a leap second.
    let seconds = within(parts.next()?, 0..=60)?;
    Some(hours * 3600 + minutes * 60 + seconds)
}

/// How far the zone is ahead of UTC.
fn zone_seconds(zone: &str) -> Option<i64> {
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits = zone.strip_prefix(['+', '-'])?;
    let hours = within(digits.get(..2)?, 0..=23)?;
    let minutes = within(digits.get(2..)?, 0..=59)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn seconds(time: &str) -> Option<u64> {
        parse_time(time).map(|at| at.as_nanos() / 1_000_000_000)
    }

    #[test]
    fn reads_the_line_of_its_documentation() {
        let line = r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#;
        let record = parse(line).unwrap();
        assert_eq!(record.at, SimTime::from_nanos(971_211_336_000_000_000));
        assert_eq!((record.key, record.size), (key_of("/apache_pb.gif"), Some(Bytes(2326))));
        assert_eq!(record.class.as_deref(), Some("GET"));
        // The combined format adds the referer and the browser.
        assert_eq!(parse(&format!(r#"{line} "http://example.com" "Mozilla/4.08""#)), Ok(record));
    }

    #[test]
    fn odd_requests_are_read_as_far_as_they_go() {
        let odd = |rest: &str| parse(&format!("::1 - - [01/Jan/1970:00:00:00 +0000] {rest}"));
        assert_eq!(odd(r#""-" 408 -"#), Ok(TraceRecord::default()));
        let quote = odd(r#""GET /a\"b\\ HTTP/1.1" 200 5"#).unwrap();
        assert_eq!(quote.key, key_of(r#"/a\"b\\"#));
        assert_eq!(odd(r#""GET /"#), Err(BadLine::NotCommonLog("a request in quotes")));
        assert_eq!(odd(r#""GET /" 200"#), Err(BadLine::NotCommonLog("a status and a size")));
        assert_eq!(odd(r#""GET /" 200 x"#), Err(BadLine::NotASize("x".to_owned())));
        assert_eq!(parse("nonsense"), Err(BadLine::NotCommonLog("a time in brackets")));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        // As GNU date counts them.
        assert_eq!(seconds("29/Feb/2024:23:59:59 +0000"), Some(1_709_251_199));
        assert_eq!(seconds("01/Mar/2024:01:29:59 +0130"), Some(1_709_251_199));
        assert_eq!(seconds("31/Dec/2099:00:00:00 +0000"), Some(4_102_358_400));
        for wrong in [
            "31/Foo/2024:0:0:0 +0000",
            "01/Jan/2024:24:00:00 +0000",
            "01/Jan/2024 +0000",
            "",
            "01/Jan/1970:00:00:00 +0001",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
