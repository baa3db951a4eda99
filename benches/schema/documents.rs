use std::fs;
use std::path::Path;

/// A body and the schema that it meets.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) schema: String,
    pub(crate) body: Vec<u8>,
}

const DOCUMENTS: [(&str, &str, &str); 8] = [
    ("weather", "weather.json", "weather.schema.json"),
    ("webhook", "webhook.json", "webhook.schema.json"),
    ("issues_100k", "issues_100k.json", "issues.schema.json"),
    ("twitter", "twitter.json", "twitter.schema.json"),
    ("issues_1m", "issues_1m.json", "issues.schema.json"),
    ("citm", "citm_catalog.json", "citm_catalog.schema.json"),
    ("canada", "canada.json", "canada.schema.json"),
    ("geojson", "canada.json", "geojson.schema.json"),
];

/// A page of a list, of the size that goal G1 is about.
const PAGE: usize = 48_600;

/// All that are there, and a page of issues.
pub(crate) fn documents() -> Vec<Document> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/json-documents");
    let mut documents: Vec<Document> = DOCUMENTS
        .iter()
        .filter_map(|(name, body, schema)| {
            Some(Document {
                name,
                body: fs::read(folder.join(body)).ok()?,
                schema: fs::read_to_string(folder.join(schema)).ok()?,
            })
        })
        .collect();
    let issues = documents
        .iter()
        .find(|document| document.name == "issues_100k");
    if let Some(page) = issues.and_then(page) {
        documents.push(page);
    }
    documents
}

/// The first elements of an array, as many as fit.
fn page(whole: &Document) -> Option<Document> {
    let elements: Vec<&serde_json::value::RawValue> = serde_json::from_slice(&whole.body).ok()?;
    let mut body = b"[".to_vec();
    for element in elements {
        if body.len() + element.get().len() > PAGE {
            break;
        }
        if body.len() > 1 {
            body.push(b',');
        }
        body.extend_from_slice(element.get().as_bytes());
    }
    body.push(b']');
    Some(Document {
        name: "page of issues",
        schema: whole.schema.clone(),
        body,
    })
}
