//! How long to wait before a request is sent again.

use std::time::{Duration, UNIX_EPOCH};

use super::contract::find;

/// The first wait where the server does not name one; it doubles with each attempt.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(120);

/// The wait before another attempt, where the server named none: 1, 2, 4 … 120 seconds. Without chance in it, so that a
/// simulation can repeat it; requests of a lane do not start together anyway.
#[must_use]
pub fn back_off(attempt: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(LONGEST)
}

/// The wait that an answer's `retry-after` asks for: seconds, possibly with a fraction, or a date, which is compared
/// with the answer's own `date` so that a wrong clock on either side does not matter.
#[must_use]
pub fn retry_after(headers: &[(String, String)], wall: u64) -> Option<Duration> {
    let text = find(headers, "retry-after")?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        // A wait of more than a month is a fault of the server, not a plan.
        return (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(2_678_400.0)))
            .map(|wait| Duration::from_millis(crate::clock::millis(wait + Duration::from_micros(999))));
    }
    let moment = httpdate::parse_http_date(text).ok()?;
    let now = find(headers, "date")
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(UNIX_EPOCH + Duration::from_millis(wall));
    Some(moment.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        retry_after(&[("retry-after".to_owned(), value.to_owned())], 784_111_777_000)
    }

    #[test]
    fn retry_after_is_read_as_seconds_fractions_and_dates() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("2.128"), Some(Duration::from_millis(2128)));
        assert_eq!(asked("0"), Some(Duration::ZERO));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["soon", "-1", "NaN", ""] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_servers_own_clock() {
        let headers = [
            ("retry-after".to_owned(), "Sun, 06 Nov 1994 08:50:37 GMT".to_owned()),
            ("date".to_owned(), "Sun, 06 Nov 1994 08:50:07 GMT".to_owned()),
        ];
        assert_eq!(retry_after(&headers, 0), Some(Duration::from_secs(30)));
    }

    #[test]
    fn back_off_doubles_up_to_two_minutes() {
        let waits: Vec<u64> = (1..=9).map(|attempt| back_off(attempt).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
    }
}
