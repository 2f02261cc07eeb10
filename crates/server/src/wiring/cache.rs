//! The cache that the processes of a cluster share, when one is configured.

use std::sync::Arc;

use anyhow::Context;
use mt_cache_redis::{RedisCache, RedisOptions};
use mt_store::SharedCache;

use crate::config;

/// `None` when no Redis is configured. One that is away stops no start.
pub(crate) fn open(cache: &config::Cache) -> anyhow::Result<Option<Arc<dyn SharedCache>>> {
    let Some(url) = &cache.redis.url else {
        return Ok(None);
    };
    let options = RedisOptions {
        url: url.secret(),
        ca_file: cache.redis.ca_file.clone(),
    };
    let redis = RedisCache::open(&options).context("cache.redis")?;
    Ok(Some(Arc::new(redis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_shared_unless_it_is_asked_for_and_a_wrong_url_stops_the_start() {
        let with = |text: &str| -> config::Config { toml::from_str(text).unwrap() };
        assert!(open(&with("").cache).unwrap().is_none());
        let wrong = with("[cache.redis]\nurl = \"http://hunter2@h\"");
        let error = format!("{:#}", open(&wrong.cache).unwrap_err());
        assert!(error.contains("cache.redis") && !error.contains("hunter2"));
        assert!(!format!("{:?}", wrong.cache).contains("hunter2"));
        let right = with("[cache.redis]\nurl = \"redis://127.0.0.1:1\"");
        assert!(open(&right.cache).unwrap().is_some());
    }
}
