mod base;
mod future;
mod invalid;
mod layer;

pub use self::future::BaseUrlFuture;
pub use self::invalid::InvalidBaseUrl;
pub use self::layer::{BaseUrl, BaseUrlLayer};
