//! Time zones: Windows and IANA names in, wall-clock and instants out.

use chrono::{
    DateTime, Datelike as _, Duration, LocalResult, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use windows_timezones::WindowsTimezone;

/// A zone together with the name by which it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) tz: Tz,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self { name: "UTC".to_owned(), tz: Tz::UTC }
    }

    /// Looks a zone up by any name that the service knows.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let tz = match name {
            "UTC" | "tzone://Microsoft/Utc" => Tz::UTC,
            // Windows has it, CLDR maps it to a zone without a territory.
            "Mid-Atlantic Standard Time" => Tz::Etc__GMTPlus2,
            _ => match name.parse::<WindowsTimezone>() {
                Ok(windows) => windows.tzdb_id().parse().ok()?,
                Err(_) => name.parse().ok()?,
            },
        };
        Some(Self { name: name.to_owned(), tz })
    }

    /// The instant of a wall-clock time. What the clocks skip in spring moves forward; what they repeat in autumn is the
    /// first of the two.
    pub(crate) fn instant(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        instant(self.tz, wall)
    }

    /// The wall-clock time of an instant.
    pub(crate) fn wall(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.tz).naive_local()
    }
}

/// See [`Zone::instant`].
pub(crate) fn instant(tz: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match tz.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        LocalResult::None => {
            // The offset before the gap puts the time as far behind the gap as it stood inside it.
            let before = tz.from_local_datetime(&(wall - Duration::hours(3))).earliest();
            before.map_or_else(|| wall.and_utc(), |at| at.to_utc() + Duration::hours(3))
        }
    }
}

/// A stamp as the service writes `lastModifiedDateTime`: seven digits.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    let mut text = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    text.pop();
    format!("{text}.{:07}Z", at.timestamp_subsec_nanos() / 100)
}

/// A wall-clock time as it stands in `dateTimeTimeZone`.
pub(crate) fn wall_text(wall: NaiveDateTime) -> String {
    let mut text = wall.and_utc().to_rfc3339_opts(SecondsFormat::Secs, true);
    text.pop();
    text + ".0000000"
}

/// Reads `dateTime`: a wall-clock time, of which seconds and fraction may be missing; with an offset it is an instant.
pub(crate) fn parse_wall(text: &str, zone: &Zone) -> Option<NaiveDateTime> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return (1..=9998).contains(&at.year()).then(|| zone.wall(at.to_utc()));
    }
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .or_else(|| text.parse::<NaiveDate>().ok().map(|date| date.and_time(chrono::NaiveTime::MIN)))?;
    // The range of the service's own type, with room for arithmetic.
    (1..=9998).contains(&wall.year()).then_some(wall)
}

/// Reads a bound of a window: with its own offset, UTC without.
pub(crate) fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return (1..=9998).contains(&at.year()).then(|| at.to_utc());
    }
    parse_wall(text.trim_end_matches(['Z', 'z']), &Zone::utc()).map(|wall| wall.and_utc())
}

/// The names of Windows, in the order of their alphabet, for `supportedTimeZones`.
pub(crate) const WINDOWS: &[&str] = &[
    "AUS Central Standard Time",
    "AUS Eastern Standard Time",
    "Afghanistan Standard Time",
    "Alaskan Standard Time",
    "Aleutian Standard Time",
    "Altai Standard Time",
    "Arab Standard Time",
    "Arabian Standard Time",
    "Arabic Standard Time",
    "Argentina Standard Time",
    "Astrakhan Standard Time",
    "Atlantic Standard Time",
    "Aus Central W. Standard Time",
    "Azerbaijan Standard Time",
    "Azores Standard Time",
    "Bahia Standard Time",
    "Bangladesh Standard Time",
    "Belarus Standard Time",
    "Bougainville Standard Time",
    "Canada Central Standard Time",
    "Cape Verde Standard Time",
    "Caucasus Standard Time",
    "Cen. Australia Standard Time",
    "Central America Standard Time",
    "Central Asia Standard Time",
    "Central Brazilian Standard Time",
    "Central Europe Standard Time",
    "Central European Standard Time",
    "Central Pacific Standard Time",
    "Central Standard Time (Mexico)",
    "Central Standard Time",
    "Chatham Islands Standard Time",
    "China Standard Time",
    "Cuba Standard Time",
    "Dateline Standard Time",
    "E. Africa Standard Time",
    "E. Australia Standard Time",
    "E. Europe Standard Time",
    "E. South America Standard Time",
    "Easter Island Standard Time",
    "Eastern Standard Time (Mexico)",
    "Eastern Standard Time",
    "Egypt Standard Time",
    "Ekaterinburg Standard Time",
    "FLE Standard Time",
    "Fiji Standard Time",
    "GMT Standard Time",
    "GTB Standard Time",
    "Georgian Standard Time",
    "Greenland Standard Time",
    "Greenwich Standard Time",
    "Haiti Standard Time",
    "Hawaiian Standard Time",
    "India Standard Time",
    "Iran Standard Time",
    "Israel Standard Time",
    "Jordan Standard Time",
    "Kaliningrad Standard Time",
    "Korea Standard Time",
    "Libya Standard Time",
    "Line Islands Standard Time",
    "Lord Howe Standard Time",
    "Magadan Standard Time",
    "Magallanes Standard Time",
    "Marquesas Standard Time",
    "Mauritius Standard Time",
    "Middle East Standard Time",
    "Montevideo Standard Time",
    "Morocco Standard Time",
    "Mountain Standard Time (Mexico)",
    "Mountain Standard Time",
    "Myanmar Standard Time",
    "N. Central Asia Standard Time",
    "Namibia Standard Time",
    "Nepal Standard Time",
    "New Zealand Standard Time",
    "Newfoundland Standard Time",
    "Norfolk Standard Time",
    "North Asia East Standard Time",
    "North Asia Standard Time",
    "North Korea Standard Time",
    "Omsk Standard Time",
    "Pacific SA Standard Time",
    "Pacific Standard Time (Mexico)",
    "Pacific Standard Time",
    "Pakistan Standard Time",
    "Paraguay Standard Time",
    "Qyzylorda Standard Time",
    "Romance Standard Time",
    "Russia Time Zone 10",
    "Russia Time Zone 11",
    "Russia Time Zone 3",
    "Russian Standard Time",
    "SA Eastern Standard Time",
    "SA Pacific Standard Time",
    "SA Western Standard Time",
    "SE Asia Standard Time",
    "Saint Pierre Standard Time",
    "Sakhalin Standard Time",
    "Samoa Standard Time",
    "Sao Tome Standard Time",
    "Saratov Standard Time",
    "Singapore Standard Time",
    "South Africa Standard Time",
    "South Sudan Standard Time",
    "Sri Lanka Standard Time",
    "Sudan Standard Time",
    "Syria Standard Time",
    "Taipei Standard Time",
    "Tasmania Standard Time",
    "Tocantins Standard Time",
    "Tokyo Standard Time",
    "Tomsk Standard Time",
    "Tonga Standard Time",
    "Transbaikal Standard Time",
    "Turkey Standard Time",
    "Turks And Caicos Standard Time",
    "US Eastern Standard Time",
    "US Mountain Standard Time",
    "UTC",
    "UTC+12",
    "UTC+13",
    "UTC-02",
    "UTC-08",
    "UTC-09",
    "UTC-11",
    "Ulaanbaatar Standard Time",
    "Venezuela Standard Time",
    "Vladivostok Standard Time",
    "Volgograd Standard Time",
    "W. Australia Standard Time",
    "W. Central Africa Standard Time",
    "W. Europe Standard Time",
    "W. Mongolia Standard Time",
    "West Asia Standard Time",
    "West Bank Standard Time",
    "West Pacific Standard Time",
    "Yakutsk Standard Time",
    "Yukon Standard Time",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(text: &str) -> NaiveDateTime {
        parse_wall(text, &Zone::utc()).unwrap()
    }

    #[test]
    fn every_windows_name_of_the_list_is_understood() {
        for name in WINDOWS {
            assert!(Zone::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_time_in_the_spring_gap_moves_forward() {
        let zone = Zone::find("W. Europe Standard Time").unwrap();
        let at = zone.instant(wall("2026-03-29T02:30:00"));
        assert_eq!(zone.wall(at), wall("2026-03-29T03:30:00"));
    }

    #[test]
    fn a_repeated_time_is_the_first_of_the_two() {
        let zone = Zone::find("Europe/Berlin").unwrap();
        assert_eq!(zone.instant(wall("2026-10-25T02:30:00")), wall("2026-10-25T00:30:00").and_utc());
    }
}
