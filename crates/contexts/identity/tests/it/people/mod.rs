//! People as their browsers meet them: through the pages and the API, over a real database.

mod api;
mod attacks;
mod authenticator;
mod clinic;
mod links;
mod organisation;
mod outside;
mod passkeys;
mod sessions;
mod sign_in;
mod standing;
