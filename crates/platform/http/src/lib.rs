//! HTTP edge: limits, correlation, errors, metrics, rate limits.
