//! What the API has to give: a page an hour, an observation a station.

use serde_json::{Value, json};

/// The number of pages.
pub(super) const PAGES: u32 = 12;

/// The number of observations on each.
const PER_PAGE: u32 = 5;

/// JSON Pointers to what each observation has.
pub(super) const CONTRACT: &[&str] = &[
    "/id",
    "/station",
    "/observed_at",
    "/temperature_c",
    "/wind_m_s",
];

const STATIONS: [&str; PER_PAGE as usize] = [
    "Kestrel Ridge",
    "Larkspur Bay",
    "Old Mill",
    "Puffin Rock",
    "Windmere",
];

/// The page and the station whose anemometer is iced: no `wind_m_s`, against [`CONTRACT`].
const ICED: (u32, &str) = (8, "Puffin Rock");

/// The observations on `page`, or `None` if there is no such page. The first is 1.
pub(super) fn page(page: u32) -> Option<Vec<Value>> {
    let stations = (1..).zip(STATIONS);
    (1..=PAGES).contains(&page).then(|| {
        stations
            .map(|(index, station)| observation(page, index, station))
            .collect()
    })
}

fn observation(page: u32, index: u32, station: &str) -> Value {
    let hour = page - 1;
    let number = hour * PER_PAGE + index;
    // Any weather will do, as long as it is the same each time. In tenths, for short texts.
    let temperature = f64::from(index * 17 + number) - 60.0;
    let wind = f64::from((number * 7 + index * 13) % 120);
    let mut observation = json!({
        "id": format!("obs-{number:03}"),
        "station": station,
        "observed_at": format!("2026-01-15T{hour:02}:00:00Z"),
        "temperature_c": temperature / 10.0,
        "wind_m_s": wind / 10.0,
    });
    if (page, station) == ICED {
        if let Some(fields) = observation.as_object_mut() {
            fields.remove("wind_m_s");
        }
    }
    observation
}
