/// An error of any kind, as tower's middleware passes it on.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
