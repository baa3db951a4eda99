//! Rust types of some documents: what a program would read them into. They are as complete as a
//! careful client's would be, and check no bounds.

#![allow(dead_code)] // Read, not used.

use serde::Deserialize;

/// Reads a document into its type; `None` of those that have none here.
pub(crate) fn reader(document: &str) -> Option<fn(&[u8]) -> bool> {
    Some(match document {
        "weather" => read::<Weather>,
        "issues_100k" | "issues_1m" | "page of issues" => read::<Vec<Issue>>,
        "canada" | "geojson" => read::<Collection>,
        _ => return None,
    })
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> bool {
    serde_json::from_slice::<T>(body).is_ok()
}

#[derive(Deserialize)]
struct Weather {
    latitude: f64,
    longitude: f64,
    generationtime_ms: f64,
    utc_offset_seconds: i64,
    timezone: String,
    timezone_abbreviation: String,
    elevation: f64,
    current_units: std::collections::HashMap<String, String>,
    current: Current,
    hourly_units: std::collections::HashMap<String, String>,
    hourly: Hourly,
}

#[derive(Deserialize)]
struct Current {
    time: String,
    interval: u32,
    temperature_2m: f64,
    wind_speed_10m: f64,
}

#[derive(Deserialize)]
struct Hourly {
    time: Vec<String>,
    temperature_2m: Vec<f64>,
    precipitation: Vec<f64>,
}

#[derive(Deserialize)]
struct Issue {
    url: String,
    repository_url: String,
    labels_url: String,
    comments_url: String,
    events_url: String,
    html_url: String,
    id: u64,
    node_id: String,
    number: u64,
    title: String,
    user: User,
    #[serde(default)]
    labels: Vec<Label>,
    state: Option<String>,
    locked: Option<bool>,
    assignee: Option<User>,
    assignees: Vec<User>,
    milestone: Option<Milestone>,
    comments: u64,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    author_association: String,
    active_lock_reason: Option<String>,
    body: Option<String>,
    reactions: Option<Reactions>,
    draft: Option<bool>,
}

#[derive(Deserialize)]
struct User {
    login: String,
    id: u64,
    node_id: String,
    avatar_url: String,
    gravatar_id: String,
    url: String,
    html_url: String,
    followers_url: String,
    following_url: String,
    gists_url: String,
    starred_url: String,
    subscriptions_url: String,
    organizations_url: String,
    repos_url: String,
    events_url: String,
    received_events_url: String,
    r#type: String,
    site_admin: bool,
}

#[derive(Deserialize)]
struct Label {
    id: u64,
    node_id: String,
    url: String,
    name: String,
    color: String,
    default: bool,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Milestone {
    url: String,
    html_url: String,
    labels_url: String,
    id: u64,
    node_id: String,
    number: u64,
    title: String,
    description: Option<String>,
    creator: User,
    open_issues: u64,
    closed_issues: u64,
    state: String,
    created_at: String,
    updated_at: String,
    due_on: Option<String>,
    closed_at: Option<String>,
}

#[derive(Deserialize)]
struct Reactions {
    url: String,
    total_count: u64,
    #[serde(rename = "+1")]
    plus: u64,
    #[serde(rename = "-1")]
    minus: u64,
    laugh: u64,
    hooray: u64,
    confused: u64,
    heart: u64,
    rocket: u64,
    eyes: u64,
}

#[derive(Deserialize)]
struct Collection {
    r#type: String,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    r#type: String,
    properties: std::collections::HashMap<String, String>,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Geometry {
    r#type: String,
    coordinates: Vec<Vec<(f64, f64)>>,
}
