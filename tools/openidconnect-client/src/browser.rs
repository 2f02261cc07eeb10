//! The person's part: a browser that is signed in allows what the page asks for.

use std::collections::HashMap;

use openidconnect::reqwest::blocking::{Client, Response};
use openidconnect::reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION};
use openidconnect::url::{Url, form_urlencoded};

use crate::{Outcome, World};

/// Visits the authorization URL, allows everything, and returns what the redirect brings back.
pub fn consent(http: &Client, world: &World, url: Url) -> Outcome<HashMap<String, String>> {
    let page = http.get(url).header(COOKIE, &world.cookie).send()?;
    if page.status() != 200 {
        return landed(&page);
    }
    let html = page.text()?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    for name in ["pending", "token"] {
        form.append_pair(name, field(&html, name)?);
    }
    form.append_pair("decision", "allow");
    for at in 0..10 {
        form.append_pair(&format!("grant_{at}"), "1");
    }
    let answer = http
        .post(format!("{}/oauth2/consent", world.issuer))
        .header(COOKIE, &world.cookie)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.finish())
        .send()?;
    landed(&answer)
}

fn field<'a>(html: &'a str, name: &str) -> Outcome<&'a str> {
    let start = format!("name=\"{name}\" value=\"");
    let rest = html.split_once(&start).map(|(_, rest)| rest);
    let value = rest.and_then(|rest| rest.split_once('"'));
    value
        .map(|(value, _)| value)
        .ok_or_else(|| format!("the page has no field {name}").into())
}

fn landed(answer: &Response) -> Outcome<HashMap<String, String>> {
    let location = answer
        .headers()
        .get(LOCATION)
        .ok_or("the browser is not sent back")?;
    let url = Url::parse(location.to_str()?)?;
    Ok(url.query_pairs().into_owned().collect())
}
